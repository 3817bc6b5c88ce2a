#pragma once
// A file opened for reading, whose errors name it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tegula::detail {

/// Throws IoError: `cannot <action> "<path>": <text of the error number>`.
[[noreturn]] void throw_io_error(const std::string& action, const std::string& path, int error);

class InputFile {
 public:
  /// Throws IoError when `path` cannot be opened or is a folder.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Fills `buffer` from the current position; fewer bytes come only at the end of the file.
  std::size_t read(std::span<char> buffer);

  /// Bytes in the file when it was opened; 0 for pipes and devices.
  std::uint64_t size() const { return size_; }

 private:
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace tegula::detail
