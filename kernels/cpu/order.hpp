#pragma once
// Sorted orders and running sums along an axis.

#include <cstddef>
#include <cstdint>

namespace tegula::kernels {

/// The lines of a tensor along an axis: `outer` blocks of `inner` lines of `size` elements, whose
/// neighbours are `inner` apart.
struct Lines {
  std::int64_t outer = 1;
  std::int64_t size = 0;
  std::int64_t inner = 1;
};

/// Bytes of scratch memory that argsort needs.
std::size_t argsort_scratch_bytes(const Lines& lines);
/// The places in its line from which a sorted line is taken: equal elements in their order, NaN as
/// the largest. At most 2^32 elements in a line. `T` is float, double, an integer type or bool.
template <typename T>
void argsort(const Lines& lines, bool descending, const T* x, std::int64_t* y, void* scratch);

enum class Running { sum, product };

/// y[i] = the sum, or the product, of x[0..i] of a line; of x[0..i) where it is exclusive; from the
/// end where it is reversed. Floats are added up in double; integers wrap around. `T` is float,
/// double or an integer type; y may be x.
template <typename T>
void running(const Lines& lines, Running operation, bool exclusive, bool reverse, const T* x, T* y);

}  // namespace tegula::kernels
