// The loops around the float micro-kernels, compiled once per instruction set.
//
// The structure is GotoBLAS's (Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication", ACM TOMS 34(3), 2008) as BLIS arranges it (Van Zee and van de Geijn, "BLIS: A
// Framework for Rapidly Instantiating BLAS Functionality", ACM TOMS 41(3), 2015): a block of C as
// large as the register file, over it a panel of B that stays in L1, over it a group of rows of A
// that stays in L2. The first block of a group reads the panel where B holds it and copies it
// meanwhile: the store port is idle, so packing a row-major B costs next to nothing. Where too many
// groups would copy the same panel, gemm.cpp packs B before. A is read in place unless its rows lie
// far apart or many columns use it. The buffers are small enough for the stack (230 KiB), so
// nothing allocates.

#include "kernels/cpu/gemm_tile.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/gemm_tile.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/gemm_dots-inl.hpp"
#include "kernels/cpu/gemm_micro-inl.hpp"
#include "kernels/cpu/gemm_pack-inl.hpp"
#include "kernels/cpu/gemm_zeros-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

/// Elements of C that are finished before the epilogue sees them: 16 KiB, half of L1.
constexpr Index kEpilogueElements = 4096;
/// Likewise for a consumer, whose own operands want the rest of L1; and the columns of its blocks.
constexpr Index kConsumedElements = 2048;
constexpr Index kConsumedCols = 256;

/// Elements of a strip of B that stays in L1: one panel of the greatest depth.
constexpr Index kStripElements = kWidePanels * kPanel * kMaxDepth;

/// Elements of a packed B from which L2 does not keep it for the next tile, so that strips are
/// fetched ahead, and blocks of rows that such fetching is spread over at least: in bursts it stops
/// the micro-kernel.
constexpr Index kFetchedElements = 65'536;
constexpr Index kFetchingBlocks = 16;

/// Memory of one tile's packed parts of A and B; lives on the stack.
struct Buffers {
  alignas(64) float a[kGroupBlocks * kBlockElements];
  alignas(64) float b[kStripElements];
  alignas(64) float c[kConsumedElements + kMaxRows * kConsumedCols];
  NonzeroBits nonzeros;
};

/// A slice of k: rows [begin, begin + depth) of op(B).
struct Slice {
  Index begin = 0;
  Index depth = 0;
  bool last = false;
};

/// Blocks of rows that take a strip of B while it is in L1, over columns [col, col + cols): what
/// the epilogue or the consumer sees at once.
struct Group {
  Index first = 0;  ///< block
  Index last = 0;
  Index row = 0;
  Index rows = 0;
  Index col = 0;
  Index cols = 0;
  float* c = nullptr;
  Index ldc = 0;
};

/// Whether the tile copies its rows of A together first: when they lie far apart, or when steps of
/// k would fall into few sets of the cache, and enough columns use the copy.
bool should_pack_a(const GemmTile& tile, const Slice& slice) {
  if (tile.rows <= kMaxRows || tile.a_rows != nullptr) return false;
  if (tile.a_k_stride == 1) return tile.a_row_stride >= kFarRows && tile.cols >= 16 * kPanel;
  const bool few_sets = tile.a_k_stride % 64 == 0;
  return slice.depth > 64 && tile.cols >= (few_sets ? 4 : 16) * kPanel;
}

/// Panels of B that every block of a group passes over before the next ones are taken.
struct Strip {
  Index col = 0;
  Index cols = 0;
  /// Panels per block of the micro-kernel, and blocks along the strip.
  Index panels = 0;
  Index blocks = 0;
  const float* b = nullptr;
  Index b_k_stride = 0;
  Index b_panel_stride = 0;
  Index b_step = 0;
  /// Where a packed B goes on after the strip, if it is worth fetching meanwhile.
  const float* next = nullptr;
  /// Whether the first block of rows reads the strip in place and copies it.
  bool copies = false;
};

/// The strip of a packed B that follows one, which has `left` columns from its first on: in the
/// same slice, or the first of the next slice; null after the last.
const float* next_strip(const GemmTile& tile, const Slice& slice, const Strip& strip, Index left) {
  if (left > strip.cols) return strip.b + strip.b_step;
  return slice.last ? nullptr : tile.b + (slice.begin + slice.depth) * kPanel;
}

