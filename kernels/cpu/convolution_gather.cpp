#include "kernels/cpu/convolution_gather.hpp"

#include <algorithm>

namespace tegula::kernels {

namespace {

using Index = std::int64_t;

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

/// Results of a tile, about: two of the groups of rows that a product packs or reads together, so
/// that few tiles read all of the weights, while the part of the source stays in L2.
constexpr Index kRowsPerTile = 288;
/// Floats of a buffer that are not exceeded while a tile can be smaller: 1 MiB, half of the L2 of
/// current server cores, all of it elsewhere.
constexpr Index kBufferFloats = 262'144;

}  // namespace

Gather::Gather(Index batch, Index channels, Index group_channels,
               const std::array<GatherAxis, 3>& axes)
    : batch_(batch), channels_(channels), axes_(axes) {
  results_per_image_ = 1;
  for (std::size_t i = 3; i-- > 0;) {
    const GatherAxis& axis = axes_[i];
    results_per_image_ *= axis.results;
    if (axis.source != 1 || axis.results != 1 || axis.taps.size() != 1) outer_ = i;
    if (axis.taps.empty() || axis.results == 0) continue;
    const auto [least, greatest] = std::minmax_element(axis.taps.begin(), axis.taps.end());
    const Index last = (axis.results - 1) * axis.stride + *greatest;
    extents_[i] = {last - *least + 1, *least};
    in_place_ = in_place_ && *least >= 0 && last < axis.source;
  }
  // Without taps nothing is read.
  for (const GatherAxis& axis : axes_) in_place_ = in_place_ || axis.taps.empty();
  if (in_place_) {
    for (std::size_t i = 0; i < 3; ++i) extents_[i] = {axes_[i].source, 0};
  }
  choose_tiles();
  make_tables(group_channels);
}

void Gather::choose_tiles() {
  const GatherAxis& outer = axes_[outer_];
  if (results_per_image_ == 0 || batch_ == 0) return;
  const Index inner_results = results_per_image_ / outer.results;
  Index inner = channels_;
  for (std::size_t i = outer_ + 1; i < 3; ++i) inner *= extents_[i].size;
  const Index overlap = extents_[outer_].size - (outer.results - 1) * outer.stride;
  const auto buffer = [&](Index count) { return ((count - 1) * outer.stride + overlap) * inner; };
  Index count =
      std::clamp<Index>(kRowsPerTile / std::max<Index>(inner_results, 1), 1, outer.results);
  while (!in_place_ && count > 1 && buffer(count) > kBufferFloats) --count;
  tiles_per_image_ = ceil_div(outer.results, count);
  outer_per_tile_ = ceil_div(outer.results, tiles_per_image_);
  tiles_per_image_ = ceil_div(outer.results, outer_per_tile_);
  image_stride_ = extents_[outer_].size * inner;
  if (tiles_per_image_ == 1) {
    images_per_tile_ = std::clamp<Index>(kRowsPerTile / results_per_image_, 1, batch_);
    while (!in_place_ && images_per_tile_ > 1 && images_per_tile_ * image_stride_ > kBufferFloats) {
      --images_per_tile_;
    }
  }
  tiles_ = ceil_div(batch_, images_per_tile_) * tiles_per_image_;
  if (in_place_) return;
  buffer_size_ = static_cast<std::size_t>(tiles_per_image_ == 1 ? images_per_tile_ * image_stride_
                                                                : buffer(outer_per_tile_));
  // Cache lines are not shared with the next buffer.
  buffer_size_ = (buffer_size_ + 15) / 16 * 16;
}

void Gather::make_tables(Index group_channels) {
  const auto offset = [&](Index i, Index j, Index k) {
    return ((i * extents_[1].size + j) * extents_[2].size + k) * channels_;
  };
  const auto& [a, b, c] = axes_;
  for (const Index i : a.taps) {
    for (const Index j : b.taps) {
      for (const Index k : c.taps) {
        const Index tap =
            offset(i - extents_[0].first, j - extents_[1].first, k - extents_[2].first);
        for (Index channel = 0; channel < group_channels; ++channel) {
          steps_.push_back(tap + channel);
        }
      }
    }
  }
  if (tiles_ == 0) return;
  std::array<Index, 3> counts = {a.results, b.results, c.results};
  counts[outer_] = outer_per_tile_;
  for (Index image = 0; image < images_per_tile_; ++image) {
    for (Index i = 0; i < counts[0]; ++i) {
      for (Index j = 0; j < counts[1]; ++j) {
        for (Index k = 0; k < counts[2]; ++k) {
          rows_.push_back(image * image_stride_ + offset(i * a.stride, j * b.stride, k * c.stride));
        }
      }
    }
  }
}

Gather::Tile Gather::tile(Index index) const {
  Tile tile;
  tile.image = index / tiles_per_image_ * images_per_tile_;
  tile.images = std::min(images_per_tile_, batch_ - tile.image);
  tile.first = index % tiles_per_image_ * outer_per_tile_;
  tile.count = std::min(outer_per_tile_, axes_[outer_].results - tile.first);
  const Index inner = results_per_image_ / axes_[outer_].results;
  tile.rows = tile.images * tile.count * inner;
  tile.row = tile.image * results_per_image_ + tile.first * inner;
  return tile;
}

const float* Gather::fill(const Tile& tile, const float* source, float* buffer) const {
  Index pixels = 1, inner = 1;
  for (std::size_t i = 0; i < 3; ++i) pixels *= axes_[i].source;
  for (std::size_t i = outer_ + 1; i < 3; ++i) inner *= axes_[i].source;
  if (in_place_) {
    const Index first = tile.first * axes_[outer_].stride * inner;
    return source + (tile.image * pixels + first) * channels_;
  }
  for (Index image = 0; image < tile.images; ++image) {
    copy_image(tile, source + (tile.image + image) * pixels * channels_,
               buffer + image * image_stride_);
  }
  return buffer;
}

void Gather::copy_image(const Tile& tile, const float* image, float* buffer) const {
  std::array<Index, 3> sizes, firsts;
  for (std::size_t i = 0; i < 3; ++i) {
    sizes[i] = extents_[i].size;
    firsts[i] = extents_[i].first;
  }
  const GatherAxis& outer = axes_[outer_];
  sizes[outer_] -= (outer.results - tile.count) * outer.stride;
  firsts[outer_] += tile.first * outer.stride;
  // Of each row: zeros, elements [begin, end) of the source, zeros.
  const Index begin = std::clamp<Index>(firsts[2], 0, axes_[2].source);
  const Index end = std::clamp<Index>(firsts[2] + sizes[2], begin, axes_[2].source);
  const Index before = std::clamp<Index>(-firsts[2], 0, sizes[2]);
  const Index copied = std::min(end - begin, sizes[2] - before) * channels_;
  const Index row = sizes[2] * channels_, ahead = before * channels_;
  for (Index i = firsts[0]; i < firsts[0] + sizes[0]; ++i) {
    for (Index j = firsts[1]; j < firsts[1] + sizes[1]; ++j, buffer += row) {
      if (i < 0 || i >= axes_[0].source || j < 0 || j >= axes_[1].source) {
        std::fill_n(buffer, row, 0.0f);
        continue;
      }
      const float* from = image + ((i * axes_[1].source + j) * axes_[2].source + begin) * channels_;
      std::fill_n(buffer, ahead, 0.0f);
      std::copy_n(from, copied, buffer + ahead);
      std::fill_n(buffer + ahead + copied, row - ahead - copied, 0.0f);
    }
  }
}

}  // namespace tegula::kernels
