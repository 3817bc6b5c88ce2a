// Descriptors of other libraries' memory, right and wrong ones.
#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tegula/core/dlpack.hpp"
#include "tegula/core/error.hpp"

using namespace tegula;

namespace {

using Dims = std::vector<std::int64_t>;

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

struct Described {
  std::array<float, 8> memory = {0, 1, 2, 3, 4, 5, 6, 7};
  Dims shape;
  Dims strides;
  DLPackTensor tensor{};

  Described(Dims dims, Dims steps) : shape(std::move(dims)), strides(std::move(steps)) {
    tensor.data = memory.data();
    tensor.device = {1, 0};
    tensor.rank = static_cast<std::int32_t>(shape.size());
    tensor.dtype = {2, 32, 1};
    tensor.shape = shape.data();
    tensor.strides = strides.empty() ? nullptr : strides.data();
  }
};

}  // namespace

TEST_CASE("memory in row-major order is shared, and kept by its owner; other memory is copied") {
  const auto owner = std::make_shared<Described>(Dims{2, 3}, Dims{3, 1});
  const Tensor shared = from_dlpack(owner->tensor, owner);
  CHECK(owner.use_count() == 2);
  owner->memory[4] = 40;
  CHECK(shared.at(1, 1) == 40);
  const struct {
    const char* name;
    Dims shape, strides;
    std::uint64_t byte_offset;
    std::vector<double> expected;
  } cases[] = {
      {"transposed", {3, 2}, {1, 3}, 0, {0, 3, 1, 4, 2, 5}},
      {"reversed", {3}, {-1}, 8, {2, 1, 0}},
      {"repeated", {2, 2}, {0, 1}, 4, {1, 2, 1, 2}},
      {"no strides", {2, 2}, {}, 12, {3, 4, 5, 6}},
  };
  for (const auto& [name, shape, strides, byte_offset, expected] : cases) {
    CAPTURE(name);
    Described described(shape, strides);
    described.tensor.byte_offset = byte_offset;
    const Tensor tensor = from_dlpack(described.tensor, nullptr);
    CHECK(tensor.shape() == Shape(shape));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(tensor.at(static_cast<std::int64_t>(i)) == expected[i]);
    }
  }
}

TEST_CASE("descriptors of what no tensor or memory is are refused with the reason") {
  using Change = void (*)(DLPackTensor&);
  const struct {
    Dims shape, strides;
    Change change;
    const char* message;
  } cases[] = {
      {{2}, {1}, [](DLPackTensor& t) { t.rank = -1; }, "DLPack data of rank -1 without a shape"},
      {{2},
       {1},
       [](DLPackTensor& t) { t.shape = nullptr; },
       "DLPack data of rank 1 without a shape"},
      {Dims(9, 1), {}, [](DLPackTensor&) {}, "a shape has at most 8 dimensions; got 9"},
      {{-1}, {1}, [](DLPackTensor&) {}, "shape [?] has unknown dimensions, so no element count"},
      {{-2}, {1}, [](DLPackTensor&) {}, "a dimension must be >= 0, or -1 for unknown; got -2"},
      {{kLargest, 2},
       {},
       [](DLPackTensor&) {},
       "the element count of shape [9223372036854775807,2] overflows 64 bits"},
      {{kLargest},
       {},
       [](DLPackTensor&) {},
       "DLPack data of shape [9223372036854775807] have strides that no memory has"},
      {{2, 2},
       {kLargest, 1},
       [](DLPackTensor&) {},
       "DLPack data of shape [2,2] have strides that no memory has"},
      {{2, 2},
       {-kLargest - 1, 1},
       [](DLPackTensor&) {},
       "DLPack data of shape [2,2] have strides that no memory has"},
      {{2}, {1}, [](DLPackTensor& t) { t.data = nullptr; }, "DLPack data without memory is given"},
      {{2},
       {1},
       [](DLPackTensor& t) { t.byte_offset = ~std::uint64_t{0}; },
       "DLPack data without memory is given"},
      {{2},
       {1},
       [](DLPackTensor& t) { t.device.type = 2; },
       "DLPack data on device type 2 is given; move it to the CPU first"},
      {{2},
       {1},
       [](DLPackTensor& t) { t.dtype.lanes = 4; },
       "DLPack dtype of code 2, 32 bits and 4 lanes is not supported"},
  };
  for (const auto& [shape, strides, change, message] : cases) {
    Described described(shape, strides);
    change(described.tensor);
    CHECK_THROWS_WITH_AS(from_dlpack(described.tensor, nullptr), message, Error);
  }
}
