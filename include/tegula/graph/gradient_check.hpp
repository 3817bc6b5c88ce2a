#pragma once
// Compares the gradients that the graph computes with finite differences.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>

#include "tegula/core/tensor.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula {

/// The element with the largest error.
struct GradientCheck {
  /// |analytic - numeric| / max(1, |analytic|, |numeric|); 0 when there is nothing to compare, NaN
  /// when a side is NaN.
  double max_error = 0;
  Value x;
  /// Row-major index of the element within x.
  std::int64_t index = 0;
  double analytic = 0;
  double numeric = 0;
  /// Number of elements that were compared.
  std::int64_t compared = 0;

  bool passed(double tolerance = 1e-6) const { return max_error <= tolerance; }
  /// `largest error 2e-09 at w:0[3]: analytic 0.5, numeric 0.500000001 (12 elements)`.
  TEGULA_API std::string to_string() const;
};

/// Checks the gradients of `y` (any shape; its elements get different weights) with respect to
/// each of `xs` at the point given by the feeds; variables that are not fed have their initial
/// values. Works in float64 by the ops' reference evaluation, whatever floating dtype the graph
/// has. `step` is the distance of the outer of four points at which y is evaluated for each element
/// of an x; y must be smooth within it. Throws as `gradients` and `evaluate` do, and DTypeError for
/// an x that is not floating.
TEGULA_API GradientCheck check_gradients(Value y, std::span<const Value> xs,
                                         std::span<const std::pair<Value, Tensor>> feeds,
                                         double step = 2e-3);
TEGULA_API GradientCheck check_gradients(Value y, std::initializer_list<Value> xs,
                                         std::initializer_list<std::pair<Value, Tensor>> feeds = {},
                                         double step = 2e-3);

}  // namespace tegula
