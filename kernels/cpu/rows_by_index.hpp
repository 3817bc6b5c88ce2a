#pragma once
// Rows that are written, or summed, by their indices. `Index` is int32 or int64; equal indices have
// a fixed order, whatever the number of threads.

#include <cstddef>
#include <cstdint>

namespace tegula::kernels {

/// Rows of `inner` elements at the `count` places `indices` of a matrix of `size` rows.
template <typename Index>
struct RowsByIndex {
  const Index* indices = nullptr;
  std::int64_t count = 0;
  std::int64_t size = 0;
  std::int64_t inner = 0;
};

/// Copies the `size` rows of x to y, unless these are the same memory; then the rows of `updates`
/// to their places, the last one of a place counting. All indices must be in range.
template <typename Index>
void replace_rows(const RowsByIndex<Index>& rows, const void* x, const void* updates, void* y,
                  std::size_t element_size);

enum class RowReduction { add, mul, max, min };

/// As replace_rows, but each update is combined with what is there; NaN is the largest and the
/// smallest. `T` is float or double.
template <typename T, typename Index>
void combine_rows(const RowsByIndex<Index>& rows, RowReduction reduction, const T* x,
                  const T* updates, T* y);

/// Bytes of scratch memory that sum_rows_by_index needs.
std::size_t row_sums_scratch_bytes(std::int64_t count);
/// y[i] = the sum of those of the `count` rows of x whose index is that of row i, in their order. y
/// may be x; `size` is not used. At most 2^30 rows. `T` is float or double.
template <typename T, typename Index>
void sum_rows_by_index(const RowsByIndex<Index>& rows, const T* x, T* y, void* scratch);

/// y[i] = the sum, or the mean, of those rows of x that the indices from i * `per_sum` on name, in
/// their order; all must be in range, and `per_sum` positive. `T` is float or double.
template <typename T, typename Index>
void sum_gathered_rows(const RowsByIndex<Index>& rows, std::int64_t per_sum, bool mean, const T* x,
                       T* y);

}  // namespace tegula::kernels
