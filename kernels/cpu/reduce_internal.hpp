#pragma once
// The parts of the reductions: vector folds of one row or of a strip of columns, and the general
// case. Internal to reduce.cpp.

#include <array>
#include <cstdint>

#include "kernels/cpu/reduce.hpp"

namespace tegula::kernels::detail {

/// `sum_exp` adds exp(x - shift).
enum class Fold : std::uint8_t { sum, prod, max, min, sum_exp };

/// Columns of one strip: their accumulators stay in the L1 cache.
inline constexpr std::int64_t kStripColumns = 1024;

/// Folds `count` contiguous elements, pairwise over blocks; the identity of the fold for none.
float fold_row(Fold fold, const float* x, std::int64_t count, float shift);
double fold_row(Fold fold, const double* x, std::int64_t count, double shift);

/// result[c] = fold over r of x[r * stride + c] for columns <= kStripColumns and rows >= 1,
/// pairwise over blocks of rows. `shift` has one element per column, and is read for `sum_exp`
/// alone.
void fold_columns(Fold fold, const float* x, std::int64_t rows, std::int64_t stride,
                  std::int64_t columns, const float* shift, float* result);
void fold_columns(Fold fold, const double* x, std::int64_t rows, std::int64_t stride,
                  std::int64_t columns, const double* shift, double* result);

/// Kept and reduced axes with the element strides of the input.
struct Axes {
  int kept_rank = 0, reduced_rank = 0;
  std::array<std::int64_t, Shape::kMaxRank> kept_dims{}, kept_strides{};
  std::array<std::int64_t, Shape::kMaxRank> reduced_dims{}, reduced_strides{};
  std::int64_t kept = 1, reduced = 1;
};

/// Any reduction of the elements of any type, each result by one thread.
template <typename T>
void reduce_general(ReduceOp op, const Axes& axes, const T* x, void* result);

}  // namespace tegula::kernels::detail
