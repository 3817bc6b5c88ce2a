#pragma once
// Masks of random numbers that elements share along some dimensions. Private to src/nn.

#include <optional>
#include <string>

#include "tegula/graph/ops.hpp"

namespace tegula::nn {

/// Throws InvalidArgument unless all dimensions are positive or unknown.
void check_noise_shape(const std::optional<Shape>& noise_shape);

/// Ones in the shape of the mask for x: of size 1 along the dimensions that share it. Throws
/// ShapeError, naming the layer, where the noise shape does not fit x's.
Value ones_of_noise(Value x, const Shape& noise_shape, const std::string& layer);

}  // namespace tegula::nn
