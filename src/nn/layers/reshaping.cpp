#include "tegula/nn/layers/reshaping.hpp"

#include <algorithm>

#include "src/nn/layers/images.hpp"
#include "src/nn/layers/spatial.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/nn/layers/convolution.hpp"

namespace tegula::nn {

namespace {

/// One number per axis of a batch, from one per spatial axis.
std::vector<std::int64_t> of_all_axes(const std::vector<std::int64_t>& spatial,
                                      std::int64_t others) {
  std::vector<std::int64_t> all = {others};
  all.insert(all.end(), spatial.begin(), spatial.end());
  all.push_back(others);
  return all;
}

}  // namespace

template <int Rank>
ZeroPaddingLayer<Rank>::ZeroPaddingLayer(ZeroPaddingOptions<Rank> options)
    : Base(std::move(options)) {
  auto& own = this->options_;
  own.data_format = checked_data_format(own.data_format, kName);
  own.padding = own.padding.expanded(Rank, kName, "padding");
}

template <int Rank>
Value ZeroPaddingLayer<Rank>::call(Value x, bool /*training*/) {
  const auto& options = this->options_;
  check_rank(x.shape(), Rank + 2, this->describe());
  const Value y =
      pad(to_channels_last(x, options.data_format), of_all_axes(options.padding.before, 0),
          of_all_axes(options.padding.after, 0));
  return from_channels_last(y, options.data_format);
}

template <int Rank>
CroppingLayer<Rank>::CroppingLayer(CroppingOptions<Rank> options) : Base(std::move(options)) {
  auto& own = this->options_;
  own.data_format = checked_data_format(own.data_format, kName);
  own.cropping = own.cropping.expanded(Rank, kName, "cropping");
}

template <int Rank>
Value CroppingLayer<Rank>::call(Value x, bool /*training*/) {
  const auto& options = this->options_;
  check_rank(x.shape(), Rank + 2, this->describe());
  x = to_channels_last(x, options.data_format);
  std::vector<SliceRange> ranges(static_cast<std::size_t>(Rank) + 2);
  for (std::size_t i = 0; i < static_cast<std::size_t>(Rank); ++i) {
    const std::int64_t size = x.shape()[static_cast<int>(i) + 1];
    const std::int64_t cut = options.cropping.before[i] + options.cropping.after[i];
    if (size != kUnknown && cut >= size) {
      throw ShapeError(this->describe() + ": `cropping` leaves nothing of an axis of size " +
                       std::to_string(size) +
                       ": cropping=" + to_config(options.cropping).to_string());
    }
    ranges[i + 1].begin = options.cropping.before[i];
    if (options.cropping.after[i] > 0) ranges[i + 1].end = -options.cropping.after[i];
  }
  return from_channels_last(slice(x, ranges), options.data_format);
}

template <int Rank>
UpSamplingLayer<Rank>::UpSamplingLayer(UpSamplingOptions<Rank> options) : Base(std::move(options)) {
  auto& own = this->options_;
  own.data_format = checked_data_format(own.data_format, kName);
  own.size = own.size.expanded(Rank, 1, kName, "size");
  own.size.one = Rank == 1;  // Keras's config has a number there
  check_interpolation(own.interpolation, kName);
}

template <int Rank>
Value UpSamplingLayer<Rank>::call(Value x, bool /*training*/) {
  const auto& options = this->options_;
  check_rank(x.shape(), Rank + 2, this->describe());
  x = to_channels_last(x, options.data_format);
  if (options.interpolation != "nearest") {
    check_images(x.shape(), "channels_last", this->describe());
    const auto [height, width] = image_size(x);
    x = resize(x, height * options.size.values[0], width * options.size.values[1],
               {.method = options.interpolation});
    return from_channels_last(x, options.data_format);
  }
  for (int axis = Rank; axis >= 1; --axis) {
    const std::int64_t times = options.size.values[static_cast<std::size_t>(axis) - 1];
    if (times == 1) continue;
    // Each element becomes a row of equal ones, and the rows are joined.
    const Shape shape = x.shape();
    Shape sample = shape;
    sample.set(0, 1);
    if (!sample.is_known()) {
      throw ShapeError(this->describe() + " needs known sizes, got " + shape_text(shape));
    }
    std::int64_t inner = 1;
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
    std::vector<std::int64_t> joined(shape.begin(), shape.end());
    joined[static_cast<std::size_t>(axis)] *= times;
    x = reshape(tile(reshape(x, {-1, shape[axis], 1, inner}), {1, 1, times, 1}), joined);
  }
  return from_channels_last(x, options.data_format);
}

void PermuteLayer::build_weights(const ValueType& /*input*/) {
  std::vector<std::int64_t> sorted = options_.dims;
  std::ranges::sort(sorted);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] == static_cast<std::int64_t>(i) + 1) continue;
    throw InvalidArgument(
        "Permute: Invalid permutation argument `dims`. The set of indices in "
        "`dims` must be consecutive and start from 1. Received: " +
        to_config(options_.dims).to_string());
  }
}

Value PermuteLayer::call(Value x, bool /*training*/) {
  check_rank(x.shape(), static_cast<int>(options_.dims.size()) + 1, describe());
  Axes order;
  order.emplace({std::int64_t{0}});
  order->insert(order->end(), options_.dims.begin(), options_.dims.end());
  return transpose(x, order);
}

Value RepeatVectorLayer::call(Value x, bool /*training*/) {
  check_rank(x.shape(), 2, describe());
  return tile(expand_dims(x, 1), {1, options_.n, 1});
}

template class ZeroPaddingLayer<1>;
template class ZeroPaddingLayer<2>;
template class ZeroPaddingLayer<3>;
template class CroppingLayer<1>;
template class CroppingLayer<2>;
template class CroppingLayer<3>;
template class UpSamplingLayer<1>;
template class UpSamplingLayer<2>;
template class UpSamplingLayer<3>;

}  // namespace tegula::nn
