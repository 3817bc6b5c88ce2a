// Products whose A is mostly zeros, as images and counts are: a row of C takes the rows of B for
// which A holds nonzeros, and skips the others. No bit of C changes by that: a sum that a product
// with 0 is added to stays what it is, as long as B is finite.
// Compiled once per instruction set, so the include guard toggles with Highway's target.

#if defined(TEGULA_KERNELS_CPU_GEMM_ZEROS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_CPU_GEMM_ZEROS_INL
#undef TEGULA_KERNELS_CPU_GEMM_ZEROS_INL
#else
#define TEGULA_KERNELS_CPU_GEMM_ZEROS_INL
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "kernels/cpu/gemm_micro-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

/// Panels of C that a row is summed up in at a time: enough sums to hide the latency of the
/// multiply-adds.
constexpr int kSkippingPanels = std::max(8 / kVectorsPerPanel, 1);
/// So many times the columns whose rows of B L1 keeps at once, at most.
constexpr Index kSkippingStrips = 2;

/// Where the rows of A hold nonzeros: bit p % 32 of words[p / 32][row] says that op(A)[row, p] is
/// not 0.
struct NonzeroBits {
  std::uint32_t words[kMaxDepth / 32][kGroupBlocks * kMaxRows + kPanel];
};

/// Whether a matrix whose rows are `stride` apart holds finite numbers only.
bool is_finite(const float* values, Index rows, Index cols, Index stride) {
  const Tag d;
  const hn::RebindToSigned<Tag> di;
  // As integers, magnitudes come in the same order, infinity and NaN last.
  auto largest = hn::Zero(di);
  const auto look_at = [&](Vector x)
                           HWY_ATTR { largest = hn::Max(largest, hn::BitCast(di, hn::Abs(x))); };
  for (Index row = 0; row < rows; ++row, values += stride) {
    Index col = 0;
    for (; col + kPanel <= cols; col += kPanel) {
      hwy::Prefetch(values + kRowsAhead * stride + col);
      for (Index i = 0; i < kPanel; i += kLanes) look_at(hn::LoadU(d, values + col + i));
    }
    for (; col < cols; col += kLanes) look_at(load_first(d, values + col, cols - col));
  }
  constexpr std::int32_t kInfinity = 0x7F800000;
  return hn::AllTrue(di, hn::Lt(largest, hn::Set(di, kInfinity)));
}

/// The bits of a row of A.
void find_nonzeros_of_row(const float* a, Index row, Index depth, NonzeroBits& bits) {
  const Tag d;
  Index begin = 0;
  if constexpr (kLanes >= 8) {
    for (; begin + 32 <= depth; begin += 32) {
      auto* bytes = reinterpret_cast<std::uint8_t*>(&bits.words[begin / 32][row]);
#pragma GCC unroll 4
      for (Index p = 0; p < 32; p += kLanes) {
        hn::StoreMaskBits(d, hn::Ne(hn::LoadU(d, a + begin + p), hn::Zero(d)), bytes + p / 8);
      }
    }
  }
  for (; begin < depth; begin += 32) {
    std::uint32_t word = 0;
    for (Index p = begin; p < std::min(begin + 32, depth); ++p) {
      word |= (a[p] != 0 ? std::uint32_t{1} : 0) << (p - begin);
    }
    bits.words[begin / 32][row] = word;
  }
}

/// The bits of several rows, a vector of them at a time, where A is transposed.
void find_nonzeros_of_rows(const float* a, Index k_stride, Index rows, Index depth,
                           NonzeroBits& bits) {
  const Tag d;
  const hn::RebindToUnsigned<Tag> du;
  for (Index begin = 0; begin < depth; begin += 32) {
    const Index steps = std::min<Index>(32, depth - begin);
    for (Index r = 0; r < rows; r += kLanes) {
      const float* from = a + (begin + steps) * k_stride + r;
      auto word = hn::Zero(du);
      // From the last step to the first: each shifts those that follow it.
      for (Index p = 0; p < steps; ++p) {
        from -= k_stride;
        const Vector x = r + kLanes <= rows ? hn::LoadU(d, from) : load_first(d, from, rows - r);
        const auto is_nonzero = hn::RebindMask(du, hn::Ne(x, hn::Zero(d)));
        // A mask is -1 where it holds.
        word = hn::Sub(hn::Add(word, word), hn::VecFromMask(du, is_nonzero));
      }
      hn::StoreU(word, du, &bits.words[begin / 32][r]);
    }
  }
}

