#pragma once
// The left operand of a convolution as a matrix product: a row per result pixel, a step per tap and
// channel, gathered from the source through two tables of offsets. Internal to the convolutions.

#include <array>
#include <cstddef>
#include <vector>

#include "src/core/window.hpp"

namespace tegula::kernels {

/// One axis: result t sees the source's elements t * stride + tap, for each tap, zeros beyond its
/// borders.
struct GatherAxis {
  std::int64_t source = 1;
  std::int64_t results = 1;
  std::int64_t stride = 1;
  std::vector<std::int64_t> taps = {0};
};

/// Results are computed tile by tile: some of an image's first axis, or several images. Where
/// windows reach beyond the borders, the part of the source that a tile sees is copied into a
/// buffer with zeros around it, which costs next to nothing beside the product.
class Gather {
 public:
  /// Source pixels have `channels`, of which a window sees `group_channels`.
  Gather(std::int64_t batch, std::int64_t channels, std::int64_t group_channels,
         const std::array<GatherAxis, 3>& axes);

  struct Tile {
    std::int64_t image = 0;
    std::int64_t images = 0;
    /// Results [first, first + count) of the outer axis.
    std::int64_t first = 0;
    std::int64_t count = 0;
    /// Results of the tile, and before it.
    std::int64_t rows = 0;
    std::int64_t row = 0;
  };
  std::int64_t tiles() const { return tiles_; }
  Tile tile(std::int64_t index) const;

  /// Floats of a tile's buffer; 0 when the source is read in place.
  std::size_t buffer_size() const { return buffer_size_; }
  /// Where the tile's offsets count from, for the first group.
  const float* fill(const Tile& tile, const float* source, float* buffer) const;

  /// Offset of a tile's row, and of a step: element [i, p] is base[rows()[i] + steps()[p]].
  const std::int64_t* rows() const { return rows_.data(); }
  const std::int64_t* steps() const { return steps_.data(); }
  /// Taps times channels of a group.
  std::int64_t depth() const { return static_cast<std::int64_t>(steps_.size()); }
  std::int64_t results_per_image() const { return results_per_image_; }

 private:
  /// Pixels of an axis as the offsets count them, and the source's element that is the first.
  struct Extent {
    std::int64_t size = 1;
    std::int64_t first = 0;
  };

  void choose_tiles();
  void make_tables(std::int64_t group_channels);
  void copy_image(const Tile& tile, const float* image, float* buffer) const;

  std::int64_t batch_;
  std::int64_t channels_;
  std::array<GatherAxis, 3> axes_;
  std::array<Extent, 3> extents_;
  /// The first axis that is longer than one pixel.
  std::size_t outer_ = 2;
  bool in_place_ = true;
  std::int64_t results_per_image_ = 0;
  std::int64_t images_per_tile_ = 1;
  std::int64_t outer_per_tile_ = 1;
  std::int64_t tiles_per_image_ = 1;
  std::int64_t tiles_ = 0;
  std::int64_t image_stride_ = 0;
  std::size_t buffer_size_ = 0;
  std::vector<std::int64_t> rows_;
  std::vector<std::int64_t> steps_;
};

}  // namespace tegula::kernels
