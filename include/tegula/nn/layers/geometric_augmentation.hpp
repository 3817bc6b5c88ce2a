#pragma once
// Layers that move the pixels of images at random.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "tegula/nn/layers/augmentation.hpp"

namespace tegula::nn {

struct RandomFlipOptions {
  std::string mode = "horizontal_and_vertical";
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = RandomFlipOptions;
    return std::tuple{
        field<&Self::mode>("mode", "\"horizontal\", \"vertical\" or \"horizontal_and_vertical\"."),
        seed_field<Self>(), data_format_field<Self>(), name_field<Self>()};
  }
};
class TEGULA_API RandomFlipLayer : public AugmentationLayer<RandomFlipLayer, RandomFlipOptions> {
 public:
  static constexpr const char* kName = "RandomFlip";
  static constexpr const char* kDoc = "Mirrors one half of the images while training.";
  explicit RandomFlipLayer(RandomFlipOptions options);

  Value augment(Value images) override;
};
using RandomFlip = MakeLayer<RandomFlipLayer>;

struct RandomCropOptions {
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = RandomCropOptions;
    return std::tuple{
        field<&Self::height>("height", "Height of the result.", at_least(1)).required(),
        field<&Self::width>("width", "Width of the result.", at_least(1)).required(),
        seed_field<Self>(), data_format_field<Self>(), name_field<Self>()};
  }
};
class TEGULA_API RandomCropLayer : public AugmentationLayer<RandomCropLayer, RandomCropOptions> {
 public:
  static constexpr const char* kName = "RandomCrop";
  static constexpr const char* kDoc =
      "The same random part of all images of a batch while training; at inference, and of images "
      "that are too small, the largest part in the middle that has the aspect ratio, resized.";
  explicit RandomCropLayer(RandomCropOptions options);

  Value augment(Value images) override;

 protected:
  Value at_inference(Value images) override;
};
using RandomCrop = MakeLayer<RandomCropLayer>;

/// Of layers that find pixels beyond those of the images.
template <typename Self>
auto fill_mode_field() {
  return field<&Self::fill_mode>(
      "fill_mode", "Beyond the borders: \"reflect\", \"wrap\", \"constant\" or \"nearest\".");
}
template <typename Self>
auto fill_value_field() {
  return field<&Self::fill_value>("fill_value", "Value beyond the borders, where constant.",
                                  any_finite);
}

struct RandomTranslationOptions {
  Numbers height_factor = 0;
  Numbers width_factor = 0;
  std::string fill_mode = "reflect";
  std::string interpolation = "bilinear";
  std::optional<std::int64_t> seed = {};
  double fill_value = 0;
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = RandomTranslationOptions;
    return std::tuple{
        field<&Self::height_factor>(
            "height_factor", "By which part of the height images move down.", in_range(-1, 1))
            .required(),
        field<&Self::width_factor>("width_factor", "By which part of the width images move right.",
                                   in_range(-1, 1))
            .required(),
        fill_mode_field<Self>(),
        interpolation_field<Self>(),
        seed_field<Self>(),
        fill_value_field<Self>(),
        data_format_field<Self>(),
        name_field<Self>()};
  }
};
class TEGULA_API RandomTranslationLayer
    : public AugmentationLayer<RandomTranslationLayer, RandomTranslationOptions> {
 public:
  static constexpr const char* kName = "RandomTranslation";
  static constexpr const char* kDoc = "Moves images while training.";
  explicit RandomTranslationLayer(RandomTranslationOptions options);

  Value augment(Value images) override;
};
using RandomTranslation = MakeLayer<RandomTranslationLayer>;

struct RandomRotationOptions {
  Numbers factor = 0;
  std::string fill_mode = "reflect";
  std::string interpolation = "bilinear";
  std::optional<std::int64_t> seed = {};
  double fill_value = 0;
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = RandomRotationOptions;
    return std::tuple{
        field<&Self::factor>("factor", "By which part of a full turn, counterclockwise.",
                             in_range(-1, 1))
            .required(),
        fill_mode_field<Self>(),
        interpolation_field<Self>(),
        seed_field<Self>(),
        fill_value_field<Self>(),
        data_format_field<Self>(),
        name_field<Self>()};
  }
};
class TEGULA_API RandomRotationLayer
    : public AugmentationLayer<RandomRotationLayer, RandomRotationOptions> {
 public:
  static constexpr const char* kName = "RandomRotation";
  static constexpr const char* kDoc = "Turns images around their middle while training.";
  explicit RandomRotationLayer(RandomRotationOptions options);

  Value augment(Value images) override;
};
using RandomRotation = MakeLayer<RandomRotationLayer>;

