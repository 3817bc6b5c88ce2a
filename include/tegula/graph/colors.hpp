#pragma once
// Builders for the colors of images, whose last axis is red, green and blue. They throw ShapeError
// for another number of channels.

#include "tegula/graph/operand.hpp"

namespace tegula {

/// 0.2989 r + 0.587 g + 0.114 b, in one channel; images of one channel as they are.
TEGULA_API Value rgb_to_grayscale(Operand images);
/// Hue and saturation from 0 to 1, and the value, which is that of the largest channel.
TEGULA_API Value rgb_to_hsv(Operand images);
TEGULA_API Value hsv_to_rgb(Operand images);

}  // namespace tegula
