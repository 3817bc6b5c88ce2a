#include "tegula/nn/activation_functions.hpp"

#include "src/nn/shape_text.hpp"

namespace tegula::nn::activation_functions {

Value relu(Value x, double negative_slope, std::optional<double> max_value, double threshold) {
  if (negative_slope < 0) {
    throw InvalidArgument("relu: `negative_slope` must not be negative, got " +
                          std::to_string(negative_slope));
  }
  Value y = threshold == 0 ? tegula::relu(x) : where(greater(x, threshold), x, 0.0);
  if (max_value) y = minimum(y, *max_value);
  if (negative_slope != 0) y = y - tegula::relu(threshold - x) * negative_slope;
  return y;
}

Value celu(Value x, double alpha) {
  return maximum(x, 0.0) + expm1(minimum(x, 0.0) / alpha) * alpha;
}

Value hard_shrink(Value x, double threshold) { return where(greater(abs(x), threshold), x, 0.0); }

Value soft_shrink(Value x, double threshold) {
  return where(greater(x, threshold), x - threshold,
               where(less(x, -threshold), x + threshold, 0.0));
}

Value squareplus(Value x, double b) { return (x + sqrt(square(x) + b)) * 0.5; }

Value threshold(Value x, double threshold, double default_value) {
  return where(greater(x, threshold), x, default_value);
}

Value glu(Value x, std::int64_t axis) {
  const std::int64_t width = x.shape().dim(static_cast<int>(axis));
  if (width == kUnknown || width % 2 != 0) {
    throw ShapeError("glu needs an even size of axis " + std::to_string(axis) + ", got shape " +
                     shape_text(x.shape()));
  }
  const std::vector<Value> halves = split(x, {width / 2, width / 2}, axis);
  return halves[0] * sigmoid(halves[1]);
}

namespace {

/// x with two axes exchanged.
Value swap_axes(Value x, int a, int b) {
  std::vector<std::int64_t> order;
  for (int i = 0; i < x.shape().rank(); ++i) order.push_back(i == a ? b : i == b ? a : i);
  return transpose(x, Axes(order));
}

}  // namespace

Value sparsemax(Value x, std::int64_t axis) {
  const int last = x.shape().rank() - 1, chosen = normalize_axis(axis, x.shape().rank());
  if (chosen != last) return swap_axes(sparsemax(swap_axes(x, chosen, last)), chosen, last);
  // Entry i is in the support when 1 + k z_i > the sum of the k entries that are >= z_i. Comparing
  // all pairs finds k and the sum without sorting.
  const Value column = expand_dims(x, -1);
  const Value row = expand_dims(x, -2);
  const Value at_least = greater_equal(row, column);
  const Value count = sum(cast(at_least, x.dtype()), -1);
  const Value total = sum(where(at_least, row, 0.0), -1);
  const Value in_support = greater(count * x + 1.0, total);
  const Value size = sum(cast(in_support, x.dtype()), -1, true);
  // Keras 3 sums the cumulated sums over the support where the paper has the last of them.
  const Value tau = (sum(where(in_support, total, 0.0), -1, true) - 1.0) / size;
  return tegula::relu(x - tau);
}

}  // namespace tegula::nn::activation_functions
