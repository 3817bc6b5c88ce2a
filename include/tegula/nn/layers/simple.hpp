#pragma once
// Small layers: activations with options of their own, embeddings, dropout of whole channels.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "tegula/nn/axes.hpp"
#include "tegula/nn/layer_with_options.hpp"
#include "tegula/nn/sizes.hpp"

namespace tegula::nn {

struct EmbeddingOptions {
  std::int64_t input_dim = 0;
  std::int64_t output_dim = 0;
  Initializer embeddings_initializer = "uniform";
  Regularizer embeddings_regularizer = {};
  Constraint embeddings_constraint = {};
  /// Row 0 then stands for nothing.
  bool mask_zero = false;
  std::string name = {};
  static auto fields() {
    using Self = EmbeddingOptions;
    return std::tuple{
        field<&Self::input_dim>("input_dim", "Number of rows: 1 more than the largest index.",
                                at_least(1))
            .required()
            .fixed_when_built(),
        field<&Self::output_dim>("output_dim", "Size of a row.", at_least(1))
            .required()
            .fixed_when_built(),
        field<&Self::embeddings_initializer>("embeddings_initializer", "First rows.")
            .fixed_when_built(),
        field<&Self::embeddings_regularizer>("embeddings_regularizer", "Penalty on the rows.")
            .fixed_when_built(),
        field<&Self::embeddings_constraint>("embeddings_constraint",
                                            "What the rows become after updates.")
            .fixed_when_built(),
        field<&Self::mask_zero>("mask_zero", "Whether index 0 is masked."),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API EmbeddingLayer : public LayerWithOptions<EmbeddingLayer, EmbeddingOptions> {
 public:
  static constexpr const char* kName = "Embedding";
  static constexpr const char* kDoc =
      "A row of a table for each index: [batch, ...] of integers to [batch, ..., output_dim].";
  explicit EmbeddingLayer(EmbeddingOptions options);
  DType input_dtype(std::size_t input, DType given) const override;

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;
  Masks compute_mask(const Values& x, const Masks& masks) override;

 private:
  Weight embeddings_;
};
using Embedding = MakeLayer<EmbeddingLayer>;

struct MaskingOptions {
  double mask_value = 0;
  std::string name = {};
  static auto fields() {
    return std::tuple{field<&MaskingOptions::mask_value>(
                          "mask_value", "What masked steps consist of.", any_finite),
                      field<&MaskingOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API MaskingLayer : public LayerWithOptions<MaskingLayer, MaskingOptions> {
 public:
  static constexpr const char* kName = "Masking";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "Masks the steps all of whose features are `mask_value`, and makes them 0.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
  Masks compute_mask(const Values& x, const Masks& masks) override;
};
using Masking = MakeLayer<MaskingLayer>;

struct IdentityLayerOptions {
  std::string name = {};
  static auto fields() {
    return std::tuple{field<&IdentityLayerOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API IdentityLayer : public LayerWithOptions<IdentityLayer, IdentityLayerOptions> {
 public:
  static constexpr const char* kName = "Identity";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "Its input.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};

struct ReLUOptions {
  std::optional<double> max_value = {};
  double negative_slope = 0;
  double threshold = 0;
  std::string name = {};
  static auto fields() {
    using Self = ReLUOptions;
    return std::tuple{
        field<&Self::max_value>("max_value", "Largest result; none: no bound.", at_least(0)),
        field<&Self::negative_slope>("negative_slope", "Factor below the threshold.", at_least(0)),
        field<&Self::threshold>("threshold", "Where inputs begin to pass.", at_least(0)),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API ReLULayer : public LayerWithOptions<ReLULayer, ReLUOptions> {
 public:
  static constexpr const char* kName = "ReLU";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "x where it is at least the threshold, at most max_value; else negative_slope * (x - "
      "threshold).";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};
using ReLU = MakeLayer<ReLULayer>;

struct LeakyReLUOptions {
  double negative_slope = 0.3;
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&LeakyReLUOptions::negative_slope>("negative_slope", "Factor below 0.", at_least(0)),
        field<&LeakyReLUOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API LeakyReLULayer : public LayerWithOptions<LeakyReLULayer, LeakyReLUOptions> {
 public:
  static constexpr const char* kName = "LeakyReLU";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "x where it is positive, else negative_slope * x.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};
using LeakyReLU = MakeLayer<LeakyReLULayer>;

struct ELUOptions {
  double alpha = 1;
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&ELUOptions::alpha>("alpha", "Minus the limit at minus infinity.", any_finite),
        field<&ELUOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API ELULayer : public LayerWithOptions<ELULayer, ELUOptions> {
 public:
  static constexpr const char* kName = "ELU";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "x where it is positive, else alpha * (exp(x) - 1).";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};
using ELU = MakeLayer<ELULayer>;

struct PReLUOptions {
  Initializer alpha_initializer = "zeros";
  Regularizer alpha_regularizer = {};
  Constraint alpha_constraint = {};
  /// Counted from 1; the slopes are the same along these.
  Axes shared_axes = {};
  std::string name = {};
  static auto fields() {
    using Self = PReLUOptions;
    return std::tuple{
        field<&Self::alpha_initializer>("alpha_initializer", "First slopes.").fixed_when_built(),
        field<&Self::alpha_regularizer>("alpha_regularizer", "Penalty on the slopes.")
            .fixed_when_built(),
        field<&Self::alpha_constraint>("alpha_constraint", "What slopes become after updates.")
            .fixed_when_built(),
        field<&Self::shared_axes>("shared_axes", "Axes, from 1, along which the slope is the same.",
                                  any_finite)
            .fixed_when_built(),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API PReLULayer : public LayerWithOptions<PReLULayer, PReLUOptions> {
 public:
  static constexpr const char* kName = "PReLU";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "x where it is positive, else a trained slope times x.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;

 private:
  Weight alpha_;
};
using PReLU = MakeLayer<PReLULayer>;

struct SoftmaxOptions {
  Axes axis = -1;
  std::string name = {};
  static auto fields() {
    return std::tuple{field<&SoftmaxOptions::axis>("axis", "The axes that sum to 1.", any_finite),
                      field<&SoftmaxOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API SoftmaxLayer : public LayerWithOptions<SoftmaxLayer, SoftmaxOptions> {
 public:
  static constexpr const char* kName = "Softmax";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "exp(x), divided by its sum over axes.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};
using Softmax = MakeLayer<SoftmaxLayer>;

struct RescalingOptions {
  double scale = 1;
  double offset = 0;
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&RescalingOptions::scale>("scale", "Factor of the input.", any_finite).required(),
        field<&RescalingOptions::offset>("offset", "Added to the product.", any_finite),
        field<&RescalingOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API RescalingLayer : public LayerWithOptions<RescalingLayer, RescalingOptions> {
 public:
  static constexpr const char* kName = "Rescaling";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "x * scale + offset.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};
using Rescaling = MakeLayer<RescalingLayer>;

struct ActivityRegularizationOptions {
  double l1 = 0;
  double l2 = 0;
  std::string name = {};
  static auto fields() {
    using Self = ActivityRegularizationOptions;
    return std::tuple{field<&Self::l1>("l1", "Factor of the sum of magnitudes.", at_least(0)),
                      field<&Self::l2>("l2", "Factor of the sum of squares.", at_least(0)),
                      field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API ActivityRegularizationLayer
    : public LayerWithOptions<ActivityRegularizationLayer, ActivityRegularizationOptions> {
 public:
  static constexpr const char* kName = "ActivityRegularization";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "Its input; adds a penalty on it to the loss.";
  using LayerWithOptions::LayerWithOptions;
  Regularizer activity_regularizer() const override;

 protected:
  Value call(Value x, bool training) override;
};
using ActivityRegularization = MakeLayer<ActivityRegularizationLayer>;

template <int Rank>
struct SpatialDropoutOptions {
  double rate = 0.5;
  std::string data_format = "channels_last";
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = SpatialDropoutOptions;
    return std::tuple{
        field<&Self::rate>("rate", "Fraction of the channels to zero.", in_range(0, 1)).required(),
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\"."),
        field<&Self::seed>("seed", "Replaces the model's seed for this layer.", any_finite),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
template <int Rank>
class TEGULA_API SpatialDropoutLayer
    : public LayerWithOptions<SpatialDropoutLayer<Rank>, SpatialDropoutOptions<Rank>> {
 public:
  using Base = LayerWithOptions<SpatialDropoutLayer<Rank>, SpatialDropoutOptions<Rank>>;
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kName = Rank == 1   ? "SpatialDropout1D"
                                       : Rank == 2 ? "SpatialDropout2D"
                                                   : "SpatialDropout3D";
  static constexpr const char* kDoc =
      "While training, zeroes whole channels and scales the others by 1 / (1 - rate).";
  explicit SpatialDropoutLayer(SpatialDropoutOptions<Rank> options);

 protected:
  Value call(Value x, bool training) override;
};
using SpatialDropout1D = MakeLayer<SpatialDropoutLayer<1>>;
using SpatialDropout2D = MakeLayer<SpatialDropoutLayer<2>>;
using SpatialDropout3D = MakeLayer<SpatialDropoutLayer<3>>;

}  // namespace tegula::nn
