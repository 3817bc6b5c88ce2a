// Random fills against the scalar stream and against their distributions.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernel_test.hpp"
#include "kernels/cpu/random.hpp"
#include "tegula/core/random.hpp"

using namespace tegula;
using namespace tegula::kernels;
using namespace tegula::testing;

namespace {

constexpr RandomKey kKey{.seed = 0xfedcba9876543210ULL, .op_id = 17, .step = 0x1ffffffffULL};
constexpr std::int64_t kCounts[] = {0, 1, 3, 4, 5, 31, 32, 33, 1023, 1025, 20001};

/// Phi(z).
double normal_distribution(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

template <typename T>
void check_streams(std::int64_t count) {
  CAPTURE(count);
  const auto n = static_cast<std::size_t>(count);
  std::vector<T> uniform(n), normal(n);
  fill_uniform<T>(kKey, uniform.data(), count, T(-1), T(3));
  fill_normal<T>(kKey, normal.data(), count, T(2), T(0.5));
  for (std::size_t i = 0; i < n; ++i) {
    REQUIRE(uniform[i] == T(-1) + static_cast<T>(random_uniform_at(kKey, i)) * T(4));
    REQUIRE(normal[i] == T(2) + static_cast<T>(random_normal_at(kKey, i)) * T(0.5));
  }
}

/// The inverse of what a truncated normal was made from, against the uniform of that element.
template <typename T>
void check_truncated(std::int64_t count, double tolerance) {
  std::vector<T> z(static_cast<std::size_t>(count));
  fill_truncated_normal<T>(kKey, z.data(), count, T(0), T(1));
  const double low = normal_distribution(-2), range = normal_distribution(2) - low;
  for (std::size_t i = 0; i < z.size(); ++i) {
    REQUIRE(std::abs(z[i]) <= 2);
    const double u = random_uniform_at(kKey, i) + 0x1.0p-25;
    REQUIRE(std::abs((normal_distribution(static_cast<double>(z[i])) - low) / range - u) <=
            tolerance);
  }
}

}  // namespace

TEST_CASE("fills are those of the scalar stream") {
  for_each_isa([] {
    for (const std::int64_t count : kCounts) {
      check_streams<float>(count);
      check_streams<double>(count);
    }
  });
}

TEST_CASE("truncated normals are the inverse distribution of the uniforms") {
  for_each_isa([] {
    for (const std::int64_t count : kCounts) {
      check_truncated<float>(count, 2e-7);
      check_truncated<double>(count, 1e-15);
    }
  });
}

TEST_CASE("truncated normals have the variance of a normal cut at two deviations") {
  std::vector<float> z(200000);
  fill_truncated_normal<float>(kKey, z.data(), 200000, 1, 0.5f);
  double sum = 0, squares = 0;
  for (const float value : z) {
    REQUIRE(std::abs(value - 1) <= 1);
    sum += value - 1;
    squares += (value - 1) * (value - 1);
  }
  CHECK(std::abs(sum / 200000) < 0.005);
  // 1 - 2 * 2 phi(2) / (Phi(2) - Phi(-2)) = 0.7737.
  CHECK(std::abs(squares / 200000 / 0.25 - 0.7737) < 0.01);
}

TEST_CASE("integers cover their range evenly") {
  std::vector<std::int32_t> x(100000);
  fill_integers<std::int32_t>(kKey, x.data(), 100000, -3, 7);
  std::vector<int> counts(10);
  for (std::size_t i = 0; i < x.size(); ++i) {
    REQUIRE(x[i] >= -3);
    REQUIRE(x[i] < 7);
    ++counts[static_cast<std::size_t>(x[i] + 3)];
    const std::uint64_t word = philox(kKey, static_cast<std::uint32_t>(i / 4))[i % 4];
    REQUIRE(x[i] == -3 + static_cast<std::int32_t>(word * 10 >> 32));
  }
  for (const int count : counts) CHECK(std::abs(count - 10000) < 500);
  std::vector<std::int64_t> wide(100);
  fill_integers<std::int64_t>(kKey, wide.data(), 100, INT64_MIN, INT64_MIN + (1LL << 32));
  for (const std::int64_t value : wide) CHECK(value < INT64_MIN + (1LL << 32));
}

TEST_CASE("fills are the same for any number of threads") {
  auto run_with = [](int threads) {
    const ThreadCount scope(threads);
    std::vector<float> x(100003);
    fill_truncated_normal<float>(kKey, x.data(), 100003, 0, 1);
    return x;
  };
  CHECK(same_bits(run_with(1), run_with(4)));
}
