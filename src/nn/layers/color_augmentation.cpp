#include "tegula/nn/layers/color_augmentation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "src/nn/layers/filters.hpp"
#include "tegula/graph/colors.hpp"
#include "tegula/graph/numeric.hpp"
#include "tegula/nn/layers/convolution.hpp"

namespace tegula::nn {

namespace {

constexpr double kBytes = 255;

Value clipped(Value images, const ValueRange& range) {
  return clip(images, range.lowest, range.highest);
}

/// From the value range to [0, largest], and back.
Value to_units(Value images, const ValueRange& range, double largest) {
  if (range == ValueRange{0, largest}) return images;
  return (images - range.lowest) / range.extent() * largest;
}
Value from_units(Value images, const ValueRange& range, double largest) {
  if (range == ValueRange{0, largest}) return images;
  return images / largest * range.extent() + range.lowest;
}

void check_colors(const Value& images, const char* layer) {
  if (images.shape()[3] == 3) return;
  throw ShapeError(std::string(layer) + " needs images of 3 channels, got " +
                   std::to_string(images.shape()[3]));
}

Value channel(const Value& images, std::int64_t number) {
  return slice(images, {{}, {}, {}, {.begin = number, .end = number + 1}});
}

}  // namespace

template <const ColorRule& Rule>
ColorLayer<Rule>::ColorLayer(ColorOptions<Rule> options)
    : AugmentationLayer<ColorLayer<Rule>, ColorOptions<Rule>>(std::move(options)) {
  auto& own = this->options_;
  own.data_format = checked_data_format(own.data_format, kName);
  own.factor = own.factor.bounds(Rule.lowest, kName, "factor");
  own.value_range = own.value_range.checked(kName);
}

Value brightened(Value images, const ColorChange& change) {
  const Value added = change.draws.uniform(change.factor) * change.value_range.extent();
  return clipped(images + added, change.value_range);
}

Value contrasted(Value images, const ColorChange& change) {
  const Value factor = change.draws.uniform(1 - change.factor.lower(), 1 + change.factor.upper());
  const Value average = mean(images, {1, 2}, true);
  return clipped((images - average) * factor + average, change.value_range);
}

Value saturated(Value images, const ColorChange& change) {
  check_colors(images, kRandomSaturation.name);
  const Value drawn = change.draws.uniform(change.factor);
  const Value factor = drawn / (1.0 + 1e-7 - drawn);
  const Value colors = rgb_to_hsv(images);
  const Value saturation = clipped(channel(colors, 1) * factor, change.value_range);
  return hsv_to_rgb(concat(std::vector{channel(colors, 0), saturation, channel(colors, 2)}, 3));
}

Value with_other_hue(Value images, const ColorChange& change) {
  check_colors(images, kRandomHue.name);
  const Value turn = change.draws.sign() * change.draws.uniform(change.factor) * 0.5;
  const Value colors = rgb_to_hsv(to_units(images, change.value_range, 1));
  const Value moved = channel(colors, 0) + turn;
  const Value hue =
      where(greater(moved, 1.0), moved - 1.0, where(less(moved, 0.0), moved + 1.0, moved));
  const Value turned =
      hsv_to_rgb(concat(std::vector{hue, channel(colors, 1), channel(colors, 2)}, 3));
  return from_units(clip(turned, 0, 1), change.value_range, 1);
}

Value degenerated(Value images, const ColorChange& change) {
  const Value gray = rgb_to_grayscale(images);
  return clipped(images + change.draws.uniform(change.factor) * (gray - images),
                 change.value_range);
}

Value posterized(Value images, const ColorChange& change) {
  const double least = std::floor(change.factor.lower()), most = std::floor(change.factor.upper());
  const Value bits =
      clip(floor(change.draws.uniform(least, most)), least, std::max(least, most - 1));
  Tensor steps(images.dtype(), {9});
  for (std::int64_t i = 0; i < 9; ++i) steps.set(i, std::exp2(8 - static_cast<double>(i)));
  const Value step = gather(steps, cast(bits, DType::i64));
  const Value bytes = floor(clip(to_units(images, change.value_range, kBytes), 0, kBytes));
  return from_units(floor(bytes / step) * step, change.value_range, kBytes);
}

Value sharpened(Value images, const ColorChange& change) {
  Tensor kernel = Tensor::full(images.dtype(), {3, 3, 1, 1}, 1.0 / 13);
  kernel.set(4, 5.0 / 13);
  const Value factor = change.draws.uniform(change.factor) * 2.0;
  const Value smoothed = filtered(images, images.graph().constant(kernel));
  return clipped(images + (1.0 - factor) * (smoothed - images), change.value_range);
}

Value inverted(Value images, const ColorChange& change) {
  return where(change.draws.chance(change.factor), change.value_range.highest - images, images);
}

RandomColorJitterLayer::RandomColorJitterLayer(RandomColorJitterOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  options_.value_range = options_.value_range.checked(kName);
  const auto check = [](const std::optional<Numbers>& factor, const ColorRule& rule,
                        const char* name) {
    if (factor) factor->bounds(rule.lowest, kName, name);
  };
  check(options_.brightness_factor, kRandomBrightness, "brightness_factor");
  check(options_.contrast_factor, kRandomContrast, "contrast_factor");
  check(options_.saturation_factor, kRandomSaturation, "saturation_factor");
  check(options_.hue_factor, kRandomHue, "hue_factor");
}

Value RandomColorJitterLayer::augment(Value images) {
  const auto change = [&](const std::optional<Numbers>& factor, const ColorRule& rule) {
    if (!factor) return;
    const Numbers bounds = factor->bounds(rule.lowest, kName, rule.name);
    images = rule.apply(images, {draws(images), bounds, options_.value_range});
  };
  change(options_.brightness_factor, kRandomBrightness);
  change(options_.contrast_factor, kRandomContrast);
  change(options_.saturation_factor, kRandomSaturation);
  change(options_.hue_factor, kRandomHue);
  return images;
}

RandomGrayscaleLayer::RandomGrayscaleLayer(RandomGrayscaleOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
}

Value RandomGrayscaleLayer::augment(Value images) {
  return where(less(draws(images).uniform(0, 1), options_.factor), rgb_to_grayscale(images),
               images);
}

RandomGaussianBlurLayer::RandomGaussianBlurLayer(RandomGaussianBlurOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  options_.value_range = options_.value_range.checked(kName);
  options_.factor = options_.factor.bounds(0, kName, "factor");
  options_.sigma = options_.sigma.bounds(0, kName, "sigma");
  options_.kernel_size = options_.kernel_size.expanded(2, 1, kName, "kernel_size");
  for (const std::int64_t size : options_.kernel_size.values) {
    if (size % 2 == 1) continue;
    throw InvalidArgument("RandomGaussianBlur: kernel_size must be an odd number. Received: " +
                          to_config(options_.kernel_size).to_string());
  }
}

Value RandomGaussianBlurLayer::augment(Value images) {
  const Value changes = draws(images).chance(options_.factor);
  const Draws draw = draws_of_batch(images);
  Value smooth = images;
  for (const int axis : {1, 2}) {
    const std::int64_t size = options_.kernel_size.values[static_cast<std::size_t>(axis - 1)];
    smooth = blurred(smooth, axis, size, draw.uniform(options_.sigma) + 1e-6);
  }
  return clipped(where(changes, smooth, images), options_.value_range);
}

SolarizationLayer::SolarizationLayer(SolarizationOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  options_.value_range = options_.value_range.checked(kName);
  options_.addition_factor = options_.addition_factor.bounds(0, kName, "addition_factor");
  options_.threshold_factor = options_.threshold_factor.bounds(0, kName, "threshold_factor");
}

Value SolarizationLayer::augment(Value images) {
  const Draws draw = draws(images);
  // As in Keras, lower bounds are in units of a byte's steps, not of the range.
  const auto drawn = [&draw](const Numbers& factor) {
    return draw.uniform(factor.lower(), factor.upper() * kBytes);
  };
  const Value addition = drawn(options_.addition_factor);
  const Value threshold = drawn(options_.threshold_factor);
  const Value added = clip(to_units(images, options_.value_range, kBytes) + addition, 0, kBytes);
  return from_units(where(less(added, threshold), added, kBytes - added), options_.value_range,
                    kBytes);
}

AutoContrastLayer::AutoContrastLayer(AutoContrastOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  options_.value_range = options_.value_range.checked(kName);
}

Value AutoContrastLayer::augment(Value images) {
  const Value low = min(images, {1, 2}, true), extent = max(images, {1, 2}, true) - low;
  const Value is_flat = equal(extent, 0.0);
  const Value stretched =
      (images - low) * (options_.value_range.extent() / where(is_flat, 1.0, extent));
  return where(is_flat, images,
               clipped(stretched + options_.value_range.lowest, options_.value_range));
}

EqualizationLayer::EqualizationLayer(EqualizationOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  options_.value_range = options_.value_range.checked(kName);
}

Value EqualizationLayer::augment(Value images) {
  const double last = static_cast<double>(options_.bins) - 1;
  const auto bin = [last](Value place) { return cast(clip(place, 0, last), DType::i64); };
  const auto equalized = [&](Value values) {
    const Value bytes = to_units(values, options_.value_range, kBytes);
    // The order of the operations decides where rounding puts whole bytes: that of Keras.
    const Value counts =
        tegula::build("gather_gradient", {broadcast_like(1.0, values), bin(bytes * last / kBytes),
                                          Tensor::zeros(images.dtype(), {options_.bins})});
    const Value up_to = cumsum(counts);
    const Value total = max(up_to), first = min(where(greater(up_to, 0.0), up_to, total));
    const Value table =
        clip(round((up_to - first) * kBytes / maximum(total - first, 1.0)), 0, kBytes);
    const Value mapped = gather(table, bin(bytes / kBytes * last));
    const Value is_flat = equal(max(counts), total);
    return from_units(where(is_flat, bytes, mapped), options_.value_range, kBytes);
  };
  std::vector<Value> channels;
  for (std::int64_t i = 0; i < images.shape()[3]; ++i) {
    channels.push_back(equalized(channel(images, i)));
  }
  return channels.size() == 1 ? channels[0] : concat(channels, 3);
}

template class ColorLayer<kRandomBrightness>;
template class ColorLayer<kRandomContrast>;
template class ColorLayer<kRandomSaturation>;
template class ColorLayer<kRandomHue>;
template class ColorLayer<kRandomColorDegeneration>;
template class ColorLayer<kRandomPosterization>;
template class ColorLayer<kRandomSharpness>;
template class ColorLayer<kRandomInvert>;

}  // namespace tegula::nn
