#include "tegula/data/idx.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"

namespace tegula::data {

namespace {

constexpr std::size_t kMagicBytes = 4;
constexpr std::size_t kDimBytes = 4;

[[noreturn]] void fail(const std::string& source, const std::string& what) {
  throw FormatError(source + ": " + what);
}

std::uint8_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

/// The magic number is two zero bytes, a code of the dtype and the number of dimensions.
DType dtype_of_code(std::uint8_t code, const std::string& source) {
  switch (code) {
    case 0x08:
      return DType::u8;
    case 0x09:
      return DType::i8;
    case 0x0B:
      fail(source, "holds 16-bit integers (IDX type 0x0B), which Tegula has no dtype for");
    case 0x0C:
      return DType::i32;
    case 0x0D:
      return DType::f32;
    case 0x0E:
      return DType::f64;
    default:
      fail(source, "IDX type " + std::to_string(code) + " is unknown; expected 8, 9, 12, 13 or 14");
  }
}

std::size_t rank_of(std::string_view bytes, const std::string& source) {
  if (bytes.size() < kMagicBytes) {
    fail(source, std::to_string(bytes.size()) + " bytes are too few for an IDX file");
  }
  if (bytes[0] != 0 || bytes[1] != 0) {
    fail(source, "does not begin with two zero bytes, so it is not an IDX file");
  }
  const std::size_t rank = byte_at(bytes, 3);
  if (rank < 1 || rank > Shape::kMaxRank) {
    fail(source, "has " + std::to_string(rank) + " dimensions; expected 1 to " +
                     std::to_string(Shape::kMaxRank));
  }
  if (bytes.size() < kMagicBytes + kDimBytes * rank) {
    fail(source, "ends within its " + std::to_string(rank) + " dimensions");
  }
  return rank;
}

Shape shape_of(std::string_view bytes, std::size_t rank) {
  Shape shape;
  for (std::size_t i = 0; i < rank; ++i) {
    std::int64_t dim = 0;
    for (std::size_t j = 0; j < kDimBytes; ++j) {
      dim = dim << 8 | byte_at(bytes, kMagicBytes + kDimBytes * i + j);
    }
    shape.append(dim);
  }
  return shape;
}

void check_size(const Shape& shape, DType dtype, std::size_t data_bytes,
                const std::string& source) {
  constexpr std::uint64_t kHighest = std::numeric_limits<std::int64_t>::max();
  std::uint64_t expected = size_of(dtype);
  bool empty = false;
  for (const std::int64_t dim : shape) {
    const auto factor = static_cast<std::uint64_t>(dim);
    // As for every tensor, the other dimensions must not overflow beside a 0 either.
    if (factor != 0 && expected > kHighest / factor) {
      fail(source, "the size of shape " + shape.to_string() + " overflows 64 bits");
    }
    empty = empty || dim == 0;
    if (dim != 0) expected *= factor;
  }
  if (empty) expected = 0;
  if (expected != data_bytes) {
    fail(source, "holds " + std::to_string(data_bytes) + " bytes of elements; expected " +
                     std::to_string(expected) + " for " + std::string(to_string(dtype)) +
                     shape.to_string());
  }
}

/// IDX elements are big-endian.
void copy_elements(std::string_view from, Tensor& tensor) {
  static_assert(std::endian::native == std::endian::little);
  if (from.empty()) return;
  auto* to = static_cast<char*>(tensor.raw());
  const std::size_t size = size_of(tensor.dtype());
  if (size == 1) {
    std::memcpy(to, from.data(), from.size());
    return;
  }
  for (std::size_t i = 0; i < from.size(); i += size) {
    std::reverse_copy(from.data() + i, from.data() + i + size, to + i);
  }
}

}  // namespace

Tensor parse_idx(std::string_view bytes, const std::string& source) {
  const std::size_t rank = rank_of(bytes, source);
  const DType dtype = dtype_of_code(byte_at(bytes, 2), source);
  const Shape shape = shape_of(bytes, rank);
  const std::string_view elements = bytes.substr(kMagicBytes + kDimBytes * rank);
  check_size(shape, dtype, elements.size(), source);
  Tensor tensor(dtype, shape);
  copy_elements(elements, tensor);
  return tensor;
}

Tensor read_idx(const std::string& path, std::uint64_t max_bytes) {
  return parse_idx(read_file_or_gzip(path, max_bytes), "\"" + path + "\"");
}

}  // namespace tegula::data
