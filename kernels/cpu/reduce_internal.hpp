#pragma once
// The parts of the reductions: vector folds of one row or of a strip of columns, and the general
// case. Internal to reduce.cpp.

#include <array>
#include <cstdint>

#include "kernels/cpu/reduce.hpp"

namespace tegula::kernels::detail {

/// `sum_exp` adds exp(x - shift) and takes no x above the shift.
enum class Fold : std::uint8_t { sum, prod, max, min, sum_exp };

/// Columns of one strip: their accumulators stay in the L1 cache.
inline constexpr std::int64_t kStripColumns = 1024;

/// result[r] = fold of the `count` contiguous elements of row r, pairwise over blocks; the identity
/// of the fold for none. `shifts` has one element per row, and is read for `sum_exp` alone.
void fold_rows(Fold fold, const float* x, std::int64_t rows, std::int64_t count,
               const float* shifts, float* result);
void fold_rows(Fold fold, const double* x, std::int64_t rows, std::int64_t count,
               const double* shifts, double* result);

/// The same for the sum of their squares, or, given shifts, of the squares of x - shift.
void sum_squares(const float* x, std::int64_t rows, std::int64_t count, const float* shifts,
                 float* result);
void sum_squares(const double* x, std::int64_t rows, std::int64_t count, const double* shifts,
                 double* result);

/// Arrays of this size come from memory, which answers several readers faster than one.
inline constexpr std::int64_t kFarBytes = 8 << 20;
/// Rows that are then read side by side.
inline constexpr std::int64_t kRowsApart = 8;

/// result[r] = fold of the `count` contiguous elements from x + r * stride on, for kRowsApart rows,
/// pairwise over blocks. Not for `sum_exp`, whose exponentials take longer than the memory.
void fold_rows_apart(Fold fold, const float* x, std::int64_t stride, std::int64_t count,
                     float* result);
void fold_rows_apart(Fold fold, const double* x, std::int64_t stride, std::int64_t count,
                     double* result);

/// result[c] = fold over r of x[r * stride + c] for columns <= kStripColumns and rows >= 1,
/// pairwise over blocks of rows. `shift` has one element per column, and is read for `sum_exp`
/// alone.
void fold_columns(Fold fold, const float* x, std::int64_t rows, std::int64_t stride,
                  std::int64_t columns, const float* shift, float* result);
void fold_columns(Fold fold, const double* x, std::int64_t rows, std::int64_t stride,
                  std::int64_t columns, const double* shift, double* result);

/// Index of the first element equal to `value` (of the first NaN, for NaN), or -1.
std::int64_t find_first(const float* x, std::int64_t count, float value);
std::int64_t find_first(const double* x, std::int64_t count, double value);

/// result[c] = the first r with the largest (or smallest) x[r * stride + c], or the first NaN; for
/// columns <= kStripColumns and 1 <= rows < 2^31.
void find_extremes(bool maximum, const float* x, std::int64_t rows, std::int64_t stride,
                   std::int64_t columns, std::int64_t* result);
void find_extremes(bool maximum, const double* x, std::int64_t rows, std::int64_t stride,
                   std::int64_t columns, std::int64_t* result);

/// Kept and reduced axes with the element strides of the input.
struct Axes {
  int kept_rank = 0, reduced_rank = 0;
  std::array<std::int64_t, Shape::kMaxRank> kept_dims{}, kept_strides{};
  std::array<std::int64_t, Shape::kMaxRank> reduced_dims{}, reduced_strides{};
  std::int64_t kept = 1, reduced = 1;
};

/// The element that row-major index stands for along axes of these dimensions and strides.
inline std::int64_t offset_of(std::int64_t index, int rank,
                              const std::array<std::int64_t, Shape::kMaxRank>& dims,
                              const std::array<std::int64_t, Shape::kMaxRank>& strides) {
  if (rank == 1) return index * strides[0];
  std::int64_t offset = 0;
  for (int axis = rank - 1; axis >= 0; --axis) {
    const auto a = static_cast<std::size_t>(axis);
    offset += index % dims[a] * strides[a];
    index /= dims[a];
  }
  return offset;
}

/// Norms; reads the elements once, and again only where the plain sum of squares is not to be
/// trusted.
void norm_axes(const Axes& axes, const float* x, float* result);
void norm_axes(const Axes& axes, const double* x, double* result);

/// Any reduction of the elements of any type, each result by one thread.
template <typename T>
void reduce_general(ReduceOp op, const Axes& axes, const T* x, void* result);

}  // namespace tegula::kernels::detail
