#include "tegula/nn/layers/adaptive_pooling.hpp"

#include <algorithm>
#include <vector>

#include "src/nn/layers/spatial.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/graph/image.hpp"
#include "tegula/nn/layers/convolution.hpp"

namespace tegula::nn {

namespace {

struct Window {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size() const { return end - begin; }
};

/// Number i of `count` windows, which overlap where `size` is no multiple of `count`.
Window window_of(std::int64_t i, std::int64_t size, std::int64_t count) {
  return {i * size / count, ((i + 1) * size + count - 1) / count};
}

Value pooled_mean(Value x, int axis, std::int64_t count) {
  std::vector<Taps> taps;
  for (std::int64_t i = 0; i < count; ++i) {
    const Window window = window_of(i, x.shape()[axis], count);
    const auto elements = static_cast<std::size_t>(window.size());
    taps.push_back(
        {window.begin, std::vector<double>(elements, 1.0 / static_cast<double>(window.size()))});
  }
  return resample(x, axis, taps);
}

/// The windows have two sizes: all windows of either size are pooled, and then the wanted ones
/// taken.
Value pooled_max(Value x, int axis, std::int64_t count) {
  const std::int64_t size = x.shape()[axis];
  std::vector<std::int64_t> sizes;
  for (std::int64_t i = 0; i < count; ++i) sizes.push_back(window_of(i, size, count).size());
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  std::vector<Value> pools;
  Tensor indices(DType::i64, {count});
  std::int64_t first = 0;
  const auto spatial_axes = static_cast<std::size_t>(x.shape().rank() - 2);
  for (const std::int64_t elements : sizes) {
    std::vector<std::int64_t> window(spatial_axes, 1);
    window[static_cast<std::size_t>(axis) - 1] = elements;
    pools.push_back(max_pool(x, window, {.strides = std::vector<std::int64_t>(spatial_axes, 1)}));
    for (std::int64_t i = 0; i < count; ++i) {
      const Window wanted = window_of(i, size, count);
      if (wanted.size() == elements) indices.set(i, static_cast<double>(first + wanted.begin));
    }
    first += size - elements + 1;
  }
  return gather(pools.size() == 1 ? pools[0] : concat(pools, axis), indices, axis);
}

}  // namespace

template <Pooling Kind, int Rank>
AdaptivePoolingLayer<Kind, Rank>::AdaptivePoolingLayer(AdaptivePoolingOptions<Rank> options)
    : Base(std::move(options)) {
  auto& own = this->options_;
  own.data_format = checked_data_format(own.data_format, kName);
  own.output_size = own.output_size.expanded(Rank, 1, kName, "output_size");
}

template <Pooling Kind, int Rank>
Value AdaptivePoolingLayer<Kind, Rank>::call(Value x, bool /*training*/) {
  const auto& options = this->options_;
  check_rank(x.shape(), Rank + 2, this->describe());
  x = to_channels_last(x, options.data_format);
  for (int axis = 1; axis <= Rank; ++axis) {
    if (x.shape()[axis] < 1) {
      throw ShapeError(this->describe() + " needs known sizes of the spatial axes, got " +
                       shape_text(x.shape()));
    }
    const std::int64_t count = options.output_size.values[static_cast<std::size_t>(axis) - 1];
    x = Kind == Pooling::max ? pooled_max(x, axis, count) : pooled_mean(x, axis, count);
  }
  return from_channels_last(x, options.data_format);
}

template class AdaptivePoolingLayer<Pooling::max, 1>;
template class AdaptivePoolingLayer<Pooling::max, 2>;
template class AdaptivePoolingLayer<Pooling::max, 3>;
template class AdaptivePoolingLayer<Pooling::average, 1>;
template class AdaptivePoolingLayer<Pooling::average, 2>;
template class AdaptivePoolingLayer<Pooling::average, 3>;

}  // namespace tegula::nn
