#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "src/core/input_file.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"

namespace tegula {

namespace detail {

void throw_io_error(const std::string& action, const std::string& path, int error) {
  throw IoError("cannot " + action + " \"" + path +
                "\": " + std::generic_category().message(error));
}

InputFile::InputFile(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw_io_error("open", path, errno);
  struct stat status {};
  int error = ::fstat(descriptor_, &status) == 0 ? 0 : errno;
  if (error == 0 && S_ISDIR(status.st_mode)) error = EISDIR;
  if (error != 0) {
    ::close(descriptor_);
    throw_io_error("read", path, error);
  }
  if (S_ISREG(status.st_mode)) size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

std::size_t InputFile::read(std::span<char> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t count = ::read(descriptor_, buffer.data() + filled, buffer.size() - filled);
    if (count == 0) break;
    if (count > 0) {
      filled += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      throw_io_error("read", path_, errno);
    }
  }
  return filled;
}

}  // namespace detail

namespace {

using Chunk = std::array<char, 1 << 16>;

[[noreturn]] void throw_too_large(const std::string& path, std::uint64_t max_bytes) {
  throw FormatError("\"" + path + "\" holds more than the " + std::to_string(max_bytes) +
                    " bytes that are allowed here");
}

void append(std::string& contents, std::string_view piece, std::uint64_t max_bytes,
            const std::string& path) {
  if (piece.size() > max_bytes - contents.size()) throw_too_large(path, max_bytes);
  contents += piece;
}

/// A stream of zlib in its gzip format.
class Inflater {
 public:
  explicit Inflater(const std::string& path) : path_(path) {
    constexpr int kGzipOnly = 15 + 16;  // largest window; 16 asks for the gzip header and checksum
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw IoError("zlib cannot start");
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Decompresses all of `input` and appends the result to `contents`.
  void consume(std::span<char> input, std::string& contents, std::uint64_t max_bytes) {
    stream_.next_in = reinterpret_cast<Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    // A full output chunk means that zlib may hold back more, even without further input.
    bool more = true;
    while (stream_.avail_in > 0 || more) {
      if (member_ended_) {
        if (stream_.avail_in == 0) return;
        inflateReset(&stream_);
        member_ended_ = false;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(output_.data());
      stream_.avail_out = static_cast<uInt>(output_.size());
      const int result = inflate(&stream_, Z_NO_FLUSH);
      const std::size_t produced = output_.size() - stream_.avail_out;
      append(contents, {output_.data(), produced}, max_bytes, path_);
      member_ended_ = result == Z_STREAM_END;
      more = produced == output_.size();
      // Z_BUF_ERROR only says that there was nothing left to do.
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) throw_corrupt();
    }
  }

  bool member_ended() const { return member_ended_; }

 private:
  [[noreturn]] void throw_corrupt() const {
    throw FormatError("\"" + path_ + "\" is not a valid gzip file: " +
                      (stream_.msg != nullptr ? stream_.msg : "corrupt data"));
  }

  const std::string& path_;
  z_stream stream_{};
  Chunk output_;
  bool member_ended_ = false;
};

/// Up to the limit, what is left of `file` after `contents`.
void read_rest(detail::InputFile& file, std::string& contents, std::uint64_t max_bytes,
               const std::string& path) {
  if (file.size() > max_bytes) throw_too_large(path, max_bytes);
  const std::size_t begin = contents.size();
  // The size is only what it was at opening, so read on until the end of the file.
  contents.resize(std::max<std::size_t>(begin, file.size()));
  const std::size_t filled = file.read({contents.data() + begin, contents.size() - begin});
  contents.resize(begin + filled);
  Chunk chunk;
  for (std::size_t count = file.read(chunk); count > 0; count = file.read(chunk)) {
    append(contents, {chunk.data(), count}, max_bytes, path);
  }
}

}  // namespace

std::string read_file(const std::string& path, std::uint64_t max_bytes) {
  detail::InputFile file(path);
  std::string contents;
  read_rest(file, contents, max_bytes, path);
  return contents;
}

std::string read_file_or_gzip(const std::string& path, std::uint64_t max_bytes) {
  detail::InputFile file(path);
  Chunk chunk;
  std::size_t count = file.read(chunk);
  std::string contents;
  if (count < 2 || chunk[0] != '\x1f' || chunk[1] != '\x8b') {
    append(contents, {chunk.data(), count}, max_bytes, path);
    read_rest(file, contents, max_bytes, path);
    return contents;
  }
  Inflater inflater(path);
  for (; count > 0; count = file.read(chunk)) {
    inflater.consume({chunk.data(), count}, contents, max_bytes);
  }
  if (!inflater.member_ended()) {
    throw FormatError("\"" + path + "\" is truncated: its gzip data ends in the middle");
  }
  return contents;
}

}  // namespace tegula
