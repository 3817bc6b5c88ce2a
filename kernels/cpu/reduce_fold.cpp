// Folds of rows and of strips of columns, for each instruction set.

#include "kernels/cpu/reduce_internal.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/reduce_fold.cpp"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>

#include "kernels/cpu/elementwise_math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using detail::Fold;
using detail::kStripColumns;

/// Elements of a row, and rows of a strip, that are folded one after the other; above, in pairs.
constexpr std::int64_t kRowBlock = 512;
constexpr std::int64_t kStripBlock = 64;

struct SumFold {
  template <typename T>
  static constexpr T identity() {
    return T(0);
  }
  template <typename D, typename V>
  static HWY_INLINE V combine(D, V a, V b) {
    return hn::Add(a, b);
  }
  template <typename D, typename V>
  static HWY_INLINE V map(D, V x, V) {
    return x;
  }
};

struct SumExpFold : SumFold {
  template <typename D, typename V>
  static HWY_INLINE V map(D d, V x, V shift) {
    return math_exp(d, hn::Sub(x, shift));
  }
};

struct ProdFold : SumFold {
  template <typename T>
  static constexpr T identity() {
    return T(1);
  }
  template <typename D, typename V>
  static HWY_INLINE V combine(D, V a, V b) {
    return hn::Mul(a, b);
  }
};

struct MaxFold : SumFold {
  template <typename T>
  static constexpr T identity() {
    return -std::numeric_limits<T>::infinity();
  }
  template <typename D, typename V>
  static HWY_INLINE V combine(D, V a, V b) {
    return keep_nan(a, keep_nan(b, hn::Max(a, b)));
  }
};

struct MinFold : SumFold {
  template <typename T>
  static constexpr T identity() {
    return std::numeric_limits<T>::infinity();
  }
  template <typename D, typename V>
  static HWY_INLINE V combine(D, V a, V b) {
    return keep_nan(a, keep_nan(b, hn::Min(a, b)));
  }
};

/// Combines two scalars by the vector operation.
template <typename F, typename T>
HWY_INLINE T combine_scalars(T a, T b) {
  const hn::CappedTag<T, 1> d;
  return hn::GetLane(F::combine(d, hn::Set(d, a), hn::Set(d, b)));
}

/// `count` elements, the rest of the vector filled with the identity. Only vectors of several lanes
/// have tails, and those instruction sets do not touch the memory of masked lanes.
template <typename F, typename D, typename T>
HWY_INLINE hn::Vec<D> mapped_tail(D d, const T* x, std::size_t count, hn::Vec<D> shift) {
  const auto mask = hn::FirstN(d, count);
  const auto mapped = F::map(d, hn::MaskedLoad(mask, d, x), shift);
  return hn::IfThenElse(mask, mapped, hn::Set(d, F::template identity<T>()));
}

/// Up to kRowBlock elements through four accumulators.
template <typename F, typename T>
T fold_block(const T* x, std::size_t count, T shift_value) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto shift = hn::Set(d, shift_value);
  const auto identity = hn::Set(d, F::template identity<T>());
  auto s0 = identity, s1 = identity, s2 = identity, s3 = identity;
  std::size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    s0 = F::combine(d, s0, F::map(d, hn::LoadU(d, x + i), shift));
    s1 = F::combine(d, s1, F::map(d, hn::LoadU(d, x + i + lanes), shift));
    s2 = F::combine(d, s2, F::map(d, hn::LoadU(d, x + i + 2 * lanes), shift));
    s3 = F::combine(d, s3, F::map(d, hn::LoadU(d, x + i + 3 * lanes), shift));
  }
  for (; i + lanes <= count; i += lanes) {
    s0 = F::combine(d, s0, F::map(d, hn::LoadU(d, x + i), shift));
  }
  if (i < count) s1 = F::combine(d, s1, mapped_tail<F>(d, x + i, count - i, shift));
  T partial[hn::MaxLanes(d)];
  hn::StoreU(F::combine(d, F::combine(d, s0, s1), F::combine(d, s2, s3)), d, partial);
  for (std::size_t width = lanes / 2; width > 0; width /= 2) {
    for (std::size_t lane = 0; lane < width; ++lane) {
      partial[lane] = combine_scalars<F>(partial[lane], partial[lane + width]);
    }
  }
  return partial[0];
}

template <typename F, typename T>
T fold_pairwise(const T* x, std::int64_t count, T shift) {
  if (count <= kRowBlock) return fold_block<F>(x, static_cast<std::size_t>(count), shift);
  const std::int64_t half = (count / 2 + kRowBlock - 1) / kRowBlock * kRowBlock;
  const T left = fold_pairwise<F>(x, half, shift);
  return combine_scalars<F>(left, fold_pairwise<F>(x + half, count - half, shift));
}

/// Calls `body(column, lanes used)` for each vector of a strip.
template <typename Body>
HWY_INLINE void for_each_column(std::size_t columns, std::size_t lanes, const Body& body) {
  for (std::size_t c = 0; c < columns; c += lanes) body(c, std::min(lanes, columns - c));
}

/// Accumulators have room for whole vectors.
template <typename T>
using Strip = T[kStripColumns + 16];

