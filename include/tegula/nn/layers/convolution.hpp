#pragma once
// Convolutions over one to three spatial axes.

#include <cstdint>
#include <string>
#include <tuple>

#include "tegula/nn/activation.hpp"
#include "tegula/nn/layer_with_options.hpp"
#include "tegula/nn/sizes.hpp"
#include "tegula/nn/weight_fields.hpp"

namespace tegula::nn {

/// "channels_last" or "channels_first"; empty means the former. Throws InvalidArgument for others.
TEGULA_API std::string checked_data_format(const std::string& format, std::string_view owner);

template <int Rank>
struct ConvolutionLayerOptions {
  std::int64_t filters = 0;
  Sizes kernel_size = {};
  Sizes strides = 1;
  std::string padding = "valid";
  std::string data_format = "channels_last";
  Sizes dilation_rate = 1;
  std::int64_t groups = 1;
  Activation activation = {};
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};
  static auto fields() {
    using Self = ConvolutionLayerOptions;
    return std::tuple_cat(
        std::tuple{
            field<&Self::filters>("filters", "Number of filters.", at_least(1))
                .required()
                .fixed_when_built(),
            field<&Self::kernel_size>("kernel_size", "Size of the window.")
                .required()
                .fixed_when_built(),
            field<&Self::strides>("strides", "Steps of the window."),
            field<&Self::padding>(
                "padding",
                "\"valid\": windows within the input; \"same\": as many as steps; "
                "\"causal\" (1D): windows end at their place."),
            field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\".")
                .fixed_when_built(),
            field<&Self::dilation_rate>("dilation_rate", "Distance of the window's taps."),
            field<&Self::groups>("groups", "Parts of the channels that are convolved apart.",
                                 at_least(1))
                .fixed_when_built()},
        kernel_and_bias_fields<Self>());
  }
};

/// kernel [window..., channels / groups, filters] slides over [batch, spatial..., channels].
template <int Rank>
class TEGULA_API ConvolutionLayer
    : public LayerWithOptions<ConvolutionLayer<Rank>, ConvolutionLayerOptions<Rank>> {
 public:
  using Base = LayerWithOptions<ConvolutionLayer<Rank>, ConvolutionLayerOptions<Rank>>;
  static constexpr const char* kName = Rank == 1 ? "Conv1D" : Rank == 2 ? "Conv2D" : "Conv3D";
  static constexpr const char* kDoc =
      "activation(convolution(x, kernel) + bias): [batch, spatial..., channels] to [batch, "
      "spatial..., filters].";
  explicit ConvolutionLayer(ConvolutionLayerOptions<Rank> options);
  Regularizer activity_regularizer() const override { return this->options_.activity_regularizer; }

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;

 private:
  Weight kernel_;
  Weight bias_;
};
using Conv1D = MakeLayer<ConvolutionLayer<1>>;
using Conv2D = MakeLayer<ConvolutionLayer<2>>;
using Conv3D = MakeLayer<ConvolutionLayer<3>>;

template <int Rank>
struct TransposedConvolutionOptions {
  std::int64_t filters = 0;
  Sizes kernel_size = {};
  Sizes strides = 1;
  std::string padding = "valid";
  Sizes output_padding = {};
  std::string data_format = "channels_last";
  Sizes dilation_rate = 1;
  Activation activation = {};
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};
  static auto fields() {
    using Self = TransposedConvolutionOptions;
    return std::tuple_cat(
        std::tuple{
            field<&Self::filters>("filters", "Number of filters.", at_least(1))
                .required()
                .fixed_when_built(),
            field<&Self::kernel_size>("kernel_size", "Size of the window.")
                .required()
                .fixed_when_built(),
            field<&Self::strides>("strides", "Steps of the window in the output."),
            field<&Self::padding>("padding", "\"valid\" or \"same\"."),
            field<&Self::output_padding>(
                "output_padding", "Elements added at the end of each axis; none: by padding."),
            field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\".")
                .fixed_when_built(),
            field<&Self::dilation_rate>("dilation_rate", "Distance of the window's taps.")},
        kernel_and_bias_fields<Self>());
  }
};

