#include "tegula/nn/layers/resizing.hpp"

#include <algorithm>

#include "src/nn/layers/images.hpp"
#include "src/nn/layers/spatial.hpp"
#include "tegula/nn/layers/convolution.hpp"

namespace tegula::nn {

ResizingLayer::ResizingLayer(ResizingOptions options) : LayerWithOptions(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  check_interpolation(options_.interpolation, kName);
  if (options_.fill_mode != "constant") {
    throw InvalidArgument("Resizing: `fill_mode` must be \"constant\", got \"" +
                          options_.fill_mode + "\"");
  }
  if (options_.crop_to_aspect_ratio && options_.pad_to_aspect_ratio) {
    throw InvalidArgument(
        "Resizing: only one of `pad_to_aspect_ratio` and `crop_to_aspect_ratio` can be True");
  }
}

Value ResizingLayer::call(Value x, bool /*training*/) {
  check_images(x.shape(), options_.data_format, describe());
  x = to_channels_last(x, options_.data_format);
  const ResizeOptions method{.method = options_.interpolation, .antialias = options_.antialias};
  const std::int64_t height = options_.height, width = options_.width;
  if (options_.crop_to_aspect_ratio) {
    x = resized_part(x, height, width, method);
  } else {
    if (options_.pad_to_aspect_ratio) {
      const ImageSize given = image_size(x);
      const auto margin = [](std::int64_t size, std::int64_t wanted) {
        return (std::max(size, wanted) - size) / 2;
      };
      const std::int64_t rows = margin(given.height, size_at_ratio(given.width, height, width));
      const std::int64_t columns = margin(given.width, size_at_ratio(given.height, width, height));
      x = pad(x, {0, rows, columns, 0}, {0, rows, columns, 0}, options_.fill_value);
    }
    x = resize(x, height, width, method);
  }
  return from_channels_last(x, options_.data_format);
}

CenterCropLayer::CenterCropLayer(CenterCropOptions options) : LayerWithOptions(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
}

Value CenterCropLayer::call(Value x, bool /*training*/) {
  check_images(x.shape(), options_.data_format, describe());
  x = to_channels_last(x, options_.data_format);
  const ImageSize given = image_size(x);
  const std::int64_t height = options_.height, width = options_.width;
  const bool fits = given.height >= height && given.width >= width;
  x = fits ? crop(x, (given.height - height) / 2, (given.width - width) / 2, height, width)
           : resized_part(x, height, width, {});
  return from_channels_last(x, options_.data_format);
}

}  // namespace tegula::nn
