#pragma once
// Reductions over a canonical [outer, extent, inner] layout and over any set of axes. The order of
// summation is fixed by the shape alone: the same bits for any number of threads.

#include <cstdint>
#include <optional>
#include <string_view>

#include "tegula/core/dtype.hpp"
#include "tegula/core/shape.hpp"

namespace tegula::kernels {

/// The names are those of the graph's ops. Max and min propagate NaN; argmax and argmin give the
/// first index of the extreme (the first NaN, if there is one), as NumPy does. `norm`, the square
/// root of the sum of squares, neither overflows nor underflows on the way: it is infinite only
/// where an element or the norm itself is, 0 only where all elements are, and NaN where an element
/// is.
enum class ReduceOp : std::uint8_t {
  sum,
  mean,
  prod,
  max,
  min,
  logsumexp,
  norm,
  argmax,
  argmin,
  any,
  all
};

/// The reduction for the graph op of that name, if there is one.
std::optional<ReduceOp> reduce_op(std::string_view name);
std::string_view to_string(ReduceOp op);

/// Whether `reduce` takes inputs of `dtype`: f32 and f64 for every op; i32, i64, i8 and u8 for all
/// but mean, logsumexp and norm; bool for any and all.
bool reduce_supports(ReduceOp op, DType dtype);

/// Element type of the result: i64 for argmax and argmin, bool for any and all, else `dtype`.
DType reduce_result_dtype(ReduceOp op, DType dtype);

/// result[o, i] = op over r of input[o, r, i], both row-major. Runs in parallel, allocates nothing.
///
/// Over an empty extent: sum and norm 0, prod 1, mean NaN, logsumexp -inf, any false, all true.
/// Throws InvalidArgument for max, min, argmax and argmin over an empty extent with a result that
/// is not empty, and DTypeError where `reduce_supports` is false. Integer sums and products wrap.
void reduce(ReduceOp op, DType dtype, const void* input, void* result, std::int64_t outer,
            std::int64_t extent, std::int64_t inner);

/// result[r] = the sum (or the mean, as `op` says) over c of the squares of input[r, c], or, where
/// `shifts` is not null, of input[r, c] - shifts[r], in f32 or f64. The bits are those of `reduce`
/// for stored squares in rows of up to 2^17. Runs on the calling thread.
void reduce_squares(ReduceOp op, DType dtype, const void* input, const void* shifts, void* result,
                    std::int64_t rows, std::int64_t columns);

/// Reduces the axes whose bit is set in `axis_mask` (bit a = axis a); the result holds the kept
/// axes in row-major order. Any combination of axes; the argmax index counts row-major within the
/// reduced axes.
void reduce_axes(ReduceOp op, DType dtype, const void* input, void* result, const Shape& shape,
                 std::uint32_t axis_mask);

}  // namespace tegula::kernels
