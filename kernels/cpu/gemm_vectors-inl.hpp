// Vectors, sizes and loads that the parts of the own float product share.
// Compiled once per instruction set, so the include guard toggles with Highway's target.

#if defined(TEGULA_KERNELS_CPU_GEMM_VECTORS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_CPU_GEMM_VECTORS_INL
#undef TEGULA_KERNELS_CPU_GEMM_VECTORS_INL
#else
#define TEGULA_KERNELS_CPU_GEMM_VECTORS_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/gemm_tile.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Index = std::int64_t;
using Tag = hn::CappedTag<float, kPanel>;
using Vector = hn::Vec<Tag>;

constexpr Index kLanes = static_cast<Index>(hn::MaxLanes(Tag()));
constexpr int kVectorsPerPanel = static_cast<int>(kPanel / kLanes);
#if HWY_TARGET == HWY_AVX3
// 32 registers: 12 x 2 sums, 2 of B, the broadcast of A is an operand in memory.
constexpr int kMaxRows = 12;
constexpr int kMaxSums = 24;
constexpr int kWidePanels = 2;
#elif HWY_TARGET == HWY_AVX2
// 16 registers: 6 x 2 sums, 2 of B, 1 of A.
constexpr int kMaxRows = 6;
constexpr int kMaxSums = 12;
constexpr int kWidePanels = 1;
#else
constexpr int kMaxRows = 4;
constexpr int kMaxSums = 4 * kVectorsPerPanel;
constexpr int kWidePanels = 1;
#endif
/// How often loops over a block's rows and vectors, and over steps, are unrolled. Without vectors
/// every sum would be an instruction of its own: half a megabyte that no register file holds.
constexpr int kUnrolled = kLanes == 1 ? 1 : 16;
constexpr int kUnrolledSteps = kLanes == 1 ? 1 : 4;
/// Blocks of A that are packed together: 144 rows.
constexpr Index kGroupBlocks = 144 / kMaxRows;
/// Memory of a packed block, with room for a vector that spills over its end.
constexpr Index kBlockElements = kMaxRows * kMaxDepth + kPanel;
/// How far ahead packing prefetches.
constexpr Index kRowsAhead = 12;

/// The first `count` of a vector's lanes, zeros in the others; reads nothing beyond.
HWY_INLINE Vector load_first(Tag d, const float* from, Index count) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  const Index lanes = std::clamp(count, Index{0}, kLanes);
  return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(lanes)), d, from);
#else
  HWY_ALIGN float lanes[kLanes] = {};
  for (Index i = 0; i < std::min(count, kLanes); ++i) lanes[i] = from[i];
  return hn::Load(d, lanes);
#endif
}

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
