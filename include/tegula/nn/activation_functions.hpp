#pragma once
// Activation functions with Keras's arguments and defaults, for those that have arguments; by name
// (see activation.hpp) they have these defaults.

#include <optional>

#include "tegula/graph/ops.hpp"

namespace tegula::nn::activation_functions {

/// max(x, 0); or with a threshold: x where x > threshold, else negative_slope (x - threshold); not
/// above max_value.
TEGULA_API Value relu(Value x, double negative_slope = 0, std::optional<double> max_value = {},
                      double threshold = 0);
/// max(x, 0) + alpha (exp(min(x, 0) / alpha) - 1)
TEGULA_API Value celu(Value x, double alpha = 1);
/// x where |x| > threshold, else 0.
TEGULA_API Value hard_shrink(Value x, double threshold = 0.5);
/// x moved by `threshold` towards 0, where it stays.
TEGULA_API Value soft_shrink(Value x, double threshold = 0.5);
/// (x + sqrt(x² + b)) / 2
TEGULA_API Value squareplus(Value x, double b = 4);
/// x where x > threshold, else `default_value`.
TEGULA_API Value threshold(Value x, double threshold, double default_value);
/// The first half of an axis times the sigmoid of the second. Throws ShapeError for an odd or
/// unknown size.
TEGULA_API Value glu(Value x, std::int64_t axis = -1);
/// Keras 3's sparsemax along an axis. It is the projection onto the probability simplex
/// (Martins and Astudillo, "From softmax to sparsemax", 2016) where one entry is left; where more
/// are, Keras's threshold differs from the paper's.
TEGULA_API Value sparsemax(Value x, std::int64_t axis = -1);

}  // namespace tegula::nn::activation_functions
