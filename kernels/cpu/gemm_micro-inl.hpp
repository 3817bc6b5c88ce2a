// The float micro-kernels: blocks of C as large as the register file.
// Compiled once per instruction set, so the include guard toggles with Highway's target.

#if defined(TEGULA_KERNELS_CPU_GEMM_MICRO_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_CPU_GEMM_MICRO_INL
#undef TEGULA_KERNELS_CPU_GEMM_MICRO_INL
#else
#define TEGULA_KERNELS_CPU_GEMM_MICRO_INL
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>

#include "kernels/cpu/gemm_vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

/// What compilers call the second level of the cache in a prefetch.
constexpr int kIntoL2 = 2;

/// Blocks of C, of the same number of rows, that the micro-kernel computes one after the other:
/// below each other, or along a strip of B. The steps lead from one to the next.
struct Blocks {
  Index count = 1;
  Index depth = 0;
  const float* a = nullptr;
  Index a_row_stride = 0;
  Index a_k_stride = 0;
  Index a_step = 0;
  /// When A is gathered: element [r, p] of a block is a[a_rows[r] + a_steps[p]], and the next
  /// block's rows are `a_rows_step` further.
  const Index* a_rows = nullptr;
  const Index* a_steps = nullptr;
  Index a_rows_step = 0;
  /// Panels of one block are `b_panel_stride` apart.
  const float* b = nullptr;
  Index b_k_stride = 0;
  Index b_panel_stride = 0;
  Index b_step = 0;
  /// Where a copying kernel leaves what it reads of B: rows of a block's panels side by side, one
  /// block after the other.
  float* b_copy = nullptr;
  /// Rows of a packed B to fetch into L2 meanwhile, so many for every block.
  const float* b_ahead = nullptr;
  Index b_ahead_rows = 0;
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
  const Index cols = blocks.cols;
  Index r = 0;
  if (!blocks.load_c && blocks.ldc == cols) {
    // Rows of C follow each other: whole vectors may spill over those that are written next.
    const Index spilled = (cols + kLanes - 1) / kLanes * kLanes;
    for (; (rows - r) * cols >= spilled; ++r, c += cols, sums += width) {
      for (Index col = 0; col < cols; col += kLanes) {
        Vector sum = hn::Load(d, sums + col);
        if (bias != nullptr) sum = hn::Add(sum, load_first(d, bias + col, cols - col));
        hn::StoreU(sum, d, c + col);
      }
    }
  }
  for (; r < rows; ++r, c += blocks.ldc, sums += width) {
    Index col = 0;
    for (; col + kLanes <= cols; col += kLanes) {
      Vector sum = hn::Load(d, sums + col);
      if (blocks.load_c) sum = hn::Add(hn::LoadU(d, c + col), sum);
      if (bias != nullptr) sum = hn::Add(sum, hn::LoadU(d, bias + col));
      hn::StoreU(sum, d, c + col);
    }
    for (; col < cols; ++col) {
      const float sum = blocks.load_c ? c[col] + sums[col] : sums[col];
      c[col] = bias == nullptr ? sum : sum + bias[col];
    }
  }
}

/// What is known of the operands when a kernel is compiled: nothing; or that B's panels lie side by
/// side in rows without gaps, as copies do, and that A is read in rows (`a_k_stride` is 1), in
/// columns (`a_row_stride` is 1), or in columns that follow each other, as packing leaves them. Or
/// that A is gathered, and nothing of B.
/// Every instruction less counts where another thread shares the core.
enum class Order { any, rows, columns, packed, gathered };

