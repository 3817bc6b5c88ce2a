#pragma once
// Layers that change the values of pixels at random.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "tegula/nn/layers/augmentation.hpp"
#include "tegula/nn/sizes.hpp"

namespace tegula::nn {

/// What the layers of one factor do with images, whose pixels are within the value range.
struct ColorChange {
  Draws draws;
  Numbers factor;
  ValueRange value_range;
};

/// A layer of one factor: one row per name.
struct ColorRule {
  const char* name;
  const char* doc;
  const char* factor_doc;
  double lowest;
  double highest;
  Value (*apply)(Value images, const ColorChange& change);
  /// Without one, the factor must be given.
  std::optional<double> default_factor = {};
  /// Whether, in Keras's order of the arguments, the seed comes before the data format.
  bool seed_first = false;
};

template <const ColorRule& Rule>
struct ColorOptions {
  Numbers factor = Rule.default_factor.value_or(0);
  ValueRange value_range = {};
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = ColorOptions;
    const auto given =
        field<&Self::factor>("factor", Rule.factor_doc, in_range(Rule.lowest, Rule.highest));
    const auto factor = Rule.default_factor ? given : given.required();
    if constexpr (Rule.seed_first) {
      return std::tuple{factor, value_range_field<Self>(), seed_field<Self>(),
                        data_format_field<Self>(), name_field<Self>()};
    } else {
      return std::tuple{factor, value_range_field<Self>(), data_format_field<Self>(),
                        seed_field<Self>(), name_field<Self>()};
    }
  }
};
template <const ColorRule& Rule>
class TEGULA_API ColorLayer : public AugmentationLayer<ColorLayer<Rule>, ColorOptions<Rule>> {
 public:
  static constexpr const char* kName = Rule.name;
  static constexpr const char* kDoc = Rule.doc;
  explicit ColorLayer(ColorOptions<Rule> options);

  Value augment(Value images) override {
    const auto& own = this->options_;
    return Rule.apply(images, {this->draws(images), own.factor, own.value_range});
  }
};

TEGULA_API Value brightened(Value images, const ColorChange& change);
TEGULA_API Value contrasted(Value images, const ColorChange& change);
TEGULA_API Value saturated(Value images, const ColorChange& change);
TEGULA_API Value with_other_hue(Value images, const ColorChange& change);
TEGULA_API Value degenerated(Value images, const ColorChange& change);
TEGULA_API Value posterized(Value images, const ColorChange& change);
TEGULA_API Value sharpened(Value images, const ColorChange& change);
TEGULA_API Value inverted(Value images, const ColorChange& change);

inline constexpr ColorRule kRandomBrightness = {
    "RandomBrightness",
    "Adds a number to the pixels of an image while training.",
    "The number, in units of the value range.",
    -1,
    1,
    brightened,
    {},
    true};
inline constexpr ColorRule kRandomContrast = {
    "RandomContrast",
    "Multiplies the differences from each channel's mean while training.",
    "Bounds of the multiplier: from 1 - lower to 1 + upper.",
    0,
    1,
    contrasted,
    {},
    true};
inline constexpr ColorRule kRandomSaturation = {
    "RandomSaturation",
    "Multiplies the saturation of colors by factor / (1 - factor) while training.",
    "0: gray, 0.5: as it is, 1: as colored as can be.",
    -1,
    1,
    saturated};
inline constexpr ColorRule kRandomHue = {"RandomHue",
                                         "Turns the hue of colors while training, either way.",
                                         "By which part of one half of the circle of colors.",
                                         0,
                                         1,
                                         with_other_hue};
inline constexpr ColorRule kRandomColorDegeneration = {
    "RandomColorDegeneration",
    "Mixes images with their gray form while training.",
    "Share of the gray form.",
    -1,
    1,
    degenerated};
