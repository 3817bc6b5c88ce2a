// Convolutions by plain loops, of which the innermost runs over the filters of a group.

#include <algorithm>

#include "kernels/cpu/convolution.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

using detail::WindowGrid;
using Index = std::int64_t;

/// One window: what it sees of an item.
class Window {
 public:
  /// The `number`-th of an item's windows.
  Window(const WindowGrid& grid, Index number) : grid_(grid) {
    for (std::size_t axis = WindowGrid::kAxes; axis-- > 0;) {
      at_[axis] = number % grid.axes[axis].output;
      number /= grid.axes[axis].output;
    }
  }

  /// Calls `visit(pixel of the item or -1, tap)` in the order of the taps.
  template <typename Visit>
  void for_each_tap(const Visit& visit) const {
    const auto& [a, b, c] = grid_.axes;
    Index tap = 0;
    for (Index p = 0; p < a.window; ++p) {
      const Index i = a.position(at_[0], p);
      for (Index q = 0; q < b.window; ++q) {
        const Index j = b.position(at_[1], q);
        const bool row_inside = a.is_inside(i) && b.is_inside(j);
        for (Index r = 0; r < c.window; ++r, ++tap) {
          const Index k = c.position(at_[2], r);
          visit(row_inside && c.is_inside(k) ? (i * b.input + j) * c.input + k : -1, tap);
        }
      }
    }
  }

 private:
  const WindowGrid& grid_;
  Index at_[WindowGrid::kAxes];
};

/// Windows that one task computes.
constexpr Index kWindowsPerTask = 16;

}  // namespace

template <typename T>
void convolution_loops(const ConvolutionProblem& problem, const T* x, const T* w, T* y) {
  const Index outputs = problem.grid.outputs(), inputs = problem.grid.inputs();
  const Index channels = problem.channels, filters = problem.filters;
  const Index group_channels = problem.group_channels(), group_filters = problem.group_filters();
  const auto add_tap = [&](const T* pixel, const T* weights, T* result) {
    for (Index group = 0; group < problem.groups; ++group) {
      for (Index channel = 0; channel < group_channels; ++channel) {
        const T value = pixel == nullptr ? T{0} : pixel[group * group_channels + channel];
        const T* from = weights + channel * filters + group * group_filters;
        T* to = result + group * group_filters;
        for (Index filter = 0; filter < group_filters; ++filter) to[filter] += value * from[filter];
      }
    }
  };
  const Index windows = problem.grid.batch * outputs;
  parallel_for((windows + kWindowsPerTask - 1) / kWindowsPerTask, [&](Index task) {
    const Index end = std::min(windows, (task + 1) * kWindowsPerTask);
    for (Index window = task * kWindowsPerTask; window < end; ++window) {
      T* result = y + window * filters;
      std::fill_n(result, filters, T{0});
      const T* item = x + window / outputs * inputs * channels;
      Window(problem.grid, window % outputs).for_each_tap([&](Index pixel, Index tap) {
        add_tap(pixel < 0 ? nullptr : item + pixel * channels, w + tap * group_channels * filters,
                result);
      });
    }
  });
}

template <typename T>
void convolution_input_gradient_loops(const ConvolutionProblem& problem, const T* dy, const T* w,
                                      T* dx) {
  const Index outputs = problem.grid.outputs(), inputs = problem.grid.inputs();
  const Index channels = problem.channels, filters = problem.filters;
  const Index group_channels = problem.group_channels(), group_filters = problem.group_filters();
  const auto add_tap = [&](const T* gradient, const T* weights, T* pixel) {
    for (Index group = 0; group < problem.groups; ++group) {
      for (Index channel = 0; channel < group_channels; ++channel) {
        const T* from = weights + channel * filters + group * group_filters;
        T total = 0;
        for (Index filter = 0; filter < group_filters; ++filter) {
          total += gradient[group * group_filters + filter] * from[filter];
        }
        pixel[group * group_channels + channel] += total;
      }
    }
  };
  parallel_for(problem.grid.batch, [&](Index item) {
    T* result = dx + item * inputs * channels;
    std::fill_n(result, inputs * channels, T{0});
    for (Index window = 0; window < outputs; ++window) {
      const T* gradient = dy + (item * outputs + window) * filters;
      Window(problem.grid, window).for_each_tap([&](Index pixel, Index tap) {
        if (pixel < 0) return;
        add_tap(gradient, w + tap * group_channels * filters, result + pixel * channels);
      });
    }
  });
}

template <typename T>
void convolution_weight_gradient_loops(const ConvolutionProblem& problem, const T* x, const T* dy,
                                       T* dw) {
  const Index outputs = problem.grid.outputs(), inputs = problem.grid.inputs();
  const Index channels = problem.channels, filters = problem.filters;
  const Index group_channels = problem.group_channels(), group_filters = problem.group_filters();
  // A task owns the weights of one channel of each group.
  parallel_for(group_channels, [&](Index channel) {
    for (Index tap = 0; tap < problem.grid.taps(); ++tap) {
      std::fill_n(dw + (tap * group_channels + channel) * filters, filters, T{0});
    }
    for (Index window = 0; window < problem.grid.batch * outputs; ++window) {
      const T* gradient = dy + window * filters;
      const T* item = x + window / outputs * inputs * channels + channel;
      Window(problem.grid, window % outputs).for_each_tap([&](Index pixel, Index tap) {
        for (Index group = 0; group < problem.groups; ++group) {
          const T value = pixel < 0 ? T{0} : item[pixel * channels + group * group_channels];
          T* to = dw + (tap * group_channels + channel) * filters + group * group_filters;
          const T* from = gradient + group * group_filters;
          for (Index filter = 0; filter < group_filters; ++filter) {
            to[filter] += value * from[filter];
          }
        }
      });
    }
  });
}

template void convolution_loops(const ConvolutionProblem&, const float*, const float*, float*);
template void convolution_loops(const ConvolutionProblem&, const double*, const double*, double*);
template void convolution_input_gradient_loops(const ConvolutionProblem&, const float*,
                                               const float*, float*);
template void convolution_input_gradient_loops(const ConvolutionProblem&, const double*,
                                               const double*, double*);
template void convolution_weight_gradient_loops(const ConvolutionProblem&, const float*,
                                                const float*, float*);
template void convolution_weight_gradient_loops(const ConvolutionProblem&, const double*,
                                                const double*, double*);

}  // namespace tegula::kernels
