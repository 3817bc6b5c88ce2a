#include "src/core/unpacked_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "tegula/core/error.hpp"

namespace tegula::detail {

/// A stream of zlib in its gzip format.
class UnpackedFile::Inflater {
 public:
  explicit Inflater(InputFile& file) : file_(file) {
    constexpr int kGzipOnly = 15 + 16;  // largest window; 16 asks for the gzip header and checksum
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw IoError("zlib cannot start");
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::size_t read(std::span<char> buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
      const bool input_ended = !refill();
      if (member_ended_) {
        if (input_ended) break;
        inflateReset(&stream_);
        member_ended_ = false;
      }
      const std::size_t produced = inflate_into(buffer.subspan(filled));
      // What zlib held back comes without further input.
      if (input_ended && produced == 0 && !member_ended_) {
        throw FormatError("\"" + file_.path() +
                          "\" is truncated: its gzip data ends in the middle");
      }
      filled += produced;
    }
    return filled;
  }

 private:
  /// Whether there is input left.
  bool refill() {
    if (stream_.avail_in > 0) return true;
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(file_.read(input_));
    return stream_.avail_in > 0;
  }

  std::size_t inflate_into(std::span<char> buffer) {
    const auto room =
        static_cast<uInt>(std::min<std::size_t>(buffer.size(), std::numeric_limits<uInt>::max()));
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = room;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    member_ended_ = result == Z_STREAM_END;
    // Z_BUF_ERROR only says that there was nothing left to do.
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      throw FormatError("\"" + file_.path() + "\" is not a valid gzip file: " +
                        (stream_.msg != nullptr ? stream_.msg : "corrupt data"));
    }
    return room - stream_.avail_out;
  }

  InputFile& file_;
  z_stream stream_{};
  std::array<char, 1 << 16> input_;
  bool member_ended_ = false;
};

UnpackedFile::UnpackedFile(const std::string& path) : file_(path) {
  std::array<char, 2> magic{};
  const std::size_t count = file_.read(magic);
  file_.rewind();
  if (count == 2 && magic[0] == '\x1f' && magic[1] == '\x8b') {
    inflater_ = std::make_unique<Inflater>(file_);
  }
}

UnpackedFile::~UnpackedFile() = default;

std::uint64_t UnpackedFile::largest_size() const {
  constexpr std::uint64_t kBestRatio = 1032;  // of deflate: 258 bytes from two bits
  return inflater_ == nullptr ? file_.size() : kBestRatio * file_.size();
}

std::size_t UnpackedFile::read(std::span<char> buffer) {
  return inflater_ == nullptr ? file_.read(buffer) : inflater_->read(buffer);
}

}  // namespace tegula::detail
