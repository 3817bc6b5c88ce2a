#pragma once
// Tiles of depthwise convolutions, whose channels each see one filter: channels are lanes. Internal
// to the convolutions.

#include <cstdint>

namespace tegula::kernels {

/// Pixels of a source and the taps of their windows, gathered through tables of offsets: channel c
/// of row i, tap t is source[rows[i] + taps[t] + c].
struct DepthwiseTile {
  std::int64_t row_count = 0;
  std::int64_t tap_count = 0;
  std::int64_t channels = 0;
  const float* source = nullptr;
  const std::int64_t* rows = nullptr;
  const std::int64_t* taps = nullptr;
};

/// result[i, c] = the sum over t of source[i, t, c] * w[t, c]: 2 FLOPs per product, one load of the
/// source for each.
void depthwise_products(const DepthwiseTile& tile, const float* w, float* result);

/// sums[t, c] += the sum over i of source[i, t, c] * dy[i, c].
void add_depthwise_weights(const DepthwiseTile& tile, const float* dy, float* sums);

}  // namespace tegula::kernels
