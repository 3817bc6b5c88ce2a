#pragma once
// What the files of the GEMM implementations share: the split of C into tiles, one task each.

#include <algorithm>
#include <cstdint>

#include "kernels/cpu/gemm.hpp"

namespace tegula::kernels {

/// How C[m,n] is cut into tiles of `rows` x `cols` (smaller at the edges), in row-major order. A
/// function of the problem alone, so that results do not depend on the threads.
struct GemmTiling {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_tiles = 0;
  std::int64_t col_tiles = 0;
};
GemmTiling gemm_tiling(const GemmProblem& problem, bool skip_zeros = false);

/// A part of C.
struct GemmRectangle {
  std::int64_t row = 0;
  std::int64_t col = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
};

/// Tile number `index`.
inline GemmRectangle gemm_rectangle(const GemmTiling& tiling, std::int64_t m, std::int64_t n,
                                    std::int64_t index) {
  const std::int64_t row = index / tiling.col_tiles * tiling.rows;
  const std::int64_t col = index % tiling.col_tiles * tiling.cols;
  return {row, col, std::min(tiling.rows, m - row), std::min(tiling.cols, n - col)};
}

/// Runs body(rectangle) for every tile of the problem, in parallel.
template <typename Body>
void for_each_gemm_tile(const GemmProblem& problem, const Body& body) {
  const GemmTiling tiling = gemm_tiling(problem);
  parallel_for(tiling.row_tiles * tiling.col_tiles, [&](std::int64_t index) {
    body(gemm_rectangle(tiling, problem.m, problem.n, index));
  });
}

/// Adds the bias to a computed tile and calls the epilogue.
template <typename T>
void finish_gemm_tile(const GemmProblem& problem, const GemmRectangle& tile, T* c,
                      const GemmFinish<T>& finish) {
  if (finish.bias != nullptr) {
    for (std::int64_t row = tile.row; row < tile.row + tile.rows; ++row) {
      T* values = c + row * problem.ldc;
      for (std::int64_t col = tile.col; col < tile.col + tile.cols; ++col) {
        values[col] += finish.bias[col];
      }
    }
  }
  if (finish.epilogue != nullptr) (*finish.epilogue)(tile.row, tile.col, tile.rows, tile.cols);
}

void gemm_f32_eigen(const GemmProblem& problem, const float* a, const float* b, float* c,
                    const GemmFinish<float>& finish);

}  // namespace tegula::kernels
