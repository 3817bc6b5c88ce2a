#pragma once
// Windows that slide over the spatial axes of channels-last values [batch, axes..., channels]: the
// sizes that convolution and pooling are made of.

#include <array>
#include <cstdint>

namespace tegula::detail {

/// Windows along one axis: result o sees the elements o * stride - before + i * dilation, i from 0
/// to window - 1. Those outside [0, input) are padding.
struct WindowAxis {
  std::int64_t input = 1;
  std::int64_t window = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t before = 0;
  std::int64_t output = 1;

  std::int64_t position(std::int64_t o, std::int64_t i) const {
    return o * stride - before + i * dilation;
  }
  bool is_inside(std::int64_t position) const { return position >= 0 && position < input; }
  /// Elements from a window's first to its last.
  std::int64_t extent() const { return (window - 1) * dilation + 1; }
};

/// Windows over one to three axes, given as three: axes of size 1 come first. A pixel is the
/// channels at one place; pixels are numbered through the batch, the taps of a window from 0.
struct WindowGrid {
  static constexpr int kAxes = 3;

  std::int64_t batch = 1;
  std::array<WindowAxis, kAxes> axes;

  std::int64_t taps() const { return axes[0].window * axes[1].window * axes[2].window; }
  /// Pixels of one item of the batch.
  std::int64_t inputs() const { return axes[0].input * axes[1].input * axes[2].input; }
  std::int64_t outputs() const { return axes[0].output * axes[1].output * axes[2].output; }
};

/// A convolution of x [batch, axes..., channels] by w [window..., channels / groups, filters] to
/// y [batch, axes..., filters].
struct ConvolutionProblem {
  WindowGrid grid;
  std::int64_t groups = 1;
  /// Per pixel of x and of y.
  std::int64_t channels = 0;
  std::int64_t filters = 0;

  std::int64_t group_channels() const { return channels / groups; }
  std::int64_t group_filters() const { return filters / groups; }
};

/// Calls `visit(input pixel, output pixel, tap)` for all taps of all windows, window by window; the
/// input pixel of a tap in the padding is -1.
template <typename Visit>
void for_each_tap(const WindowGrid& grid, const Visit& visit) {
  const auto& [a, b, c] = grid.axes;
  const auto visit_window = [&](std::int64_t item, std::int64_t i, std::int64_t j, std::int64_t k) {
    const std::int64_t output = ((item * a.output + i) * b.output + j) * c.output + k;
    std::int64_t tap = 0;
    for (std::int64_t p = 0; p < a.window; ++p) {
      for (std::int64_t q = 0; q < b.window; ++q) {
        for (std::int64_t r = 0; r < c.window; ++r, ++tap) {
          const std::int64_t x = a.position(i, p), y = b.position(j, q), z = c.position(k, r);
          const bool inside = a.is_inside(x) && b.is_inside(y) && c.is_inside(z);
          visit(inside ? ((item * a.input + x) * b.input + y) * c.input + z : -1, output, tap);
        }
      }
    }
  };
  for (std::int64_t item = 0; item < grid.batch; ++item) {
    for (std::int64_t i = 0; i < a.output; ++i) {
      for (std::int64_t j = 0; j < b.output; ++j) {
        for (std::int64_t k = 0; k < c.output; ++k) visit_window(item, i, j, k);
      }
    }
  }
}

}  // namespace tegula::detail
