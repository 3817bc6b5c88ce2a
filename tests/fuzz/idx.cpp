// IDX arrays, uncompressed.

#include "tegula/data/idx.hpp"

#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

void append_big_endian(std::string& bytes, const char* value, std::size_t size) {
  for (std::size_t i = size; i-- > 0;) bytes += value[i];
}

char code_of(DType dtype) {
  switch (dtype) {
    case DType::u8:
      return 0x08;
    case DType::i8:
      return 0x09;
    case DType::i32:
      return 0x0C;
    case DType::f32:
      return 0x0D;
    default:
      return 0x0E;
  }
}

std::string written(const Tensor& tensor) {
  std::string bytes{'\0', '\0', code_of(tensor.dtype()), static_cast<char>(tensor.rank())};
  for (const std::int64_t dim : tensor.shape()) {
    append_big_endian(bytes, reinterpret_cast<const char*>(&dim), 4);
  }
  const std::size_t size = size_of(tensor.dtype());
  const auto* elements = static_cast<const char*>(tensor.raw());
  for (std::size_t i = 0; i < tensor.byte_count(); i += size) {
    append_big_endian(bytes, elements + i, size);
  }
  return bytes;
}

void run(std::string_view input) {
  require(written(data::parse_idx(input)) == input, "an array holds all that its file says");
}

}  // namespace

const Target idx = {"idx", run};

}  // namespace tegula::fuzz