inline constexpr ColorRule kRandomPosterization = {
    "RandomPosterization",
    "Keeps few bits of the pixels while training.",
    "Number of bits that are kept; the upper bound is excluded.",
    1,
    8,
    posterized};
inline constexpr ColorRule kRandomSharpness = {"RandomSharpness",
                                               "Makes images sharper or smoother while training.",
                                               "0: smoothed, 0.5: as it is, 1: sharpened.",
                                               0,
                                               1,
                                               sharpened};
inline constexpr ColorRule kRandomInvert = {"RandomInvert",
                                            "Inverts some of the images while training.",
                                            "Probability that an image changes.",
                                            0,
                                            1,
                                            inverted,
                                            1.0,
                                            true};
using RandomBrightness = MakeLayer<ColorLayer<kRandomBrightness>>;
using RandomContrast = MakeLayer<ColorLayer<kRandomContrast>>;
using RandomSaturation = MakeLayer<ColorLayer<kRandomSaturation>>;
using RandomHue = MakeLayer<ColorLayer<kRandomHue>>;
using RandomColorDegeneration = MakeLayer<ColorLayer<kRandomColorDegeneration>>;
using RandomPosterization = MakeLayer<ColorLayer<kRandomPosterization>>;
using RandomSharpness = MakeLayer<ColorLayer<kRandomSharpness>>;
using RandomInvert = MakeLayer<ColorLayer<kRandomInvert>>;

struct RandomColorJitterOptions {
  ValueRange value_range = {};
  std::optional<Numbers> brightness_factor = {};
  std::optional<Numbers> contrast_factor = {};
  std::optional<Numbers> saturation_factor = {};
  std::optional<Numbers> hue_factor = {};
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = RandomColorJitterOptions;
    return std::tuple{
        value_range_field<Self>(),
        field<&Self::brightness_factor>(
            "brightness_factor", "As of RandomBrightness.",
            in_range(kRandomBrightness.lowest, kRandomBrightness.highest)),
        field<&Self::contrast_factor>("contrast_factor", "As of RandomContrast.",
                                      in_range(kRandomContrast.lowest, kRandomContrast.highest)),
        field<&Self::saturation_factor>(
            "saturation_factor", "As of RandomSaturation.",
            in_range(kRandomSaturation.lowest, kRandomSaturation.highest)),
        field<&Self::hue_factor>("hue_factor", "As of RandomHue.",
                                 in_range(kRandomHue.lowest, kRandomHue.highest)),
        seed_field<Self>(),
        data_format_field<Self>(),
        name_field<Self>()};
  }
};
class TEGULA_API RandomColorJitterLayer
    : public AugmentationLayer<RandomColorJitterLayer, RandomColorJitterOptions> {
 public:
  static constexpr const char* kName = "RandomColorJitter";
  static constexpr const char* kDoc =
      "Changes brightness, contrast, saturation and hue while training, those whose factors are "
      "given.";
  explicit RandomColorJitterLayer(RandomColorJitterOptions options);

  Value augment(Value images) override;
};
using RandomColorJitter = MakeLayer<RandomColorJitterLayer>;

struct RandomGrayscaleOptions {
  double factor = 0.5;
  std::string data_format = "channels_last";
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = RandomGrayscaleOptions;
    return std::tuple{
        field<&Self::factor>("factor", "Probability that an image changes.", in_range(0, 1)),
        data_format_field<Self>(), seed_field<Self>(), name_field<Self>()};
  }
};
class TEGULA_API RandomGrayscaleLayer
    : public AugmentationLayer<RandomGrayscaleLayer, RandomGrayscaleOptions> {
 public:
  static constexpr const char* kName = "RandomGrayscale";
  static constexpr const char* kDoc = "Makes some of the images gray while training.";
  explicit RandomGrayscaleLayer(RandomGrayscaleOptions options);

  Value augment(Value images) override;
};
using RandomGrayscale = MakeLayer<RandomGrayscaleLayer>;

