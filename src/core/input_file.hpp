#pragma once
// Files and folders opened for reading, whose errors name them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "src/core/descriptor.hpp"

namespace tegula::detail {

/// Throws IoError: `cannot <action> "<path>": <text of the error number>`.
[[noreturn]] void throw_io_error(const std::string& action, const std::string& path, int error);

class InputFile {
 public:
  /// Throws IoError when `path` cannot be opened or is no regular file: a pipe may never answer,
  /// and a device may never end.
  explicit InputFile(const std::string& path);

  const std::string& path() const { return path_; }
  /// Bytes in the file when it was opened.
  std::uint64_t size() const { return size_; }

  /// Fills `buffer` from the current position; fewer bytes come only at the end of the file.
  std::size_t read(std::span<char> buffer);
  /// Goes back to the first byte.
  void rewind();

 private:
  friend class InputFolder;
  InputFile(std::string path, Descriptor descriptor);

  std::string path_;
  Descriptor descriptor_;
  std::uint64_t size_ = 0;
};

/// The files that are opened through one InputFolder are of one version of it, also when another
/// process replaces the folder meanwhile.
class InputFolder {
 public:
  /// Throws IoError when `path` is no folder that can be opened.
  explicit InputFolder(const std::string& path);

  /// The file of this name, or nothing when there is none. Throws as InputFile does.
  std::optional<InputFile> find(const std::string& name) const;
  /// Whether its path leads to another folder by now, or to none.
  bool replaced() const;

 private:
  std::string path_;
  Descriptor descriptor_;
};

/// All bytes of the file. Throws FormatError when they are more than `max_bytes`.
std::string read_all(InputFile& file, std::uint64_t max_bytes);

}  // namespace tegula::detail
