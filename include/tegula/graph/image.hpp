#pragma once
// Builders for images, [batch, height, width, channels], and for other values that lie on a grid.

#include <cstdint>
#include <string>
#include <vector>

#include "tegula/graph/operand.hpp"

namespace tegula {

/// Weights of neighbouring elements along an axis: of those from `start` on.
struct Taps {
  std::int64_t start = 0;
  std::vector<double> weights;
};
/// Along an axis of known size: one element per entry of `taps`, the sum of its weighted elements.
/// A weight of 0 reads nothing. Throws ShapeError for taps beyond the axis.
TEGULA_API Value resample(Operand x, std::int64_t axis, const std::vector<Taps>& taps);

struct ResizeOptions {
  /// "nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "gaussian", "mitchellcubic" or
  /// "area".
  std::string method = "bilinear";
  /// Whether images that become smaller are averaged over what a pixel covers; without effect for
  /// "nearest" and "area".
  bool antialias = false;
};
/// Images of another size, sampled at the centers of their pixels, with TensorFlow's values.
/// Height and width of x are known; floats, or with "nearest" any dtype. Throws InvalidArgument for
/// another method or a size below 1.
TEGULA_API Value resize(Operand x, std::int64_t height, std::int64_t width,
                        const ResizeOptions& options = {});

}  // namespace tegula
