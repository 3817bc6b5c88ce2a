#pragma once
// What these kernel tests share: thread counts, arrays of test values, comparison with tolerances.

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "each_isa.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::testing {

/// Sets the thread budget for a scope.
class ThreadCount {
 public:
  explicit ThreadCount(int threads) : before_(thread_count()) { set_thread_count(threads); }
  ~ThreadCount() { set_thread_count(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

template <typename T>
std::vector<T> uniform_values(std::size_t count, double low, double high, unsigned seed = 1) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> distribution(low, high);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(distribution(generator));
  return values;
}

/// Relative error; 0 where both are the same infinity or both are NaN, infinite where only one is.
/// Errors below `absolute` count as 0.
inline double relative_error(double actual, double expected, double absolute) {
  if (std::isnan(expected) || std::isnan(actual)) {
    return std::isnan(expected) && std::isnan(actual) ? 0.0 : INFINITY;
  }
  if (actual == expected) return 0;
  const double difference = std::abs(actual - expected);
  return difference <= absolute ? 0 : difference / std::abs(expected);
}

/// Same bits, so that NaN equals itself and 0 does not equal -0.
template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if constexpr (sizeof(T) == 4) {
      if (std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i])) return false;
    } else {
      if (std::bit_cast<std::uint64_t>(a[i]) != std::bit_cast<std::uint64_t>(b[i])) return false;
    }
  }
  return true;
}

}  // namespace tegula::testing
