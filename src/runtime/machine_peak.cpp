// Measures what the machine can do at most: multiply-adds in registers, and a copy through memory.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <vector>

#include "tegula/core/parallel.hpp"
#include "tegula/core/tensor.hpp"
#include "tegula/runtime/profiler.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tegula {

namespace {

/// Independent accumulators: enough to hide a multiply-add's latency (4 to 5 cycles, 2 per cycle).
constexpr int kAccumulators = 12;
constexpr int kRepetitions = 5;

/// Keeps the loops from being removed.
std::atomic<float> sink{0};

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) double multiply_add_avx2(std::int64_t iterations) {
  __m256 sums[kAccumulators];
  for (__m256& sum : sums) sum = _mm256_set1_ps(1.0f);
  const __m256 factor = _mm256_set1_ps(0.999f);
  for (std::int64_t i = 0; i < iterations; ++i) {
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, factor, factor);
  }
  for (int i = 1; i < kAccumulators; ++i) sums[0] = _mm256_add_ps(sums[0], sums[i]);
  sink.store(_mm256_cvtss_f32(sums[0]), std::memory_order_relaxed);
  return 2.0 * 8 * kAccumulators * static_cast<double>(iterations);
}

__attribute__((target("avx512f"))) double multiply_add_avx512(std::int64_t iterations) {
  __m512 sums[kAccumulators];
  for (__m512& sum : sums) sum = _mm512_set1_ps(1.0f);
  const __m512 factor = _mm512_set1_ps(0.999f);
  for (std::int64_t i = 0; i < iterations; ++i) {
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, factor, factor);
  }
  for (int i = 1; i < kAccumulators; ++i) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  sink.store(_mm512_cvtss_f32(sums[0]), std::memory_order_relaxed);
  return 2.0 * 16 * kAccumulators * static_cast<double>(iterations);
}
#endif

double multiply_add_portable(std::int64_t iterations) {
  float sums[4 * kAccumulators];
  std::fill(std::begin(sums), std::end(sums), 1.0f);
  for (std::int64_t i = 0; i < iterations; ++i) {
    for (float& sum : sums) sum = sum * 0.999f + 0.999f;
  }
  sink.store(sums[0], std::memory_order_relaxed);
  return 2.0 * 4 * kAccumulators * static_cast<double>(iterations);
}

/// FLOPs of one loop on the calling thread.
double multiply_add(std::int64_t iterations) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return multiply_add_avx512(iterations);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return multiply_add_avx2(iterations);
  }
#endif
  return multiply_add_portable(iterations);
}

/// Best of some repetitions of `work`, which returns the amount it did, per second.
template <typename Work>
double best_rate(Work&& work) {
  double best = 0;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const double amount = work();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best = std::max(best, amount / elapsed.count());
  }
  return best;
}

double peak_flops(int threads) {
  constexpr std::int64_t kIterations = 200'000;
  std::vector<double> done(static_cast<std::size_t>(threads));
  return best_rate([&] {
    parallel_for(threads, [&](std::int64_t task) {
      done[static_cast<std::size_t>(task)] = multiply_add(kIterations);
    });
    double sum = 0;
    for (const double flops : done) sum += flops;
    return sum;
  });
}

double peak_bandwidth(int threads) {
  constexpr std::int64_t kBytes = std::int64_t{64} << 20;
  const Tensor from = Tensor::zeros(DType::u8, {kBytes});
  Tensor to = Tensor::zeros(DType::u8, {kBytes});
  const std::int64_t part = kBytes / threads;
  return best_rate([&] {
    parallel_for(threads, [&](std::int64_t task) {
      std::memcpy(static_cast<std::byte*>(to.raw()) + task * part,
                  static_cast<const std::byte*>(from.raw()) + task * part,
                  static_cast<std::size_t>(part));
    });
    return 2.0 * static_cast<double>(part * threads);
  });
}

}  // namespace

MachinePeak measure_machine_peak() {
  const int threads = thread_count();
  return {peak_flops(threads) * 1e-9, peak_bandwidth(threads) * 1e-9};
}

}  // namespace tegula
