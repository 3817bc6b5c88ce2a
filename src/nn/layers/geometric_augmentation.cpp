#include "tegula/nn/layers/geometric_augmentation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "src/nn/layers/filters.hpp"
#include "src/nn/layers/images.hpp"
#include "src/nn/layers/warp.hpp"
#include "tegula/nn/layers/convolution.hpp"

namespace tegula::nn {

namespace {

template <typename Options>
Sampling sampling_of(const Options& options) {
  return {options.interpolation, options.fill_mode, options.fill_value};
}

/// The images, mirrored along an axis where `flips`.
Value flipped(Value images, std::size_t axis, Value flips) {
  std::vector<SliceRange> ranges(axis + 1);
  ranges[axis].step = -1;
  return where(flips, slice(images, ranges), images);
}

/// `count` elements along an axis, from a random one on.
Value random_part(Value images, int axis, std::int64_t count, const Draws& draw) {
  const auto last = static_cast<double>(images.shape()[axis] - count);
  // The largest number that is drawn may be rounded up.
  const Value first = minimum(floor(draw.uniform(0, last + 1)), last);
  Tensor numbers(DType::i64, {count});
  for (std::int64_t i = 0; i < count; ++i) numbers.set(i, static_cast<double>(i));
  return gather(images, reshape(cast(first, DType::i64), {1}) + numbers, axis);
}

}  // namespace

RandomFlipLayer::RandomFlipLayer(RandomFlipOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  static constexpr std::array<std::string_view, 3> kModes = {"horizontal", "vertical",
                                                             "horizontal_and_vertical"};
  if (std::ranges::find(kModes, options_.mode) != kModes.end()) return;
  throw InvalidArgument(
      "RandomFlip: `mode` must be horizontal, vertical or horizontal_and_vertical, got \"" +
      options_.mode + "\"");
}

Value RandomFlipLayer::augment(Value images) {
  const Value flips = less_equal(draws(images).uniform(0, 1), 0.5);
  if (options_.mode != "vertical") images = flipped(images, 2, flips);
  if (options_.mode != "horizontal") images = flipped(images, 1, flips);
  return images;
}

RandomCropLayer::RandomCropLayer(RandomCropOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
}

Value RandomCropLayer::augment(Value images) {
  const ImageSize given = image_size(images);
  const std::int64_t height = options_.height, width = options_.width;
  if (given.height <= height || given.width <= width) {
    return resized_part(images, height, width, {});
  }
  const Draws draw = draws_of_batch(images);
  return random_part(random_part(images, 1, height, draw), 2, width, draw);
}

Value RandomCropLayer::at_inference(Value images) {
  return resized_part(images, options_.height, options_.width, {});
}

RandomTranslationLayer::RandomTranslationLayer(RandomTranslationOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  check_sampling(sampling_of(options_), kName);
  options_.height_factor.bounds(-1, kName, "height_factor");
  options_.width_factor.bounds(-1, kName, "width_factor");
}

Value RandomTranslationLayer::augment(Value images) {
  const auto [height, width] = image_size(images);
  const Draws draw = draws(images);
  const auto distance = [&draw](const Numbers& factor, std::int64_t size, const char* name) {
    return draw.uniform(factor.bounds(-1, kName, name)) * static_cast<double>(size);
  };
  const Value across = distance(options_.width_factor, width, "width_factor");
  const Value down = distance(options_.height_factor, height, "height_factor");
  return warp(images, {columns_of(images) - across, rows_of(images) - down}, sampling_of(options_));
}

RandomRotationLayer::RandomRotationLayer(RandomRotationOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  check_sampling(sampling_of(options_), kName);
  options_.factor = options_.factor.bounds(-1, kName, "factor");
}

Value RandomRotationLayer::augment(Value images) {
  const Value angle = draws(images).uniform(options_.factor) * (2 * std::numbers::pi);
  const Value cosine = cos(angle), sine = sin(angle);
  const Tensor x = centered_columns(images), y = centered_rows(images);
  return warp_around_middle(images, {cosine * x - sine * y, sine * x + cosine * y},
                            sampling_of(options_));
}

RandomZoomLayer::RandomZoomLayer(RandomZoomOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  check_sampling(sampling_of(options_), kName);
  options_.height_factor.bounds(-1, kName, "height_factor");
  if (options_.width_factor) options_.width_factor->bounds(-1, kName, "width_factor");
}

Value RandomZoomLayer::augment(Value images) {
  const Draws draw = draws(images);
  const auto zoom = [&draw](const Numbers& factor, const char* name) {
    const Numbers bounds = factor.bounds(-1, kName, name);
    return draw.uniform(1 + bounds.lower(), 1 + bounds.upper());
  };
  const Value down = zoom(options_.height_factor, "height_factor");
  const Value across = options_.width_factor ? zoom(*options_.width_factor, "width_factor") : down;
  return warp_around_middle(images,
                            {across * centered_columns(images), down * centered_rows(images)},
                            sampling_of(options_));
}

RandomShearLayer::RandomShearLayer(RandomShearOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  check_sampling(sampling_of(options_), kName);
  options_.x_factor = options_.x_factor.bounds(-1, kName, "x_factor");
  options_.y_factor = options_.y_factor.bounds(-1, kName, "y_factor");
}

Value RandomShearLayer::augment(Value images) {
  const Draws draw = draws(images);
  const Value way = draw.sign();
  const Tensor x = columns_of(images), y = rows_of(images);
  const Value across = draw.uniform(options_.x_factor) * way * y;
  const Value down = draw.uniform(options_.y_factor) * way * x;
  return warp(images, {across + x, down + y}, sampling_of(options_));
}

RandomPerspectiveLayer::RandomPerspectiveLayer(RandomPerspectiveOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  check_sampling({options_.interpolation}, kName);
  options_.factor = options_.factor.bounds(0, kName, "factor");
}

Value RandomPerspectiveLayer::augment(Value images) {
  const auto [height, width] = image_size(images);
  const Draws draw = draws(images);
  const Value changes = draw.chance(options_.factor);
  const auto moved = [&] {
    return 1.0 + draw.uniform(-0.5 * options_.scale, 0.5 * options_.scale);
  };
  // In units of the image, the upper right corner moves to (right, 0), the lower left one to
  // (0, bottom) and the lower right one to (x, y); the upper left one stays, as in Keras. The
  // homography that takes them back has this size at the origin, and this depth.
  const Value right = moved(), bottom = moved(), x = moved(), y = moved();
  const auto extent = [](std::int64_t size) {
    return static_cast<double>(std::max<std::int64_t>(size - 1, 1));
  };
  const Tensor columns = columns_of(images), rows = rows_of(images);
  const Value size = right * y + x * bottom - right * bottom;
  const Value depth = 1.0 + (y - bottom) / (x * bottom * extent(width)) * columns +
                      (x - right) / (y * right * extent(height)) * rows;
  // Places on the horizon are nowhere; any place serves.
  const Value known_depth = where(equal(depth, 0.0), 1.0, depth);
  const Places places = {size / (right * x * bottom) * columns / known_depth,
                         size / (bottom * y * right) * rows / known_depth};
  const Sampling sampling{options_.interpolation, "constant", options_.fill_value};
  return where(changes, warp(images, places, sampling), images);
}

RandomElasticTransformLayer::RandomElasticTransformLayer(RandomElasticTransformOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  options_.value_range = options_.value_range.checked(kName);
  check_sampling(sampling_of(options_), kName);
  options_.factor = options_.factor.bounds(0, kName, "factor");
  options_.scale = options_.scale.bounds(0, kName, "scale");
}

Value RandomElasticTransformLayer::augment(Value images) {
  const auto [height, width] = image_size(images);
  const Value changes = draws(images).chance(options_.factor);
  const Value scale = draws_of_batch(images).uniform(options_.scale);
  // In pixels: how smooth the distances are, and how large.
  const double smoothest = 0.05 * static_cast<double>(std::min(height, width));
  const Value sigma = scale * smoothest;
  const Value distance = scale * (0.1 * static_cast<double>(std::max(height, width)));
  const Value reach = floor(sigma) * 3.0;
  const std::int64_t size = 6 * static_cast<std::int64_t>(smoothest * options_.scale.upper()) + 1;
  const auto moved_by = [&] {
    const Value noise = random_normal_like(slice(images, {{}, {}, {}, {.begin = 0, .end = 1}}), 0,
                                           1, options_.seed.value_or(-1));
    const Value known_sigma = maximum(sigma, 1e-6);
    const Value across = blurred(noise * sigma, 2, size, known_sigma, reach);
    return blurred(across, 1, size, known_sigma, reach) * distance;
  };
  const Value x = columns_of(images) + moved_by(), y = rows_of(images) + moved_by();
  const Value moved = warp(images, {x, y}, sampling_of(options_));
  return clip(where(changes, moved, images), options_.value_range.lowest,
              options_.value_range.highest);
}

}  // namespace tegula::nn
