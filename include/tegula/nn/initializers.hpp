#pragma once
// The initializers, with Keras's names, arguments and defaults. A `seed` makes the values a
// function of it alone; without one they follow from the model's seed.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/graph/initializers.hpp"
#include "tegula/nn/initializer.hpp"

namespace tegula::nn {

struct ZerosOptions {
  static auto fields() { return std::tuple{}; }
};
class TEGULA_API ZerosInitializer
    : public WithOptions<InitializerBase, ZerosInitializer, ZerosOptions> {
 public:
  static constexpr const char* kName = "Zeros";
  static constexpr const char* kDoc = "All 0.";
  using WithOptions::WithOptions;
  InitialValue operator()(const ValueType& type) const override;
};
using Zeros = Make<ZerosInitializer, Initializer>;

class TEGULA_API OnesInitializer
    : public WithOptions<InitializerBase, OnesInitializer, ZerosOptions> {
 public:
  static constexpr const char* kName = "Ones";
  static constexpr const char* kDoc = "All 1.";
  using WithOptions::WithOptions;
  InitialValue operator()(const ValueType& type) const override;
};
using Ones = Make<OnesInitializer, Initializer>;

/// A number, or an array as nested lists of numbers.
class TEGULA_API ConstantValue {
 public:
  ConstantValue(double value) : content_(value) {}  // NOLINT: implicit by design
  ConstantValue(const Tensor& value);               // NOLINT: implicit by design

  Tensor tensor() const;
  const Config& content() const { return content_; }

 private:
  friend TEGULA_API void from_config(const Config& config, ConstantValue& value);

