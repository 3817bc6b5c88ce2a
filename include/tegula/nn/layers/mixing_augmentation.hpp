#pragma once
// Layers that replace parts of images at random: by other images of the batch, by noise or a color.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "tegula/nn/layers/augmentation.hpp"

namespace tegula::nn {

struct MixUpOptions {
  double alpha = 0.2;
  std::string data_format = "channels_last";
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = MixUpOptions;
    return std::tuple{field<&Self::alpha>("alpha",
                                          "Of the beta distribution of an image's share: small "
                                          "numbers leave most images nearly as they are.",
                                          positive),
                      data_format_field<Self>(), seed_field<Self>(), name_field<Self>()};
  }
};
/// Zhang et al., "mixup: Beyond empirical risk minimization", 2018.
class TEGULA_API MixUpLayer : public AugmentationLayer<MixUpLayer, MixUpOptions> {
 public:
  static constexpr const char* kName = "MixUp";
  static constexpr const char* kDoc =
      "Weighted means of each image, and of its label, with another one of the batch's while "
      "training.";
  explicit MixUpLayer(MixUpOptions options);

  Value augment(Value images) override;

 protected:
  Values call_all(const Values& x, bool training) override;
};
using MixUp = MakeLayer<MixUpLayer>;

struct CutMixOptions {
  Numbers factor = 1;
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = CutMixOptions;
    return std::tuple{field<&Self::factor>("factor",
                                           "Of the beta distribution of an image's share: one "
                                           "number for all images.",
                                           in_range(0, 1)),
                      seed_field<Self>(), data_format_field<Self>(), name_field<Self>()};
  }
};
/// Yun et al., "CutMix: Regularization strategy to train strong classifiers with localizable
/// features", 2019.
class TEGULA_API CutMixLayer : public AugmentationLayer<CutMixLayer, CutMixOptions> {
 public:
  static constexpr const char* kName = "CutMix";
  static constexpr const char* kDoc =
      "Puts a rectangle of another image of the batch into each image, and mixes their labels by "
      "area, while training.";
  explicit CutMixLayer(CutMixOptions options);

  Value augment(Value images) override;

 protected:
  Values call_all(const Values& x, bool training) override;
};
using CutMix = MakeLayer<CutMixLayer>;

struct RandomErasingOptions {
  Numbers factor = 1;
  Numbers scale = {0.02, 0.33};
  std::optional<Numbers> fill_value = {};
  ValueRange value_range = {};
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = RandomErasingOptions;
    return std::tuple{
        field<&Self::factor>("factor", "Probability that an image changes.", in_range(0, 1)),
        field<&Self::scale>("scale",
                            "Square of the rectangle's share of the width, and of the "
                            "height.",
                            in_range(0, 1)),
        field<&Self::fill_value>("fill_value",
                                 "What replaces the pixels: one number, or one per channel; none: "
                                 "noise.",
                                 any_finite),
        value_range_field<Self>(),
        seed_field<Self>(),
        data_format_field<Self>(),
        name_field<Self>()};
  }
};
/// Zhong et al., "Random erasing data augmentation", 2020.
class TEGULA_API RandomErasingLayer
    : public AugmentationLayer<RandomErasingLayer, RandomErasingOptions> {
 public:
  static constexpr const char* kName = "RandomErasing";
  static constexpr const char* kDoc = "Fills a rectangle of some of the images while training.";
  explicit RandomErasingLayer(RandomErasingOptions options);

  Value augment(Value images) override;

 private:
  Value fill(const Value& images) const;
};
using RandomErasing = MakeLayer<RandomErasingLayer>;

}  // namespace tegula::nn
