#pragma once
// Layers that give images another size.

#include <cstdint>
#include <string>
#include <tuple>

#include "tegula/nn/layer_with_options.hpp"

namespace tegula::nn {

struct ResizingOptions {
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::string interpolation = "bilinear";
  bool crop_to_aspect_ratio = false;
  bool pad_to_aspect_ratio = false;
  std::string fill_mode = "constant";
  double fill_value = 0;
  bool antialias = false;
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = ResizingOptions;
    return std::tuple{
        field<&Self::height>("height", "Height of the result.", at_least(1)).required(),
        field<&Self::width>("width", "Width of the result.", at_least(1)).required(),
        field<&Self::interpolation>(
            "interpolation",
            "\"nearest\", \"bilinear\", \"bicubic\", \"lanczos3\" or \"lanczos5\"."),
        field<&Self::crop_to_aspect_ratio>(
            "crop_to_aspect_ratio",
            "Whether the largest centered part of the result's aspect ratio is resized."),
        field<&Self::pad_to_aspect_ratio>(
            "pad_to_aspect_ratio", "Whether images are padded to the result's aspect ratio first."),
        field<&Self::fill_mode>("fill_mode", "Only \"constant\": what padding consists of."),
        field<&Self::fill_value>("fill_value", "Value of the padding.", any_finite),
        field<&Self::antialias>("antialias",
                                "Whether pixels of smaller images are averages of all that they "
                                "cover."),
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\"."),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API ResizingLayer : public LayerWithOptions<ResizingLayer, ResizingOptions> {
 public:
  static constexpr const char* kName = "Resizing";
  static constexpr const char* kDoc = "Images of another size.";
  /// Throws InvalidArgument for an unknown interpolation or fill mode, or where images should be
  /// both cropped and padded.
  explicit ResizingLayer(ResizingOptions options);

 protected:
  Value call(Value x, bool training) override;
};
using Resizing = MakeLayer<ResizingLayer>;

struct CenterCropOptions {
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = CenterCropOptions;
    return std::tuple{
        field<&Self::height>("height", "Height of the result.", at_least(1)).required(),
        field<&Self::width>("width", "Width of the result.", at_least(1)).required(),
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\"."),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API CenterCropLayer : public LayerWithOptions<CenterCropLayer, CenterCropOptions> {
 public:
  static constexpr const char* kName = "CenterCrop";
  static constexpr const char* kDoc =
      "The middle of images; of those that are too small, the largest part of the aspect ratio, "
      "resized.";
  explicit CenterCropLayer(CenterCropOptions options);

 protected:
  Value call(Value x, bool training) override;
};
using CenterCrop = MakeLayer<CenterCropLayer>;

}  // namespace tegula::nn
