#pragma once
// Rows of a tile of attention's weights. Internal to attention.cpp.

#include <cstdint>

namespace tegula::kernels::detail {

/// Queries and keys of a tile. Queries: a multiple of the rows of every micro-kernel; keys: so that
/// a tile of weights and its operands share L2.
inline constexpr std::int64_t kQueryTile = 96;
inline constexpr std::int64_t kKeyTile = 128;

/// What a tile's rows see of its keys.
struct TileView {
  std::int64_t rows = 0;
  /// At most kKeyTile; rows of weights are kKeyTile apart and aligned to 64 bytes.
  std::int64_t keys = 0;
  float scale = 1;
  /// Where the first row stands, counted from the first key.
  std::int64_t position = 0;
  bool causal = false;
  std::int64_t window = 0;
  /// What is added to the scaled logits, kKeyTile floats a row, or null; with a stride of 0 the
  /// same for all rows.
  const float* addends = nullptr;
  std::int64_t addend_stride = 0;
};

/// Products of queries and keys become weights relative to each row's largest logit so far; `sum`
/// and the `width` results of a row so far, unless they are `first`, follow when that grows.
void weigh_rows(const TileView& view, float* weights, float* maximum, float* sum, float* results,
                std::int64_t result_stride, std::int64_t width, bool first);

/// Results become means: divided by their sums. `log_sum` of each row, `log_stride` apart.
void normalize_rows(std::int64_t rows, const float* maximum, const float* sum, float* results,
                    std::int64_t result_stride, std::int64_t width, float* log_sum,
                    std::int64_t log_stride);

/// Products become weights, and `slopes`, the gradients of weights, those of the products. Rows
/// whose log_sum is -infinity have weights `blind` and no slopes; those into which no gradient
/// flows have neither.
void slope_rows(const TileView& view, float* weights, float* slopes, const float* log_sum,
                const float* delta, const bool* flows, float blind);

/// addends[key] = 0 where seen, else -infinity, for `keys` elements `stride` apart.
void addends_of_seen(const std::uint8_t* seen, std::int64_t stride, std::int64_t keys,
                     float* addends);

}  // namespace tegula::kernels::detail
