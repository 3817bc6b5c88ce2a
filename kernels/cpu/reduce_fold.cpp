// Folds of rows and of strips of columns, for each instruction set.

#include "kernels/cpu/reduce_internal.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/reduce_fold.cpp"
#include <hwy/foreach_target.h>

#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/cpu/row_fold-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using detail::Fold;
using detail::kFarBytes;
using detail::kRowsApart;
using detail::kStripColumns;

/// Elements of a row that go through the accumulators one after the other; the blocks of a longer
/// row are combined in pairs.
constexpr std::int64_t kRowBlock = 1024;
/// Rows of a strip that are added one after the other, likewise.
constexpr std::int64_t kStripBlock = 64;
/// Vectors of each row that are added one after the other where rows are read side by side.
constexpr std::int64_t kVectorsApart = 16;

/// Up to kRowBlock elements into one vector.
template <typename F, typename D, typename T>
HWY_INLINE hn::Vec<D> fold_block(D d, const T* x, std::size_t count, hn::Vec<D> shift) {
  const std::size_t lanes = hn::Lanes(d);
  Accumulator<F, D> s0, s1;
  std::size_t i = 0;
  if (count >= 8 * lanes) {
    // As many sums as the latency of an addition hides.
    Accumulator<F, D> s2, s3, s4, s5, s6, s7;
    const auto load = [&](std::size_t k)
                          HWY_ATTR { return F::map(d, hn::LoadU(d, x + i + k * lanes), shift); };
    for (; i + 8 * lanes <= count; i += 8 * lanes) {
      s0.add(load(0));
      s1.add(load(1));
      s2.add(load(2));
      s3.add(load(3));
      s4.add(load(4));
      s5.add(load(5));
      s6.add(load(6));
      s7.add(load(7));
    }
    s0.join(s4);
    s1.join(s5);
    s2.join(s6);
    s3.join(s7);
    s0.join(s2);
    s1.join(s3);
  }
  for (; i + lanes <= count; i += lanes) s0.add(F::map(d, hn::LoadU(d, x + i), shift));
  if (i < count) s1.add(mapped_tail<F>(d, x + i, count - i, shift));
  s0.join(s1);
  return s0.folded();
}

/// A row into one vector: blocks in pairs, as a binary counter adds its carries.
template <typename F, typename D, typename T>
HWY_INLINE hn::Vec<D> fold_row_to_vector(D d, const T* x, std::int64_t count, T shift_value) {
  const auto shift = hn::Set(d, shift_value);
  if (count <= kRowBlock) return fold_block<F>(d, x, static_cast<std::size_t>(count), shift);
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  HWY_ALIGN T pending[64 * kLanes];
  std::size_t depth = 0;
  const std::int64_t blocks = (count + kRowBlock - 1) / kRowBlock;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t begin = block * kRowBlock;
    auto folded = fold_block<F>(
        d, x + begin, static_cast<std::size_t>(std::min(kRowBlock, count - begin)), shift);
    for (std::int64_t carry = block; (carry & 1) != 0; carry >>= 1) {
      folded = F::combine(d, hn::Load(d, pending + --depth * kLanes), folded);
    }
    hn::Store(folded, d, pending + depth++ * kLanes);
  }
  auto folded = hn::Load(d, pending + --depth * kLanes);
  while (depth > 0) folded = F::combine(d, hn::Load(d, pending + --depth * kLanes), folded);
  return folded;
}

template <typename F, typename T>
void fold_rows(const T* x, std::int64_t rows, std::int64_t count, const T* shifts, T* result) {
  const hn::ScalableTag<T> d;
  const Block<T> block;
  for (std::int64_t row = 0; row < rows; row += kRowsTogether<T>) {
    const std::int64_t used = std::min(kRowsTogether<T>, rows - row);
    hn::Vec<Block<T>> folded[kRowsTogether<T>];
    for (std::int64_t k = 0; k < used; ++k) {
      const T shift = F::kShifts ? shifts[row + k] : T(0);
      folded[k] =
          fold_to_block<F>(d, fold_row_to_vector<F>(d, x + (row + k) * count, count, shift));
    }
    for (std::int64_t k = used; k < kRowsTogether<T>; ++k) folded[k] = folded[0];
    T lanes[kRowsTogether<T>];
    hn::StoreU(fold_lanes<F>(block, folded), block, lanes);
    std::copy_n(lanes, used, result + row);
  }
}