  Config content_;
};
template <>
inline constexpr bool holds_numbers<ConstantValue> = true;
inline std::string type_name(const ConstantValue&) { return "number or list"; }
TEGULA_API Config to_config(const ConstantValue& value);
/// Throws InvalidArgument for anything but numbers in lists of equal lengths.
TEGULA_API void from_config(const Config& config, ConstantValue& value);

struct ConstantOptions {
  ConstantValue value = 0.0;
  static auto fields() {
    return std::tuple{field<&ConstantOptions::value>(
        "value", "Every element, or an array that is broadcast.", any_finite.or_infinite())};
  }
};
class TEGULA_API ConstantInitializer
    : public WithOptions<InitializerBase, ConstantInitializer, ConstantOptions> {
 public:
  static constexpr const char* kName = "Constant";
  static constexpr const char* kDoc = "All one value, or an array.";
  using WithOptions::WithOptions;
  InitialValue operator()(const ValueType& type) const override;
};
using Constant = Make<ConstantInitializer, Initializer>;

struct IdentityOptions {
  double gain = 1;
  static auto fields() {
    return std::tuple{field<&IdentityOptions::gain>("gain", "Value on the diagonal.", any_finite)};
  }
};
class TEGULA_API IdentityInitializer
    : public WithOptions<InitializerBase, IdentityInitializer, IdentityOptions> {
 public:
  static constexpr const char* kName = "Identity";
  static constexpr const char* kDoc = "The identity matrix times a gain.";
  using WithOptions::WithOptions;
  InitialValue operator()(const ValueType& type) const override;
};
using Identity = Make<IdentityInitializer, Initializer>;

struct RandomUniformOptions {
  double minval = -0.05;
  double maxval = 0.05;
  std::optional<std::int64_t> seed = {};
  static auto fields() {
    using Self = RandomUniformOptions;
    return std::tuple{field<&Self::minval>("minval", "Lower bound.", any_finite),
                      field<&Self::maxval>("maxval", "Upper bound, excluded.", any_finite),
                      field<&Self::seed>("seed", "Fixes the values.", any_finite)};
  }
};
class TEGULA_API RandomUniformInitializer
    : public WithOptions<InitializerBase, RandomUniformInitializer, RandomUniformOptions> {
 public:
  static constexpr const char* kName = "RandomUniform";
  static constexpr const char* kDoc = "Uniform between two bounds.";
  using WithOptions::WithOptions;
  InitialValue operator()(const ValueType& type) const override;
};
using RandomUniform = Make<RandomUniformInitializer, Initializer>;

struct NormalOptions {
  double mean = 0;
  double stddev = 0.05;
  std::optional<std::int64_t> seed = {};
  static auto fields() {
    using Self = NormalOptions;
    return std::tuple{field<&Self::mean>("mean", "Mean.", any_finite),
                      field<&Self::stddev>("stddev", "Standard deviation.", at_least(0)),
                      field<&Self::seed>("seed", "Fixes the values.", any_finite)};
  }
};
class TEGULA_API RandomNormalInitializer
    : public WithOptions<InitializerBase, RandomNormalInitializer, NormalOptions> {
 public:
  static constexpr const char* kName = "RandomNormal";
  static constexpr const char* kDoc = "Normal distribution.";
  using WithOptions::WithOptions;
  InitialValue operator()(const ValueType& type) const override;
};
using RandomNormal = Make<RandomNormalInitializer, Initializer>;

class TEGULA_API TruncatedNormalInitializer
    : public WithOptions<InitializerBase, TruncatedNormalInitializer, NormalOptions> {
 public:
  static constexpr const char* kName = "TruncatedNormal";
  static constexpr const char* kDoc = "Normal, within two standard deviations.";
  using WithOptions::WithOptions;
  InitialValue operator()(const ValueType& type) const override;
};
using TruncatedNormal = Make<TruncatedNormalInitializer, Initializer>;

struct VarianceScalingOptions {
  double scale = 1;
  std::string mode = "fan_in";
  std::string distribution = "truncated_normal";
  std::optional<std::int64_t> seed = {};
  std::optional<std::vector<std::int64_t>> input_axes = {};
  std::optional<std::vector<std::int64_t>> output_axes = {};
  static auto fields() {
    using Self = VarianceScalingOptions;
    return std::tuple{
        field<&Self::scale>("scale", "Factor of the variance.", positive),
        field<&Self::mode>("mode", "\"fan_in\", \"fan_out\" or \"fan_avg\"."),
        field<&Self::distribution>("distribution",
                                   "\"truncated_normal\", \"untruncated_normal\" or \"uniform\"."),
        field<&Self::seed>("seed", "Fixes the values.", any_finite),
        field<&Self::input_axes>("input_axes", "Axes whose product is fan_in; with output_axes.",
                                 any_finite),
        field<&Self::output_axes>("output_axes", "Axes whose product is fan_out; with input_axes.",
                                  any_finite)};
  }
};
class TEGULA_API VarianceScalingInitializer
    : public WithOptions<InitializerBase, VarianceScalingInitializer, VarianceScalingOptions> {
 public:
  static constexpr const char* kName = "VarianceScaling";
  static constexpr const char* kDoc = "Variance scale / fan, whatever the distribution.";
  explicit VarianceScalingInitializer(VarianceScalingOptions options);
  InitialValue operator()(const ValueType& type) const override;
};
using VarianceScaling = Make<VarianceScalingInitializer, Initializer>;

struct ScaledOptions {
  std::optional<std::int64_t> seed = {};
  std::optional<std::vector<std::int64_t>> input_axes = {};
  std::optional<std::vector<std::int64_t>> output_axes = {};
  static auto fields() {
    using Self = ScaledOptions;
    return std::tuple{
        field<&Self::seed>("seed", "Fixes the values.", any_finite),
        field<&Self::input_axes>("input_axes", "Axes whose product is fan_in; with output_axes.",
                                 any_finite),
        field<&Self::output_axes>("output_axes", "Axes whose product is fan_out; with input_axes.",
                                  any_finite)};
  }
};

/// A fixed choice of variance and distribution: one row per name.
struct ScaledRule {
  const char* name;
  const char* doc;
  double scale;
  FanMode mode;
  WeightDistribution distribution;
};
template <const ScaledRule& Rule>
class ScaledInitializer
    : public WithOptions<InitializerBase, ScaledInitializer<Rule>, ScaledOptions> {
 public:
  static constexpr const char* kName = Rule.name;
  static constexpr const char* kDoc = Rule.doc;
  using WithOptions<InitializerBase, ScaledInitializer<Rule>, ScaledOptions>::WithOptions;
  InitialValue operator()(const ValueType& type) const override {
    const ScaledOptions& options = this->options_;
    return variance_scaling(
        type.shape,
        {Rule.scale, Rule.mode, Rule.distribution, options.input_axes, options.output_axes},
        type.dtype, options.seed.value_or(-1));
  }
};
inline constexpr auto kUniformWeights = WeightDistribution::uniform;
inline constexpr auto kNormalWeights = WeightDistribution::truncated_normal;
inline constexpr ScaledRule kGlorotUniform = {"GlorotUniform", "Uniform, variance 2 / (in + out).",
                                              1, FanMode::fan_avg, kUniformWeights};
inline constexpr ScaledRule kGlorotNormal = {"GlorotNormal",
                                             "Truncated normal, variance 2 / (in + out).", 1,
                                             FanMode::fan_avg, kNormalWeights};
inline constexpr ScaledRule kHeUniform = {"HeUniform", "Uniform, variance 2 / in.", 2,
                                          FanMode::fan_in, kUniformWeights};
inline constexpr ScaledRule kHeNormal = {"HeNormal", "Truncated normal, variance 2 / in.", 2,
                                         FanMode::fan_in, kNormalWeights};
inline constexpr ScaledRule kLecunUniform = {"LecunUniform", "Uniform, variance 1 / in.", 1,
                                             FanMode::fan_in, kUniformWeights};
inline constexpr ScaledRule kLecunNormal = {"LecunNormal", "Truncated normal, variance 1 / in.", 1,
                                            FanMode::fan_in, kNormalWeights};
using GlorotUniform = Make<ScaledInitializer<kGlorotUniform>, Initializer>;
using GlorotNormal = Make<ScaledInitializer<kGlorotNormal>, Initializer>;
using HeUniform = Make<ScaledInitializer<kHeUniform>, Initializer>;
using HeNormal = Make<ScaledInitializer<kHeNormal>, Initializer>;
using LecunUniform = Make<ScaledInitializer<kLecunUniform>, Initializer>;
using LecunNormal = Make<ScaledInitializer<kLecunNormal>, Initializer>;

struct OrthogonalOptions {
  double gain = 1;
  std::optional<std::int64_t> seed = {};
  static auto fields() {
    using Self = OrthogonalOptions;
    return std::tuple{field<&Self::gain>("gain", "Length of the vectors.", any_finite),
                      field<&Self::seed>("seed", "Fixes the values.", any_finite)};
  }
};
class TEGULA_API OrthogonalInitializer
    : public WithOptions<InitializerBase, OrthogonalInitializer, OrthogonalOptions> {
 public:
  static constexpr const char* kName = "Orthogonal";
  static constexpr const char* kDoc = "A random matrix with orthogonal rows or columns.";
  using WithOptions::WithOptions;
  InitialValue operator()(const ValueType& type) const override;
};
using Orthogonal = Make<OrthogonalInitializer, Initializer>;

}  // namespace tegula::nn
