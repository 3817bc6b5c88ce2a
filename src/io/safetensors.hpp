#pragma once
// The header of a safetensors file, shared by the reader and the writer.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/core/dtype.hpp"

namespace tegula::io::detail {

/// The format's names of our dtypes. In the reference writer's order, last one first in a file.
struct DTypeName {
  DType dtype;
  std::string_view name;
};
inline constexpr DTypeName kDTypeNames[] = {
    {DType::boolean, "BOOL"}, {DType::u8, "U8"},     {DType::i8, "I8"},
    {DType::f16, "F16"},      {DType::bf16, "BF16"}, {DType::i32, "I32"},
    {DType::f32, "F32"},      {DType::f64, "F64"},   {DType::i64, "I64"}};

/// One entry of the header as it stands there, not checked beyond its form.
struct Entry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;  ///< bytes from the end of the header
  std::uint64_t end = 0;
};

struct Header {
  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;
};

/// Parses the JSON text of a header. Throws FormatError that names `source`.
Header parse_header(std::string_view json, const std::string& source);

inline constexpr std::string_view kMetadataKey = "__metadata__";
inline constexpr std::size_t kMaxNameBytes = 4096;  ///< our own limit, for reader and writer
inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

}  // namespace tegula::io::detail
