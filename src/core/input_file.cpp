#include "src/core/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "tegula/core/blocking.hpp"
#include "tegula/core/error.hpp"

namespace tegula::detail {

void throw_io_error(const std::string& action, const std::string& path, int error) {
  throw IoError("cannot " + action + " \"" + path +
                "\": " + std::generic_category().message(error));
}

namespace {

/// Read at once, so that Ctrl-C ends the reading of large files soon.
constexpr std::size_t kReadBytes = std::size_t{4} << 20;

const char* kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "no file";
}

}  // namespace

InputFile::InputFile(const std::string& path)
    // Without O_NONBLOCK, opening a pipe waits for a writer.
    : InputFile(path, Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))) {}

InputFile::InputFile(std::string path, Descriptor descriptor)
    : path_(std::move(path)), descriptor_(std::move(descriptor)) {
  if (!descriptor_.valid()) throw_io_error("open", path_, errno);
  struct stat status {};
  if (::fstat(descriptor_.get(), &status) != 0) throw_io_error("read", path_, errno);
  if (S_ISDIR(status.st_mode)) throw_io_error("read", path_, EISDIR);
  if (!S_ISREG(status.st_mode)) {
    throw IoError("cannot read \"" + path_ + "\": it is " + kind_of(status.st_mode) +
                  "; expected a regular file");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

std::size_t InputFile::read(std::span<char> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    poll();
    const std::size_t asked = std::min(buffer.size() - filled, kReadBytes);
    const ssize_t count = ::read(descriptor_.get(), buffer.data() + filled, asked);
    if (count == 0) break;
    if (count > 0) {
      filled += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      throw_io_error("read", path_, errno);
    }
  }
  return filled;
}

void InputFile::rewind() {
  if (::lseek(descriptor_.get(), 0, SEEK_SET) != 0) throw_io_error("read", path_, errno);
}

InputFolder::InputFolder(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!descriptor_.valid()) throw_io_error("open", path, errno);
}

std::optional<InputFile> InputFolder::find(const std::string& name) const {
  Descriptor file(::openat(descriptor_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid() && errno == ENOENT) return std::nullopt;
  return InputFile((std::filesystem::path(path_) / name).string(), std::move(file));
}

bool InputFolder::replaced() const { return !is_at(descriptor_, path_); }

}  // namespace tegula::detail
