// Float GEMM micro-kernels and the loops around them, compiled once per instruction set.
//
// The structure is GotoBLAS's (Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication", ACM TOMS 34(3), 2008) as BLIS arranges it (Van Zee and van de Geijn, "BLIS: A
// Framework for Rapidly Instantiating BLAS Functionality", ACM TOMS 41(3), 2015): a block of C as
// large as the register file, over it a panel of B that stays in L1, over it a group of rows of A
// that stays in L2. The first block of a group reads the panel where B holds it and copies it
// meanwhile: the store port is idle, so packing a row-major B costs next to nothing. A is read in
// place unless its rows lie far apart or many columns use it. The buffers are small enough for the
// stack (220 KiB), so nothing allocates.

#include "kernels/cpu/gemm_tile.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/gemm_tile.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/gemm_pack-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

/// Elements of C that are finished before the epilogue sees them: 16 KiB, half of L1.
constexpr Index kEpilogueElements = 4096;
/// Likewise for a consumer, whose own operands want the rest of L1; and the columns of its blocks.
constexpr Index kConsumedElements = 2048;
constexpr Index kConsumedCols = 256;

/// Blocks of C, of the same number of rows, that the micro-kernel computes one after the other:
/// below each other, or along a strip of B. The steps lead from one to the next.
struct Blocks {
  Index count = 1;
  Index depth = 0;
  const float* a = nullptr;
  Index a_row_stride = 0;
  Index a_k_stride = 0;
  Index a_step = 0;
  /// Panels of one block are `b_panel_stride` apart.
  const float* b = nullptr;
  Index b_k_stride = 0;
  Index b_panel_stride = 0;
  Index b_step = 0;
  /// Where a copying kernel leaves what it reads of B: rows of a block's panels side by side, one
  /// block after the other.
  float* b_copy = nullptr;
  float* c = nullptr;
  Index ldc = 0;
  Index c_step = 0;
  /// Columns of a block to write; the last panel may be cut.
  Index cols = 0;
  bool load_c = false;
  const float* bias = nullptr;
  Index bias_step = 0;
};

/// Writes the first columns of a block whose last panel is cut. Adds what C holds, then the bias,
/// as every path does, so that all round alike.
HWY_NOINLINE void store_cut_block(const Blocks& blocks, float* c, const float* bias,
                                  const float* sums, Index rows, Index width) {
  const Tag d;
  for (Index r = 0; r < rows; ++r, c += blocks.ldc, sums += width) {
    Index col = 0;
    for (; col + kLanes <= blocks.cols; col += kLanes) {
      Vector sum = hn::Load(d, sums + col);
      if (blocks.load_c) sum = hn::Add(hn::LoadU(d, c + col), sum);
      if (bias != nullptr) sum = hn::Add(sum, hn::LoadU(d, bias + col));
      hn::StoreU(sum, d, c + col);
    }
    for (; col < blocks.cols; ++col) {
      const float sum = blocks.load_c ? c[col] + sums[col] : sums[col];
      c[col] = bias == nullptr ? sum : sum + bias[col];
    }
  }
}

/// C[Rows, Panels * 16] from `depth` outer products; 2 * Rows * Panels * 16 * depth FLOPs a block.
template <int Rows, int Panels, bool CopyB>
HWY_NOINLINE void micro_kernel(const Blocks& blocks) {
  constexpr int kVectors = Panels * kVectorsPerPanel;
  const Tag d;
  const Index a_row_stride = blocks.a_row_stride;
  const Index a_k_stride = blocks.a_k_stride;
  const Index b_k_stride = blocks.b_k_stride;
  const Index b_panel_stride = blocks.b_panel_stride;
  float* copy = blocks.b_copy;
  for (Index i = 0; i < blocks.count; ++i) {
    const float* HWY_RESTRICT a = blocks.a + i * blocks.a_step;
    const float* HWY_RESTRICT b = blocks.b + i * blocks.b_step;
    float* c_block = blocks.c + i * blocks.c_step;
    const float* bias_block = blocks.bias == nullptr ? nullptr : blocks.bias + i * blocks.bias_step;
    Vector sums[Rows][kVectors];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      if (i == 0) hwy::Prefetch(c_block + r * blocks.ldc);
      hwy::Prefetch(c_block + blocks.c_step + r * blocks.ldc);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
    }
#pragma GCC unroll 4
    for (Index p = blocks.depth; p > 0; --p) {
      Vector b_row[kVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) {
        const Index offset =
            (v / kVectorsPerPanel) * b_panel_stride + (v % kVectorsPerPanel) * kLanes;
        b_row[v] = hn::LoadU(d, b + offset);
        if constexpr (CopyB) {
          // Rows are often pages apart, where the hardware does not prefetch.
          if (v % kVectorsPerPanel == 0) hwy::Prefetch(b + offset + kRowsAhead * b_k_stride);
          hn::Store(b_row[v], d, copy + v * kLanes);
        }
      }
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) {
        const Vector a_value = hn::Set(d, a[r * a_row_stride]);
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(a_value, b_row[v], sums[r][v]);
      }
      a += a_k_stride;
      b += b_k_stride;
      if constexpr (CopyB) copy += Panels * kPanel;
    }

    if (blocks.cols == Panels * kPanel) {
      if (blocks.load_c) {
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 16
          for (int v = 0; v < kVectors; ++v) {
            const float* c = c_block + r * blocks.ldc + v * kLanes;
            sums[r][v] = hn::Add(hn::LoadU(d, c), sums[r][v]);
          }
        }
      }
      if (bias_block != nullptr) {
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
          const Vector bias = hn::LoadU(d, bias_block + v * kLanes);
#pragma GCC unroll 16
          for (int r = 0; r < Rows; ++r) sums[r][v] = hn::Add(sums[r][v], bias);
        }
      }
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
          hn::StoreU(sums[r][v], d, c_block + r * blocks.ldc + v * kLanes);
        }
      }
    } else {
      HWY_ALIGN float cut[Rows * Panels * kPanel];
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
          hn::Store(sums[r][v], d, cut + r * Panels * kPanel + v * kLanes);
        }
      }
      store_cut_block(blocks, c_block, bias_block, cut, Rows, Panels * kPanel);
    }
  }
}

