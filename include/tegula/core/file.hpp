#pragma once
// Reading files within limits, and writing files and folders so that a reader sees the old contents
// or the new, never a mixture.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/core/export.hpp"

namespace tegula {

/// The bytes of a file. Throws IoError naming the file when it cannot be read, FormatError when it
/// holds more than `max_bytes`.
TEGULA_API std::string read_file(const std::string& path, std::uint64_t max_bytes);

/// Like `read_file`, but a gzip file (recognized by its first two bytes, of one member or several)
/// is decompressed; the limit holds for the decompressed bytes. Throws FormatError naming the file
/// when the compressed data is truncated or corrupt.
TEGULA_API std::string read_file_or_gzip(const std::string& path, std::uint64_t max_bytes);

/// A file's bytes in the pieces that the caller has, one after the other; nothing is copied.
using Pieces = std::span<const std::string_view>;

/// Replaces or creates the file. Throws IoError; then the old file is untouched and nothing is left
/// behind, unless the text says that the new one is in place already.
TEGULA_API void write_file_atomically(const std::string& path, Pieces contents);
TEGULA_API void write_file_atomically(const std::string& path, std::string_view contents);

struct FolderEntry {
  std::string name;  ///< a plain file name, without a slash
  std::vector<std::string_view> contents;
};

/// Replaces or creates the folder, and creates the folders above it. An existing folder is replaced
/// as a whole, what else it holds included, and only when it is empty or holds a file with the name
/// of the first entry: a mistyped path must not delete something else (InvalidArgument). After an
/// IoError the old folder is untouched and nothing is left behind, unless its text says otherwise.
TEGULA_API void write_folder_atomically(const std::string& path,
                                        std::span<const FolderEntry> entries);

}  // namespace tegula
