// Euclidean norms of several values, and clipping and normalizing by them. All on the op "norm",
// which does not overflow where the norm is finite.

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/ops/users_line.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula {

Value global_norm(std::span<const Value> values, std::source_location location) {
  const LocationScope scope(ops::users_line(location));
  std::vector<Value> norms;
  for (const Value& value : values) {
    if (value) norms.push_back(norm(value));
  }
  if (norms.empty()) throw InvalidArgument("global_norm: there are no values");
  return norms.size() == 1 ? norms.front() : norm(stack(norms));
}

Value clip_by_norm(Operand x, Operand clip_norm, Axes axes) {
  const LocationScope scope(ops::users_line(x.location()));
  const Value size = norm(x, axes, axes.has_value());  // of all axes: a scalar
  return mul(x, div(clip_norm, maximum(size, clip_norm)));
}

std::vector<Value> clip_by_global_norm(std::span<const Value> values, Operand clip_norm,
                                       std::source_location location) {
  std::vector<Value> clipped(values.begin(), values.end());
  if (std::none_of(values.begin(), values.end(), [](const Value& value) { return bool(value); })) {
    return clipped;
  }
  const LocationScope scope(ops::users_line(location));
  const Value size = global_norm(values, location);
  const Value scale = where(is_finite(size), div(clip_norm, maximum(size, clip_norm)),
                            std::numeric_limits<double>::quiet_NaN());
  for (Value& value : clipped) {
    if (value) value = value * scale;
  }
  return clipped;
}

Value l2_normalize(Operand x, Axes axes, double epsilon) {
  const LocationScope scope(ops::users_line(x.location()));
  return div(x, maximum(norm(x, axes, axes.has_value()), std::sqrt(epsilon)));
}

}  // namespace tegula
