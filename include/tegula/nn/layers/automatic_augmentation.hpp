#pragma once
// Layers that choose at random among the others that vary images.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "tegula/nn/layers/augmentation.hpp"

namespace tegula::nn {

struct RandAugmentOptions {
  ValueRange value_range = {};
  std::int64_t num_ops = 2;
  Numbers factor = 0.5;
  std::string interpolation = "bilinear";
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = RandAugmentOptions;
    return std::tuple{
        value_range_field<Self>(),
        field<&Self::num_ops>("num_ops", "How many changes images get, one after another.",
                              at_least(1)),
        field<&Self::factor>("factor", "Strength of the changes.", in_range(0, 1)),
        interpolation_field<Self>(),
        seed_field<Self>(),
        data_format_field<Self>(),
        name_field<Self>()};
  }
};
/// Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space",
/// 2020.
class TEGULA_API RandAugmentLayer : public AugmentationLayer<RandAugmentLayer, RandAugmentOptions> {
 public:
  static constexpr const char* kName = "RandAugment";
  static constexpr const char* kDoc =
      "Changes images in several ways while training, which are chosen anew for each batch.";
  explicit RandAugmentLayer(RandAugmentOptions options);

  Value augment(Value images) override;
};
using RandAugment = MakeLayer<RandAugmentLayer>;

struct AugMixOptions {
  ValueRange value_range = {};
  std::int64_t num_chains = 3;
  std::int64_t chain_depth = 3;
  Numbers factor = 0.3;
  double alpha = 1;
  bool all_ops = true;
  std::string interpolation = "bilinear";
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = AugMixOptions;
    return std::tuple{
        value_range_field<Self>(),
        field<&Self::num_chains>("num_chains", "How many changed versions are mixed.", at_least(1)),
        field<&Self::chain_depth>("chain_depth", "How many changes each gets at most.",
                                  at_least(1)),
        field<&Self::factor>("factor", "Strength of the changes.", in_range(0, 1)),
        field<&Self::alpha>("alpha",
                            "Of the distributions of the shares: the larger, the more "
                            "equal they are.",
                            positive),
        field<&Self::all_ops>("all_ops",
                              "Whether brightness, contrast, colors and sharpness change, too."),
        interpolation_field<Self>(),
        seed_field<Self>(),
        data_format_field<Self>(),
        name_field<Self>()};
  }
};
/// Hendrycks et al., "AugMix: A simple data processing method to improve robustness and
/// uncertainty", 2020.
class TEGULA_API AugMixLayer : public AugmentationLayer<AugMixLayer, AugMixOptions> {
 public:
  static constexpr const char* kName = "AugMix";
  static constexpr const char* kDoc =
      "Mixes images with several changed versions of themselves while training; the changes are "
      "chosen anew for each batch.";
  explicit AugMixLayer(AugMixOptions options);

  Value augment(Value images) override;
};
using AugMix = MakeLayer<AugMixLayer>;

}  // namespace tegula::nn
