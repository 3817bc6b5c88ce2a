#pragma once
// SHA-256 (FIPS 180-4), to check that data files are the ones expected. Not made for speed.

#include <string>
#include <string_view>

#include "tegula/core/export.hpp"

namespace tegula {

/// The digest as 64 lower-case hexadecimal digits.
TEGULA_API std::string sha256(std::string_view bytes);

/// The digest of a file's bytes, read in small pieces. Throws IoError naming the file.
TEGULA_API std::string sha256_of_file(const std::string& path);

}  // namespace tegula
