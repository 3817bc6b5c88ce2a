#include "src/nn/layers/warp.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "src/nn/layers/images.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/core/error.hpp"
#include "tegula/graph/sequences.hpp"

namespace tegula::nn {

namespace {

/// A place beyond the border as one within, but for "constant".
Value within(Value at, std::int64_t size, const std::string& fill_mode) {
  if (fill_mode == "constant") return at;
  const auto count = static_cast<double>(size);
  if (fill_mode == "reflect") {
    const Value turned = floormod(at, 2 * count);
    at = minimum(turned, 2 * count - 1 - turned);
  }
  if (fill_mode == "wrap" && size > 1) {
    const Value below = at + count * (floor(-at / (count - 1)) + 1.0);
    const Value above = at - count * floor(at / (count - 1));
    at = where(less(at, 0.0), below, where(greater(at, count - 1), above, at));
  }
  return clip(at, 0, count - 1);
}

/// Reads pixels by whole numbers of rows and columns.
class Pixels {
 public:
  Pixels(Value images, const Places& places, const Sampling& sampling)
      : size_(image_size(images)),
        sampling_(sampling),
        rows_(reshape(images, {-1, images.shape()[3]})),
        first_(positions(places.x + places.y) * (size_.height * size_.width)) {
    constexpr std::int64_t kExact = std::int64_t{1} << std::numeric_limits<float>::digits;
    if (size_.height <= kExact / size_.width) return;
    throw ShapeError("images whose pixels move have at most " + std::to_string(kExact) +
                     " pixels, got " + shape_text(images.shape()));
  }

  Value operator()(Value y, Value x) const {
    const auto height = static_cast<double>(size_.height), width = static_cast<double>(size_.width);
    // In float, which numbers the pixels of an image exactly and broadcasts fast.
    const Value number = clip(y, 0, height - 1) * width + clip(x, 0, width - 1);
    const Value pixels = gather(rows_, squeeze(first_ + cast(number, DType::i64), {3}));
    if (sampling_.fill_mode != "constant") return pixels;
    const Value inside = logical_and(is_within(y, height), is_within(x, width));
    return where(inside, pixels, sampling_.fill_value);
  }

 private:
  static Value is_within(Value at, double size) {
    return logical_and(greater_equal(at, 0.0), less(at, size));
  }

  ImageSize size_;
  const Sampling& sampling_;
  Value rows_;
  /// For each place, the number of its image's first pixel.
  Value first_;
};

/// To the nearest integer, halves away from 0.
Value rounded(Value at) { return sign(at) * floor(abs(at) + 0.5); }

Tensor counted(const Shape& shape, double origin) {
  Tensor numbers(DType::f32, shape);
  for (std::int64_t i = 0; i < numbers.element_count(); ++i) {
    numbers.set(i, static_cast<double>(i) - origin);
  }
  return numbers;
}

double middle_of(std::int64_t size) { return static_cast<double>(size - 1) / 2; }

}  // namespace

void check_sampling(const Sampling& sampling, std::string_view layer) {
  static constexpr std::array<std::string_view, 2> kInterpolations = {"nearest", "bilinear"};
  static constexpr std::array<std::string_view, 4> kFillModes = {"reflect", "wrap", "constant",
                                                                 "nearest"};
  if (std::ranges::find(kInterpolations, sampling.interpolation) == kInterpolations.end()) {
    throw InvalidArgument(std::string(layer) +
                          ": `interpolation` must be nearest or bilinear, got \"" +
                          sampling.interpolation + "\"");
  }
  if (std::ranges::find(kFillModes, sampling.fill_mode) == kFillModes.end()) {
    throw InvalidArgument(std::string(layer) +
                          ": `fill_mode` must be reflect, wrap, constant or nearest, got \"" +
                          sampling.fill_mode + "\"");
  }
}

Tensor columns_of(const Value& images, double origin) {
  return counted({1, 1, image_size(images).width, 1}, origin);
}

Tensor rows_of(const Value& images, double origin) {
  return counted({1, image_size(images).height, 1, 1}, origin);
}

Tensor centered_columns(const Value& images) {
  return columns_of(images, middle_of(image_size(images).width));
}

Tensor centered_rows(const Value& images) {
  return rows_of(images, middle_of(image_size(images).height));
}

Value warp(Value images, const Places& places, const Sampling& sampling) {
  const auto [height, width] = image_size(images);
  const Pixels pixels(images, places, sampling);
  const Value x = within(places.x, width, sampling.fill_mode);
  const Value y = within(places.y, height, sampling.fill_mode);
  if (sampling.interpolation == "nearest") return pixels(rounded(y), rounded(x));
  const Value left = floor(x), top = floor(y);
  const Value right_share = x - left, lower_share = y - top;
  const auto row = [&](const Value& number) {
    return pixels(number, left) * (1.0 - right_share) + pixels(number, left + 1.0) * right_share;
  };
  return row(top) * (1.0 - lower_share) + row(top + 1.0) * lower_share;
}

Value warp_around_middle(Value images, const Places& places, const Sampling& sampling) {
  const auto [height, width] = image_size(images);
  return warp(images, {places.x + middle_of(width), places.y + middle_of(height)}, sampling);
}

}  // namespace tegula::nn