struct RandomZoomOptions {
  Numbers height_factor = 0;
  std::optional<Numbers> width_factor = {};
  std::string fill_mode = "reflect";
  std::string interpolation = "bilinear";
  std::optional<std::int64_t> seed = {};
  double fill_value = 0;
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = RandomZoomOptions;
    return std::tuple{
        field<&Self::height_factor>("height_factor",
                                    "By which part of the height more is seen; below 0, less.",
                                    above_to(-1, 1))
            .required(),
        field<&Self::width_factor>("width_factor", "The same for the width; none: as the height.",
                                   above_to(-1, 1)),
        fill_mode_field<Self>(),
        interpolation_field<Self>(),
        seed_field<Self>(),
        fill_value_field<Self>(),
        data_format_field<Self>(),
        name_field<Self>()};
  }
};
class TEGULA_API RandomZoomLayer : public AugmentationLayer<RandomZoomLayer, RandomZoomOptions> {
 public:
  static constexpr const char* kName = "RandomZoom";
  static constexpr const char* kDoc = "Makes what images show larger or smaller while training.";
  explicit RandomZoomLayer(RandomZoomOptions options);

  Value augment(Value images) override;
};
using RandomZoom = MakeLayer<RandomZoomLayer>;

struct RandomShearOptions {
  Numbers x_factor = 0;
  Numbers y_factor = 0;
  std::string interpolation = "bilinear";
  std::string fill_mode = "reflect";
  double fill_value = 0;
  std::string data_format = "channels_last";
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = RandomShearOptions;
    return std::tuple{
        field<&Self::x_factor>("x_factor", "Columns that rows move by from one to the next.",
                               in_range(-1, 1)),
        field<&Self::y_factor>("y_factor", "Rows that columns move by from one to the next.",
                               in_range(-1, 1)),
        interpolation_field<Self>(),
        fill_mode_field<Self>(),
        fill_value_field<Self>(),
        data_format_field<Self>(),
        seed_field<Self>(),
        name_field<Self>()};
  }
};
class TEGULA_API RandomShearLayer : public AugmentationLayer<RandomShearLayer, RandomShearOptions> {
 public:
  static constexpr const char* kName = "RandomShear";
  static constexpr const char* kDoc =
      "Slants images while training, one way or the other, from their upper left corner.";
  explicit RandomShearLayer(RandomShearOptions options);

  Value augment(Value images) override;
};
using RandomShear = MakeLayer<RandomShearLayer>;

struct RandomPerspectiveOptions {
  Numbers factor = 1;
  double scale = 1;
  std::string interpolation = "bilinear";
  double fill_value = 0;
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = RandomPerspectiveOptions;
    return std::tuple{
        field<&Self::factor>("factor", "Probability that an image changes.", in_range(0, 1)),
        field<&Self::scale>("scale", "How far the corners move, of the image's size and both ways.",
                            in_range(0, 1)),
        interpolation_field<Self>(),
        fill_value_field<Self>(),
        seed_field<Self>(),
        data_format_field<Self>(),
        name_field<Self>()};
  }
};
class TEGULA_API RandomPerspectiveLayer
    : public AugmentationLayer<RandomPerspectiveLayer, RandomPerspectiveOptions> {
 public:
  static constexpr const char* kName = "RandomPerspective";
  static constexpr const char* kDoc = "Shows images from other points of view while training.";
  explicit RandomPerspectiveLayer(RandomPerspectiveOptions options);

  Value augment(Value images) override;
};
using RandomPerspective = MakeLayer<RandomPerspectiveLayer>;

struct RandomElasticTransformOptions {
  Numbers factor = 1;
  Numbers scale = 1;
  std::string interpolation = "bilinear";
  std::string fill_mode = "reflect";
  double fill_value = 0;
  ValueRange value_range = {};
  std::optional<std::int64_t> seed = {};
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = RandomElasticTransformOptions;
    return std::tuple{
        field<&Self::factor>("factor", "Probability that an image changes.", in_range(0, 1)),
        field<&Self::scale>("scale",
                            "How far pixels move: one number for all images, of which the square "
                            "counts.",
                            in_range(0, 1)),
        interpolation_field<Self>(),
        fill_mode_field<Self>(),
        fill_value_field<Self>(),
        value_range_field<Self>(),
        seed_field<Self>(),
        data_format_field<Self>(),
        name_field<Self>()};
  }
};
/// Simard et al., "Best practices for convolutional neural networks applied to visual document
/// analysis", 2003.
class TEGULA_API RandomElasticTransformLayer
    : public AugmentationLayer<RandomElasticTransformLayer, RandomElasticTransformOptions> {
 public:
  static constexpr const char* kName = "RandomElasticTransform";
  static constexpr const char* kDoc =
      "Moves pixels by distances that change smoothly from one to the next while training.";
  explicit RandomElasticTransformLayer(RandomElasticTransformOptions options);

  Value augment(Value images) override;
};
using RandomElasticTransform = MakeLayer<RandomElasticTransformLayer>;

}  // namespace tegula::nn
