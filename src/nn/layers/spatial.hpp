#pragma once
// What layers over spatial axes share: ranks, and the order of axes that data formats name. Private
// to src/nn.

#include <algorithm>
#include <string>
#include <vector>

#include "src/nn/shape_text.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula::nn {

/// Throws ShapeError, naming the layer, for an input of another rank.
inline void check_rank(const Shape& input, int expected, const std::string& layer) {
  if (input.rank() == expected) return;
  throw ShapeError(layer + " is incompatible with its input: expected ndim=" +
                   std::to_string(expected) + ", found ndim=" + std::to_string(input.rank()) +
                   ". Full shape received: " + shape_text(input));
}

/// [batch, channels, spatial...] as [batch, spatial..., channels]; other formats as they are.
inline Value to_channels_last(Value x, const std::string& data_format) {
  if (data_format != "channels_first") return x;
  Axes order;
  order.emplace({std::int64_t{0}});
  for (int axis = 2; axis < x.shape().rank(); ++axis) order->push_back(axis);
  order->push_back(1);
  return transpose(x, order);
}

/// The way back.
inline Value from_channels_last(Value x, const std::string& data_format) {
  if (data_format != "channels_first") return x;
  Axes order;
  order.emplace({std::int64_t{0}, std::int64_t{x.shape().rank() - 1}});
  for (int axis = 1; axis + 1 < x.shape().rank(); ++axis) order->push_back(axis);
  return transpose(x, order);
}

}  // namespace tegula::nn
