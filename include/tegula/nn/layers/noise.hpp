#pragma once
// Layers that add or multiply by random numbers while training.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "tegula/nn/layer_with_options.hpp"

namespace tegula::nn {

struct GaussianNoiseOptions {
  double stddev = 0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = GaussianNoiseOptions;
    return std::tuple{
        field<&Self::stddev>("stddev", "Standard deviation of the noise.", in_range(0, 1))
            .required(),
        field<&Self::seed>("seed", "Replaces the model's seed for this layer.", any_finite),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API GaussianNoiseLayer
    : public LayerWithOptions<GaussianNoiseLayer, GaussianNoiseOptions> {
 public:
  static constexpr const char* kName = "GaussianNoise";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "While training, adds numbers of a normal distribution.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};
using GaussianNoise = MakeLayer<GaussianNoiseLayer>;

struct GaussianDropoutOptions {
  double rate = 0.5;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = GaussianDropoutOptions;
    return std::tuple{
        field<&Self::rate>("rate", "The fraction that a Dropout of the same variance would zero.",
                           from_to_below(0, 1))
            .required(),
        field<&Self::seed>("seed", "Replaces the model's seed for this layer.", any_finite),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API GaussianDropoutLayer
    : public LayerWithOptions<GaussianDropoutLayer, GaussianDropoutOptions> {
 public:
  static constexpr const char* kName = "GaussianDropout";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "While training, multiplies by numbers of a normal distribution of mean 1 and variance "
      "rate / (1 - rate).";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};
using GaussianDropout = MakeLayer<GaussianDropoutLayer>;

struct AlphaDropoutOptions {
  double rate = 0.5;
  std::optional<Shape> noise_shape = {};
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = AlphaDropoutOptions;
    return std::tuple{
        field<&Self::rate>("rate", "Fraction of the inputs to replace.", from_to_below(0, 1))
            .required(),
        field<&Self::noise_shape>(
            "noise_shape",
            "Shape of the mask: 1 where a dimension shares it, None for the input's size."),
        field<&Self::seed>("seed", "Replaces the model's seed for this layer.", any_finite),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
/// Klambauer et al., "Self-normalizing neural networks", 2017.
class TEGULA_API AlphaDropoutLayer
    : public LayerWithOptions<AlphaDropoutLayer, AlphaDropoutOptions> {
 public:
  static constexpr const char* kName = "AlphaDropout";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "While training, sets a fraction of the inputs to the limit of SELU and scales all, so that "
      "inputs of mean 0 and variance 1 keep both.";
  explicit AlphaDropoutLayer(AlphaDropoutOptions options);

 protected:
  Value call(Value x, bool training) override;
};
using AlphaDropout = MakeLayer<AlphaDropoutLayer>;

}  // namespace tegula::nn
