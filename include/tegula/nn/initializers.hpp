#pragma once
// The initializers, with Keras's names, arguments and defaults. A `seed` makes the values a
// function of it alone; without one they follow from the model's seed.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

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

struct ConstantOptions {
  double value = 0;
  static auto fields() {
    return std::tuple{
        field<&ConstantOptions::value>("value", "Every element.", any_finite.or_infinite())};
  }
};
class TEGULA_API ConstantInitializer
    : public WithOptions<InitializerBase, ConstantInitializer, ConstantOptions> {
 public:
  static constexpr const char* kName = "Constant";
  static constexpr const char* kDoc = "All one value.";
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
  static auto fields() {
    using Self = VarianceScalingOptions;
    return std::tuple{
        field<&Self::scale>("scale", "Factor of the variance.", positive),
        field<&Self::mode>("mode", "\"fan_in\", \"fan_out\" or \"fan_avg\"."),
        field<&Self::distribution>("distribution",
                                   "\"truncated_normal\", \"untruncated_normal\" or \"uniform\"."),
        field<&Self::seed>("seed", "Fixes the values.", any_finite)};
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

struct SeedOptions {
  std::optional<std::int64_t> seed = {};
  static auto fields() {
    return std::tuple{field<&SeedOptions::seed>("seed", "Fixes the values.", any_finite)};
  }
};

/// A fixed choice of variance and distribution: one row per name.
struct ScaledRule {
  const char* name;
  const char* doc;
  InitialValue (*build)(const Shape& shape, DType dtype, std::int64_t seed);
};
template <const ScaledRule& Rule>
class ScaledInitializer
    : public WithOptions<InitializerBase, ScaledInitializer<Rule>, SeedOptions> {
 public:
  static constexpr const char* kName = Rule.name;
  static constexpr const char* kDoc = Rule.doc;
  using WithOptions<InitializerBase, ScaledInitializer<Rule>, SeedOptions>::WithOptions;
  InitialValue operator()(const ValueType& type) const override {
    return Rule.build(type.shape, type.dtype, this->options_.seed.value_or(-1));
  }
};
inline constexpr ScaledRule kGlorotUniform = {"GlorotUniform", "Uniform, variance 2 / (in + out).",
                                              glorot_uniform};
inline constexpr ScaledRule kGlorotNormal = {
    "GlorotNormal", "Truncated normal, variance 2 / (in + out).", glorot_normal};
inline constexpr ScaledRule kHeUniform = {"HeUniform", "Uniform, variance 2 / in.", he_uniform};
inline constexpr ScaledRule kHeNormal = {"HeNormal", "Truncated normal, variance 2 / in.",
                                         he_normal};
inline constexpr ScaledRule kLecunUniform = {"LecunUniform", "Uniform, variance 1 / in.",
                                             lecun_uniform};
inline constexpr ScaledRule kLecunNormal = {"LecunNormal", "Truncated normal, variance 1 / in.",
                                            lecun_normal};
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
