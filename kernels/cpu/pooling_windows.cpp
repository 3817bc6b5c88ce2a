// The vector parts of pools, compiled once per instruction set: channels are lanes.

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "kernels/cpu/pooling_internal.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/pooling_windows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Index = std::int64_t;
using detail::PoolPart;

/// The part of one window that lies within the borders: pixels [begin, end) along each axis.
struct Box {
  Box(const tegula::detail::WindowGrid& grid, std::int64_t number) : axes(grid.axes) {
    for (std::size_t i = 3; i-- > 0;) {
      const tegula::detail::WindowAxis& axis = grid.axes[i];
      const std::int64_t first = axis.position(number % axis.output, 0);
      number /= axis.output;
      begin[i] = std::max<std::int64_t>(first, 0);
      end[i] = std::min(first + axis.window, axis.input);
    }
  }
  std::int64_t pixels() const {
    return (end[0] - begin[0]) * (end[1] - begin[1]) * (end[2] - begin[2]);
  }
  /// Calls `visit(pixel of the item)`, in order.
  template <typename Visit>
  void for_each_pixel(const Visit& visit) const {
    for (std::int64_t i = begin[0]; i < end[0]; ++i) {
      for (std::int64_t j = begin[1]; j < end[1]; ++j) {
        const std::int64_t row = (i * axes[1].input + j) * axes[2].input;
        for (std::int64_t k = begin[2]; k < end[2]; ++k) visit(row + k);
      }
    }
  }

  const std::array<tegula::detail::WindowAxis, 3>& axes;
  std::int64_t begin[3];
  std::int64_t end[3];
};

/// The first lanes of a vector; nothing beyond is read or written.
template <typename D, typename T>
HWY_INLINE hn::Vec<D> load_first(D d, const T* from, std::size_t lanes) {
  if (lanes == hn::Lanes(d)) return hn::LoadU(d, from);
  return hn::MaskedLoad(hn::FirstN(d, lanes), d, from);
}
template <typename D, typename T>
HWY_INLINE void store_first(D d, hn::Vec<D> value, T* to, std::size_t lanes) {
  if (lanes == hn::Lanes(d)) return hn::StoreU(value, d, to);
  hn::BlendedStore(value, hn::FirstN(d, lanes), d, to);
}

/// Calls `visit(first channel, lanes)` for vectors over the part's channels.
template <typename D, typename Visit>
HWY_INLINE void for_each_vector(D d, const PoolPart& part, const Visit& visit) {
  const Index lanes = static_cast<Index>(hn::Lanes(d));
  for (Index channel = part.begin; channel < part.end; channel += lanes) {
    visit(channel, static_cast<std::size_t>(std::min(lanes, part.end - channel)));
  }
}

/// Whether x is the first NaN seen, or larger than all before it.
template <typename D, typename V>
HWY_INLINE auto wins(D, V x, V best) {
  return hn::And(hn::Or(hn::Gt(x, best), hn::IsNaN(x)), hn::Not(hn::IsNaN(best)));
}

template <typename T>
void max_of(const PoolProblem& problem, const PoolPart& part, const T* x, const T*, T* y) {
  const hn::ScalableTag<T> d;
  for (Index window = part.first; window < part.last; ++window) {
    const Box box(problem.grid, window);
    for_each_vector(d, part, [&](Index channel, std::size_t lanes) HWY_ATTR {
      auto best = hn::Set(d, -std::numeric_limits<T>::infinity());
      box.for_each_pixel([&](Index pixel) HWY_ATTR {
        const auto value = load_first(d, x + pixel * problem.channels + channel, lanes);
        best = hn::IfThenElse(wins(d, value, best), value, best);
      });
      store_first(d, best, y + window * problem.channels + channel, lanes);
    });
  }
}

/// The number of the pixel in its window, per channel, that has the maximum.
template <typename T, typename D>
HWY_INLINE auto place_of_max(D d, const Box& box, const T* x, Index channels, Index channel,
                             std::size_t lanes) {
  const hn::RebindToSigned<D> di;
  using Place = hn::TFromD<decltype(di)>;
  auto best = hn::Set(d, -std::numeric_limits<T>::infinity());
  auto place = hn::Zero(di);
  Place number = 0;
  box.for_each_pixel([&](Index pixel) HWY_ATTR {
    const auto value = load_first(d, x + pixel * channels + channel, lanes);
    const auto better = wins(d, value, best);
    best = hn::IfThenElse(better, value, best);
    place = hn::IfThenElse(hn::RebindMask(di, better), hn::Set(di, number), place);
    ++number;
  });
  return place;
}

