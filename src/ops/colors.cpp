// Colors of images, whose last axis is red, green and blue.

#include "tegula/graph/colors.hpp"
#include "tegula/core/error.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula {

namespace {

Value image_of(const Operand& images, const char* function) {
  const Value* value = images.value();
  if (value == nullptr || !*value) {
    throw InvalidArgument(std::string(function) + " takes a value of a graph");
  }
  return *value;
}

/// Channel number i, of 3, with size 1.
Value channel(const Value& images, std::int64_t i) {
  std::vector<SliceRange> ranges(static_cast<std::size_t>(images.shape().rank()));
  ranges.back() = {.begin = i, .end = i + 1};
  return slice(images, ranges);
}

Value colors_of(const Operand& images, const char* function) {
  const Value value = image_of(images, function);
  if (value.shape().rank() > 0 && value.shape().dim(-1) == 3) return value;
  throw ShapeError(std::string(function) + " takes images of 3 channels, got " +
                   value.shape().to_string());
}

}  // namespace

Value rgb_to_grayscale(Operand images) {
  const Value value = image_of(images, "rgb_to_grayscale");
  if (value.shape().rank() > 0 && value.shape().dim(-1) == 1) return value;
  colors_of(images, "rgb_to_grayscale");
  return channel(value, 0) * 0.2989 + channel(value, 1) * 0.587 + channel(value, 2) * 0.114;
}

Value rgb_to_hsv(Operand images) {
  const Value colors = colors_of(images, "rgb_to_hsv");
  const Value r = channel(colors, 0), g = channel(colors, 1), b = channel(colors, 2);
  const Value value = max(colors, -1, true);
  const Value range = value - min(colors, -1, true);
  const Value lit = greater(value, 0.0), colored = greater(range, 0.0);
  const Value saturation = where(lit, range / where(lit, value, 1.0), 0.0);
  const Value sixth = (1.0 / 6) / where(colored, range, 1.0);
  const Value hue =
      where(equal(r, value), (g - b) * sixth,
            where(equal(g, value), (b - r) * sixth + 2.0 / 6, (r - g) * sixth + 4.0 / 6));
  const Value turned = where(less(hue, 0.0), hue + 1.0, hue);
  return concat(std::vector{where(colored, turned, 0.0), saturation, value},
                colors.shape().rank() - 1);
}

Value hsv_to_rgb(Operand images) {
  const Value colors = colors_of(images, "hsv_to_rgb");
  const Value sixths = channel(colors, 0) * 6.0;
  const Value saturation = channel(colors, 1), value = channel(colors, 2);
  const auto part = [&](Value share) {
    return (1.0 - saturation + saturation * clip(share, 0, 1)) * value;
  };
  return concat(std::vector{part(abs(sixths - 3.0) - 1.0), part(2.0 - abs(sixths - 2.0)),
                            part(2.0 - abs(sixths - 4.0))},
                colors.shape().rank() - 1);
}

}  // namespace tegula
