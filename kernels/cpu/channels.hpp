#pragma once
// Statistics of channels: of a tensor seen as [outer, channels, inner], over outer and inner. Sums
// have a fixed order, whatever the number of threads. `T` is float or double.

#include <cstddef>
#include <cstdint>

namespace tegula::kernels {

struct ChannelProblem {
  std::int64_t outer = 1;
  std::int64_t channels = 1;
  std::int64_t inner = 1;
};

/// Elements of T that the functions below need as scratch memory.
std::size_t channel_scratch_size(const ChannelProblem& problem);

/// Mean and variance (divided by the number of elements) of each channel, in one pass: blocks that
/// fit into L1 are visited twice, and joined by the formula of Chan, Golub and LeVeque, "Updating
/// formulae and a pairwise algorithm for computing sample variances", 1979. NaN without elements.
template <typename T>
void channel_moments(const ChannelProblem& problem, const T* x, T* mean, T* variance, T* scratch);

/// Sums of y and of y * (x - center) of each channel, in one pass.
template <typename T>
void channel_sums(const ChannelProblem& problem, const T* y, const T* x, const T* center, T* sum,
                  T* product, T* scratch);

}  // namespace tegula::kernels
