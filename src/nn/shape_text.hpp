#pragma once
// Shapes as messages of layers and models show them. Private to src/nn.

#include <string>

#include "tegula/core/shape.hpp"

namespace tegula::nn {

/// "(None, 3)", "(4,)"
std::string shape_text(const Shape& shape);

}  // namespace tegula::nn
