#pragma once
// Layers that give their inputs mean 0, variance 1 or norm 1.

#include <cstdint>
#include <string>
#include <tuple>

#include "tegula/nn/axes.hpp"
#include "tegula/nn/layer_with_options.hpp"
#include "tegula/nn/weight_fields.hpp"

namespace tegula::nn {

/// Base of layers that end with a trained scale and offset of features.
template <typename Derived, HasFields OptionsType>
class AffineLayer : public LayerWithOptions<Derived, OptionsType> {
 public:
  using LayerWithOptions<Derived, OptionsType>::LayerWithOptions;

 protected:
  /// Makes those of gamma and beta that the options ask for.
  void add_affine(const Shape& shape) {
    add_affine(shape, this->options_.scale, this->options_.center);
  }
  void add_affine(const Shape& shape, bool scale, bool center) {
    const OptionsType& options = this->options_;
    if (scale) {
      gamma_ = this->add_weight("gamma", shape, options.gamma_initializer,
                                options.gamma_regularizer, options.gamma_constraint);
    }
    if (center) {
      beta_ = this->add_weight("beta", shape, options.beta_initializer, options.beta_regularizer,
                               options.beta_constraint);
    }
  }

  Weight gamma_;
  Weight beta_;
};

struct BatchNormalizationOptions {
  std::int64_t axis = -1;
  double momentum = 0.99;
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = "zeros";
  Initializer gamma_initializer = "ones";
  Initializer moving_mean_initializer = "zeros";
  Initializer moving_variance_initializer = "ones";
  Regularizer beta_regularizer = {};
  Regularizer gamma_regularizer = {};
  Constraint beta_constraint = {};
  Constraint gamma_constraint = {};
  /// Only false: the batch's statistics are used as they are.
  bool renorm = false;
  /// Without effect, as there is no `renorm`.
  double renorm_momentum = 0.99;
  /// Only false: there is one replica.
  bool synchronized = false;
  std::string name = {};
  static auto fields() {
    using Self = BatchNormalizationOptions;
    return std::tuple_cat(
        std::tuple{
            field<&Self::axis>("axis", "The axis of the features.", any_finite).fixed_when_built(),
            field<&Self::momentum>("momentum", "What moving statistics keep per step.",
                                   in_range(0, 1))},
        affine_fields<Self>(),
        std::tuple{
            field<&Self::moving_mean_initializer>("moving_mean_initializer", "First moving mean.")
                .fixed_when_built(),
            field<&Self::moving_variance_initializer>("moving_variance_initializer",
                                                      "First moving variance.")
                .fixed_when_built()},
        affine_rule_fields<Self>(),
        std::tuple{field<&Self::synchronized>("synchronized", "Only False: there is one replica."),
                   field<&Self::renorm>("renorm", "Only False."),
                   field<&Self::renorm_momentum>(
                       "renorm_momentum", "Without effect, as there is no renorm.", in_range(0, 1)),
                   field<&Self::name>("name", "Name of the layer.")});
  }
};
class TEGULA_API BatchNormalizationLayer
    : public AffineLayer<BatchNormalizationLayer, BatchNormalizationOptions> {
 public:
  static constexpr const char* kName = "BatchNormalization";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "Subtracts the mean and divides by the deviation of each feature: the batch's while it "
      "trains, moving ones otherwise and when it is frozen.";
  /// Throws InvalidArgument for `renorm` and `synchronized`.
  explicit BatchNormalizationLayer(BatchNormalizationOptions options);

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;

 private:
  Value normalized_by_batch(const Value& x, int axis);
  void move_averages(const Value& mean, const Value& variance);

  Weight moving_mean_;
  Weight moving_variance_;
};
using BatchNormalization = MakeLayer<BatchNormalizationLayer>;

struct LayerNormalizationOptions {
  Axes axis = -1;
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = "zeros";
  Initializer gamma_initializer = "ones";
  Regularizer beta_regularizer = {};
  Regularizer gamma_regularizer = {};
  Constraint beta_constraint = {};
  Constraint gamma_constraint = {};
  /// Divides by the deviation without subtracting the mean, with gamma and without beta; deprecated
  /// by Keras, as the root of the mean square is something else (RMSNormalization).
  bool rms_scaling = false;
  std::string name = {};
  static auto fields() {
    using Self = LayerNormalizationOptions;
    return std::tuple_cat(
        std::tuple{field<&Self::axis>("axis", "The axes that are normalized.", any_finite)
                       .fixed_when_built()},
        affine_fields<Self>(), affine_rule_fields<Self>(),
        std::tuple{field<&Self::rms_scaling>("rms_scaling",
                                             "Whether to divide by the deviation only, with gamma "
                                             "and without beta; deprecated.")
                       .fixed_when_built(),
                   field<&Self::name>("name", "Name of the layer.")});
  }
};
class TEGULA_API LayerNormalizationLayer
    : public AffineLayer<LayerNormalizationLayer, LayerNormalizationOptions> {
 public:
  static constexpr const char* kName = "LayerNormalization";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "Subtracts the mean and divides by the deviation over axes of each sample.";
  explicit LayerNormalizationLayer(LayerNormalizationOptions options);

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;
};
using LayerNormalization = MakeLayer<LayerNormalizationLayer>;

struct GroupNormalizationOptions {
  std::int64_t groups = 32;
  std::int64_t axis = -1;
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = "zeros";
  Initializer gamma_initializer = "ones";
  Regularizer beta_regularizer = {};
  Regularizer gamma_regularizer = {};
  Constraint beta_constraint = {};
  Constraint gamma_constraint = {};
  std::string name = {};
  static auto fields() {
    using Self = GroupNormalizationOptions;
    return std::tuple_cat(
        std::tuple{
            field<&Self::groups>("groups", "Parts of the channels; -1: as many as channels.",
                                 at_least(-1))
                .fixed_when_built(),
            field<&Self::axis>("axis", "The axis of the channels.", any_finite).fixed_when_built()},
        affine_fields<Self>(), affine_rule_fields<Self>(),
        std::tuple{field<&Self::name>("name", "Name of the layer.")});
  }
};
class TEGULA_API GroupNormalizationLayer
    : public AffineLayer<GroupNormalizationLayer, GroupNormalizationOptions> {
 public:
  static constexpr const char* kName = "GroupNormalization";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "Subtracts the mean and divides by the deviation over groups of channels of each sample.";
  using AffineLayer::AffineLayer;

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;
};
using GroupNormalization = MakeLayer<GroupNormalizationLayer>;

struct RMSNormalizationOptions {
  Axes axis = -1;
  double epsilon = 1e-6;
  std::string name = {};
  static auto fields() {
    using Self = RMSNormalizationOptions;
    return std::tuple{
        field<&Self::axis>("axis", "The axes that are normalized.", any_finite).fixed_when_built(),
        field<&Self::epsilon>("epsilon", "Added to the mean square.", at_least(0)),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API RMSNormalizationLayer
    : public LayerWithOptions<RMSNormalizationLayer, RMSNormalizationOptions> {
 public:
  static constexpr const char* kName = "RMSNormalization";
  static constexpr const char* kDoc =
      "Divides by the root of the mean square over axes of each sample, times a scale.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;

 private:
  Weight scale_;
};
using RMSNormalization = MakeLayer<RMSNormalizationLayer>;

struct UnitNormalizationOptions {
  Axes axis = -1;
  std::string name = {};
  static auto fields() {
    using Self = UnitNormalizationOptions;
    return std::tuple{field<&Self::axis>("axis", "The axes that get norm 1.", any_finite),
                      field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API UnitNormalizationLayer
    : public LayerWithOptions<UnitNormalizationLayer, UnitNormalizationOptions> {
 public:
  static constexpr const char* kName = "UnitNormalization";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "Gives each sample norm 1 along axes.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};
using UnitNormalization = MakeLayer<UnitNormalizationLayer>;

}  // namespace tegula::nn
