#include "tegula/nn/layers/pooling.hpp"

#include "src/nn/layers/spatial.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/nn/layers/convolution.hpp"

namespace tegula::nn {

template <Pooling Kind, int Rank>
PoolingLayer<Kind, Rank>::PoolingLayer(PoolingOptions<Kind, Rank> options)
    : Base(std::move(options)) {
  auto& own = this->options_;
  own.data_format = checked_data_format(own.data_format, kName);
  own.pool_size = own.pool_size.expanded(Rank, 1, kName, "pool_size");
  own.strides =
      own.strides.values.empty() ? own.pool_size : own.strides.expanded(Rank, 1, kName, "strides");
  if (own.padding != "valid" && own.padding != "same") {
    throw InvalidArgument(std::string(kName) + ": `padding` must be \"valid\" or \"same\", got \"" +
                          own.padding + "\"");
  }
}

template <Pooling Kind, int Rank>
Value PoolingLayer<Kind, Rank>::call(Value x, bool /*training*/) {
  const auto& options = this->options_;
  check_rank(x.shape(), Rank + 2, this->describe());
  const PoolOptions window{.strides = options.strides.values, .padding = options.padding};
  x = to_channels_last(x, options.data_format);
  const Value y = Kind == Pooling::max ? max_pool(x, options.pool_size.values, window)
                                       : average_pool(x, options.pool_size.values, window);
  return from_channels_last(y, options.data_format);
}

template <Pooling Kind, int Rank>
GlobalPoolingLayer<Kind, Rank>::GlobalPoolingLayer(GlobalPoolingOptions<Kind, Rank> options)
    : Base(std::move(options)) {
  this->options_.data_format = checked_data_format(this->options_.data_format, kName);
}

template <Pooling Kind, int Rank>
Value GlobalPoolingLayer<Kind, Rank>::call(Value x, bool /*training*/) {
  const auto& options = this->options_;
  check_rank(x.shape(), Rank + 2, this->describe());
  Axes axes;
  axes.emplace();
  const int first = options.data_format == "channels_last" ? 1 : 2;
  for (int i = 0; i < Rank; ++i) axes->push_back(first + i);
  const Value mask = mask_of(x);
  if (kSupportsMasking && mask) {
    const Value counts = expand_dims(mask, first == 1 ? 2 : 1);
    return sum(where(counts, x, 0.0), axes, options.keepdims) /
           sum(cast(counts, x.dtype()), axes, options.keepdims);
  }
  return Kind == Pooling::max ? max(x, axes, options.keepdims) : mean(x, axes, options.keepdims);
}

template <Pooling Kind, int Rank>
Masks GlobalPoolingLayer<Kind, Rank>::compute_mask(const Values& /*x*/, const Masks& /*masks*/) {
  return {};
}

template class PoolingLayer<Pooling::max, 1>;
template class PoolingLayer<Pooling::max, 2>;
template class PoolingLayer<Pooling::max, 3>;
template class PoolingLayer<Pooling::average, 1>;
template class PoolingLayer<Pooling::average, 2>;
template class PoolingLayer<Pooling::average, 3>;
template class GlobalPoolingLayer<Pooling::max, 1>;
template class GlobalPoolingLayer<Pooling::max, 2>;
template class GlobalPoolingLayer<Pooling::max, 3>;
template class GlobalPoolingLayer<Pooling::average, 1>;
template class GlobalPoolingLayer<Pooling::average, 2>;
template class GlobalPoolingLayer<Pooling::average, 3>;

}  // namespace tegula::nn