/// kernel [window..., filters, channels]: the gradient of a convolution with respect to its input.
template <int Rank>
class TEGULA_API TransposedConvolutionLayer
    : public LayerWithOptions<TransposedConvolutionLayer<Rank>,
                              TransposedConvolutionOptions<Rank>> {
 public:
  using Base =
      LayerWithOptions<TransposedConvolutionLayer<Rank>, TransposedConvolutionOptions<Rank>>;
  static constexpr const char* kName = Rank == 1   ? "Conv1DTranspose"
                                       : Rank == 2 ? "Conv2DTranspose"
                                                   : "Conv3DTranspose";
  static constexpr const char* kDoc =
      "The gradient of a convolution: [batch, spatial..., channels] to [batch, larger..., "
      "filters].";
  explicit TransposedConvolutionLayer(TransposedConvolutionOptions<Rank> options);
  Regularizer activity_regularizer() const override { return this->options_.activity_regularizer; }

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;

 private:
  Weight kernel_;
  Weight bias_;
};
using Conv1DTranspose = MakeLayer<TransposedConvolutionLayer<1>>;
using Conv2DTranspose = MakeLayer<TransposedConvolutionLayer<2>>;
using Conv3DTranspose = MakeLayer<TransposedConvolutionLayer<3>>;

template <int Rank>
struct DepthwiseConvolutionOptions {
  Sizes kernel_size = {};
  Sizes strides = 1;
  std::string padding = "valid";
  std::int64_t depth_multiplier = 1;
  std::string data_format = "channels_last";
  Sizes dilation_rate = 1;
  Activation activation = {};
  bool use_bias = true;
  Initializer depthwise_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer depthwise_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint depthwise_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};
  static auto fields() {
    using Self = DepthwiseConvolutionOptions;
    return std::tuple{
        field<&Self::kernel_size>("kernel_size", "Size of the window.")
            .required()
            .fixed_when_built(),
        field<&Self::strides>("strides", "Steps of the window."),
        field<&Self::padding>("padding", "\"valid\" or \"same\"."),
        field<&Self::depth_multiplier>("depth_multiplier", "Filters per channel.", at_least(1))
            .fixed_when_built(),
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\".")
            .fixed_when_built(),
        field<&Self::dilation_rate>("dilation_rate", "Distance of the window's taps."),
        field<&Self::activation>("activation", "Applied to the result; none: linear."),
        field<&Self::use_bias>("use_bias", "Whether a bias is added.").fixed_when_built(),
        field<&Self::depthwise_initializer>("depthwise_initializer", "First kernel.")
            .fixed_when_built(),
        field<&Self::bias_initializer>("bias_initializer", "First bias.").fixed_when_built(),
        field<&Self::depthwise_regularizer>("depthwise_regularizer", "Penalty on the kernel.")
            .fixed_when_built(),
        field<&Self::bias_regularizer>("bias_regularizer", "Penalty on the bias.")
            .fixed_when_built(),
        field<&Self::activity_regularizer>("activity_regularizer", "Penalty on the output."),
        field<&Self::depthwise_constraint>("depthwise_constraint",
                                           "What the kernel becomes after updates.")
            .fixed_when_built(),
        field<&Self::bias_constraint>("bias_constraint", "What the bias becomes after updates.")
            .fixed_when_built(),
        field<&Self::name>("name", "Name of the layer.")};
  }
};

/// kernel [window..., channels, depth_multiplier]: each channel has filters of its own.
template <int Rank>
class TEGULA_API DepthwiseConvolutionLayer
    : public LayerWithOptions<DepthwiseConvolutionLayer<Rank>, DepthwiseConvolutionOptions<Rank>> {
 public:
  using Base = LayerWithOptions<DepthwiseConvolutionLayer<Rank>, DepthwiseConvolutionOptions<Rank>>;
  static constexpr const char* kName = Rank == 1 ? "DepthwiseConv1D" : "DepthwiseConv2D";
  static constexpr const char* kDoc =
      "Convolves each channel by filters of its own: [batch, spatial..., channels] to [batch, "
      "spatial..., channels * depth_multiplier].";
  explicit DepthwiseConvolutionLayer(DepthwiseConvolutionOptions<Rank> options);
  Regularizer activity_regularizer() const override { return this->options_.activity_regularizer; }

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;

 private:
  Weight kernel_;
  Weight bias_;
};
using DepthwiseConv1D = MakeLayer<DepthwiseConvolutionLayer<1>>;
using DepthwiseConv2D = MakeLayer<DepthwiseConvolutionLayer<2>>;