/// The strip that begins at column `col` and ends before column `end`; packs it when it cannot be
/// read in place.
Strip make_strip(const GemmTile& tile, const Slice& slice, Index col, Index end, Buffers& buffers) {
  const bool one_block = tile.rows <= kMaxRows;
  const bool in_place = !tile.b_packed && !tile.transpose_b;
  const Index left = end - col;
  const bool unpacked = !in_place && !tile.b_packed;
  const bool wide = one_block && !unpacked && tile.a_rows == nullptr;
  const Index widest = wide ? panels_for(tile.rows) : Index{kWidePanels};
  Strip strip;
  strip.col = col;
  // A cut panel cannot be read in place, because its rows end early; it is a strip of its own.
  strip.panels = std::clamp<Index>(left / kPanel, 1, widest);
  const Index block_cols = strip.panels * kPanel;
  Index fitting = kStripElements / (std::max<Index>(slice.depth, 1) * block_cols);
  if (one_block && !unpacked) fitting = left;
  strip.blocks = std::clamp<Index>(fitting, 1, std::max<Index>(left / block_cols, 1));
  strip.cols = std::min(strip.blocks * block_cols, left);
  if (tile.b_packed) {
    strip.b = tile.b + col * tile.k + slice.begin * kPanel;
    strip.b_k_stride = kPanel;
    strip.b_panel_stride = tile.k * kPanel;
    strip.b_step = strip.panels * strip.b_panel_stride;
    if (tile.cols * tile.k >= kFetchedElements) strip.next = next_strip(tile, slice, strip, left);
    return strip;
  }
  const float* from =
      tile.b + (tile.transpose_b ? col * tile.ldb + slice.begin : slice.begin * tile.ldb + col);
  if (in_place && strip.cols >= kPanel) {
    strip.b = from;
    strip.b_k_stride = tile.ldb;
    strip.b_panel_stride = kPanel;
    strip.b_step = block_cols;
    strip.copies = !one_block;
    return strip;
  }
  strip.b = buffers.b;
  strip.b_k_stride = kPanel;
  strip.b_panel_stride = slice.depth * kPanel;
  strip.b_step = strip.panels * strip.b_panel_stride;
  pack_strip(from, tile.ldb, tile.transpose_b, slice.depth, strip.cols, buffers.b,
             strip.b_panel_stride);
  return strip;
}

/// From here on the strip is read where it was copied to.
void use_copy(Strip& strip, const Slice& slice, const Buffers& buffers) {
  strip.b = buffers.b;
  strip.b_k_stride = strip.panels * kPanel;
  strip.b_panel_stride = kPanel;
  strip.b_step = slice.depth * strip.b_k_stride;
  strip.copies = false;
}

/// A group's rows of A, in a slice, unless they are gathered.
const float* a_of(const GemmTile& tile, const Slice& slice, const Group& group) {
  return tile.a + group.row * tile.a_row_stride + slice.begin * tile.a_k_stride;
}

/// What does not depend on how the operands are read: where a group's sums from column `col` on go,
/// and what is added to them.
Blocks blocks_of(const GemmTile& tile, const Slice& slice, const Group& group, Index col) {
  Blocks blocks;
  blocks.depth = slice.depth;
  blocks.c = group.c + col - group.col;
  blocks.ldc = group.ldc;
  blocks.load_c = tile.accumulate || slice.begin > 0;
  blocks.bias = slice.last && tile.bias != nullptr ? tile.bias + col : nullptr;
  return blocks;
}