/// One block of each of the rows: up to kVectorsApart vectors.
template <typename F, typename D, typename T>
HWY_INLINE void fold_blocks_apart(D d, const T* x, std::int64_t stride, std::int64_t count,
                                  hn::Vec<D>* folded) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto no_shift = hn::Zero(d);
  Accumulator<F, D> sums[kRowsApart];
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
#pragma GCC unroll 8
    for (std::int64_t r = 0; r < kRowsApart; ++r) sums[r].add(hn::LoadU(d, x + r * stride + i));
  }
  if (i < count) {
    for (std::int64_t r = 0; r < kRowsApart; ++r) {
      sums[r].add(
          mapped_tail<F>(d, x + r * stride + i, static_cast<std::size_t>(count - i), no_shift));
    }
  }
  for (std::int64_t r = 0; r < kRowsApart; ++r) folded[r] = sums[r].folded();
}

template <typename F, typename T>
void fold_rows_apart(const T* x, std::int64_t stride, std::int64_t count, T* result) {
  const hn::ScalableTag<T> d;
  constexpr std::size_t kWidth = hn::MaxLanes(d) * kRowsApart;
  // As a binary counter adds its carries; 32 levels are more than memory holds.
  HWY_ALIGN T pending[32][kWidth];
  std::size_t depth = 0;
  hn::Vec<decltype(d)> folded[kRowsApart];
  const auto join_pending = [&]() HWY_ATTR {
    --depth;
    for (std::int64_t r = 0; r < kRowsApart; ++r) {
      folded[r] = F::combine(d, hn::Load(d, pending[depth] + r * hn::MaxLanes(d)), folded[r]);
    }
  };
  const std::int64_t size = kVectorsApart * static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t blocks = std::max<std::int64_t>((count + size - 1) / size, 1);
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t begin = block * size;
    fold_blocks_apart<F>(d, x + begin, stride, std::min(size, count - begin), folded);
    for (std::int64_t carry = block; (carry & 1) != 0; carry >>= 1) join_pending();
    if (block + 1 == blocks) break;
    for (std::int64_t r = 0; r < kRowsApart; ++r) {
      hn::Store(folded[r], d, pending[depth] + r * hn::MaxLanes(d));
    }
    ++depth;
  }
  while (depth > 0) join_pending();
  constexpr std::int64_t kTogether = kRowsTogether<T>;
  for (std::int64_t row = 0; row < kRowsApart; row += kTogether) {
    hn::Vec<Block<T>> blocks_of_rows[kTogether];
    for (std::int64_t k = 0; k < kTogether; ++k) {
      blocks_of_rows[k] = fold_to_block<F>(d, folded[row + k]);
    }
    hn::StoreU(fold_lanes<F>(Block<T>(), blocks_of_rows), Block<T>(), result + row);
  }
}

/// Accumulators have room for whole vectors.
template <typename T>
using Strip = T[kStripColumns + 16];

/// Joins `kRows` rows to the sums of a strip, or begins them.
template <typename F, int kRows, bool kFar, typename T>
HWY_INLINE void join_rows(const T* x, std::int64_t stride, std::size_t columns, const T* shift,
                          bool first, T* sums) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto join = [&](std::size_t c, const auto& load) HWY_ATTR {
    Accumulator<F, decltype(d)> sum, other;
    if constexpr (kRows > 1) {
      for (int k = 0; k < kRows; k += 2) {
        sum.add(load(k));
        other.add(load(k + 1));
      }
      sum.join(other);
    } else {
      sum.add(load(0));
    }
    auto folded = sum.folded();
    if (!first) folded = F::combine(d, hn::LoadU(d, sums + c), folded);
    hn::StoreU(folded, d, sums + c);
  };
  const auto shift_of = [&](std::size_t c)
                            HWY_ATTR { return F::kShifts ? hn::LoadU(d, shift + c) : hn::Zero(d); };
  std::size_t c = 0;
  for (; c + lanes <= columns; c += lanes) {
    if constexpr (kFar) {
      for (int k = 0; k < kRows; ++k) hwy::Prefetch(x + (kRows + k) * stride + c);
    }
    const auto offset = shift_of(c);
    join(c, [&](int k) HWY_ATTR { return F::map(d, hn::LoadU(d, x + k * stride + c), offset); });
  }
  if (c < columns) {
    const auto offset = shift_of(c);
    join(c, [&](int k)
                HWY_ATTR { return mapped_tail<F>(d, x + k * stride + c, columns - c, offset); });
  }
}

