#pragma once
// The rate that other kernels are compared with.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "bench/values.hpp"
#include "kernels/cpu/gemm.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula::bench {

/// FLOP/s of the best of some large products.
inline double gemm_rate() {
  static const double rate = [] {
    constexpr std::int64_t kGemmSize = 1024;
    const kernels::GemmProblem problem =
        kernels::GemmProblem::dense(kGemmSize, kGemmSize, kGemmSize);
    const std::vector<float> a = values(kGemmSize * kGemmSize), b = a;
    Tensor c(DType::f32, {kGemmSize, kGemmSize});
    Tensor workspace(DType::f32, {static_cast<std::int64_t>(kernels::gemm_workspace_size(
                                     kernels::GemmImplementation::own, problem))});
    double best = 0;
    for (int i = 0; i < 20; ++i) {
      const auto start = std::chrono::steady_clock::now();
      kernels::gemm_f32(kernels::GemmImplementation::own, problem, a.data(), b.data(),
                        c.data<float>(), {}, workspace.data<float>());
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      best = std::max(best, 2.0 * kGemmSize * kGemmSize * kGemmSize / seconds.count());
    }
    return best;
  }();
  return rate;
}

}  // namespace tegula::bench
