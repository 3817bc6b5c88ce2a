// Rows of a tile of attention's weights, for each instruction set.

#include "kernels/cpu/attention_rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention_rows.cpp"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/cpu/shifted_exp-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Index = std::int64_t;
using detail::TileView;
using Tag = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Tag>;

constexpr Index kLanes = static_cast<Index>(hn::MaxLanes(Tag()));
constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// Vectors whose exponentials are computed together.
constexpr Index kTogether = 4;

/// The keys that one row sees.
struct Seen {
  Index begin = 0;
  Index end = 0;

  Seen(const TileView& view, Index row) : end(view.keys) {
    const Index at = view.position + row;
    if (view.causal) end = std::min(end, at + 1);
    if (view.window != 0) {
      end = std::min(end, at + view.window);
      begin = std::max<Index>(0, at - view.window + 1);
    }
    end = std::max<Index>(end, 0);
    begin = std::min(begin, end);
  }
  bool holds_vector(Index c) const { return c >= begin && c + kLanes <= end; }
  /// `v` of keys from `c` on, with `other` where they are not seen.
  HWY_INLINE Vector choose(Index c, Vector v, float other) const {
    const Tag d;
    const hn::RebindToSigned<Tag> di;
    const auto key = hn::Iota(di, static_cast<std::int32_t>(c));
    const auto from = hn::Set(di, static_cast<std::int32_t>(begin));
    const auto to = hn::Set(di, static_cast<std::int32_t>(end));
    const auto seen = hn::AndNot(hn::Lt(key, from), hn::Lt(key, to));
    return hn::IfThenElse(hn::RebindMask(d, seen), v, hn::Set(d, other));
  }
};

/// Elements of a row that whole vectors hold.
Index padded(Index keys) { return (keys + kLanes - 1) / kLanes * kLanes; }

const float* addends_of(const TileView& view, Index row) {
  return view.addends == nullptr ? nullptr : view.addends + row * view.addend_stride;
}

/// What the mask hides is -infinity, whatever the product is.
HWY_INLINE Vector logit(const float* products, const float* addends, Index c, Vector scale) {
  const Tag d;
  const Vector scaled = hn::Mul(hn::Load(d, products + c), scale);
  if (addends == nullptr) return scaled;
  const Vector added = hn::Load(d, addends + c);
  const Vector hidden = hn::Set(d, -kInfinity);
  return hn::IfThenElse(hn::Eq(added, hidden), hidden, hn::Add(scaled, added));
}

/// Products become logits, -infinity where nothing is seen; their largest.
HWY_INLINE float scale_row(const TileView& view, Index row, float* products) {
  const Tag d;
  const Seen seen(view, row);
  const float* addends = addends_of(view, row);
  const Vector scale = hn::Set(d, view.scale);
  Vector largest = hn::Set(d, -kInfinity);
  for (Index c = 0; c < padded(view.keys); c += kLanes) {
    Vector v = logit(products, addends, c, scale);
    if (!seen.holds_vector(c)) v = seen.choose(c, v, -kInfinity);
    hn::Store(v, d, products + c);
    // NaN needs no care here: it comes back through the exponentials.
    largest = hn::Max(v, largest);
  }
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

/// Logits become exp(logit - shift); their sum.
HWY_INLINE float exp_row(float* row, Index count, float shift) {
  const Tag d;
  const Vector subtrahend = hn::Set(d, shift);
  Vector sum = hn::Zero(d);
  Index c = 0;
  for (; c + kTogether * kLanes <= count; c += kTogether * kLanes) {
    Vector e[kTogether];
    for (Index k = 0; k < kTogether; ++k) {
      e[k] = hn::Sub(hn::Load(d, row + c + k * kLanes), subtrahend);
    }
    exp_of_nonpositive(d, e);
    for (Index k = 0; k < kTogether; ++k) hn::Store(e[k], d, row + c + k * kLanes);
    sum = hn::Add(sum, hn::Add(hn::Add(e[0], e[1]), hn::Add(e[2], e[3])));
  }
  for (; c < count; c += kLanes) {
    const Vector e = exp_of_nonpositive(d, hn::Sub(hn::Load(d, row + c), subtrahend));
    hn::Store(e, d, row + c);
    sum = hn::Add(sum, e);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

HWY_INLINE void scale_results(float* results, Index width, float factor) {
  const Tag d;
  const Vector scale = hn::Set(d, factor);
  Index c = 0;
  for (; c + kLanes <= width; c += kLanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, results + c), scale), d, results + c);
  }
  for (; c < width; ++c) results[c] *= factor;
}

