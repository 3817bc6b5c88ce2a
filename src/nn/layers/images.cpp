#include "src/nn/layers/images.hpp"

#include <algorithm>
#include <array>

#include "src/nn/layers/spatial.hpp"
#include "src/nn/shape_text.hpp"

namespace tegula::nn {

ImageSize image_size(const Value& images) { return {images.shape()[1], images.shape()[2]}; }

void check_images(const Shape& shape, const std::string& data_format, const std::string& layer) {
  check_rank(shape, 4, layer);
  Shape sample = shape;
  sample.set(0, 1);
  if (sample.is_known() && sample.element_count() > 0) return;
  throw ShapeError(layer + " needs images of known height, width and number of channels (" +
                   data_format + "), got " + shape_text(shape));
}

void check_interpolation(const std::string& interpolation, std::string_view layer) {
  static constexpr std::array<std::string_view, 5> kKnown = {"nearest", "bilinear", "bicubic",
                                                             "lanczos3", "lanczos5"};
  if (std::ranges::find(kKnown, interpolation) != kKnown.end()) return;
  throw InvalidArgument(std::string(layer) +
                        ": `interpolation` must be one of nearest, bilinear, bicubic, lanczos3, "
                        "lanczos5, got \"" +
                        interpolation + "\"");
}

Value crop(Value images, std::int64_t top, std::int64_t left, std::int64_t height,
           std::int64_t width) {
  return slice(images,
               {{}, {.begin = top, .end = top + height}, {.begin = left, .end = left + width}});
}

std::int64_t size_at_ratio(std::int64_t other, std::int64_t target, std::int64_t target_of_other) {
  return other * target / target_of_other;
}

Value resized_part(Value images, std::int64_t height, std::int64_t width,
                   const ResizeOptions& options) {
  const ImageSize given = image_size(images);
  const auto part = [](std::int64_t size, std::int64_t wanted) {
    return std::max<std::int64_t>(std::min(size, wanted), 1);
  };
  const std::int64_t rows = part(given.height, size_at_ratio(given.width, height, width));
  const std::int64_t columns = part(given.width, size_at_ratio(given.height, width, height));
  return resize(crop(images, (given.height - rows) / 2, (given.width - columns) / 2, rows, columns),
                height, width, options);
}

}  // namespace tegula::nn
