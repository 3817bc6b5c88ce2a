// Float GEMM micro-kernels and the loops around them, compiled once per instruction set.
//
// The structure is GotoBLAS's (Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication", ACM TOMS 34(3), 2008) as BLIS arranges it (Van Zee and van de Geijn, "BLIS: A
// Framework for Rapidly Instantiating BLAS Functionality", ACM TOMS 41(3), 2015), with the roles of
// A and B exchanged: a block of C as large as the register file, over it a block of rows of A that
// stays in L1, over it a strip of B that stays in L2. So C is written along its rows, and small
// products pay little for packing: A is read in place unless its rows lie far apart, and B too when
// only few rows use it. The buffers are small enough for the stack (190 KiB), so nothing allocates.

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

/// Elements of a strip of B: 128 KiB, so that it shares L2 with A and C.
constexpr Index kStripElements = 32768;
/// Elements of C that are finished before the epilogue sees them: 16 KiB, half of L1.
constexpr Index kEpilogueElements = 4096;
/// Likewise for a consumer, whose own operands want the rest of L1; and the columns of its blocks.
constexpr Index kConsumedElements = 2048;
constexpr Index kConsumedCols = 256;

/// Where the micro-kernel reads and writes. Panels of B are `b_panel_stride` apart.
struct Block {
  Index depth = 0;
  const float* a = nullptr;
  Index a_row_stride = 0;
  Index a_k_stride = 0;
  const float* b = nullptr;
  Index b_k_stride = 0;
  Index b_panel_stride = 0;
  float* c = nullptr;
  Index ldc = 0;
  /// Columns to write; the last panel may be cut.
  Index cols = 0;
  bool load_c = false;
  const float* bias = nullptr;
};

/// Adds what C holds and the bias, in this order in every path, so that all round alike.
HWY_INLINE Vector finish(Tag d, Vector sum, const float* c, bool load_c, const float* bias) {
  if (load_c) sum = hn::Add(hn::LoadU(d, c), sum);
  if (bias != nullptr) sum = hn::Add(sum, hn::LoadU(d, bias));
  return sum;
}

/// Writes the first columns of a block whose last panel is cut.
HWY_NOINLINE void store_cut_block(const Block& block, const float* sums, Index rows, Index width) {
  const Tag d;
  const float* bias = block.bias;
  float* c = block.c;
  for (Index r = 0; r < rows; ++r, c += block.ldc, sums += width) {
    Index col = 0;
    for (; col + kLanes <= block.cols; col += kLanes) {
      const float* bias_here = bias == nullptr ? nullptr : bias + col;
      const Vector sum = hn::Load(d, sums + col);
      hn::StoreU(finish(d, sum, c + col, block.load_c, bias_here), d, c + col);
    }
    for (; col < block.cols; ++col) {
      const float sum = block.load_c ? c[col] + sums[col] : sums[col];
      c[col] = bias == nullptr ? sum : sum + bias[col];
    }
  }
}

/// C[Rows, Panels * 16] from `depth` outer products; 2 * Rows * Panels * 16 * depth FLOPs.
template <int Rows, int Panels>
HWY_NOINLINE void micro_kernel(const Block& block) {
  constexpr int kVectors = Panels * kVectorsPerPanel;
  const Tag d;
  Vector sums[Rows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
  }
  const float* HWY_RESTRICT a = block.a;
  const float* HWY_RESTRICT b = block.b;
  const Index a_row_stride = block.a_row_stride;
  const Index a_k_stride = block.a_k_stride;
  const Index b_k_stride = block.b_k_stride;
  const Index b_panel_stride = block.b_panel_stride;
  for (Index p = block.depth; p > 0; --p) {
    Vector b_row[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      b_row[v] = hn::LoadU(
          d, b + (v / kVectorsPerPanel) * b_panel_stride + (v % kVectorsPerPanel) * kLanes);
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      const Vector a_value = hn::Set(d, a[r * a_row_stride]);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(a_value, b_row[v], sums[r][v]);
    }
    a += a_k_stride;
    b += b_k_stride;
  }

  float* c = block.c;
  if (block.cols == Panels * kPanel) {
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) {
        const Index col = v * kLanes;
        const float* bias = block.bias == nullptr ? nullptr : block.bias + col;
        hn::StoreU(finish(d, sums[r][v], c + col, block.load_c, bias), d, c + col);
      }
      c += block.ldc;
    }
    return;
  }
  HWY_ALIGN float cut[Rows * Panels * kPanel];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      hn::Store(sums[r][v], d, cut + r * Panels * kPanel + v * kLanes);
    }
  }
  store_cut_block(block, cut, Rows, Panels * kPanel);
}

