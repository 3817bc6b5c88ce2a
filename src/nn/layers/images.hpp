#pragma once
// What layers of images share. Private to src/nn.

#include <cstdint>
#include <string>
#include <string_view>

#include "tegula/graph/image.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula::nn {

struct ImageSize {
  std::int64_t height = 0;
  std::int64_t width = 0;
};
/// Of images [batch, height, width, channels].
ImageSize image_size(const Value& images);

/// Throws ShapeError, naming the layer, unless the shape is that of a batch of images of known size
/// and number of channels.
void check_images(const Shape& shape, const std::string& data_format, const std::string& layer);

/// Throws InvalidArgument, naming the layer, unless Keras's layers know the interpolation.
void check_interpolation(const std::string& interpolation, std::string_view layer);

/// Rows [top, top + height) and columns [left, left + width).
Value crop(Value images, std::int64_t top, std::int64_t left, std::int64_t height,
           std::int64_t width);

/// The size along one axis that goes with `other` along the other axis, at this aspect ratio.
std::int64_t size_at_ratio(std::int64_t other, std::int64_t target, std::int64_t target_of_other);

/// The largest centered part that has the aspect ratio of height and width, in that size.
Value resized_part(Value images, std::int64_t height, std::int64_t width,
                   const ResizeOptions& options);

}  // namespace tegula::nn