struct RandomGaussianBlurOptions {
  Numbers factor = 1;
  Sizes kernel_size = 3;
  Numbers sigma = 1;
  ValueRange value_range = {};
  std::string data_format = "channels_last";
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = RandomGaussianBlurOptions;
    return std::tuple{
        field<&Self::factor>("factor", "Probability that an image changes.", in_range(0, 1)),
        field<&Self::kernel_size>("kernel_size", "Odd numbers of rows and columns."),
        field<&Self::sigma>("sigma",
                            "Standard deviation in pixels, one for rows and one for "
                            "columns of all images.",
                            at_least(0)),
        value_range_field<Self>(),
        data_format_field<Self>(),
        seed_field<Self>(),
        name_field<Self>()};
  }
};
class TEGULA_API RandomGaussianBlurLayer
    : public AugmentationLayer<RandomGaussianBlurLayer, RandomGaussianBlurOptions> {
 public:
  static constexpr const char* kName = "RandomGaussianBlur";
  static constexpr const char* kDoc = "Blurs some of the images while training.";
  explicit RandomGaussianBlurLayer(RandomGaussianBlurOptions options);

  Value augment(Value images) override;
};
using RandomGaussianBlur = MakeLayer<RandomGaussianBlurLayer>;

struct SolarizationOptions {
  Numbers addition_factor = 0;
  Numbers threshold_factor = 0;
  ValueRange value_range = {};
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = SolarizationOptions;
    return std::tuple{
        field<&Self::addition_factor>("addition_factor", "Added first, in units of the range.",
                                      in_range(0, 1)),
        field<&Self::threshold_factor>("threshold_factor",
                                       "From where on pixels are inverted, in units of the range.",
                                       in_range(0, 1)),
        value_range_field<Self>(),
        seed_field<Self>(),
        data_format_field<Self>(),
        name_field<Self>()};
  }
};
class TEGULA_API SolarizationLayer
    : public AugmentationLayer<SolarizationLayer, SolarizationOptions> {
 public:
  static constexpr const char* kName = "Solarization";
  static constexpr const char* kDoc =
      "Adds a number to pixels and inverts those above a threshold while training.";
  explicit SolarizationLayer(SolarizationOptions options);

  Value augment(Value images) override;
};
using Solarization = MakeLayer<SolarizationLayer>;

struct AutoContrastOptions {
  ValueRange value_range = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = AutoContrastOptions;
    return std::tuple{value_range_field<Self>(), data_format_field<Self>(), name_field<Self>()};
  }
};
class TEGULA_API AutoContrastLayer
    : public AugmentationLayer<AutoContrastLayer, AutoContrastOptions> {
 public:
  static constexpr const char* kName = "AutoContrast";
  static constexpr const char* kDoc =
      "Spreads each channel of an image over the whole value range, also at inference.";
  explicit AutoContrastLayer(AutoContrastOptions options);

  Value augment(Value images) override;

 protected:
  Value at_inference(Value images) override { return augment(images); }
};
using AutoContrast = MakeLayer<AutoContrastLayer>;

struct EqualizationOptions {
  ValueRange value_range = {};
  std::int64_t bins = 256;
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = EqualizationOptions;
    return std::tuple{
        value_range_field<Self>(),
        field<&Self::bins>("bins", "Number of values that are told apart.", in_range(2, 4096)),
        data_format_field<Self>(), name_field<Self>()};
  }
};
class TEGULA_API EqualizationLayer
    : public AugmentationLayer<EqualizationLayer, EqualizationOptions> {
 public:
  static constexpr const char* kName = "Equalization";
  static constexpr const char* kDoc =
      "Maps each channel of a batch so that its values become equally frequent, while training.";
  explicit EqualizationLayer(EqualizationOptions options);

  Value augment(Value images) override;
};
using Equalization = MakeLayer<EqualizationLayer>;

}  // namespace tegula::nn
