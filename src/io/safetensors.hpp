#pragma once
// The header of a safetensors file, shared by the reader and the writer, and the reader in two
// steps: what the header says can be refused before anything is reserved for it.

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/core/input_file.hpp"
#include "tegula/core/dtype.hpp"
#include "tegula/io/safetensors.hpp"

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

/// What a reader takes bytes of from one end to the other.
struct ByteSource {
  std::string name;  ///< for errors
  std::uint64_t size = 0;
  std::function<void(std::span<char>)> take;  ///< fills all of it
};

/// The file from its beginning. Throws FormatError when it holds more than `max_bytes`.
ByteSource source_of(tegula::detail::InputFile& file, std::uint64_t max_bytes);

struct NamedType {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
};

class SafetensorsReader {
 public:
  /// Reads the header and checks it against the size. Throws FormatError.
  explicit SafetensorsReader(ByteSource source);

  const std::string& source() const { return source_.name; }
  /// In the order of the file.
  const std::vector<NamedType>& types() const { return types_; }
  /// The tensors themselves.
  Safetensors read() &&;

 private:
  ByteSource source_;
  std::map<std::string, std::string> metadata_;
  std::vector<NamedType> types_;
};

}  // namespace tegula::io::detail