template <typename F, bool kFar, typename T>
void fold_strip_rows(const T* x, std::int64_t rows, std::int64_t stride, std::size_t columns,
                     const T* shift, T* sums) {
  std::int64_t row = 0;
  for (; row + 8 <= rows; row += 8) {
    join_rows<F, 8, kFar>(x + row * stride, stride, columns, shift, row == 0, sums);
  }
  for (; row + 2 <= rows; row += 2) {
    join_rows<F, 2, false>(x + row * stride, stride, columns, shift, row == 0, sums);
  }
  if (row < rows) {
    join_rows<F, 1, false>(x + row * stride, stride, columns, shift, row == 0, sums);
  }
}

template <typename F, bool kFar, typename T>
void fold_strip(const T* x, std::int64_t rows, std::int64_t stride, std::size_t columns,
                const T* shift, T* sums) {
  if (rows <= kStripBlock) return fold_strip_rows<F, kFar>(x, rows, stride, columns, shift, sums);
  const hn::ScalableTag<T> d;
  const std::int64_t half = (rows / 2 + kStripBlock - 1) / kStripBlock * kStripBlock;
  Strip<T> right;
  fold_strip<F, kFar>(x, half, stride, columns, shift, sums);
  fold_strip<F, kFar>(x + half * stride, rows - half, stride, columns, shift, right);
  for (std::size_t c = 0; c < columns; c += hn::Lanes(d)) {
    hn::StoreU(F::combine(d, hn::LoadU(d, sums + c), hn::LoadU(d, right + c)), d, sums + c);
  }
}

template <typename F, typename T>
void fold_whole_strip(const T* x, std::int64_t rows, std::int64_t stride, std::int64_t columns,
                      const T* shift, T* result) {
  Strip<T> sums;
  Strip<T> shifts;
  const auto count = static_cast<std::size_t>(columns);
  if (F::kShifts) {
    std::fill_n(std::copy_n(shift, count, shifts), std::size(shifts) - count, T(0));
  }
  if (rows * stride * static_cast<std::int64_t>(sizeof(T)) >= kFarBytes) {
    fold_strip<F, true>(x, rows, stride, count, shifts, sums);
  } else {
    fold_strip<F, false>(x, rows, stride, count, shifts, sums);
  }
  std::memcpy(result, sums, count * sizeof(T));
}

template <typename T>
std::int64_t find_first(const T* x, std::int64_t count, T value) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto wanted = hn::Set(d, value);
  const auto matches = [&](auto v)
                           HWY_ATTR { return value == value ? hn::Eq(v, wanted) : hn::IsNaN(v); };
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto found = hn::FindFirstTrue(d, matches(hn::LoadU(d, x + i)));
    if (found >= 0) return i + found;
  }
  for (; i < count; ++i) {
    if (value == value ? x[i] == value : x[i] != x[i]) return i;
  }
  return -1;
}

/// The index of the first extreme (or NaN) of each column of a strip.
template <bool kMax, typename T>
void find_extremes(const T* x, std::int64_t rows, std::int64_t stride, std::size_t columns,
                   std::int64_t* result) {
  const hn::ScalableTag<T> d;
  const hn::RebindToSigned<decltype(d)> di;
  using Index = hn::TFromD<decltype(di)>;
  const std::size_t lanes = hn::Lanes(d);
  Strip<T> best;
  Index indices[std::size(best)] = {};
  std::copy_n(x, columns, best);
  for (std::int64_t row = 1; row < rows; ++row) {
    const T* from = x + row * stride;
    const auto index = hn::Set(di, static_cast<Index>(row));
    for (std::size_t c = 0; c < columns; c += lanes) {
      const auto value = columns - c >= lanes
                             ? hn::LoadU(d, from + c)
                             : hn::MaskedLoad(hn::FirstN(d, columns - c), d, from + c);
      const auto current = hn::LoadU(d, best + c);
      const auto no_better = kMax ? hn::Le(value, current) : hn::Ge(value, current);
      // A comparison with NaN is false: NaN is better than all numbers, and stays.
      const auto stays = hn::Or(no_better, hn::IsNaN(current));
      hn::StoreU(hn::IfThenElse(stays, current, value), d, best + c);
      const auto known = hn::LoadU(di, indices + c);
      hn::StoreU(hn::IfThenElse(hn::RebindMask(di, stays), known, index), di, indices + c);
    }
  }
  std::copy_n(indices, columns, result);
}

