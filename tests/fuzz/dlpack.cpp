// DLPack: a descriptor of small numbers, with the largest ones among them, then the memory.

#include "tegula/core/dlpack.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

/// Takes bytes from the front of an input; 0 beyond its end.
class Bytes {
 public:
  explicit Bytes(std::string_view input) : rest_(input) {}
  std::uint8_t next() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  /// -120 to 127, but for a few that mean numbers at the ends of their range.
  std::int64_t number() {
    using Limits = std::numeric_limits<std::int64_t>;
    const auto byte = static_cast<std::int8_t>(next());
    if (byte == -128) return Limits::min();
    if (byte == -127) return Limits::max();
    if (byte == -126) return Limits::max() / 8;
    if (byte == -125) return std::int64_t{1} << 32;
    return byte;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Large enough for products of two numbers of 64 bits.
using Places = long double;

/// Byte places of the first element's neighbours, from the lowest to behind the highest.
struct Extent {
  Places low = 0;
  Places high = 0;
};

Extent extent_of(const DLPackTensor& tensor, std::size_t element_size) {
  Extent extent{0, 1};
  Places dense = 1;
  for (std::int32_t axis = tensor.rank - 1; axis >= 0; --axis) {
    if (tensor.shape[axis] == 0) return {};
    const Places stride = tensor.strides == nullptr ? dense : tensor.strides[axis];
    const Places reach = stride * (tensor.shape[axis] - 1);
    (reach < 0 ? extent.low : extent.high) += reach;
    if (dense < Places{0x1p62L}) dense *= tensor.shape[axis];
  }
  const auto size = static_cast<Places>(element_size);
  return {extent.low * size + static_cast<Places>(tensor.byte_offset),
          extent.high * size + static_cast<Places>(tensor.byte_offset)};
}

/// Every element where the descriptor says that it is.
void check_elements(const DLPackTensor& tensor, const Tensor& result) {
  const std::size_t size = size_of(result.dtype());
  const auto* const base = static_cast<const std::byte*>(tensor.data) + tensor.byte_offset;
  std::vector<std::int64_t> index(static_cast<std::size_t>(tensor.rank), 0);
  for (std::int64_t i = 0; i < result.element_count(); ++i) {
    std::int64_t place = tensor.strides == nullptr ? i : 0;
    for (std::size_t axis = 0; tensor.strides != nullptr && axis < index.size(); ++axis) {
      place += index[axis] * tensor.strides[axis];
    }
    const auto* const element =
        static_cast<const std::byte*>(result.raw()) + static_cast<std::size_t>(i) * size;
    require(std::memcmp(element, base + place * static_cast<std::int64_t>(size), size) == 0,
            "an element is the one that the descriptor names");
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < tensor.shape[axis]) break;
      index[axis] = 0;
    }
  }
}

void check_round_trip(const Tensor& tensor) {
  DLPackManaged* const managed = to_dlpack(tensor);
  const Tensor back =
      from_dlpack(managed->tensor, std::shared_ptr<void>(managed, [](void* pointer) {
                    auto* const used = static_cast<DLPackManaged*>(pointer);
                    used->deleter(used);
                  }));
  require(identical(tensor, back), "what is written reads back as the same");
}

void run(std::string_view input) {
  Bytes bytes(input);
  DLPackTensor tensor{};
  tensor.dtype = {bytes.next(), bytes.next(), static_cast<std::uint16_t>(bytes.next() % 3)};
  tensor.device = {bytes.next() % 3, 0};
  tensor.rank = static_cast<std::int8_t>(bytes.next());
  tensor.byte_offset = static_cast<std::uint64_t>(bytes.number());
  const std::uint8_t present = bytes.next();
  std::vector<std::int64_t> shape, strides;
  for (std::int32_t axis = 0; axis < tensor.rank; ++axis) shape.push_back(bytes.number());
  for (std::int32_t axis = 0; axis < tensor.rank; ++axis) strides.push_back(bytes.number());
  if ((present & 1) == 0) tensor.shape = shape.data();
  if ((present & 2) == 0) tensor.strides = strides.data();

  std::string memory(bytes.rest());
  if ((present & 4) == 0) tensor.data = memory.data();
  const bool described = tensor.shape != nullptr && tensor.rank <= Shape::kMaxRank &&
                         std::ranges::all_of(shape, [](std::int64_t dim) { return dim >= 0; });
  if (described && tensor.data != nullptr) {
    // What a descriptor says of memory cannot be checked: it is to be true, or to reach so far that
    // no memory does.
    const Extent extent = extent_of(tensor, std::max<std::size_t>(1, tensor.dtype.bits / 8u));
    const bool inside = extent.low >= 0 && extent.high <= static_cast<Places>(memory.size());
    const bool absurd = extent.high - extent.low >= Places{0x1p63L};
    if (!inside && !absurd) return;
    // One element may be named any number of times, which is legal, and long.
    Places count = 1;
    for (const std::int64_t dim : shape) count = std::min(count * dim, Places{0x1p63L});
    constexpr Places kLong = 100'000;
    if (count > kLong && count < Places{0x1p63L}) return;
  }
  const Tensor result = from_dlpack(tensor, nullptr);  // the memory outlives it
  check_elements(tensor, result);
  check_round_trip(result);
}

}  // namespace

const Target dlpack = {"dlpack", run};

}  // namespace tegula::fuzz
