#pragma once
// Sums of weighted neighbours along one axis: resizing, blurring, and their gradients.
//
// T is float or double; no pointer need be aligned, nothing is allocated, and results do not depend
// on the number of threads. Reads the elements that weights other than 0 name, writes all of y.

#include <cstdint>

namespace tegula::kernels {

/// x [outer, size, inner] to y [outer, results, inner].
struct ResampleProblem {
  std::int64_t outer = 0;
  std::int64_t size = 0;
  std::int64_t results = 0;
  std::int64_t inner = 0;
  /// Weights per result.
  std::int64_t taps = 0;
};

/// y[o, i, :] = sum over t of weights[i, t] · x[o, starts[i] + t, :], in this order.
template <typename T>
void resample(const ResampleProblem& problem, const std::int64_t* starts, const T* weights,
              const T* x, T* y);

}  // namespace tegula::kernels
