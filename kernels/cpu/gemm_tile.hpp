#pragma once
// One rectangle of a float product, computed by one thread: what gemm.cpp asks of gemm_tile.cpp.

#include <cstdint>

#include "kernels/cpu/gemm.hpp"

namespace tegula::kernels {

/// Columns of a packed panel of B: two AVX2 registers, one AVX-512 register. A packed B is a
/// sequence of panels, each holding k rows of 16 contiguous floats; the last is padded with zeros.
inline constexpr std::int64_t kPanel = 16;

/// Steps of k between two visits to C. A panel of B so deep (20 KiB) shares L1 with the rows of A.
inline constexpr std::int64_t kMaxDepth = 320;
/// Leading dimension from which rows of A count as far apart: a page.
inline constexpr std::int64_t kFarRows = 1024;

/// C[rows, cols] of a product. Pointers name the rectangle's first elements.
struct GemmTile {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t k = 0;
  const float* a = nullptr;
  std::int64_t a_row_stride = 0;
  std::int64_t a_k_stride = 0;
  /// Not null when A is gathered, for which the strides are not used: op(A)[i, p] is
  /// a[a_rows[i] + a_steps[p]].
  const std::int64_t* a_rows = nullptr;
  const std::int64_t* a_steps = nullptr;
  /// With `b_packed`, `b` is the panel of the first column, which must be a panel's first.
  const float* b = nullptr;
  std::int64_t ldb = 0;
  bool transpose_b = false;
  bool b_packed = false;
  /// Whether B is known to hold finite numbers only.
  bool b_finite = false;
  float* c = nullptr;
  std::int64_t ldc = 0;
  bool accumulate = false;
  /// Whether A is mostly zeros, which are better skipped, and B holds finite numbers only.
  bool skip_zeros = false;
  /// Bias of the first column, or null.
  const float* bias = nullptr;
  const GemmEpilogue* epilogue = nullptr;
  /// Takes C when `c` is null.
  const GemmConsumer<float>* consumer = nullptr;
  /// Where the rectangle lies, for the epilogue.
  std::int64_t row = 0;
  std::int64_t col = 0;
};

void compute_gemm_tile(const GemmTile& tile);

/// Whether a matrix whose rows are `stride` apart holds finite numbers only.
bool is_finite_matrix(const float* values, std::int64_t rows, std::int64_t cols,
                      std::int64_t stride);

/// Packs columns [0, cols) of op(B), k rows of it, into panels `stride` apart. Whether they hold
/// finite numbers only.
bool pack_b_panels(const float* b, std::int64_t ldb, bool transposed, std::int64_t k,
                   std::int64_t cols, float* packed, std::int64_t stride);

}  // namespace tegula::kernels
