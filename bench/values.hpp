#pragma once
// Inputs and rates that the kernels' benchmarks share.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/random.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula::bench {

inline std::vector<float> values(std::int64_t count) {
  std::vector<float> x(static_cast<std::size_t>(count));
  kernels::fill_uniform<float>({.seed = 1}, x.data(), count, 0.1f, 2.0f);
  return x;
}

inline void count_bytes(benchmark::State& state, std::int64_t bytes) {
  state.SetBytesProcessed(state.iterations() * bytes);
}

/// FLOP/s of the best of some large products.
inline double gemm_rate() {
  static const double rate = [] {
    constexpr std::int64_t kSize = 1024;
    const auto problem = kernels::GemmProblem::dense(kSize, kSize, kSize);
    const auto own = kernels::GemmImplementation::own;
    const std::vector<float> a = values(kSize * kSize), b = a;
    Tensor c(DType::f32, {kSize, kSize});
    const std::size_t size = kernels::gemm_workspace_size(own, problem);
    Tensor workspace(DType::f32, {static_cast<std::int64_t>(size)});
    double best = 0;
    for (int i = 0; i < 20; ++i) {
      const auto start = std::chrono::steady_clock::now();
      kernels::gemm_f32(own, problem, a.data(), b.data(), c.data<float>(), {},
                        workspace.data<float>());
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      best = std::max(best, 2.0 * kSize * kSize * kSize / seconds.count());
    }
    return best;
  }();
  return rate;
}

}  // namespace tegula::bench
