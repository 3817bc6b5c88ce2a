#pragma once
// The IDX format of the MNIST files: one array, its dtype and its dimensions.

#include <cstdint>
#include <string>
#include <string_view>

#include "tegula/core/export.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula::data {

/// Largest array file, decompressed, that is read when the caller gives no limit: 1 GiB.
inline constexpr std::uint64_t kIdxLimit = std::uint64_t{1} << 30;

/// Reads a plain or gzipped IDX file of u8, i8, i32, f32 or f64 elements. Throws FormatError naming
/// the file and what was expected (i16, which Tegula has not, included), IoError when it cannot be
/// read.
TEGULA_API Tensor read_idx(const std::string& path, std::uint64_t max_bytes = kIdxLimit);

/// The same from memory; `source` names the bytes in errors.
TEGULA_API Tensor parse_idx(std::string_view bytes, const std::string& source = "IDX data");

}  // namespace tegula::data
