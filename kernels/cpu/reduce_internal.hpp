#pragma once
// The vector parts of the reductions: one row, or a strip of columns. Internal to reduce.cpp.

#include <cstdint>

namespace tegula::kernels::detail {

/// `sum_exp` adds exp(x - shift).
enum class Fold : std::uint8_t { sum, prod, max, min, sum_exp };

/// Columns of one strip: their accumulators stay in the L1 cache.
inline constexpr std::int64_t kStripColumns = 256;

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

}  // namespace tegula::kernels::detail
