#pragma once
// Images whose pixels come from other places. Private to src/nn.

#include <string>
#include <string_view>

#include "tegula/graph/ops.hpp"

namespace tegula::nn {

/// Where in the images each pixel of the result lies, in pixels; both broadcast to
/// [batch, height, width, 1].
struct Places {
  Value x;
  Value y;
};

/// How what lies between pixels, and beyond the borders, is found.
struct Sampling {
  /// "nearest" or "bilinear".
  std::string interpolation = "bilinear";
  /// "constant", "nearest", "reflect" or "wrap".
  std::string fill_mode = "reflect";
  double fill_value = 0;
};

/// Throws InvalidArgument, naming the layer, for an unknown interpolation or fill mode.
void check_sampling(const Sampling& sampling, std::string_view layer);

/// Column numbers [1, 1, width, 1] and row numbers [1, height, 1, 1] of images, counted from
/// `origin`.
Tensor columns_of(const Value& images, double origin = 0);
Tensor rows_of(const Value& images, double origin = 0);

/// The same, counted from the middle.
Tensor centered_columns(const Value& images);
Tensor centered_rows(const Value& images);

/// The images at these places, with TensorFlow's values.
Value warp(Value images, const Places& places, const Sampling& sampling);

/// The images at places that are counted from their middle.
Value warp_around_middle(Value images, const Places& places, const Sampling& sampling);

}  // namespace tegula::nn
