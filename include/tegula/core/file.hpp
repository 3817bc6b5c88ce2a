#pragma once
// Reading files within limits, and writing files and folders so that a reader sees the old contents
// or the new, never a mixture.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/core/export.hpp"

namespace tegula {

/// The bytes of a file. Throws IoError naming the file when it cannot be read or is no regular file
/// (a pipe, a device), FormatError when it holds more than `max_bytes`.
TEGULA_API std::string read_file(const std::string& path, std::uint64_t max_bytes);

/// Like `read_file`, but a gzip file (recognized by its first two bytes, of one member or several)
/// is decompressed; the limit holds for the decompressed bytes. Throws FormatError naming the file
/// when the compressed data is truncated or corrupt.
TEGULA_API std::string read_file_or_gzip(const std::string& path, std::uint64_t max_bytes);

/// A file's bytes in the pieces that the caller has, one after the other; nothing is copied.
using Pieces = std::span<const std::string_view>;

/// Replaces or creates the file, and removes what writers of this path that were killed left beside
/// it. Throws IoError; then the old file is untouched and nothing is left behind, unless the text
/// says that the new one is in place already.
TEGULA_API void write_file_atomically(const std::string& path, Pieces contents);
TEGULA_API void write_file_atomically(const std::string& path, std::string_view contents);

struct FolderEntry {
  std::string name;  ///< a plain file name, without a slash
  std::vector<std::string_view> contents;
};

/// Whether the file at this path marks an earlier version of what is about to be written.
using RecognizesVersion = std::function<bool(const std::string& path)>;

/// Replaces or creates the folder, and creates the folders above it. An existing folder is replaced
/// as a whole, and only when it is empty or an earlier version: when it holds no other files than
/// those of `entries`, and `is_earlier_version` recognizes the first of them. Everything else is
/// refused, because a mistyped path must not delete something (InvalidArgument). After an IoError
/// the old folder is untouched and nothing is left behind, unless its text says otherwise. Several
/// writers at once all succeed, and the last one's version stays.
TEGULA_API void write_folder_atomically(const std::string& path,
                                        std::span<const FolderEntry> entries,
                                        const RecognizesVersion& is_earlier_version);

}  // namespace tegula
