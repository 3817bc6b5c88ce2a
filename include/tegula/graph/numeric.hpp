#pragma once
// Builders of further functions of numbers, as those of ops.hpp: inverse and special functions,
// bits, sorted orders, running sums and rows written by index.

#include <string>

#include "tegula/graph/operand.hpp"

namespace tegula {

// Elementwise; they broadcast.
TEGULA_API Value arcsin(Operand x);
TEGULA_API Value arccos(Operand x);
TEGULA_API Value arctan(Operand x);
/// The angle, -π to π, of the point (x, y).
TEGULA_API Value arctan2(Operand y, Operand x);
TEGULA_API Value arcsinh(Operand x);
TEGULA_API Value arccosh(Operand x);
TEGULA_API Value arctanh(Operand x);
/// 1 - erf(x), exact where erf is nearly 1.
TEGULA_API Value erfc(Operand x);
TEGULA_API Value erfinv(Operand x);
/// Modified Bessel functions of the first kind.
TEGULA_API Value bessel_i0(Operand x);
TEGULA_API Value bessel_i1(Operand x);

// Of integers; they broadcast.
TEGULA_API Value bitwise_and(Operand a, Operand b);
TEGULA_API Value bitwise_or(Operand a, Operand b);
TEGULA_API Value bitwise_xor(Operand a, Operand b);
/// A shift by a negative number, or by all bits, leaves none.
TEGULA_API Value left_shift(Operand a, Operand b);
/// The sign stays.
TEGULA_API Value right_shift(Operand a, Operand b);
/// Greatest common divisor of the absolute values.
TEGULA_API Value gcd(Operand a, Operand b);

// Along an axis.
/// The places, as i64, from which a sorted x is taken: of equal elements the first first, NaN as
/// the largest.
TEGULA_API Value argsort(Operand x, std::int64_t axis = -1, bool descending = false);
/// Sums of the elements up to each one, `exclusive` without it, `reverse` from the end.
TEGULA_API Value cumsum(Operand x, std::int64_t axis = -1, bool exclusive = false,
                        bool reverse = false);
/// Products, as `cumsum`. The gradient at x = 0 is NaN.
TEGULA_API Value cumprod(Operand x, std::int64_t axis = -1, bool exclusive = false,
                         bool reverse = false);

/// x with its rows at `indices` (a vector of i32 or i64) replaced by the rows of `updates`, the
/// last of a row's counting; or combined with all of them: `reduction` is "replace", "add", "mul",
/// "max" or "min". An index out of range is a RunError.
TEGULA_API Value scatter(Operand x, Operand indices, Operand updates,
                         const std::string& reduction = "replace");
/// Each row is the sum of all rows of x that have its index; `indices` as for `scatter`.
TEGULA_API Value sum_rows_by_index(Operand x, Operand indices);

}  // namespace tegula