template <int Rows, int Panels>
HWY_INLINE void call_micro_kernel(const Blocks& blocks) {
  if constexpr (Rows <= kMaxRows && Rows * Panels * kVectorsPerPanel <= kMaxSums) {
    if constexpr (Panels <= kWidePanels) {
      if (blocks.b_copy != nullptr) return micro_kernel<Rows, Panels, true>(blocks);
    }
    micro_kernel<Rows, Panels, false>(blocks);
  }
}

template <int Panels>
void micro_kernel_of(Index rows, const Blocks& blocks) {
  switch (rows) {
    case 1:
      return call_micro_kernel<1, Panels>(blocks);
    case 2:
      return call_micro_kernel<2, Panels>(blocks);
    case 3:
      return call_micro_kernel<3, Panels>(blocks);
    case 4:
      return call_micro_kernel<4, Panels>(blocks);
    case 5:
      return call_micro_kernel<5, Panels>(blocks);
    case 6:
      return call_micro_kernel<6, Panels>(blocks);
    case 7:
      return call_micro_kernel<7, Panels>(blocks);
    case 8:
      return call_micro_kernel<8, Panels>(blocks);
    case 9:
      return call_micro_kernel<9, Panels>(blocks);
    case 10:
      return call_micro_kernel<10, Panels>(blocks);
    case 11:
      return call_micro_kernel<11, Panels>(blocks);
    case 12:
      return call_micro_kernel<12, Panels>(blocks);
    default:
      return;
  }
}

void micro_kernel_of(Index rows, Index panels, const Blocks& blocks) {
  switch (panels) {
    case 1:
      return micro_kernel_of<1>(rows, blocks);
    case 2:
      return micro_kernel_of<2>(rows, blocks);
    case 3:
      return micro_kernel_of<3>(rows, blocks);
    case 4:
      return micro_kernel_of<4>(rows, blocks);
    default:
      return;
  }
}

/// Panels that a kernel of so many rows takes at a time when nothing is packed: enough sums to hide
/// the latency of the multiply-adds.
Index panels_for(Index rows) {
  return std::clamp<Index>(kMaxSums / (rows * kVectorsPerPanel), 1, 4);
}

/// Elements of a strip of B that stays in L1: one panel of the greatest depth.
constexpr Index kStripElements = kWidePanels * kPanel * kMaxDepth;

/// Memory of one tile's packed parts of A and B; lives on the stack.
struct Buffers {
  alignas(64) float a[kGroupBlocks * kBlockElements];
  alignas(64) float b[kStripElements];
  alignas(64) float c[kConsumedElements + kMaxRows * kConsumedCols];
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
  if (tile.rows <= kMaxRows) return false;
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
  /// Whether the first block of rows reads the strip in place and copies it.
  bool copies = false;
};

