#pragma once
// Convolutions that tests and benchmarks share.

#include <cstdint>
#include <string>
#include <vector>

#include "src/core/window.hpp"

namespace tegula::test {

struct NamedConvolution {
  std::string name;
  detail::ConvolutionProblem problem;
};

/// "same" padding: the result has ceil(size / stride) elements, the surplus is at the end.
inline detail::WindowAxis same_axis(std::int64_t size, std::int64_t window, std::int64_t stride,
                                    std::int64_t dilation = 1) {
  detail::WindowAxis axis{size, window, stride, dilation, 0, (size + stride - 1) / stride};
  const std::int64_t needed = (axis.output - 1) * stride + axis.extent();
  axis.before = needed > size ? (needed - size) / 2 : 0;
  return axis;
}

inline detail::WindowAxis valid_axis(std::int64_t size, std::int64_t window, std::int64_t stride,
                                     std::int64_t dilation = 1) {
  detail::WindowAxis axis{size, window, stride, dilation, 0, 0};
  axis.output = (size - axis.extent()) / stride + 1;
  return axis;
}

/// A square image of `size` by a square window, padded to the same size or not at all.
inline NamedConvolution square_convolution(std::int64_t size, std::int64_t channels,
                                           std::int64_t window, std::int64_t filters,
                                           std::int64_t stride = 1, std::int64_t groups = 1,
                                           bool padded = true) {
  const auto axis = padded ? same_axis(size, window, stride) : valid_axis(size, window, stride);
  NamedConvolution named;
  named.problem.grid.axes = {detail::WindowAxis{}, axis, axis};
  named.problem.groups = groups;
  named.problem.channels = channels;
  named.problem.filters = filters;
  const auto text = [](std::int64_t number) { return std::to_string(number); };
  named.name = text(size) + "x" + text(size) + "x" + text(channels) + "/" + text(window) + "x" +
               text(window) + "/" + text(filters);
  if (stride > 1) named.name += "/stride " + text(stride);
  if (groups > 1) named.name += "/groups " + text(groups);
  if (!padded) named.name += "/valid";
  return named;
}

/// Layers of ResNet-50 and of networks for CIFAR and MNIST, with a batch of `batch`.
inline std::vector<NamedConvolution> network_convolutions(std::int64_t batch) {
  std::vector<NamedConvolution> list = {square_convolution(56, 64, 3, 64),
                                        square_convolution(28, 128, 3, 128),
                                        square_convolution(14, 256, 3, 256),
                                        square_convolution(7, 512, 3, 512),
                                        square_convolution(32, 16, 3, 16),
                                        square_convolution(16, 32, 3, 32),
                                        square_convolution(8, 64, 3, 64),
                                        square_convolution(28, 1, 3, 32, 1, 1, false),
                                        square_convolution(13, 32, 3, 64, 1, 1, false),
                                        square_convolution(32, 3, 3, 16),
                                        square_convolution(224, 3, 7, 64, 2),
                                        square_convolution(56, 64, 3, 128, 2),
                                        square_convolution(28, 256, 1, 128),
                                        square_convolution(56, 128, 1, 128, 2),
                                        square_convolution(28, 128, 3, 128, 1, 4)};
  for (NamedConvolution& named : list) named.problem.grid.batch = batch;
  return list;
}

/// The two layers of a separable convolution that see one channel each.
inline std::vector<NamedConvolution> depthwise_convolutions(std::int64_t batch) {
  std::vector<NamedConvolution> list = {square_convolution(56, 128, 3, 128, 1, 128),
                                        square_convolution(28, 256, 3, 256, 2, 256),
                                        square_convolution(14, 32, 3, 64, 1, 32)};
  for (NamedConvolution& named : list) named.problem.grid.batch = batch;
  return list;
}

}  // namespace tegula::test