template <int Rows, int Panels>
HWY_INLINE void call_micro_kernel(const Block& block) {
  if constexpr (Rows <= kMaxRows && Rows * Panels * kVectorsPerPanel <= kMaxSums) {
    micro_kernel<Rows, Panels>(block);
  }
}

template <int Panels>
void micro_kernel_of(Index rows, const Block& block) {
  switch (rows) {
    case 1:
      return call_micro_kernel<1, Panels>(block);
    case 2:
      return call_micro_kernel<2, Panels>(block);
    case 3:
      return call_micro_kernel<3, Panels>(block);
    case 4:
      return call_micro_kernel<4, Panels>(block);
    case 5:
      return call_micro_kernel<5, Panels>(block);
    case 6:
      return call_micro_kernel<6, Panels>(block);
    case 7:
      return call_micro_kernel<7, Panels>(block);
    case 8:
      return call_micro_kernel<8, Panels>(block);
    case 9:
      return call_micro_kernel<9, Panels>(block);
    case 10:
      return call_micro_kernel<10, Panels>(block);
    case 11:
      return call_micro_kernel<11, Panels>(block);
    case 12:
      return call_micro_kernel<12, Panels>(block);
    default:
      return;
  }
}

void micro_kernel_of(Index rows, Index panels, const Block& block) {
  switch (panels) {
    case 1:
      return micro_kernel_of<1>(rows, block);
    case 2:
      return micro_kernel_of<2>(rows, block);
    case 3:
      return micro_kernel_of<3>(rows, block);
    case 4:
      return micro_kernel_of<4>(rows, block);
    default:
      return;
  }
}

/// Panels that a kernel of so many rows takes at a time when nothing is packed: enough sums to hide
/// the latency of the multiply-adds.
Index panels_for(Index rows) {
  return std::clamp<Index>(kMaxSums / (rows * kVectorsPerPanel), 1, 4);
}

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

/// Panels of B that all rows of the tile pass over before the next ones are taken.
struct Strip {
  Index col = 0;
  Index cols = 0;
  const float* b = nullptr;
  Index b_k_stride = 0;
  Index b_panel_stride = 0;
  /// Panels per call of the micro-kernel.
  Index wide = 0;
};

/// Rows of A whose elements lie far apart in memory are copied together first: otherwise each step
/// of k would touch another page, or another line of the same cache set.
bool should_pack_a(const GemmTile& tile, const Slice& slice, const Strip& strip) {
  if (strip.cols < 4 * kPanel) return false;
  return tile.a_k_stride == 1 ? tile.a_row_stride >= kFarRows : slice.depth > 64;
}

/// One block of rows over all panels of the strip; `block` says where its rows of A and C are.
void compute_row_block(const GemmTile& tile, const Slice& slice, const Strip& strip, Index rows,
                       Block block) {
  float* const c = block.c;
  block.depth = slice.depth;
  block.load_c = tile.accumulate || slice.begin > 0;
  block.b_k_stride = strip.b_k_stride;
  block.b_panel_stride = strip.b_panel_stride;
  const float* bias = slice.last ? tile.bias : nullptr;
  for (Index col = 0; col < strip.cols; col += strip.wide * kPanel) {
    block.cols = std::min(strip.wide * kPanel, strip.cols - col);
    block.b = strip.b + col / kPanel * strip.b_panel_stride;
    block.c = c + col;
    block.bias = bias == nullptr ? nullptr : bias + strip.col + col;
    micro_kernel_of(rows, (block.cols + kPanel - 1) / kPanel, block);
  }
}