/// The strip that begins at column `col` and ends before column `end`; packs it when it cannot be
/// read in place.
Strip make_strip(const GemmTile& tile, const Slice& slice, Index col, Index end, Buffers& buffers) {
  const bool one_block = tile.rows <= kMaxRows;
  const bool in_place = !tile.b_packed && !tile.transpose_b;
  const Index left = end - col;
  const bool unpacked = !in_place && !tile.b_packed;
  const Index widest = one_block && !unpacked ? panels_for(tile.rows) : Index{kWidePanels};
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

/// A group of rows over one strip, which is read from the copy afterwards if there is one.
void compute_strip(const GemmTile& tile, const Slice& slice, const RowBlocks& rows,
                   const Group& group, bool packed_a, Strip& strip, Buffers& buffers) {
  Blocks blocks;
  blocks.depth = slice.depth;
  blocks.ldc = group.ldc;
  blocks.load_c = tile.accumulate || slice.begin > 0;
  blocks.cols = std::min(strip.panels * kPanel, strip.cols);
  blocks.bias = slice.last && tile.bias != nullptr ? tile.bias + strip.col : nullptr;
  blocks.bias_step = strip.blocks > 1 ? blocks.cols : 0;
  blocks.a =
      packed_a ? buffers.a : tile.a + group.row * tile.a_row_stride + slice.begin * tile.a_k_stride;
  blocks.c = group.c + strip.col - group.col;
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
    blocks.a_step = along ? 0 : a_block_stride;
    blocks.b_step = along ? strip.b_step : 0;
    blocks.c_step = along ? blocks.cols : height * group.ldc;
    micro_kernel_of(height, strip.panels, blocks);
    if (strip.copies) use_copy(strip, slice, buffers);
    i += rows_of_blocks;
    blocks.a += rows_of_blocks * a_block_stride;
    blocks.c += rows_of_blocks * height * group.ldc;
  }
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
  const bool pack_a = should_pack_a(tile, slice);
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
      pack_a_group(tile.a + group.row * tile.a_row_stride + slice.begin * tile.a_k_stride,
                   tile.a_row_stride, tile.a_k_stride, rows, group.first, group.last, slice.depth,
                   buffers.a);
    }
    for (Index col = begin; col < end; col += strip.cols) {
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

/// Columns per step of compute_dots.
constexpr int kDots = 4;

/// Rows so few that reading op(B)'s columns, which lie contiguous when B is transposed, costs less
/// than transposing them into panels.
bool should_use_dots(const GemmTile& tile) {
  return tile.rows <= 2 && tile.transpose_b && !tile.b_packed && tile.a_k_stride == 1 &&
         tile.consumer == nullptr;
}

/// sums[j] = a . b[j*ldb ...] over k elements, for `Count` columns.
template <int Count>
void dot_columns(const float* a, const float* b, Index ldb, Index k, float* sums) {
  const Tag d;
  Vector totals[Count];
#pragma GCC unroll 4
  for (int j = 0; j < Count; ++j) totals[j] = hn::Zero(d);
  Index p = 0;
  for (; p + kLanes <= k; p += kLanes) {
    const Vector values = hn::LoadU(d, a + p);
#pragma GCC unroll 4
    for (int j = 0; j < Count; ++j) {
      totals[j] = hn::MulAdd(values, hn::LoadU(d, b + j * ldb + p), totals[j]);
    }
  }
  if (p < k) {
    const Vector values = load_first(d, a + p, k - p);
#pragma GCC unroll 4
    for (int j = 0; j < Count; ++j) {
      totals[j] = hn::MulAdd(values, load_first(d, b + j * ldb + p, k - p), totals[j]);
    }
  }
#pragma GCC unroll 4
  for (int j = 0; j < Count; ++j) sums[j] = hn::GetLane(hn::SumOfLanes(d, totals[j]));
}

void compute_dots(const GemmTile& tile) {
  for (Index row = 0; row < tile.rows; ++row) {
    const float* a = tile.a + row * tile.a_row_stride;
    float* c = tile.c + row * tile.ldc;
    for (Index col = 0; col < tile.cols; col += kDots) {
      const Index count = std::min<Index>(kDots, tile.cols - col);
      const float* b = tile.b + col * tile.ldb;
      float sums[kDots];
      if (count == kDots) {
        dot_columns<kDots>(a, b, tile.ldb, tile.k, sums);
      } else {
        for (Index j = 0; j < count; ++j) {
          dot_columns<1>(a, b + j * tile.ldb, tile.ldb, tile.k, sums + j);
        }
      }
      for (Index j = 0; j < count; ++j) {
        const float sum = tile.accumulate ? c[col + j] + sums[j] : sums[j];
        c[col + j] = tile.bias == nullptr ? sum : sum + tile.bias[col + j];
      }
    }
  }
  if (tile.epilogue != nullptr) (*tile.epilogue)(tile.row, tile.col, tile.rows, tile.cols);
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
HWY_EXPORT(pack_panels);

void compute_gemm_tile(const GemmTile& tile) { HWY_DYNAMIC_DISPATCH(compute_tile)(tile); }

void pack_b_panels(const float* b, std::int64_t ldb, bool transposed, std::int64_t k,
                   std::int64_t cols, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_panels)(b, ldb, transposed, k, cols, packed);
}

}  // namespace tegula::kernels
#endif
