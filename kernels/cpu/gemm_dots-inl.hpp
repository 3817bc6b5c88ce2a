// Products of a row or two by a transposed B, as dot products.
// Compiled once per instruction set, so the include guard toggles with Highway's target.

#if defined(TEGULA_KERNELS_CPU_GEMM_DOTS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_CPU_GEMM_DOTS_INL
#undef TEGULA_KERNELS_CPU_GEMM_DOTS_INL
#else
#define TEGULA_KERNELS_CPU_GEMM_DOTS_INL
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "kernels/cpu/gemm_tile.hpp"
#include "kernels/cpu/gemm_vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

/// Columns per step of compute_dots.
constexpr int kDots = 4;

/// Rows so few that reading op(B)'s columns, which lie contiguous when B is transposed, costs less
/// than transposing them into panels.
bool should_use_dots(const GemmTile& tile) {
  return tile.rows <= 2 && tile.transpose_b && !tile.b_packed && tile.a_k_stride == 1 &&
         tile.a_rows == nullptr && tile.consumer == nullptr;
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

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
