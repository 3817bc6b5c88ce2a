#include "tegula/nn/layers/noise.hpp"

#include <cmath>
#include <vector>

#include "src/nn/layers/noise_shape.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/graph/random_like.hpp"

namespace tegula::nn {

void check_noise_shape(const std::optional<Shape>& noise_shape) {
  if (!noise_shape) return;
  for (const std::int64_t dim : noise_shape->dims()) {
    if (dim == kUnknown || dim > 0) continue;
    throw InvalidArgument(
        "Invalid value received for argument `noise_shape`. Expected all dimensions to be positive "
        "integers or None. Received: noise_shape=" +
        shape_text(*noise_shape));
  }
}

Value ones_of_noise(Value x, const Shape& noise_shape, const std::string& layer) {
  const Shape& shape = x.shape();
  bool fits = noise_shape.rank() == shape.rank();
  std::vector<SliceRange> ranges;
  for (int axis = 0; fits && axis < noise_shape.rank(); ++axis) {
    const std::int64_t size = noise_shape[axis];
    fits = size == 1 || size == kUnknown || size == shape[axis];
    ranges.push_back(size == 1 ? SliceRange{.begin = 0, .end = 1} : SliceRange{});
  }
  if (!fits) {
    throw ShapeError(layer + ": noise_shape " + shape_text(noise_shape) +
                     " does not fit the input, of shape " + shape_text(shape) +
                     ": it takes a dimension each, which is 1, None or the input's");
  }
  return broadcast_like(1.0, slice(x, ranges));
}

Value GaussianNoiseLayer::call(Value x, bool training) {
  if (!training || options_.stddev <= 0) return x;
  return x + random_normal_like(x, 0, options_.stddev, options_.seed.value_or(-1));
}

Value GaussianDropoutLayer::call(Value x, bool training) {
  if (!training || options_.rate <= 0) return x;
  const double stddev = std::sqrt(options_.rate / (1 - options_.rate));
  return x * random_normal_like(x, 1, stddev, options_.seed.value_or(-1));
}

AlphaDropoutLayer::AlphaDropoutLayer(AlphaDropoutOptions options)
    : LayerWithOptions(std::move(options)) {
  check_noise_shape(options_.noise_shape);
}

Value AlphaDropoutLayer::call(Value x, bool training) {
  const double rate = options_.rate;
  if (!training || rate <= 0) return x;
  // SELU's limit at minus infinity, -alpha · scale.
  constexpr double kLimit = -1.6732632423543772848 * 1.0507009873554804934;
  const double factor = 1 / std::sqrt((1 - rate) * (1 + rate * kLimit * kLimit));
  const double offset = -factor * kLimit * rate;
  const Value like = options_.noise_shape ? ones_of_noise(x, *options_.noise_shape, describe()) : x;
  const Value drawn = random_uniform_like(like, 0, 1, options_.seed.value_or(-1));
  return where(greater_equal(drawn, rate), x, kLimit) * factor + offset;
}

}  // namespace tegula::nn
