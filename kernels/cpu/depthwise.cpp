#include "kernels/cpu/depthwise.hpp"

#include <algorithm>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/depthwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/gemm_vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

/// Rows whose sums are kept in registers together, each one vector of channels: enough to hide the
/// latency of the multiply-adds.
constexpr int kRows = 8;
/// Likewise taps, of which each row's gradient serves all.
constexpr int kTaps = 9;

/// A vector of channels, of which `lanes` count.
HWY_INLINE Vector load_lanes(Tag d, const float* from, Index lanes) {
  return lanes == kLanes ? hn::LoadU(d, from) : load_first(d, from, lanes);
}

HWY_INLINE void store_lanes(Tag d, Vector value, float* to, Index lanes) {
  if (lanes == kLanes) return hn::StoreU(value, d, to);
  HWY_ALIGN float all[kLanes];
  hn::Store(value, d, all);
  std::copy_n(all, lanes, to);
}

/// `Rows` results of one vector of channels.
template <int Rows>
HWY_INLINE void multiply_rows(const DepthwiseTile& tile, const Index* rows, Index channel,
                              Index lanes, const float* w, float* result) {
  const Tag d;
  Vector sums[Rows];
  const float* from[Rows];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    sums[r] = hn::Zero(d);
    from[r] = tile.source + rows[r] + channel;
  }
  for (Index tap = 0; tap < tile.tap_count; ++tap) {
    const Vector weight = load_lanes(d, w + tap * tile.channels + channel, lanes);
    const Index step = tile.taps[tap];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      sums[r] = hn::MulAdd(load_lanes(d, from[r] + step, lanes), weight, sums[r]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    store_lanes(d, sums[r], result + r * tile.channels + channel, lanes);
  }
}

void products(const DepthwiseTile& tile, const float* w, float* result) {
  Index row = 0;
  for (; row + kRows <= tile.row_count; row += kRows) {
    for (Index channel = 0; channel < tile.channels; channel += kLanes) {
      const Index lanes = std::min(kLanes, tile.channels - channel);
      multiply_rows<kRows>(tile, tile.rows + row, channel, lanes, w, result + row * tile.channels);
    }
  }
  for (; row < tile.row_count; ++row) {
    for (Index channel = 0; channel < tile.channels; channel += kLanes) {
      const Index lanes = std::min(kLanes, tile.channels - channel);
      multiply_rows<1>(tile, tile.rows + row, channel, lanes, w, result + row * tile.channels);
    }
  }
}

/// `Taps` sums of one vector of channels, over all rows.
template <int Taps>
HWY_INLINE void add_taps(const DepthwiseTile& tile, Index tap, Index channel, Index lanes,
                         const float* dy, float* sums) {
  const Tag d;
  Vector totals[Taps];
  const float* from[Taps];
#pragma GCC unroll 9
  for (int t = 0; t < Taps; ++t) {
    totals[t] = load_lanes(d, sums + (tap + t) * tile.channels + channel, lanes);
    from[t] = tile.source + tile.taps[tap + t] + channel;
  }
  for (Index row = 0; row < tile.row_count; ++row) {
    const Vector gradient = load_lanes(d, dy + row * tile.channels + channel, lanes);
    const Index offset = tile.rows[row];
#pragma GCC unroll 9
    for (int t = 0; t < Taps; ++t) {
      totals[t] = hn::MulAdd(load_lanes(d, from[t] + offset, lanes), gradient, totals[t]);
    }
  }
#pragma GCC unroll 9
  for (int t = 0; t < Taps; ++t) {
    store_lanes(d, totals[t], sums + (tap + t) * tile.channels + channel, lanes);
  }
}

void add_weights(const DepthwiseTile& tile, const float* dy, float* sums) {
  for (Index channel = 0; channel < tile.channels; channel += kLanes) {
    const Index lanes = std::min(kLanes, tile.channels - channel);
    Index tap = 0;
    for (; tap + kTaps <= tile.tap_count; tap += kTaps) {
      add_taps<kTaps>(tile, tap, channel, lanes, dy, sums);
    }
    for (; tap < tile.tap_count; ++tap) add_taps<1>(tile, tap, channel, lanes, dy, sums);
  }
}

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(products);
HWY_EXPORT(add_weights);

void depthwise_products(const DepthwiseTile& tile, const float* w, float* result) {
  HWY_DYNAMIC_DISPATCH(products)(tile, w, result);
}

void add_depthwise_weights(const DepthwiseTile& tile, const float* dy, float* sums) {
  HWY_DYNAMIC_DISPATCH(add_weights)(tile, dy, sums);
}

}  // namespace tegula::kernels
#endif
