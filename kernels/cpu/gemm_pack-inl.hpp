// Packing of A and B for the float micro-kernels.
// Compiled once per instruction set, so the include guard toggles with Highway's target.

#if defined(TEGULA_KERNELS_CPU_GEMM_PACK_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_CPU_GEMM_PACK_INL
#undef TEGULA_KERNELS_CPU_GEMM_PACK_INL
#else
#define TEGULA_KERNELS_CPU_GEMM_PACK_INL
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/gemm_vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

/// packed[p*16 + j] = b[p*ldb + j] for j < cols, 0 beyond; whole panels are `stride` apart.
void pack_rows(const float* b, Index ldb, Index depth, Index cols, float* HWY_RESTRICT packed,
               Index stride) {
  const Tag d;
  const Index whole = cols / kPanel * kPanel;
  for (Index p = 0; p < depth; ++p, b += ldb, packed += kPanel) {
    // Rows are often pages apart, where the hardware does not prefetch.
    const float* ahead = b + std::min(kRowsAhead, depth - 1 - p) * ldb;
    float* to = packed;
    Index col = 0;
    for (; col < whole; col += kPanel, to += stride) {
      hwy::Prefetch(ahead + col);
#pragma GCC unroll 16
      for (int v = 0; v < kVectorsPerPanel; ++v) {
        hn::Store(hn::LoadU(d, b + col + v * kLanes), d, to + v * kLanes);
      }
    }
    if (whole == cols) continue;
    for (int v = 0; v < kVectorsPerPanel; ++v) {
      const Index at = whole + v * kLanes;
      hn::Store(load_first(d, b + at, cols - at), d, to + v * kLanes);
    }
  }
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
/// to[i*to_stride + j] = from[j][i] for an 8 x 8 block. Writes in the order of i, so that rows may
/// overlap their predecessor's end.
HWY_INLINE void transpose_8x8(const float* const* from, Index offset, float* to, Index to_stride) {
  const hn::CappedTag<float, 8> d;
  const hn::CappedTag<double, 4> pairs;
  using V = hn::Vec<decltype(d)>;
  V rows[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) rows[i] = hn::LoadU(d, from[i] + offset);
  V twos[8];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    twos[2 * i] = hn::InterleaveLower(d, rows[2 * i], rows[2 * i + 1]);
    twos[2 * i + 1] = hn::InterleaveUpper(d, rows[2 * i], rows[2 * i + 1]);
  }
  V fours[8];
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      const auto first = hn::BitCast(pairs, twos[4 * half + i]);
      const auto second = hn::BitCast(pairs, twos[4 * half + 2 + i]);
      fours[4 * half + 2 * i] = hn::BitCast(d, hn::InterleaveLower(pairs, first, second));
      fours[4 * half + 2 * i + 1] = hn::BitCast(d, hn::InterleaveUpper(pairs, first, second));
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    hn::StoreU(hn::ConcatLowerLower(d, fours[4 + i], fours[i]), d, to + i * to_stride);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    hn::StoreU(hn::ConcatUpperUpper(d, fours[4 + i], fours[i]), d, to + (4 + i) * to_stride);
  }
}
#endif

/// to[p*width + j] = from[j*stride + p] for j < count, p < depth: the transpose of a few long rows.
/// Writes up to 7 floats beyond to[depth*width].
void interleave_rows(const float* from, Index stride, Index depth, Index count, float* to,
                     Index width) {
  Index done = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  done = depth / 8 * 8;
  // The last group spills into the first columns of the next row, which the first group mends.
  for (Index group = (count - 1) / 8 * 8; done > 0 && group >= 0; group -= 8) {
    const float* rows[8];
    for (Index i = 0; i < 8; ++i) rows[i] = from + std::min(group + i, count - 1) * stride;
    for (Index p = 0; p < done; p += 8) transpose_8x8(rows, p, to + p * width + group, width);
  }
#endif
  for (Index p = done; p < depth; ++p) {
    for (Index j = 0; j < count; ++j) to[p * width + j] = from[j * stride + p];
  }
}

/// packed[p*16 + j] = b[j*ldb + p] for j < cols, 0 beyond.
void pack_columns(const float* b, Index ldb, Index depth, Index cols, float* packed) {
  if (cols < kPanel) {
    std::fill_n(packed, depth * kPanel, 0.0f);
    for (Index p = 0; p < depth; ++p) {
      for (Index j = 0; j < cols; ++j) packed[p * kPanel + j] = b[j * ldb + p];
    }
    return;
  }
  interleave_rows(b, ldb, depth, kPanel, packed, kPanel);
}

/// Packs columns [0, cols) of op(B), `depth` rows of it; panels are `stride` apart.
void pack_strip(const float* b, Index ldb, bool transposed, Index depth, Index cols, float* packed,
                Index stride) {
  if (!transposed) return pack_rows(b, ldb, depth, cols, packed, stride);
  for (Index col = 0; col < cols; col += kPanel, packed += stride) {
    pack_columns(b + col * ldb, ldb, depth, std::min(kPanel, cols - col), packed);
  }
}

/// Rows of a tile dealt evenly to blocks: a remainder of one or two rows would starve the
/// multipliers.
struct RowBlocks {
  Index count = 0;
  Index base = 0;
  Index larger = 0;

  explicit RowBlocks(Index rows)
      : count((rows + kMaxRows - 1) / kMaxRows), base(rows / count), larger(rows % count) {}
  Index rows(Index block) const { return base + (block < larger ? 1 : 0); }
  /// First row of a block.
  Index begin(Index block) const { return block * base + (block < larger ? block : larger); }
};

/// Packs one row of a transposed A, p of every block: packed[block][p*rows + r] = from[r]. Each
/// vector spills over the start of the next row, which is written afterwards; what a vector reads
/// beyond its block is there, unless this is the last row.
HWY_INLINE void pack_a_row(const float* from, const RowBlocks& blocks, Index first, Index last,
                           Index p, bool last_row, float* packed) {
  const Tag d;
  for (Index i = first; i < last; ++i, packed += kBlockElements) {
    const Index rows = blocks.rows(i);
    for (Index r = 0; r < kMaxRows; r += kLanes) {
      hn::StoreU(last_row ? load_first(d, from + r, rows - r) : hn::LoadU(d, from + r), d,
                 packed + p * rows + r);
    }
    from += rows;
  }
}

/// Packs blocks [first, last) of A, each as packed[p*rows + r] = op(A)[r, p], kBlockElements apart.
/// A transposed A is read in long rows, which serve all blocks of the group.
void pack_a_group(const float* a, Index row_stride, Index k_stride, const RowBlocks& blocks,
                  Index first, Index last, Index depth, float* packed) {
  if (k_stride == 1) {
    for (Index i = first; i < last; ++i, packed += kBlockElements) {
      interleave_rows(a, row_stride, depth, blocks.rows(i), packed, blocks.rows(i));
      a += blocks.rows(i) * row_stride;
    }
    return;
  }
  const Index count = blocks.begin(last) - blocks.begin(first);
  const bool reads_on = k_stride >= kPanel;
  for (Index p = 0; p < depth; ++p, a += k_stride) {
    const float* ahead = a + std::min(kRowsAhead, depth - 1 - p) * k_stride;
    for (Index r = 0; r < count; r += 16) hwy::Prefetch(ahead + r);
    if (reads_on && p + 1 < depth) {
      pack_a_row(a, blocks, first, last, p, false, packed);
    } else {
      pack_a_row(a, blocks, first, last, p, true, packed);
    }
  }
}

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
