#include "tegula/nn/layers/convolution.hpp"

#include "src/nn/layers/spatial.hpp"
#include "src/nn/shape_text.hpp"

namespace tegula::nn {

std::string checked_data_format(const std::string& format, std::string_view owner) {
  if (format.empty()) return "channels_last";
  if (format == "channels_last" || format == "channels_first") return format;
  throw InvalidArgument(std::string(owner) +
                        ": `data_format` must be channels_last or channels_first, got " + format);
}

namespace {

void check_padding(const std::string& padding, bool may_be_causal, std::string_view owner) {
  if (padding == "valid" || padding == "same" || (may_be_causal && padding == "causal")) return;
  throw InvalidArgument(std::string(owner) + ": `padding` must be \"valid\"" +
                        (may_be_causal ? ", \"same\" or \"causal\"" : " or \"same\"") + ", got \"" +
                        padding + "\"");
}

/// Makes sizes one per axis and checks what all convolutions have.
template <typename Options>
void check_window(Options& options, int rank, bool may_be_causal, std::string_view owner) {
  options.data_format = checked_data_format(options.data_format, owner);
  options.kernel_size = options.kernel_size.expanded(rank, 1, owner, "kernel_size");
  options.strides = options.strides.expanded(rank, 1, owner, "strides");
  options.dilation_rate = options.dilation_rate.expanded(rank, 1, owner, "dilation_rate");
  check_padding(options.padding, may_be_causal && options.data_format == "channels_last", owner);
  const auto any_above_one = [](const Sizes& sizes) {
    return std::ranges::any_of(sizes.values, [](auto size) { return size > 1; });
  };
  if (any_above_one(options.strides) && any_above_one(options.dilation_rate)) {
    throw InvalidArgument(std::string(owner) +
                          ": `strides > 1` and `dilation_rate > 1` cannot go together, got " +
                          to_config(options.strides).to_string() + " and " +
                          to_config(options.dilation_rate).to_string());
  }
}

template <typename Options>
ConvolutionOptions window_of(const Options& options) {
  ConvolutionOptions window{.strides = options.strides.values,
                            .dilations = options.dilation_rate.values,
                            .padding = options.padding};
  if (options.padding == "causal") {
    window.padding = "explicit";
    window.pads = {options.dilation_rate.values[0] * (options.kernel_size.values[0] - 1), 0};
  }
  return window;
}

/// Channels of the input. Throws ShapeError for another rank and an unknown number.
std::int64_t channels_of(const ValueType& input, int rank, const std::string& data_format,
                         const std::string& layer) {
  check_rank(input.shape, rank + 2, layer);
  const std::int64_t channels = input.shape[data_format == "channels_last" ? rank + 1 : 1];
  if (channels != kUnknown) return channels;
  throw ShapeError(layer + ": The channel dimension of the inputs should be defined, got " +
                   shape_text(input.shape));
}

/// The kernel's shape: the window, then these.
Shape kernel_shape(const Sizes& window, std::int64_t first, std::int64_t second) {
  Shape shape(window.values);
  shape.append(first);
  shape.append(second);
  return shape;
}

void check_channels(const Value& x, const ValueTypes& built, int rank,
                    const std::string& data_format, const std::string& layer) {
  const int axis = data_format == "channels_last" ? rank + 1 : 1;
  const std::int64_t expected = built.one().shape[axis];
  if (x.shape().rank() == rank + 2 && x.shape()[axis] == expected) return;
  throw ShapeError(layer + " is incompatible with its input: expected axis " +
                   std::to_string(axis == 1 ? 1 : -1) + " of input shape to have value " +
                   std::to_string(expected) + ", but received input with shape " +
                   shape_text(x.shape()));
}

template <typename Options>
Value finished(Value y, const Weight& bias, const Options& options) {
  if (bias) y = y + bias;
  return options.activation(from_channels_last(y, options.data_format));
}

}  // namespace

template <int Rank>
ConvolutionLayer<Rank>::ConvolutionLayer(ConvolutionLayerOptions<Rank> options)
    : Base(std::move(options)) {
  check_window(this->options_, Rank, Rank == 1, kName);
  if (this->options_.filters % this->options_.groups != 0) {
    throw InvalidArgument(
        std::string(kName) + ": the number of filters must be divisible by the " +
        "number of groups, got filters=" + std::to_string(this->options_.filters) +
        ", groups=" + std::to_string(this->options_.groups));
  }
}

template <int Rank>
void ConvolutionLayer<Rank>::build_weights(const ValueType& input) {
  const auto& options = this->options_;
  const std::int64_t channels = channels_of(input, Rank, options.data_format, this->describe());
  if (channels % options.groups != 0) {
    throw ShapeError(this->describe() + ": the number of input channels must be divisible by the " +
                     "number of groups, got " + std::to_string(channels) + " and " +
                     std::to_string(options.groups));
  }
  kernel_ = this->add_weight(
      "kernel", kernel_shape(options.kernel_size, channels / options.groups, options.filters),
      options.kernel_initializer, options.kernel_regularizer, options.kernel_constraint);
  if (!options.use_bias) return;
  bias_ = this->add_weight("bias", {options.filters}, options.bias_initializer,
                           options.bias_regularizer, options.bias_constraint);
}

template <int Rank>
Value ConvolutionLayer<Rank>::call(Value x, bool /*training*/) {
  const auto& options = this->options_;
  check_channels(x, this->input_types(), Rank, options.data_format, this->describe());
  ConvolutionOptions window = window_of(options);
  window.groups = options.groups;
  return finished(convolution(to_channels_last(x, options.data_format), kernel_, window), bias_,
                  options);
}

template <int Rank>
TransposedConvolutionLayer<Rank>::TransposedConvolutionLayer(
    TransposedConvolutionOptions<Rank> options)
    : Base(std::move(options)) {
  auto& own = this->options_;
  check_window(own, Rank, false, kName);
  if (own.output_padding.values.empty()) return;
  own.output_padding = own.output_padding.expanded(Rank, 0, kName, "output_padding");
  for (int axis = 0; axis < Rank; ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    if (own.output_padding.values[i] < own.strides.values[i]) continue;
    throw InvalidArgument(
        std::string(kName) + ": `output_padding` must be less than `strides`, got " +
        to_config(own.output_padding).to_string() + " and " + to_config(own.strides).to_string());
  }
}

template <int Rank>
void TransposedConvolutionLayer<Rank>::build_weights(const ValueType& input) {
  const auto& options = this->options_;
  const std::int64_t channels = channels_of(input, Rank, options.data_format, this->describe());
  kernel_ = this->add_weight("kernel", kernel_shape(options.kernel_size, options.filters, channels),
                             options.kernel_initializer, options.kernel_regularizer,
                             options.kernel_constraint);
  if (!options.use_bias) return;
  bias_ = this->add_weight("bias", {options.filters}, options.bias_initializer,
                           options.bias_regularizer, options.bias_constraint);
}

template <int Rank>
Value TransposedConvolutionLayer<Rank>::call(Value x, bool /*training*/) {
  const auto& options = this->options_;
  check_channels(x, this->input_types(), Rank, options.data_format, this->describe());
  x = to_channels_last(x, options.data_format);
  std::vector<std::int64_t> spatial;
  for (std::size_t i = 0; i < options.output_padding.values.size(); ++i) {
    const std::int64_t size = x.shape()[static_cast<int>(i) + 1];
    if (size == kUnknown) {
      throw ShapeError(this->describe() + ": `output_padding` needs known sizes, got " +
                       shape_text(x.shape()));
    }
    const std::int64_t extent =
        (options.kernel_size.values[i] - 1) * options.dilation_rate.values[i] + 1;
    const std::int64_t trimmed = options.padding == "same" ? extent / 2 * 2 : 0;
    spatial.push_back((size - 1) * options.strides.values[i] + extent - trimmed +
                      options.output_padding.values[i]);
  }
  return finished(transposed_convolution(x, kernel_, spatial, window_of(options)), bias_, options);
}

template <int Rank>
DepthwiseConvolutionLayer<Rank>::DepthwiseConvolutionLayer(
    DepthwiseConvolutionOptions<Rank> options)
    : Base(std::move(options)) {
  check_window(this->options_, Rank, false, kName);
}

template <int Rank>
void DepthwiseConvolutionLayer<Rank>::build_weights(const ValueType& input) {
  const auto& options = this->options_;
  const std::int64_t channels = channels_of(input, Rank, options.data_format, this->describe());
  kernel_ = this->add_weight(
      "kernel", kernel_shape(options.kernel_size, channels, options.depth_multiplier),
      options.depthwise_initializer, options.depthwise_regularizer, options.depthwise_constraint);
  if (!options.use_bias) return;
  bias_ = this->add_weight("bias", {channels * options.depth_multiplier}, options.bias_initializer,
                           options.bias_regularizer, options.bias_constraint);
}

namespace {

/// Each channel by its own filters: kernel [window..., channels, filters per channel].
Value depthwise(Value x, const Weight& kernel, ConvolutionOptions window) {
  const Shape shape = kernel.shape();
  const std::int64_t channels = shape.dim(-2);
  std::vector<std::int64_t> grouped(shape.begin(), shape.end());
  grouped[grouped.size() - 2] = 1;
  grouped[grouped.size() - 1] = channels * shape.dim(-1);
  window.groups = channels;
  return convolution(x, reshape(kernel, grouped), window);
}

}  // namespace

template <int Rank>
Value DepthwiseConvolutionLayer<Rank>::call(Value x, bool /*training*/) {
  const auto& options = this->options_;
  check_channels(x, this->input_types(), Rank, options.data_format, this->describe());
  return finished(depthwise(to_channels_last(x, options.data_format), kernel_, window_of(options)),
                  bias_, options);
}

template <int Rank>
SeparableConvolutionLayer<Rank>::SeparableConvolutionLayer(
    SeparableConvolutionOptions<Rank> options)
    : Base(std::move(options)) {
  check_window(this->options_, Rank, Rank == 1, kName);
}

template <int Rank>
void SeparableConvolutionLayer<Rank>::build_weights(const ValueType& input) {
  const auto& options = this->options_;
  const std::int64_t channels = channels_of(input, Rank, options.data_format, this->describe());
  depthwise_ = this->add_weight(
      "depthwise_kernel", kernel_shape(options.kernel_size, channels, options.depth_multiplier),
      options.depthwise_initializer, options.depthwise_regularizer, options.depthwise_constraint);
  const Sizes point = std::vector<std::int64_t>(Rank, 1);
  pointwise_ = this->add_weight(
      "pointwise_kernel", kernel_shape(point, channels * options.depth_multiplier, options.filters),
      options.pointwise_initializer, options.pointwise_regularizer, options.pointwise_constraint);
  if (!options.use_bias) return;
  bias_ = this->add_weight("bias", {options.filters}, options.bias_initializer,
                           options.bias_regularizer, options.bias_constraint);
}

template <int Rank>
Value SeparableConvolutionLayer<Rank>::call(Value x, bool /*training*/) {
  const auto& options = this->options_;
  check_channels(x, this->input_types(), Rank, options.data_format, this->describe());
  const Value apart =
      depthwise(to_channels_last(x, options.data_format), depthwise_, window_of(options));
  return finished(convolution(apart, pointwise_), bias_, options);
}

template class ConvolutionLayer<1>;
template class ConvolutionLayer<2>;
template class ConvolutionLayer<3>;
template class TransposedConvolutionLayer<1>;
template class TransposedConvolutionLayer<2>;
template class TransposedConvolutionLayer<3>;
template class DepthwiseConvolutionLayer<1>;
template class DepthwiseConvolutionLayer<2>;
template class SeparableConvolutionLayer<1>;
template class SeparableConvolutionLayer<2>;

}  // namespace tegula::nn