/// All rows of the tile over one strip.
void compute_strip(const GemmTile& tile, const Slice& slice, const Strip& strip, Buffers& buffers) {
  const bool pack_a = should_pack_a(tile, slice, strip);
  const bool consumed = tile.consumer != nullptr;
  const Index flushed = consumed ? kConsumedElements : kEpilogueElements;
  const RowBlocks blocks(tile.rows);
  Index row = 0;
  Index finished = 0;
  for (Index i = 0; i < blocks.count; ++i) {
    const Index rows = blocks.rows(i);
    Block block;
    block.a = tile.a + row * tile.a_row_stride + slice.begin * tile.a_k_stride;
    block.a_row_stride = tile.a_row_stride;
    block.a_k_stride = tile.a_k_stride;
    if (pack_a) {
      if (i % kGroupBlocks == 0) {
        pack_a_group(block.a, tile.a_row_stride, tile.a_k_stride, blocks, i,
                     std::min(i + kGroupBlocks, blocks.count), slice.depth, buffers.a);
      }
      block.a = buffers.a + i % kGroupBlocks * kBlockElements;
      block.a_row_stride = 1;
      block.a_k_stride = rows;
    }
    block.c =
        consumed ? buffers.c + (row - finished) * strip.cols : tile.c + row * tile.ldc + strip.col;
    block.ldc = consumed ? strip.cols : tile.ldc;
    compute_row_block(tile, slice, strip, rows, block);
    row += rows;
    if (!slice.last || ((row - finished) * strip.cols < flushed && row < tile.rows)) continue;
    if (consumed) {
      (*tile.consumer)(tile.row + finished, tile.col + strip.col, row - finished, strip.cols,
                       buffers.c);
    } else if (tile.epilogue != nullptr) {
      (*tile.epilogue)(tile.row + finished, tile.col + strip.col, row - finished, strip.cols);
    }
    finished = row;
  }
}

/// Where the micro-kernel finds columns [col, ...) of op(B): in place when it can, else packed.
Strip make_strip(const GemmTile& tile, const Slice& slice, Index col, Buffers& buffers) {
  // Few rows use each panel too seldom to pay for packing it.
  const bool few_rows = tile.rows <= kMaxRows;
  const Index full_cols = (tile.cols - col) / kPanel * kPanel;
  const bool in_place = few_rows && !tile.transpose_b && !tile.b_packed && full_cols > 0;
  const Index widest = tile.consumer != nullptr ? kConsumedCols : tile.cols;
  Strip strip;
  strip.col = col;
  strip.wide = few_rows ? panels_for(tile.rows) : Index{kWidePanels};
  if (in_place) {
    // A cut panel cannot be read in place: its rows end early. It becomes a strip of its own.
    strip.cols = std::min(full_cols, widest);
    strip.b = tile.b + slice.begin * tile.ldb + col;
    strip.b_k_stride = tile.ldb;
    strip.b_panel_stride = kPanel;
    return strip;
  }
  const Index fitting = kStripElements / std::max<Index>(slice.depth, 1) / kPanel * kPanel;
  strip.cols = std::min({fitting, tile.cols - col, widest});
  strip.b_k_stride = kPanel;
  if (tile.b_packed) {
    strip.b = tile.b + col * tile.k + slice.begin * kPanel;
    strip.b_panel_stride = tile.k * kPanel;
    return strip;
  }
  strip.b = buffers.b;
  strip.b_panel_stride = slice.depth * kPanel;
  const float* from =
      tile.b + (tile.transpose_b ? col * tile.ldb + slice.begin : slice.begin * tile.ldb + col);
  pack_strip(from, tile.ldb, tile.transpose_b, slice.depth, strip.cols, buffers.b,
             strip.b_panel_stride);
  return strip;
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
  for (Index i = 0; i < slices; ++i) {
    const Index begin = i * depth;
    const Slice slice{begin, std::min(depth, tile.k - begin), i + 1 == slices};
    for (Index col = 0; col < tile.cols;) {
      const Strip strip = make_strip(tile, slice, col, buffers);
      compute_strip(tile, slice, strip, buffers);
      col += strip.cols;
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
