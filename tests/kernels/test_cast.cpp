#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "kernels/cpu/cast.hpp"
#include "tegula/core/dtype.hpp"

using namespace tegula;

namespace {

template <typename From, typename To>
std::vector<To> cast_all(const std::vector<From>& from) {
  std::vector<To> to(from.size());
  kernels::cast(dtype_of<From>, from.data(), dtype_of<To>, to.data(),
                static_cast<std::int64_t>(from.size()));
  return to;
}

}  // namespace

TEST_CASE("small whole numbers survive every pair of dtypes") {
  for (const DType from : kAllDTypes) {
    for (const DType to : kAllDTypes) {
      const std::vector<std::int32_t> numbers = {0, 1, 1, 0, 1, 0, 0};
      std::vector<unsigned char> source(numbers.size() * size_of(from));
      std::vector<unsigned char> target(numbers.size() * size_of(to));
      std::vector<std::int32_t> back(numbers.size());
      const auto count = static_cast<std::int64_t>(numbers.size());
      kernels::cast(DType::i32, numbers.data(), from, source.data(), count);
      kernels::cast(from, source.data(), to, target.data(), count);
      kernels::cast(to, target.data(), DType::i32, back.data(), count);
      INFO(to_string(from), " to ", to_string(to));
      CHECK(back == numbers);
    }
  }
}

TEST_CASE("floats to integers truncate, saturate and map NaN to 0") {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> from = {1.9f, -1.9f, 0.5f, 300.0f, -300.0f, 3e9f, -3e9f, inf, -inf, nan};
  CHECK(cast_all<float, std::int8_t>(from) ==
        std::vector<std::int8_t>{1, -1, 0, 127, -128, 127, -128, 127, -128, 0});
  CHECK(cast_all<float, std::uint8_t>(from) ==
        std::vector<std::uint8_t>{1, 0, 0, 255, 0, 255, 0, 255, 0, 0});
  constexpr std::int32_t kHigh32 = std::numeric_limits<std::int32_t>::max();
  constexpr std::int32_t kLow32 = std::numeric_limits<std::int32_t>::min();
  CHECK(cast_all<float, std::int32_t>(from) ==
        std::vector<std::int32_t>{1, -1, 0, 300, -300, kHigh32, kLow32, kHigh32, kLow32, 0});
  constexpr std::int64_t kHigh64 = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLow64 = std::numeric_limits<std::int64_t>::min();
  CHECK(cast_all<float, std::int64_t>(from) == std::vector<std::int64_t>{1, -1, 0, 300, -300,
                                                                         3000000000, -3000000000,
                                                                         kHigh64, kLow64, 0});
}

TEST_CASE("integers wrap into narrower ones and everything but zero is true") {
  CHECK(cast_all<std::int64_t, std::int8_t>({1, 128, 257, -129}) ==
        std::vector<std::int8_t>{1, -128, 1, 127});
  CHECK(cast_all<std::int8_t, std::uint8_t>({-1, 5}) == std::vector<std::uint8_t>{255, 5});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> from = {0.0, -0.0, 1e-300, -2.0, nan};
  std::vector<std::uint8_t> truth(from.size());
  kernels::cast(DType::f64, from.data(), DType::boolean, truth.data(), 5);
  CHECK(truth == std::vector<std::uint8_t>{0, 0, 1, 1, 1});
}

TEST_CASE("16-bit floats round to nearest even") {
  const auto halves = cast_all<float, float16>({1.0f, 65504.0f, 70000.0f, 1.00048828125f, -2.5f});
  const std::uint16_t expected[] = {0x3C00, 0x7BFF, 0x7C00, 0x3C00, 0xC100};
  for (std::size_t i = 0; i < halves.size(); ++i) CHECK(halves[i].bits == expected[i]);
  const auto wide = cast_all<float16, double>(halves);
  CHECK(wide[1] == 65504.0);
  CHECK(std::isinf(wide[2]));
  CHECK(cast_all<double, bfloat16>({1.00390625})[0].bits == 0x3F80);
}

TEST_CASE("large arrays are converted whole") {
  std::vector<std::uint8_t> from(200003);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::uint8_t>(i % 251);
  const auto to = cast_all<std::uint8_t, float>(from);
  int wrong = 0;
  for (std::size_t i = 0; i < from.size(); ++i) wrong += to[i] != static_cast<float>(i % 251);
  CHECK(wrong == 0);
  CHECK(cast_all<float, double>({}).empty());
}