/// A group of rows over one strip, which is read from the copy afterwards if there is one.
void compute_strip(const GemmTile& tile, const Slice& slice, const RowBlocks& rows,
                   const Group& group, bool packed_a, Strip& strip, Buffers& buffers) {
  Blocks blocks = blocks_of(tile, slice, group, strip.col);
  blocks.cols = std::min(strip.panels * kPanel, strip.cols);
  blocks.bias_step = strip.blocks > 1 ? blocks.cols : 0;
  blocks.a = packed_a ? buffers.a : a_of(tile, slice, group);
  const bool gathered = tile.a_rows != nullptr;
  if (gathered) {
    blocks.a = tile.a;
    blocks.a_rows = tile.a_rows + group.row;
    blocks.a_steps = tile.a_steps + slice.begin;
  }
  const Index count = group.last - group.first;
  for (Index i = group.first; i < group.last;) {
    const Index height = rows.rows(i);
    const Index a_block_stride = packed_a ? kBlockElements : height * tile.a_row_stride;
    blocks.a_row_stride = packed_a ? 1 : tile.a_row_stride;
    blocks.a_k_stride = packed_a ? height : tile.a_k_stride;
    blocks.b = strip.b;
    blocks.b_k_stride = strip.b_k_stride;
    blocks.b_panel_stride = strip.b_panel_stride;
    blocks.b_copy = strip.copies ? buffers.b : nullptr;
    // Along the strip; or down the rows, as far as the blocks are of the same height.
    const bool along = strip.blocks > 1 || strip.copies;
    const Index same = i < rows.larger ? std::min(rows.larger, group.last) : group.last;
    const Index rows_of_blocks = along ? 1 : same - i;
    blocks.count = along ? strip.blocks : rows_of_blocks;
    blocks.a_step = along || gathered ? 0 : a_block_stride;
    blocks.a_rows_step = along ? 0 : height;
    blocks.b_step = along ? strip.b_step : 0;
    blocks.c_step = along ? blocks.cols : height * group.ldc;
    if (strip.next != nullptr && !along && count >= kFetchingBlocks) {
      blocks.b_ahead_rows = (slice.depth + count - 1) / count;
      blocks.b_ahead = strip.next + (i - group.first) * blocks.b_ahead_rows * kPanel;
    }
    micro_kernel_of(height, strip.panels, blocks);
    if (strip.copies) use_copy(strip, slice, buffers);
    i += rows_of_blocks;
    if (gathered) {
      blocks.a_rows += rows_of_blocks * height;
    } else {
      blocks.a += rows_of_blocks * a_block_stride;
    }
    blocks.c += rows_of_blocks * height * group.ldc;
  }
}

/// As much of a group of rows as is summed up at once from column `col` on, without the zeros of A;
/// returns the columns done.
Index skip_zeros(const GemmTile& tile, const Slice& slice, const Group& group, Index col, Index end,
                 Buffers& buffers) {
  const Index left = (end - col) / kPanel;
  const Index panels = std::min<Index>(left, kSkippingPanels);
  const Index strips = std::min(left / panels, kSkippingStrips);
  Blocks blocks = blocks_of(tile, slice, group, col);
  blocks.a = a_of(tile, slice, group);
  blocks.a_row_stride = tile.a_row_stride;
  blocks.a_k_stride = tile.a_k_stride;
  blocks.b_k_stride = tile.b_packed ? kPanel : tile.ldb;
  blocks.b_panel_stride = tile.b_packed ? tile.k * kPanel : kPanel;
  blocks.b = tile.b + col / kPanel * blocks.b_panel_stride + slice.begin * blocks.b_k_stride;
  blocks.b_step = panels * blocks.b_panel_stride;
  blocks.c_step = panels * kPanel;
  sum_nonzeros_of<kSkippingPanels>(panels, blocks, group.rows, strips, buffers.nonzeros, buffers.a);
  return strips * panels * kPanel;
}

/// Blocks of a group: as many as A's buffer holds, fewer when somebody wants their part of C while
/// L1 holds it. At least 4 share a deep strip's copy.
Index group_blocks(const GemmTile& tile, const RowBlocks& rows, Index cols) {
  const Index block_elements = (rows.base + 1) * cols;
  if (tile.consumer != nullptr) {
    return std::clamp<Index>(kConsumedElements / block_elements, 1, kGroupBlocks);
  }
  if (tile.epilogue == nullptr || tile.k > kMaxDepth || tile.transpose_b) return kGroupBlocks;
  return std::clamp<Index>(kEpilogueElements / block_elements, 4, kGroupBlocks);
}

