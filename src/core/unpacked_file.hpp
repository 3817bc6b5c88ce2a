#pragma once
// A file that is read as what it holds, whether plain or packed with gzip.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "src/core/input_file.hpp"

namespace tegula::detail {

/// Gzip is recognized by its first two bytes; members follow each other as in one file.
class UnpackedFile {
 public:
  /// Throws as InputFile does.
  explicit UnpackedFile(const std::string& path);
  ~UnpackedFile();
  UnpackedFile(const UnpackedFile&) = delete;
  UnpackedFile& operator=(const UnpackedFile&) = delete;

  const std::string& path() const { return file_.path(); }
  /// No more than this can come out, however well the bytes are packed.
  std::uint64_t largest_size() const;
  /// The size of a plain file; 0 for a packed one, which is as long as it turns out to be.
  std::uint64_t known_size() const { return inflater_ == nullptr ? file_.size() : 0; }

  /// Fills `buffer`; fewer bytes come only at the end. Throws FormatError naming the file when the
  /// packed data is corrupt or ends too early, the latter only when it is read to its end.
  std::size_t read(std::span<char> buffer);

 private:
  class Inflater;

  InputFile file_;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace tegula::detail