template <typename T>
void fold_rows_of(Fold fold, const T* x, std::int64_t rows, std::int64_t count, const T* shifts,
                  T* result) {
  switch (fold) {
    case Fold::sum:
      return fold_rows<SumFold>(x, rows, count, shifts, result);
    case Fold::prod:
      return fold_rows<ProdFold>(x, rows, count, shifts, result);
    case Fold::max:
      return fold_rows<MaxFold>(x, rows, count, shifts, result);
    case Fold::min:
      return fold_rows<MinFold>(x, rows, count, shifts, result);
    case Fold::sum_exp:
      return fold_rows<SumExpFold>(x, rows, count, shifts, result);
  }
}

template <typename T>
void fold_rows_apart_of(Fold fold, const T* x, std::int64_t stride, std::int64_t count, T* result) {
  switch (fold) {
    case Fold::prod:
      return fold_rows_apart<ProdFold>(x, stride, count, result);
    case Fold::max:
      return fold_rows_apart<MaxFold>(x, stride, count, result);
    case Fold::min:
      return fold_rows_apart<MinFold>(x, stride, count, result);
    default:
      return fold_rows_apart<SumFold>(x, stride, count, result);
  }
}

template <typename T>
void fold_columns_of(Fold fold, const T* x, std::int64_t rows, std::int64_t stride,
                     std::int64_t columns, const T* shift, T* result) {
  switch (fold) {
    case Fold::sum:
      return fold_whole_strip<SumFold>(x, rows, stride, columns, shift, result);
    case Fold::prod:
      return fold_whole_strip<ProdFold>(x, rows, stride, columns, shift, result);
    case Fold::max:
      return fold_whole_strip<MaxFold>(x, rows, stride, columns, shift, result);
    case Fold::min:
      return fold_whole_strip<MinFold>(x, rows, stride, columns, shift, result);
    case Fold::sum_exp:
      return fold_whole_strip<SumExpFold>(x, rows, stride, columns, shift, result);
  }
}

void fold_rows_f32(Fold fold, const float* x, std::int64_t rows, std::int64_t count,
                   const float* shifts, float* result) {
  fold_rows_of(fold, x, rows, count, shifts, result);
}
void fold_rows_f64(Fold fold, const double* x, std::int64_t rows, std::int64_t count,
                   const double* shifts, double* result) {
  fold_rows_of(fold, x, rows, count, shifts, result);
}
template <typename T>
void sum_squares_of(const T* x, std::int64_t rows, std::int64_t count, const T* shifts, T* result) {
  if (shifts == nullptr) return fold_rows<SumSquaresFold>(x, rows, count, shifts, result);
  fold_rows<SumSquaredDifferencesFold>(x, rows, count, shifts, result);
}
void sum_squares_f32(const float* x, std::int64_t rows, std::int64_t count, const float* shifts,
                     float* result) {
  sum_squares_of(x, rows, count, shifts, result);
}
void sum_squares_f64(const double* x, std::int64_t rows, std::int64_t count, const double* shifts,
                     double* result) {
  sum_squares_of(x, rows, count, shifts, result);
}
void fold_rows_apart_f32(Fold fold, const float* x, std::int64_t stride, std::int64_t count,
                         float* result) {
  fold_rows_apart_of(fold, x, stride, count, result);
}
void fold_rows_apart_f64(Fold fold, const double* x, std::int64_t stride, std::int64_t count,
                         double* result) {
  fold_rows_apart_of(fold, x, stride, count, result);
}
void fold_columns_f32(Fold fold, const float* x, std::int64_t rows, std::int64_t stride,
                      std::int64_t columns, const float* shift, float* result) {
  fold_columns_of(fold, x, rows, stride, columns, shift, result);
}
void fold_columns_f64(Fold fold, const double* x, std::int64_t rows, std::int64_t stride,
                      std::int64_t columns, const double* shift, double* result) {
  fold_columns_of(fold, x, rows, stride, columns, shift, result);
}

