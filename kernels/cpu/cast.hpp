#pragma once
// Conversion of arrays between element types.

#include <cstdint>

#include "tegula/core/dtype.hpp"

namespace tegula::kernels {

/// to[i] = from[i] for i < count, with the semantics of Tensor::cast: floats to integers truncate,
/// saturate and map NaN to 0; integers to narrower integers wrap; anything nonzero (NaN too) is
/// true. The arrays may be the same memory only when the element sizes are equal. Memory-bound:
/// reads and writes each element once.
void cast(DType from_dtype, const void* from, DType to_dtype, void* to, std::int64_t count);

}  // namespace tegula::kernels