template <int Rank>
struct SeparableConvolutionOptions {
  std::int64_t filters = 0;
  Sizes kernel_size = {};
  Sizes strides = 1;
  std::string padding = "valid";
  std::string data_format = "channels_last";
  Sizes dilation_rate = 1;
  std::int64_t depth_multiplier = 1;
  Activation activation = {};
  bool use_bias = true;
  Initializer depthwise_initializer = "glorot_uniform";
  Initializer pointwise_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer depthwise_regularizer = {};
  Regularizer pointwise_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint depthwise_constraint = {};
  Constraint pointwise_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};
  static auto fields() {
    using Self = SeparableConvolutionOptions;
    return std::tuple{
        field<&Self::filters>("filters", "Number of filters.", at_least(1))
            .required()
            .fixed_when_built(),
        field<&Self::kernel_size>("kernel_size", "Size of the window.")
            .required()
            .fixed_when_built(),
        field<&Self::strides>("strides", "Steps of the window."),
        field<&Self::padding>("padding", "\"valid\" or \"same\"; of one axis also \"causal\"."),
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\".")
            .fixed_when_built(),
        field<&Self::dilation_rate>("dilation_rate", "Distance of the window's taps."),
        field<&Self::depth_multiplier>("depth_multiplier", "Filters per channel.", at_least(1))
            .fixed_when_built(),
        field<&Self::activation>("activation", "Applied to the result; none: linear."),
        field<&Self::use_bias>("use_bias", "Whether a bias is added.").fixed_when_built(),
        field<&Self::depthwise_initializer>("depthwise_initializer", "First depthwise kernel.")
            .fixed_when_built(),
        field<&Self::pointwise_initializer>("pointwise_initializer", "First pointwise kernel.")
            .fixed_when_built(),
        field<&Self::bias_initializer>("bias_initializer", "First bias.").fixed_when_built(),
        field<&Self::depthwise_regularizer>("depthwise_regularizer",
                                            "Penalty on the depthwise kernel.")
            .fixed_when_built(),
        field<&Self::pointwise_regularizer>("pointwise_regularizer",
                                            "Penalty on the pointwise kernel.")
            .fixed_when_built(),
        field<&Self::bias_regularizer>("bias_regularizer", "Penalty on the bias.")
            .fixed_when_built(),
        field<&Self::activity_regularizer>("activity_regularizer", "Penalty on the output."),
        field<&Self::depthwise_constraint>("depthwise_constraint",
                                           "What the depthwise kernel becomes after updates.")
            .fixed_when_built(),
        field<&Self::pointwise_constraint>("pointwise_constraint",
                                           "What the pointwise kernel becomes after updates.")
            .fixed_when_built(),
        field<&Self::bias_constraint>("bias_constraint", "What the bias becomes after updates.")
            .fixed_when_built(),
        field<&Self::name>("name", "Name of the layer.")};
  }
};

/// A depthwise convolution, then one with windows of size 1 that mixes the channels.
template <int Rank>
class TEGULA_API SeparableConvolutionLayer
    : public LayerWithOptions<SeparableConvolutionLayer<Rank>, SeparableConvolutionOptions<Rank>> {
 public:
  using Base = LayerWithOptions<SeparableConvolutionLayer<Rank>, SeparableConvolutionOptions<Rank>>;
  static constexpr const char* kName = Rank == 1 ? "SeparableConv1D" : "SeparableConv2D";
  static constexpr const char* kDoc =
      "Convolves each channel apart, then mixes the channels: [batch, spatial..., channels] to "
      "[batch, spatial..., filters].";
  explicit SeparableConvolutionLayer(SeparableConvolutionOptions<Rank> options);
  Regularizer activity_regularizer() const override { return this->options_.activity_regularizer; }

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;

 private:
  Weight depthwise_;
  Weight pointwise_;
  Weight bias_;
};
using SeparableConv1D = MakeLayer<SeparableConvolutionLayer<1>>;
using SeparableConv2D = MakeLayer<SeparableConvolutionLayer<2>>;

}  // namespace tegula::nn
