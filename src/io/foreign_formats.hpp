#pragma once
// Files of other libraries, told by their names and first bytes. Private to src/io.

#include <filesystem>
#include <string>

namespace tegula::io {

/// What the ending of the name promises ("an HDF5 file"), or an empty string for names that promise
/// nothing in particular.
std::string foreign_format_by_name(const std::filesystem::path& path);

/// What the file or folder is, by its contents; empty when it is none of the formats known here or
/// cannot be read.
std::string foreign_format_by_contents(const std::filesystem::path& path);

}  // namespace tegula::io