/// All rows over columns [begin, end) of the tile.
void compute_columns(const GemmTile& tile, const Slice& slice, Index begin, Index end,
                     Buffers& buffers) {
  const RowBlocks rows(tile.rows);
  const bool pack_a = !tile.skip_zeros && should_pack_a(tile, slice);
  Group group;
  group.col = begin;
  group.cols = end - begin;
  const Index per_group = group_blocks(tile, rows, group.cols);
  Strip strip;
  for (; group.first < rows.count; group.first = group.last, group.row += group.rows) {
    group.last = std::min(group.first + per_group, rows.count);
    group.rows = rows.begin(group.last) - group.row;
    group.c = tile.consumer != nullptr ? buffers.c : tile.c + group.row * tile.ldc + begin;
    group.ldc = tile.consumer != nullptr ? group.cols : tile.ldc;
    if (pack_a) {
      pack_a_group(a_of(tile, slice, group), tile.a_row_stride, tile.a_k_stride, rows, group.first,
                   group.last, slice.depth, buffers.a);
    }
    if (tile.skip_zeros) {
      find_nonzeros(a_of(tile, slice, group), tile.a_row_stride, tile.a_k_stride, group.rows,
                    slice.depth, buffers.nonzeros);
    }
    for (Index col = begin; col < end; col += strip.cols) {
      if (tile.skip_zeros && end - col >= kPanel) {
        strip.cols = skip_zeros(tile, slice, group, col, end, buffers);
        continue;
      }
      // A strip of all columns serves all groups.
      if (strip.cols < group.cols) strip = make_strip(tile, slice, col, end, buffers);
      compute_strip(tile, slice, rows, group, pack_a, strip, buffers);
    }
    if (!slice.last) continue;
    const Index row = tile.row + group.row;
    const Index col = tile.col + begin;
    if (tile.consumer != nullptr) {
      (*tile.consumer)(row, col, group.rows, group.cols, buffers.c);
    } else if (tile.epilogue != nullptr) {
      (*tile.epilogue)(row, col, group.rows, group.cols);
    }
  }
}

bool pack_and_look(const float* b, Index ldb, bool transposed, Index k, Index cols, float* packed,
                   Index stride) {
  pack_strip(b, ldb, transposed, k, cols, packed, stride);
  bool finite = true;
  for (Index col = 0; col < cols; col += kPanel, packed += stride) {
    finite = is_finite(packed, k, kPanel, kPanel) && finite;
  }
  return finite;
}

void compute_tile(const GemmTile& tile) {
  if (should_use_dots(tile)) return compute_dots(tile);
  Buffers buffers;
  const Index slices = std::max<Index>((tile.k + kMaxDepth - 1) / kMaxDepth, 1);
  const Index depth = (tile.k + slices - 1) / slices;
  const Index width = tile.consumer != nullptr ? kConsumedCols : tile.cols;
  for (Index i = 0; i < slices; ++i) {
    const Index begin = i * depth;
    const Slice slice{begin, std::min(depth, tile.k - begin), i + 1 == slices};
    for (Index col = 0; col < tile.cols; col += width) {
      compute_columns(tile, slice, col, std::min(col + width, tile.cols), buffers);
    }
  }
}

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(compute_tile);
HWY_EXPORT(is_finite);
HWY_EXPORT(pack_and_look);

void compute_gemm_tile(const GemmTile& tile) { HWY_DYNAMIC_DISPATCH(compute_tile)(tile); }

bool is_finite_matrix(const float* values, std::int64_t rows, std::int64_t cols,
                      std::int64_t stride) {
  return HWY_DYNAMIC_DISPATCH(is_finite)(values, rows, cols, stride);
}

bool pack_b_panels(const float* b, std::int64_t ldb, bool transposed, std::int64_t k,
                   std::int64_t cols, float* packed, std::int64_t stride) {
  return HWY_DYNAMIC_DISPATCH(pack_and_look)(b, ldb, transposed, k, cols, packed, stride);
}

}  // namespace tegula::kernels
#endif
