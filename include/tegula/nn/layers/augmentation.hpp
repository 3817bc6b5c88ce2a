#pragma once
// What layers that vary images at random share. They act while training, and where they are called
// outside of models; at inference images pass unchanged.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/graph/random_like.hpp"
#include "tegula/nn/layer_with_options.hpp"

namespace tegula::nn {

/// A number or a list of numbers, as an option: bounds that a number is drawn from, or one number,
/// which stands for those from its opposite, or the least that is allowed, to itself.
struct Numbers {
  std::vector<double> values;

  Numbers() = default;
  Numbers(double one) : values{one} {}                            // NOLINT: implicit by design
  Numbers(std::initializer_list<double> list) : values(list) {}   // NOLINT
  Numbers(std::vector<double> list) : values(std::move(list)) {}  // NOLINT

  double lower() const { return values.front(); }
  double upper() const { return values.back(); }
  /// Both bounds, in order; `lowest` is the least that one number may stand for. Throws
  /// InvalidArgument for another number of them than one or two.
  TEGULA_API Numbers bounds(double lowest, std::string_view owner, std::string_view name) const;
  bool operator==(const Numbers&) const = default;
};
template <>
inline constexpr bool holds_numbers<Numbers> = true;
inline std::string type_name(const Numbers&) { return "float or list"; }
/// One number, or a list of several.
TEGULA_API Config to_config(const Numbers& numbers);
TEGULA_API void from_config(const Config& config, Numbers& numbers);

/// The smallest and the largest value of a pixel, as an option.
struct ValueRange {
  double lowest = 0;
  double highest = 255;

  double extent() const { return highest - lowest; }
  /// In order. Throws InvalidArgument unless they are finite and differ.
  TEGULA_API ValueRange checked(std::string_view owner) const;
  bool operator==(const ValueRange&) const = default;
};
inline std::string type_name(const ValueRange&) { return "list of float"; }
TEGULA_API Config to_config(const ValueRange& range);
TEGULA_API void from_config(const Config& config, ValueRange& range);

template <typename Self>
auto seed_field() {
  return field<&Self::seed>("seed", "Replaces the model's seed for this layer.", any_finite);
}
template <typename Self>
auto data_format_field() {
  return field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\".");
}
template <typename Self>
auto value_range_field() {
  return field<&Self::value_range>("value_range", "Smallest and largest value of a pixel.");
}
template <typename Self>
auto interpolation_field() {
  return field<&Self::interpolation>("interpolation", "\"nearest\" or \"bilinear\".");
}
template <typename Self>
auto name_field() {
  return field<&Self::name>("name", "Name of the layer.");
}

/// Random numbers, one per element of a value.
struct Draws {
  /// Of shape [batch, 1, 1, 1], or of ones for all images.
  Value like;
  std::int64_t seed = -1;

  TEGULA_API Value uniform(double low, double high) const;
  Value uniform(const Numbers& bounds) const { return uniform(bounds.lower(), bounds.upper()); }
  /// Whether something is done: with a probability that is drawn, too.
  TEGULA_API Value chance(const Numbers& probability) const;
  /// 1 or -1.
  TEGULA_API Value sign() const;
};

using ImageFunction = std::function<Value(Value)>;
/// The same images, or those among named values, as `augment` changes them, which takes and gives
/// [batch, height, width, channels]; then what goes by the name of "labels" as `labels` does, which
/// may be empty. Throws ShapeError, naming the layer, for what is no batch of images, and
/// InvalidArgument for other names.
TEGULA_API Values on_images(const Values& x, const std::string& data_format,
                            const std::string& layer, const ImageFunction& augment,
                            const ImageFunction& labels = {});

/// Base class of these layers, whose options have a data format and a seed.
template <typename Derived, HasFields OptionsType>
class AugmentationLayer : public LayerWithOptions<Derived, OptionsType> {
 public:
  using LayerWithOptions<Derived, OptionsType>::LayerWithOptions;
  bool trains_alone() const override { return true; }
  /// What training makes of images [batch, height, width, channels].
  virtual Value augment(Value images) = 0;

 protected:
  Values call_all(const Values& x, bool training) override {
    return on_images(x, this->options_.data_format, this->describe(), [&](Value images) {
      return training ? this->augment(images) : at_inference(images);
    });
  }
  virtual Value at_inference(Value images) { return images; }
  /// One number per image.
  Draws draws(const Value& images) const {
    const SliceRange first{.begin = 0, .end = 1};
    return {slice(images, {{}, first, first, first}), this->options_.seed.value_or(-1)};
  }
  /// One number for all images.
  Draws draws_of_batch(const Value& images) const {
    return {images.graph().constant(Tensor::zeros(images.dtype(), {1, 1, 1, 1})),
            this->options_.seed.value_or(-1)};
  }
};

}  // namespace tegula::nn
