#pragma once
// The windows of pooling ops, as their lowering sees them. Private to the library.

#include "src/ops/window.hpp"

namespace tegula::ops {

/// Of a pool of x, or of one of its gradients; x [batch, axes..., channels] is known.
WindowGrid pool_grid(const Shape& x, const Attrs& attrs);

}  // namespace tegula::ops
