// Sorted orders and running sums against plain loops.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/cpu/order.hpp"

using namespace tegula;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Few different values, so that many are equal.
constexpr double kSpecial[] = {1, -1, 0, -0.0, kNan, kInfinity, -kInfinity, 2, 2, -3};

template <typename T>
std::vector<T> values(std::int64_t count) {
  std::vector<T> result;
  for (std::int64_t i = 0; i < count; ++i) {
    const double value = kSpecial[i * 7 % 10];
    result.push_back(std::is_floating_point_v<T> ? static_cast<T>(value)
                                                 : static_cast<T>(i * 37 % 11 - 5));
  }
  return result;
}

template <typename T>
bool before(T a, T b) {
  if (std::isnan(static_cast<double>(a)) || std::isnan(static_cast<double>(b))) {
    return !std::isnan(static_cast<double>(a));
  }
  return a < b;
}

const kernels::Lines kLines[] = {
    {.outer = 1, .size = 1, .inner = 1},  {.outer = 3, .size = 50, .inner = 1},
    {.outer = 2, .size = 9, .inner = 70}, {.outer = 40, .size = 3, .inner = 2},
    {.outer = 2, .size = 0, .inner = 4},  {.outer = 0, .size = 5, .inner = 4}};

template <typename T>
void check_argsort(const kernels::Lines& lines, bool descending) {
  const std::int64_t count = lines.outer * lines.size * lines.inner;
  const std::vector<T> x = values<T>(count);
  std::vector<std::int64_t> y(static_cast<std::size_t>(count), -1);
  std::vector<std::byte> scratch(kernels::argsort_scratch_bytes(lines));
  kernels::argsort(lines, descending, x.data(), y.data(), scratch.data());
  for (std::int64_t line = 0; line < lines.outer * lines.inner && lines.size > 0; ++line) {
    const std::int64_t first = line / lines.inner * lines.size * lines.inner + line % lines.inner;
    const auto at = [&](std::int64_t i) {
      return x[static_cast<std::size_t>(first + i * lines.inner)];
    };
    std::vector<std::int64_t> expected(static_cast<std::size_t>(lines.size));
    std::iota(expected.begin(), expected.end(), 0);
    std::ranges::stable_sort(expected, [&](std::int64_t i, std::int64_t j) {
      return descending ? before(at(j), at(i)) : before(at(i), at(j));
    });
    for (std::int64_t i = 0; i < lines.size; ++i) {
      CHECK(y[static_cast<std::size_t>(first + i * lines.inner)] ==
            expected[static_cast<std::size_t>(i)]);
    }
  }
}

template <typename T>
void check_running(const kernels::Lines& lines, kernels::Running operation, bool exclusive,
                   bool reverse) {
  const std::int64_t count = lines.outer * lines.size * lines.inner;
  std::vector<T> x(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(1 + static_cast<int>(i * 3 % 4));
  std::vector<T> y(x.size());
  kernels::running(lines, operation, exclusive, reverse, x.data(), y.data());
  std::vector<T> in_place = x;
  kernels::running(lines, operation, exclusive, reverse, in_place.data(), in_place.data());
  CHECK(y == in_place);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t own = i / lines.inner % lines.size;
    const std::int64_t first = i - own * lines.inner;
    double expected = operation == kernels::Running::sum ? 0 : 1;
    for (std::int64_t k = 0; k < lines.size; ++k) {
      const bool counts = reverse ? k >= own : k <= own;
      if (!counts || (exclusive && k == own)) continue;
      const auto value = static_cast<double>(x[static_cast<std::size_t>(first + k * lines.inner)]);
      expected = operation == kernels::Running::sum ? expected + value : expected * value;
    }
    // Integers wrap around.
    const T whole = std::is_floating_point_v<T>
                        ? static_cast<T>(expected)
                        : static_cast<T>(static_cast<std::uint64_t>(std::fmod(expected, 0x1p32)));
    CHECK(y[static_cast<std::size_t>(i)] == whole);
  }
}

}  // namespace

TEST_CASE("orders are those of a stable sort, NaN last, in lines of every kind") {
  for (const kernels::Lines& lines : kLines) {
    for (const bool descending : {false, true}) {
      check_argsort<float>(lines, descending);
      check_argsort<double>(lines, descending);
      check_argsort<std::int8_t>(lines, descending);
      check_argsort<std::uint8_t>(lines, descending);
      check_argsort<std::int32_t>(lines, descending);
      check_argsort<std::int64_t>(lines, descending);
    }
  }
}

TEST_CASE("running sums and products are those of a loop") {
  for (const kernels::Lines& lines : kLines) {
    if (lines.size > 9) continue;  // products stay exact in double
    for (const auto operation : {kernels::Running::sum, kernels::Running::product}) {
      for (const int options : {0, 1, 2, 3}) {
        check_running<float>(lines, operation, (options & 1) != 0, (options & 2) != 0);
        check_running<double>(lines, operation, (options & 1) != 0, (options & 2) != 0);
        check_running<std::uint8_t>(lines, operation, (options & 1) != 0, (options & 2) != 0);
        check_running<std::int32_t>(lines, operation, (options & 1) != 0, (options & 2) != 0);
        check_running<std::int64_t>(lines, operation, (options & 1) != 0, (options & 2) != 0);
      }
    }
  }
}
