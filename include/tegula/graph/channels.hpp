#pragma once
// Normalization of channels by statistics over all other axes, as batches are normalized.

#include <cstdint>

#include "tegula/graph/operand.hpp"

namespace tegula {

struct ChannelMoments {
  Value mean;
  Value variance;
};
/// Mean and variance (divided by the number of elements) of each channel, vectors; of a floating
/// dtype.
TEGULA_API ChannelMoments channel_moments(Operand x, std::int64_t axis = -1);

struct ChannelSums {
  Value sum;
  Value product;
};
/// Sums of y and of y * (x - center) of each channel; `center` and the results are vectors.
TEGULA_API ChannelSums channel_sums(Operand y, Operand x, Operand center, std::int64_t axis = -1);

/// (x - mean) * scale + shift, which are vectors along the axis.
TEGULA_API Value normalize_channels(Operand x, Operand mean, Operand scale, Operand shift,
                                    std::int64_t axis = -1);

}  // namespace tegula