template <typename F, typename T>
void fold_strip_rows(const T* x, std::int64_t rows, std::int64_t stride, std::size_t columns,
                     const T* shift, T* sums) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::fill_n(sums, hwy::RoundUpTo(columns, lanes), F::template identity<T>());
  for (std::int64_t row = 0; row < rows;) {
    const int together = rows - row >= 4 ? 4 : 1;
    const T* first = x + row * stride;
    for_each_column(columns, lanes, [&](std::size_t c, std::size_t used) HWY_ATTR {
      const auto offset = shift != nullptr ? hn::LoadU(d, shift + c) : hn::Zero(d);
      auto load = [&](int k) HWY_ATTR {
        const T* from = first + k * stride + c;
        return used == lanes ? F::map(d, hn::LoadU(d, from), offset)
                             : mapped_tail<F>(d, from, used, offset);
      };
      auto sum = load(0);
      if (together == 4) {
        sum = F::combine(d, F::combine(d, sum, load(1)), F::combine(d, load(2), load(3)));
      }
      hn::StoreU(F::combine(d, hn::LoadU(d, sums + c), sum), d, sums + c);
    });
    row += together;
  }
}

template <typename F, typename T>
void fold_strip(const T* x, std::int64_t rows, std::int64_t stride, std::size_t columns,
                const T* shift, T* sums) {
  if (rows <= kStripBlock) return fold_strip_rows<F>(x, rows, stride, columns, shift, sums);
  const hn::ScalableTag<T> d;
  const std::int64_t half = (rows / 2 + kStripBlock - 1) / kStripBlock * kStripBlock;
  Strip<T> right;
  fold_strip<F>(x, half, stride, columns, shift, sums);
  fold_strip<F>(x + half * stride, rows - half, stride, columns, shift, right);
  for_each_column(columns, hn::Lanes(d), [&](std::size_t c, std::size_t) HWY_ATTR {
    hn::StoreU(F::combine(d, hn::LoadU(d, sums + c), hn::LoadU(d, right + c)), d, sums + c);
  });
}

template <typename F, typename T>
void fold_whole_strip(const T* x, std::int64_t rows, std::int64_t stride, std::int64_t columns,
                      const T* shift, T* result) {
  Strip<T> sums;
  Strip<T> shifts;
  const auto count = static_cast<std::size_t>(columns);
  if (shift != nullptr) {
    std::fill_n(std::copy_n(shift, count, shifts), std::size(shifts) - count, T(0));
  }
  fold_strip<F>(x, rows, stride, count, shift != nullptr ? shifts : nullptr, sums);
  std::memcpy(result, sums, count * sizeof(T));
}

template <typename T>
T fold_row_of(Fold fold, const T* x, std::int64_t count, T shift) {
  switch (fold) {
    case Fold::sum:
      return fold_pairwise<SumFold>(x, count, shift);
    case Fold::prod:
      return fold_pairwise<ProdFold>(x, count, shift);
    case Fold::max:
      return fold_pairwise<MaxFold>(x, count, shift);
    case Fold::min:
      return fold_pairwise<MinFold>(x, count, shift);
    case Fold::sum_exp:
      return fold_pairwise<SumExpFold>(x, count, shift);
  }
  return T(0);
}

template <typename T>
void fold_columns_of(Fold fold, const T* x, std::int64_t rows, std::int64_t stride,
                     std::int64_t columns, const T* shift, T* result) {
  switch (fold) {
    case Fold::sum:
      return fold_whole_strip<SumFold, T>(x, rows, stride, columns, nullptr, result);
    case Fold::prod:
      return fold_whole_strip<ProdFold, T>(x, rows, stride, columns, nullptr, result);
    case Fold::max:
      return fold_whole_strip<MaxFold, T>(x, rows, stride, columns, nullptr, result);
    case Fold::min:
      return fold_whole_strip<MinFold, T>(x, rows, stride, columns, nullptr, result);
    case Fold::sum_exp:
      return fold_whole_strip<SumExpFold, T>(x, rows, stride, columns, shift, result);
  }
}

float fold_row_f32(Fold fold, const float* x, std::int64_t count, float shift) {
  return fold_row_of(fold, x, count, shift);
}
double fold_row_f64(Fold fold, const double* x, std::int64_t count, double shift) {
  return fold_row_of(fold, x, count, shift);
}
void fold_columns_f32(Fold fold, const float* x, std::int64_t rows, std::int64_t stride,
                      std::int64_t columns, const float* shift, float* result) {
  fold_columns_of(fold, x, rows, stride, columns, shift, result);
}
void fold_columns_f64(Fold fold, const double* x, std::int64_t rows, std::int64_t stride,
                      std::int64_t columns, const double* shift, double* result) {
  fold_columns_of(fold, x, rows, stride, columns, shift, result);
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(fold_row_f32);
HWY_EXPORT(fold_row_f64);
HWY_EXPORT(fold_columns_f32);
HWY_EXPORT(fold_columns_f64);

float detail::fold_row(Fold fold, const float* x, std::int64_t count, float shift) {
  return HWY_DYNAMIC_DISPATCH(fold_row_f32)(fold, x, count, shift);
}
double detail::fold_row(Fold fold, const double* x, std::int64_t count, double shift) {
  return HWY_DYNAMIC_DISPATCH(fold_row_f64)(fold, x, count, shift);
}
void detail::fold_columns(Fold fold, const float* x, std::int64_t rows, std::int64_t stride,
                          std::int64_t columns, const float* shift, float* result) {
  HWY_DYNAMIC_DISPATCH(fold_columns_f32)(fold, x, rows, stride, columns, shift, result);
}
void detail::fold_columns(Fold fold, const double* x, std::int64_t rows, std::int64_t stride,
                          std::int64_t columns, const double* shift, double* result) {
  HWY_DYNAMIC_DISPATCH(fold_columns_f64)(fold, x, rows, stride, columns, shift, result);
}

}  // namespace tegula::kernels
#endif
