#pragma once
// The layers, with Keras's names, arguments and defaults. Each states its arguments once, in
// `fields()`; configs, Python signatures and documentation come from there.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/nn/activation.hpp"
#include "tegula/nn/layer_with_options.hpp"
#include "tegula/nn/layers/adaptive_pooling.hpp"
#include "tegula/nn/layers/convolution.hpp"
#include "tegula/nn/layers/einsum.hpp"
#include "tegula/nn/layers/merging.hpp"
#include "tegula/nn/layers/noise.hpp"
#include "tegula/nn/layers/normalization.hpp"
#include "tegula/nn/layers/pooling.hpp"
#include "tegula/nn/layers/reshaping.hpp"
#include "tegula/nn/layers/resizing.hpp"
#include "tegula/nn/layers/simple.hpp"
#include "tegula/nn/weight_fields.hpp"

namespace tegula::nn {

struct InputOptions {
  /// Shape of one sample, without the batch dimension.
  Shape shape;
  std::optional<std::int64_t> batch_size = {};
  std::string dtype = "float32";
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&InputOptions::shape>("shape", "Shape of one sample.").fixed_when_built(),
        field<&InputOptions::batch_size>("batch_size", "Fixed batch size, or None.", at_least(1))
            .fixed_when_built(),
        field<&InputOptions::dtype>("dtype", "Element type of the data.").fixed_when_built(),
        field<&InputOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API InputLayer : public LayerWithOptions<InputLayer, InputOptions> {
 public:
  static constexpr const char* kName = "InputLayer";
  static constexpr const char* kDoc = "States the shape of the model's input.";
  using LayerWithOptions::LayerWithOptions;
  /// Of a batch.
  ValueType type() const;

 protected:
  Value call(Value x, bool training) override;
};
/// A symbol to call layers on, for a `Model(inputs, outputs)`, or the first entry of a
/// `Sequential`.
class Input : public Layer {
 public:
  Input(const Shape& shape,  // NOLINT: implicit by design
        std::source_location location = std::source_location::current())
      : Input(InputOptions{.shape = shape}, location) {}
  TEGULA_API Input(InputOptions options,  // NOLINT: implicit by design
                   std::source_location location = std::source_location::current());

  /// Lives as long as this object, or a model of it: not for one that nothing keeps.
  operator Value() const& { return symbol_; }    // NOLINT: implicit by design
  operator Operand() const& { return symbol_; }  // NOLINT: implicit by design
  operator Value() && = delete;
  operator Operand() && = delete;

 private:
  Graph graph_;
  Value symbol_;
};

struct DenseOptions {
  std::int64_t units = 0;
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
    return std::tuple_cat(
        std::tuple{field<&DenseOptions::units>("units", "Size of the output.", at_least(1))
                       .required()
                       .fixed_when_built()},
        kernel_and_bias_fields<DenseOptions>());
  }
};
class TEGULA_API DenseLayer : public LayerWithOptions<DenseLayer, DenseOptions> {
 public:
  static constexpr const char* kName = "Dense";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "activation(x · kernel + bias): [batch, ..., n] to [batch, ..., units].";
  using LayerWithOptions::LayerWithOptions;
  Regularizer activity_regularizer() const override { return options_.activity_regularizer; }

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;

 private:
  Weight kernel_;
  Weight bias_;
};
using Dense = MakeLayer<DenseLayer>;

struct DropoutOptions {
  double rate = 0.5;
  std::optional<Shape> noise_shape = {};
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&DropoutOptions::rate>("rate", "Fraction of the inputs to zero.", in_range(0, 1))
            .required(),
        field<&DropoutOptions::noise_shape>(
            "noise_shape",
            "Shape of the mask: 1 where a dimension shares it, None for the input's size."),
        field<&DropoutOptions::seed>("seed", "Replaces the model's seed for this layer.",
                                     any_finite),
        field<&DropoutOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API DropoutLayer : public LayerWithOptions<DropoutLayer, DropoutOptions> {
 public:
  static constexpr const char* kName = "Dropout";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "While training, zeroes a fraction of the inputs and scales the others by 1 / (1 - rate).";
  explicit DropoutLayer(DropoutOptions options);

 protected:
  Value call(Value x, bool training) override;
};
using Dropout = MakeLayer<DropoutLayer>;

struct ActivationOptions {
  nn::Activation activation = {};
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&ActivationOptions::activation>("activation", "Name or function.").required(),
        field<&ActivationOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API ActivationLayer : public LayerWithOptions<ActivationLayer, ActivationOptions> {
 public:
  static constexpr const char* kName = "Activation";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "Applies an activation function.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};

struct FlattenOptions {
  /// "channels_first" moves axis 1 to the end before flattening.
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    return std::tuple{field<&FlattenOptions::data_format>(
                          "data_format", "\"channels_last\" or \"channels_first\"."),
                      field<&FlattenOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API FlattenLayer : public LayerWithOptions<FlattenLayer, FlattenOptions> {
 public:
  static constexpr const char* kName = "Flatten";
  static constexpr const char* kDoc = "[batch, ...] to [batch, n]; [batch] to [batch, 1].";
  explicit FlattenLayer(FlattenOptions options);

 protected:
  Value call(Value x, bool training) override;
};
using Flatten = MakeLayer<FlattenLayer>;

struct ReshapeOptions {
  /// Without the batch dimension; one dimension may be -1.
  std::vector<std::int64_t> target_shape = {};
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&ReshapeOptions::target_shape>(
            "target_shape", "Shape of one sample; one dimension may be -1.", at_least(-1))
            .required(),
        field<&ReshapeOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API ReshapeLayer : public LayerWithOptions<ReshapeLayer, ReshapeOptions> {
 public:
  static constexpr const char* kName = "Reshape";
  static constexpr const char* kDoc = "Gives each sample another shape.";
  explicit ReshapeLayer(ReshapeOptions options);

 protected:
  Value call(Value x, bool training) override;
};
using Reshape = MakeLayer<ReshapeLayer>;

}  // namespace tegula::nn
