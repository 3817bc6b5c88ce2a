#include "src/nn/layers/filters.hpp"

#include <cmath>

namespace tegula::nn {

Value filtered(Value images, Value kernel) {
  const std::int64_t channels = images.shape()[3];
  const Shape& size = kernel.shape();
  return convolution(images, broadcast_to(kernel, {size[0], size[1], 1, channels}),
                     {.groups = channels, .padding = "same"});
}

Value blurred(Value images, int axis, std::int64_t size, Value sigma, Value reach) {
  const Shape shape{axis == 1 ? size : 1, axis == 1 ? 1 : size, 1, 1};
  Tensor distances(images.dtype(), shape);
  for (std::int64_t i = 0; i < size; ++i) {
    distances.set(i, std::abs(static_cast<double>(i) - static_cast<double>(size - 1) / 2));
  }
  Value bell = exp(square(reciprocal(sigma) * distances) * -0.5);
  if (reach) bell = where(greater_equal(reach, distances), bell, 0.0);
  return filtered(images, bell / sum(bell, {}, true));
}

}  // namespace tegula::nn