template <typename T>
void take_at_max(const PoolProblem& problem, const PoolPart& part, const T* x, const T* v, T* y) {
  const hn::ScalableTag<T> d;
  const hn::RebindToSigned<decltype(d)> di;
  using Place = hn::TFromD<decltype(di)>;
  const Index channels = problem.channels;
  for (Index window = part.first; window < part.last; ++window) {
    const Box box(problem.grid, window);
    for_each_vector(d, part, [&](Index channel, std::size_t lanes) HWY_ATTR {
      const auto place = place_of_max(d, box, x, channels, channel, lanes);
      auto taken = hn::Zero(d);
      Place number = 0;
      box.for_each_pixel([&](Index pixel) HWY_ATTR {
        const auto here = hn::RebindMask(d, hn::Eq(place, hn::Set(di, number)));
        taken = hn::IfThenElse(here, load_first(d, v + pixel * channels + channel, lanes), taken);
        ++number;
      });
      store_first(d, taken, y + window * channels + channel, lanes);
    });
  }
}

template <typename D, typename T, typename V>
HWY_INLINE void add_to(D d, T* to, V value, std::size_t lanes) {
  store_first(d, hn::Add(load_first(d, to, lanes), value), to, lanes);
}

template <typename T>
void add_at_max(const PoolProblem& problem, const PoolPart& part, const T* x, const T* dy, T* dx) {
  const hn::ScalableTag<T> d;
  const hn::RebindToSigned<decltype(d)> di;
  using Place = hn::TFromD<decltype(di)>;
  const Index channels = problem.channels;
  for (Index window = part.first; window < part.last; ++window) {
    const Box box(problem.grid, window);
    for_each_vector(d, part, [&](Index channel, std::size_t lanes) HWY_ATTR {
      const auto place = place_of_max(d, box, x, channels, channel, lanes);
      const auto gradient = load_first(d, dy + window * channels + channel, lanes);
      Place number = 0;
      box.for_each_pixel([&](Index pixel) HWY_ATTR {
        const auto here = hn::RebindMask(d, hn::Eq(place, hn::Set(di, number)));
        add_to(d, dx + pixel * channels + channel, hn::IfThenElseZero(here, gradient), lanes);
        ++number;
      });
    });
  }
}

template <typename T>
void mean_of(const PoolProblem& problem, const PoolPart& part, const T* x, const T*, T* y) {
  const hn::ScalableTag<T> d;
  for (Index window = part.first; window < part.last; ++window) {
    const Box box(problem.grid, window);
    const auto count = hn::Set(d, static_cast<T>(box.pixels()));
    for_each_vector(d, part, [&](Index channel, std::size_t lanes) HWY_ATTR {
      auto total = hn::Zero(d);
      box.for_each_pixel([&](Index pixel) HWY_ATTR {
        total = hn::Add(total, load_first(d, x + pixel * problem.channels + channel, lanes));
      });
      store_first(d, hn::Div(total, count), y + window * problem.channels + channel, lanes);
    });
  }
}

template <typename T>
void add_means(const PoolProblem& problem, const PoolPart& part, const T* dy, const T*, T* dx) {
  const hn::ScalableTag<T> d;
  const Index channels = problem.channels;
  for (Index window = part.first; window < part.last; ++window) {
    const Box box(problem.grid, window);
    const auto count = hn::Set(d, static_cast<T>(box.pixels()));
    for_each_vector(d, part, [&](Index channel, std::size_t lanes) HWY_ATTR {
      const auto share = hn::Div(load_first(d, dy + window * channels + channel, lanes), count);
      box.for_each_pixel(
          [&](Index pixel) HWY_ATTR { add_to(d, dx + pixel * channels + channel, share, lanes); });
    });
  }
}

template <typename T>
constexpr detail::PoolKernels<T> kPoolKernels = {max_of<T>, take_at_max<T>, add_at_max<T>,
                                                 mean_of<T>, add_means<T>};

const detail::PoolKernels<float>* pool_kernels_f32() { return &kPoolKernels<float>; }
const detail::PoolKernels<double>* pool_kernels_f64() { return &kPoolKernels<double>; }

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(pool_kernels_f32);
HWY_EXPORT(pool_kernels_f64);

template <>
const detail::PoolKernels<float>& detail::pool_kernels<float>() {
  return *HWY_DYNAMIC_DISPATCH(pool_kernels_f32)();
}
template <>
const detail::PoolKernels<double>& detail::pool_kernels<double>() {
  return *HWY_DYNAMIC_DISPATCH(pool_kernels_f64)();
}

}  // namespace tegula::kernels
#endif