void weigh(const TileView& view, float* weights, float* maximum, float* sum, float* results,
           Index result_stride, Index width, bool first) {
  for (Index row = 0; row < view.rows; ++row, weights += detail::kKeyTile) {
    const float before = maximum[row];
    const float largest = std::max(before, scale_row(view, row, weights));
    const float total = exp_row(weights, padded(view.keys), largest == -kInfinity ? 0 : largest);
    maximum[row] = largest;
    if (before == largest) {
      sum[row] += total;
      continue;
    }
    const float shrunk = std::exp(before - largest);
    sum[row] = sum[row] * shrunk + total;
    if (!first) scale_results(results + row * result_stride, width, shrunk);
  }
}

void normalize(Index rows, const float* maximum, const float* sum, float* results,
               Index result_stride, Index width, float* log_sum, Index log_stride) {
  for (Index row = 0; row < rows; ++row) {
    const bool sees = sum[row] != 0;
    if (sees) scale_results(results + row * result_stride, width, 1 / sum[row]);
    log_sum[row * log_stride] = sees ? maximum[row] + std::log(sum[row]) : -kInfinity;
  }
}

HWY_INLINE void slope_row(const TileView& view, Index row, float* weights, float* slopes,
                          float log_sum, float delta) {
  const Tag d;
  const Seen seen(view, row);
  const float* addends = addends_of(view, row);
  const Vector scale = hn::Set(d, view.scale), total = hn::Set(d, log_sum);
  const Vector mean = hn::Set(d, delta);
  const Index count = padded(view.keys);
  for (Index c = 0; c < count; c += kTogether * kLanes) {
    Vector e[kTogether];
    const Index vectors = std::min(kTogether, (count - c) / kLanes);
    for (Index k = 0; k < kTogether; ++k) {
      const Index at = c + std::min(k, vectors - 1) * kLanes;
      e[k] = hn::Sub(logit(weights, addends, at, scale), total);
    }
    exp_of_nonpositive(d, e);
    for (Index k = 0; k < vectors; ++k) {
      const Index at = c + k * kLanes;
      Vector slope = hn::Mul(hn::Mul(hn::Sub(hn::Load(d, slopes + at), mean), e[k]), scale);
      if (!seen.holds_vector(at)) {
        e[k] = seen.choose(at, e[k], 0);
        slope = seen.choose(at, slope, 0);
      }
      if (addends != nullptr) {
        const auto hidden = hn::Eq(hn::Load(d, addends + at), hn::Set(d, -kInfinity));
        e[k] = hn::IfThenElse(hidden, hn::Zero(d), e[k]);
        slope = hn::IfThenElse(hidden, hn::Zero(d), slope);
      }
      hn::Store(e[k], d, weights + at);
      hn::Store(slope, d, slopes + at);
    }
  }
}

void slopes_of(const TileView& view, float* weights, float* slopes, const float* log_sum,
               const float* delta, const bool* flows, float blind) {
  for (Index row = 0; row < view.rows; ++row) {
    if (!flows[row] || log_sum[row] == -kInfinity) {
      std::fill_n(weights, view.keys, flows[row] ? blind : 0);
      std::fill_n(slopes, view.keys, 0.0f);
    } else {
      slope_row(view, row, weights, slopes, log_sum[row], delta[row]);
    }
    weights += detail::kKeyTile;
    slopes += detail::kKeyTile;
  }
}

void addends_of_booleans(const std::uint8_t* seen, Index stride, Index keys, float* addends) {
  if (stride == 1) {
    for (Index i = 0; i < keys; ++i) addends[i] = seen[i] != 0 ? 0 : -kInfinity;
  } else {
    for (Index i = 0; i < keys; ++i) addends[i] = seen[i * stride] != 0 ? 0 : -kInfinity;
  }
}

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels::detail {

HWY_EXPORT(weigh);
HWY_EXPORT(normalize);
HWY_EXPORT(slopes_of);
HWY_EXPORT(addends_of_booleans);

void weigh_rows(const TileView& view, float* weights, float* maximum, float* sum, float* results,
                std::int64_t result_stride, std::int64_t width, bool first) {
  HWY_DYNAMIC_DISPATCH(weigh)
  (view, weights, maximum, sum, results, result_stride, width, first);
}

void normalize_rows(std::int64_t rows, const float* maximum, const float* sum, float* results,
                    std::int64_t result_stride, std::int64_t width, float* log_sum,
                    std::int64_t log_stride) {
  HWY_DYNAMIC_DISPATCH(normalize)
  (rows, maximum, sum, results, result_stride, width, log_sum, log_stride);
}

void slope_rows(const TileView& view, float* weights, float* slopes, const float* log_sum,
                const float* delta, const bool* flows, float blind) {
  HWY_DYNAMIC_DISPATCH(slopes_of)(view, weights, slopes, log_sum, delta, flows, blind);
}

void addends_of_seen(const std::uint8_t* seen, std::int64_t stride, std::int64_t keys,
                     float* addends) {
  HWY_DYNAMIC_DISPATCH(addends_of_booleans)(seen, stride, keys, addends);
}

}  // namespace tegula::kernels::detail
#endif
