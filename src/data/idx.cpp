#include "tegula/data/idx.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <span>

#include "src/core/unpacked_file.hpp"
#include "tegula/core/error.hpp"

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

/// Bytes of the elements that the header promises.
std::uint64_t size_of_elements(const Shape& shape, DType dtype, const std::string& source) {
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
  return empty ? 0 : expected;
}

/// IDX elements are big-endian.
void swap_bytes(Tensor& tensor) {
  static_assert(std::endian::native == std::endian::little);
  const std::size_t size = size_of(tensor.dtype());
  if (size == 1) return;
  auto* const bytes = static_cast<char*>(tensor.raw());
  for (std::size_t i = 0; i < tensor.byte_count(); i += size) {
    std::reverse(bytes + i, bytes + i + size);
  }
}

struct Header {
  DType dtype = DType::u8;
  Shape shape;
  std::uint64_t element_bytes = 0;
};

/// The header at the beginning of `bytes`.
Header header_of(std::string_view bytes, const std::string& source) {
  const std::size_t rank = rank_of(bytes, source);
  Header header{dtype_of_code(byte_at(bytes, 2), source), shape_of(bytes, rank), 0};
  header.element_bytes = size_of_elements(header.shape, header.dtype, source);
  return header;
}

std::size_t size_of_header(const Header& header) {
  return kMagicBytes + kDimBytes * header.shape.rank();
}

[[noreturn]] void fail_size(const Header& header, const std::string& held,
                            const std::string& source) {
  fail(source, "holds " + held + " bytes of elements; expected " +
                   std::to_string(header.element_bytes) + " for " +
                   std::string(to_string(header.dtype)) + header.shape.to_string());
}

}  // namespace

Tensor parse_idx(std::string_view bytes, const std::string& source) {
  const Header header = header_of(bytes, source);
  const std::string_view elements = bytes.substr(size_of_header(header));
  if (elements.size() != header.element_bytes) {
    fail_size(header, std::to_string(elements.size()), source);
  }
  Tensor tensor(header.dtype, header.shape);
  if (!elements.empty()) std::memcpy(tensor.raw(), elements.data(), elements.size());
  swap_bytes(tensor);
  return tensor;
}

Tensor read_idx(const std::string& path, std::uint64_t max_bytes) {
  const std::string source = "\"" + path + "\"";
  detail::UnpackedFile file(path);
  std::array<char, kMagicBytes + kDimBytes * Shape::kMaxRank> start{};
  std::size_t count = file.read(std::span(start).first(kMagicBytes));
  if (count == kMagicBytes && byte_at({start.data(), count}, 3) <= Shape::kMaxRank) {
    const std::size_t rest = kDimBytes * byte_at({start.data(), count}, 3);
    count += file.read(std::span(start).subspan(kMagicBytes, rest));
  }
  const Header header = header_of({start.data(), count}, source);
  const std::uint64_t total = size_of_header(header) + header.element_bytes;
  if (total > max_bytes) {
    fail(source, "promises " + std::to_string(total) + " bytes, more than the limit of " +
                     std::to_string(max_bytes));
  }
  // Nothing is reserved for elements that cannot be there.
  if (file.known_size() != 0 && file.known_size() != total) {
    fail_size(header, std::to_string(file.known_size() - size_of_header(header)), source);
  }
  if (total > file.largest_size()) {
    fail(source,
         "promises " + std::to_string(total) + " bytes, more than its packed ones can hold");
  }
  Tensor tensor(header.dtype, header.shape);
  const std::span<char> elements(static_cast<char*>(tensor.raw()), tensor.byte_count());
  const std::size_t held = file.read(elements);
  if (held != elements.size()) fail_size(header, std::to_string(held), source);
  char extra = 0;
  if (file.read({&extra, 1}) != 0) fail_size(header, "more", source);
  swap_bytes(tensor);
  return tensor;
}

}  // namespace tegula::data