/// C[Rows, Panels * 16] from `depth` outer products; 2 * Rows * Panels * 16 * depth FLOPs a block.
template <int Rows, int Panels, Order Known, bool CopyB>
HWY_NOINLINE void micro_kernel(const Blocks& blocks) {
  constexpr int kVectors = Panels * kVectorsPerPanel;
  const Tag d;
  constexpr bool kGathered = Known == Order::gathered;
  constexpr bool kAny = Known == Order::any || kGathered;
  const Index a_row_stride = kAny || Known == Order::rows ? blocks.a_row_stride : 1;
  const Index a_k_stride = kAny || Known == Order::columns ? blocks.a_k_stride
                           : Known == Order::rows          ? 1
                                                           : Rows;
  const Index b_k_stride = kAny ? blocks.b_k_stride : Panels * kPanel;
  const Index b_panel_stride = kAny ? blocks.b_panel_stride : kPanel;
  float* copy = blocks.b_copy;
  for (Index i = 0; i < blocks.count; ++i) {
    const float* HWY_RESTRICT a = blocks.a + i * blocks.a_step;
    const float* HWY_RESTRICT b = blocks.b + i * blocks.b_step;
    float* c_block = blocks.c + i * blocks.c_step;
    const float* bias_block = blocks.bias == nullptr ? nullptr : blocks.bias + i * blocks.bias_step;
    const float* gathered[Rows];
    const Index* steps = blocks.a_steps;
    if constexpr (kGathered) {
#pragma GCC unroll kUnrolled
      for (int r = 0; r < Rows; ++r) gathered[r] = a + blocks.a_rows[i * blocks.a_rows_step + r];
    }
    Vector sums[Rows][kVectors];
#pragma GCC unroll kUnrolled
    for (int r = 0; r < Rows; ++r) {
      if (i == 0) hwy::Prefetch(c_block + r * blocks.ldc);
      hwy::Prefetch(c_block + blocks.c_step + r * blocks.ldc);
#pragma GCC unroll kUnrolled
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
    }
    for (Index p = i * blocks.b_ahead_rows; p < (i + 1) * blocks.b_ahead_rows; ++p) {
      __builtin_prefetch(blocks.b_ahead + p * kPanel, 0, kIntoL2);
    }
#pragma GCC unroll kUnrolledSteps
    for (Index p = blocks.depth; p > 0; --p) {
      Vector b_row[kVectors];
#pragma GCC unroll kUnrolled
      for (int v = 0; v < kVectors; ++v) {
        const Index offset =
            (v / kVectorsPerPanel) * b_panel_stride + (v % kVectorsPerPanel) * kLanes;
        b_row[v] = hn::LoadU(d, b + offset);
        if constexpr (CopyB) {
          // Rows are often pages apart, where the hardware does not prefetch. A panel that does not
          // begin with a cache line begins in one that the panel before has read.
          if (v % kVectorsPerPanel == 0) {
            hwy::Prefetch(b + offset + kRowsAhead * b_k_stride + kPanel - 1);
          }
          hn::Store(b_row[v], d, copy + v * kLanes);
        }
      }
#pragma GCC unroll kUnrolled
      for (int r = 0; r < Rows; ++r) {
        const float* from = kGathered ? gathered[r] + *steps : a + r * a_row_stride;
        const Vector a_value = hn::Set(d, *from);
#pragma GCC unroll kUnrolled
        for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(a_value, b_row[v], sums[r][v]);
      }
      if constexpr (kGathered) {
        ++steps;
      } else {
        a += a_k_stride;
      }
      b += b_k_stride;
      if constexpr (CopyB) copy += Panels * kPanel;
    }

    if (blocks.cols == Panels * kPanel) {
      if (blocks.load_c) {
#pragma GCC unroll kUnrolled
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll kUnrolled
          for (int v = 0; v < kVectors; ++v) {
            const float* c = c_block + r * blocks.ldc + v * kLanes;
            sums[r][v] = hn::Add(hn::LoadU(d, c), sums[r][v]);
          }
        }
      }
      if (bias_block != nullptr) {
#pragma GCC unroll kUnrolled
        for (int v = 0; v < kVectors; ++v) {
          const Vector bias = hn::LoadU(d, bias_block + v * kLanes);
#pragma GCC unroll kUnrolled
          for (int r = 0; r < Rows; ++r) sums[r][v] = hn::Add(sums[r][v], bias);
        }
      }
#pragma GCC unroll kUnrolled
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll kUnrolled
        for (int v = 0; v < kVectors; ++v) {
          hn::StoreU(sums[r][v], d, c_block + r * blocks.ldc + v * kLanes);
        }
      }
    } else {
      HWY_ALIGN float cut[Rows * Panels * kPanel];
#pragma GCC unroll kUnrolled
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll kUnrolled
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
      if (blocks.a_rows != nullptr) {
        if (blocks.b_copy == nullptr) {
          return micro_kernel<Rows, Panels, Order::gathered, false>(blocks);
        }
        return micro_kernel<Rows, Panels, Order::gathered, true>(blocks);
      }
      if (blocks.b_copy != nullptr) return micro_kernel<Rows, Panels, Order::any, true>(blocks);
    }
    // Rows are dealt evenly, so nearly all blocks are of the two greatest heights.
    if constexpr (Panels <= kWidePanels && Rows + 1 >= kMaxRows) {
      const bool side_by_side = Panels == 1 || blocks.b_panel_stride == kPanel;
      if (side_by_side && blocks.b_k_stride == Panels * kPanel) {
        if (blocks.a_k_stride == 1) {
          return micro_kernel<Rows, Panels, Order::rows, false>(blocks);
        }
        if (blocks.a_k_stride == Rows) {
          return micro_kernel<Rows, Panels, Order::packed, false>(blocks);
        }
        return micro_kernel<Rows, Panels, Order::columns, false>(blocks);
      }
    }
    micro_kernel<Rows, Panels, Order::any, false>(blocks);
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

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
