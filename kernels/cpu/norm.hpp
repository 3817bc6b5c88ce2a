#pragma once
// Euclidean norms.

#include <cstdint>

#include "tegula/core/dtype.hpp"
#include "tegula/core/shape.hpp"

namespace tegula::kernels {

/// The square root of the sum of squares over the axes whose bit is set in `axis_mask` (bit a =
/// axis a), of an f32 or f64 array; the result holds the kept axes in row-major order. Neither
/// overflows nor underflows on the way: infinite only where an element or the norm itself is, 0
/// only where all elements are; NaN where an element is. Reads the array once, and again only
/// where the plain sum of squares is not to be trusted. Runs in parallel, allocates nothing; the
/// bits do not depend on the number of threads.
void norm_axes(DType dtype, const void* input, void* result, const Shape& shape,
               std::uint32_t axis_mask);

}  // namespace tegula::kernels
