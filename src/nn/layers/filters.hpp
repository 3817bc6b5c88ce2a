#pragma once
// Images whose pixels are weighted sums of their neighbours. Private to src/nn.

#include "tegula/graph/ops.hpp"

namespace tegula::nn {

/// Each channel of [batch, height, width, channels] by a kernel [rows, columns, 1, 1]; zeros lie
/// around the images.
Value filtered(Value images, Value kernel);

/// The same by the bell curve of this standard deviation (a positive number, of any shape) along
/// axis 1 or 2, cut to `size` pixels, and beyond `reach` of them (as `sigma`) either way.
Value blurred(Value images, int axis, std::int64_t size, Value sigma, Value reach = {});

}  // namespace tegula::nn