/// The bits of `rows` rows and `depth` steps of k.
void find_nonzeros(const float* a, Index row_stride, Index k_stride, Index rows, Index depth,
                   NonzeroBits& bits) {
  if (k_stride != 1) return find_nonzeros_of_rows(a, k_stride, rows, depth, bits);
  for (Index r = 0; r < rows; ++r) find_nonzeros_of_row(a + r * row_stride, r, depth, bits);
}

/// Rows of C over `strips` times `Vectors` vectors of columns. `blocks` describes a strip as a
/// block of the micro-kernel, except that A and B are read where the bits say; `b_step` and
/// `c_step` lead to the next strip. Rows pass over 64 rows of B at a time, which L1 holds, and
/// leave their sums in `partial` between. A row takes its strips one after the other: the processor
/// foretells from the first how many nonzeros the others have. The panels of B lie side by side, or
/// `b_panel_stride` apart.
template <int Vectors, bool SideBySide>
HWY_NOINLINE void sum_nonzeros(const Blocks& blocks, Index rows, Index strips,
                               const NonzeroBits& bits, float* partial) {
  const Tag d;
  const Index a_k_stride = blocks.a_k_stride, b_k_stride = blocks.b_k_stride;
  const Index b_panel_stride = SideBySide ? kPanel : blocks.b_panel_stride;
  for (Index begin = 0; begin < blocks.depth; begin += 64) {
    const bool last = begin + 64 >= blocks.depth;
    const bool both = begin + 32 < blocks.depth;
    const std::uint32_t* low = bits.words[begin / 32];
    const std::uint32_t* high = both ? bits.words[begin / 32 + 1] : low;
    const float* a = blocks.a + begin * a_k_stride;
    float* unfinished = partial;
    for (Index r = 0; r < rows; ++r, a += blocks.a_row_stride) {
      std::uint64_t of_row = low[r];
      if (both) of_row |= static_cast<std::uint64_t>(high[r]) << 32;
      const float* b = blocks.b + begin * b_k_stride;
      float* c = blocks.c + r * blocks.ldc;
      const float* bias = blocks.bias;
      for (Index strip = 0; strip < strips; ++strip, unfinished += Vectors * kLanes) {
        Vector sums[Vectors];
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) {
          sums[v] = begin == 0 ? hn::Zero(d) : hn::Load(d, unfinished + v * kLanes);
        }
        for (std::uint64_t nonzeros = of_row; nonzeros != 0; nonzeros &= nonzeros - 1) {
          const Index p = std::countr_zero(nonzeros);
          const Vector value = hn::Set(d, a[p * a_k_stride]);
          const float* row = b + p * b_k_stride;
#pragma GCC unroll 8
          for (int v = 0; v < Vectors; ++v) {
            const Index offset =
                (v / kVectorsPerPanel) * b_panel_stride + (v % kVectorsPerPanel) * kLanes;
            sums[v] = hn::MulAdd(value, hn::LoadU(d, row + offset), sums[v]);
          }
        }
        if (last) {
          if (blocks.load_c) {
#pragma GCC unroll 8
            for (int v = 0; v < Vectors; ++v) {
              sums[v] = hn::Add(hn::LoadU(d, c + v * kLanes), sums[v]);
            }
          }
          if (bias != nullptr) {
#pragma GCC unroll 8
            for (int v = 0; v < Vectors; ++v) {
              sums[v] = hn::Add(sums[v], hn::LoadU(d, bias + v * kLanes));
            }
            bias += Vectors * kLanes;
          }
#pragma GCC unroll 8
          for (int v = 0; v < Vectors; ++v) hn::StoreU(sums[v], d, c + v * kLanes);
        } else {
#pragma GCC unroll 8
          for (int v = 0; v < Vectors; ++v) hn::Store(sums[v], d, unfinished + v * kLanes);
        }
        b += blocks.b_step;
        c += blocks.c_step;
      }
    }
  }
}

template <int Panels>
void sum_nonzeros_of(Index panels, const Blocks& blocks, Index rows, Index strips,
                     const NonzeroBits& bits, float* partial) {
  if constexpr (Panels > 0) {
    if (panels < Panels) {
      return sum_nonzeros_of<Panels - 1>(panels, blocks, rows, strips, bits, partial);
    }
    if (blocks.b_panel_stride == kPanel) {
      return sum_nonzeros<Panels * kVectorsPerPanel, true>(blocks, rows, strips, bits, partial);
    }
    sum_nonzeros<Panels * kVectorsPerPanel, false>(blocks, rows, strips, bits, partial);
  }
}

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