std::int64_t find_first_f32(const float* x, std::int64_t count, float value) {
  return find_first(x, count, value);
}
std::int64_t find_first_f64(const double* x, std::int64_t count, double value) {
  return find_first(x, count, value);
}
template <typename T>
void find_extremes_of(bool maximum, const T* x, std::int64_t rows, std::int64_t stride,
                      std::int64_t columns, std::int64_t* result) {
  const auto find = maximum ? find_extremes<true, T> : find_extremes<false, T>;
  find(x, rows, stride, static_cast<std::size_t>(columns), result);
}
void find_extremes_f32(bool maximum, const float* x, std::int64_t rows, std::int64_t stride,
                       std::int64_t columns, std::int64_t* result) {
  find_extremes_of(maximum, x, rows, stride, columns, result);
}
void find_extremes_f64(bool maximum, const double* x, std::int64_t rows, std::int64_t stride,
                       std::int64_t columns, std::int64_t* result) {
  find_extremes_of(maximum, x, rows, stride, columns, result);
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(fold_rows_f32);
HWY_EXPORT(fold_rows_f64);
HWY_EXPORT(sum_squares_f32);
HWY_EXPORT(sum_squares_f64);
HWY_EXPORT(fold_rows_apart_f32);
HWY_EXPORT(fold_rows_apart_f64);
HWY_EXPORT(fold_columns_f32);
HWY_EXPORT(fold_columns_f64);
HWY_EXPORT(find_first_f32);
HWY_EXPORT(find_first_f64);
HWY_EXPORT(find_extremes_f32);
HWY_EXPORT(find_extremes_f64);

void detail::fold_rows(Fold fold, const float* x, std::int64_t rows, std::int64_t count,
                       const float* shifts, float* result) {
  HWY_DYNAMIC_DISPATCH(fold_rows_f32)(fold, x, rows, count, shifts, result);
}
void detail::fold_rows(Fold fold, const double* x, std::int64_t rows, std::int64_t count,
                       const double* shifts, double* result) {
  HWY_DYNAMIC_DISPATCH(fold_rows_f64)(fold, x, rows, count, shifts, result);
}
void detail::sum_squares(const float* x, std::int64_t rows, std::int64_t count, const float* shifts,
                         float* result) {
  HWY_DYNAMIC_DISPATCH(sum_squares_f32)(x, rows, count, shifts, result);
}
void detail::sum_squares(const double* x, std::int64_t rows, std::int64_t count,
                         const double* shifts, double* result) {
  HWY_DYNAMIC_DISPATCH(sum_squares_f64)(x, rows, count, shifts, result);
}
void detail::fold_rows_apart(Fold fold, const float* x, std::int64_t stride, std::int64_t count,
                             float* result) {
  HWY_DYNAMIC_DISPATCH(fold_rows_apart_f32)(fold, x, stride, count, result);
}
void detail::fold_rows_apart(Fold fold, const double* x, std::int64_t stride, std::int64_t count,
                             double* result) {
  HWY_DYNAMIC_DISPATCH(fold_rows_apart_f64)(fold, x, stride, count, result);
}
void detail::fold_columns(Fold fold, const float* x, std::int64_t rows, std::int64_t stride,
                          std::int64_t columns, const float* shift, float* result) {
  HWY_DYNAMIC_DISPATCH(fold_columns_f32)(fold, x, rows, stride, columns, shift, result);
}
void detail::fold_columns(Fold fold, const double* x, std::int64_t rows, std::int64_t stride,
                          std::int64_t columns, const double* shift, double* result) {
  HWY_DYNAMIC_DISPATCH(fold_columns_f64)(fold, x, rows, stride, columns, shift, result);
}
std::int64_t detail::find_first(const float* x, std::int64_t count, float value) {
  return HWY_DYNAMIC_DISPATCH(find_first_f32)(x, count, value);
}
std::int64_t detail::find_first(const double* x, std::int64_t count, double value) {
  return HWY_DYNAMIC_DISPATCH(find_first_f64)(x, count, value);
}
void detail::find_extremes(bool maximum, const float* x, std::int64_t rows, std::int64_t stride,
                           std::int64_t columns, std::int64_t* result) {
  HWY_DYNAMIC_DISPATCH(find_extremes_f32)(maximum, x, rows, stride, columns, result);
}
void detail::find_extremes(bool maximum, const double* x, std::int64_t rows, std::int64_t stride,
                           std::int64_t columns, std::int64_t* result) {
  HWY_DYNAMIC_DISPATCH(find_extremes_f64)(maximum, x, rows, stride, columns, result);
}

}  // namespace tegula::kernels
#endif
