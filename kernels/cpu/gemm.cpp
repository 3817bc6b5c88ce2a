// Splits float products into tiles for the threads, and sends them to an implementation.

#include "kernels/cpu/gemm.hpp"

#include <algorithm>
#include <string>

#include "kernels/cpu/gemm_implementations.hpp"
#include "kernels/cpu/gemm_tile.hpp"
#include "tegula/core/error.hpp"

namespace tegula::kernels {

namespace {

using Index = std::int64_t;

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index b) { return ceil_div(a, b) * b; }

/// FLOPs below which a second thread costs more than it saves: about 10 us of work each.
constexpr Index kFlopsPerTask = 1'500'000;
constexpr Index kMaxTasks = 24;
/// Sizes from which oneDNN is faster on a transposed A.
constexpr Index kLargeTransposed = 512;
/// A block of A of so many rows and the micro-kernel's depth stays in half of a 512 KiB L2.
constexpr Index kMaxTileRows = 252;
/// Each tile packs its own panels of B, which costs about 3 / rows of its time.
constexpr Index kMinTileRows = 96;
/// Multiples of both micro-kernels' heights (6 and 12) and widths (16 and 32).
constexpr Index kRowGrain = 12;
constexpr Index kColGrain = 32;

}  // namespace

GemmTiling gemm_tiling(Index m, Index n, Index k) {
  const Index flops = 2 * m * n * std::max<Index>(k, 1);
  const Index wanted = std::clamp<Index>(flops / kFlopsPerTask, 1, kMaxTasks);
  Index row_tiles = ceil_div(m, kMaxTileRows);
  // Cutting columns repeats no work, so that comes first; rows are cut when columns run out.
  const Index col_tiles = std::clamp<Index>(ceil_div(wanted, row_tiles), 1, ceil_div(n, kColGrain));
  const Index wanted_rows =
      std::min(ceil_div(wanted, col_tiles), std::max<Index>(m / kMinTileRows, 1));
  row_tiles = std::max(row_tiles, wanted_rows);
  GemmTiling tiling;
  tiling.rows = std::max<Index>(round_up(ceil_div(m, row_tiles), kRowGrain), kRowGrain);
  tiling.cols = std::max<Index>(round_up(ceil_div(n, col_tiles), kColGrain), kColGrain);
  tiling.row_tiles = ceil_div(m, tiling.rows);
  tiling.col_tiles = ceil_div(n, tiling.cols);
  return tiling;
}

namespace {

/// A whole product for the own implementation; `b_packed` says how B is stored.
GemmTile whole_product(const GemmProblem& problem, const float* a, const float* b, bool b_packed,
                       float* c, const GemmFinish<float>& finish) {
  GemmTile tile;
  tile.rows = problem.m;
  tile.cols = problem.n;
  tile.k = problem.k;
  tile.a = a;
  tile.a_row_stride = problem.transpose_a ? 1 : problem.lda;
  tile.a_k_stride = problem.transpose_a ? problem.lda : 1;
  tile.b = b;
  tile.ldb = problem.ldb;
  tile.transpose_b = problem.transpose_b;
  tile.b_packed = b_packed;
  tile.c = c;
  tile.ldc = problem.ldc;
  tile.accumulate = problem.accumulate;
  tile.bias = finish.bias;
  tile.epilogue = finish.epilogue;
  tile.consumer = finish.consumer;
  return tile;
}

/// The part of a product that `part` covers.
GemmTile cut(GemmTile tile, const GemmRectangle& part) {
  tile.rows = part.rows;
  tile.cols = part.cols;
  tile.a += part.row * tile.a_row_stride;
  tile.b += part.col * (tile.b_packed ? tile.k : tile.transpose_b ? tile.ldb : 1);
  if (tile.c != nullptr) tile.c += part.row * tile.ldc + part.col;
  if (tile.bias != nullptr) tile.bias += part.col;
  tile.row += part.row;
  tile.col += part.col;
  return tile;
}

/// All products of a batch as one parallel loop: small ones share a task, large ones are cut up.
void run_tiles(const GemmTile& whole, const GemmBatch& batch) {
  const Index m = whole.rows;
  const Index n = whole.cols;
  const GemmTiling tiling = gemm_tiling(m, n, whole.k);
  const Index tiles = tiling.row_tiles * tiling.col_tiles;
  const auto run_tile = [&](Index index) {
    const Index item = index / tiles;
    GemmTile tile = whole;
    tile.a += item * batch.stride_a;
    tile.b += item * batch.stride_b;
    if (tile.c != nullptr) tile.c += item * batch.stride_c;
    tile.row = item * m;
    compute_gemm_tile(tiles == 1 ? tile : cut(tile, gemm_rectangle(tiling, m, n, index % tiles)));
  };
  const Index flops_per_tile = 2 * m * n * std::max<Index>(whole.k, 1) / tiles;
  const Index per_task = std::clamp<Index>(kFlopsPerTask / (flops_per_tile + 1), 1, batch.count);
  const Index count = batch.count * tiles;
  parallel_for(ceil_div(count, per_task), [&](Index task) {
    const Index end = std::min(count, (task + 1) * per_task);
    for (Index i = task * per_task; i < end; ++i) run_tile(i);
  });
}

/// Products of a batch one after the other; each is cut up for the threads by its implementation.
template <typename T, typename Multiply>
void run_items(const GemmProblem& problem, const GemmBatch& batch, const T* a, const T* b, T* c,
               const GemmFinish<T>& finish, const Multiply& multiply) {
  for (Index item = 0; item < batch.count; ++item) {
    const auto numbered = [&](Index row, Index col, Index rows, Index cols) {
      (*finish.epilogue)(item * problem.m + row, col, rows, cols);
    };
    const GemmEpilogue epilogue(numbered);
    multiply(problem, a + item * batch.stride_a, b + item * batch.stride_b,
             c + item * batch.stride_c,
             GemmFinish<T>{finish.bias, finish.epilogue == nullptr ? nullptr : &epilogue});
  }
}

}  // namespace

GemmProblem GemmProblem::dense(Index m, Index n, Index k, bool transpose_a, bool transpose_b) {
  GemmProblem problem;
  problem.m = m;
  problem.n = n;
  problem.k = k;
  problem.transpose_a = transpose_a;
  problem.transpose_b = transpose_b;
  problem.lda = transpose_a ? m : k;
  problem.ldb = transpose_b ? k : n;
  problem.ldc = n;
  return problem;
}

std::string_view to_string(GemmImplementation implementation) {
  switch (implementation) {
    case GemmImplementation::own:
      return "own";
    case GemmImplementation::onednn:
      return "onednn";
    case GemmImplementation::eigen:
      return "eigen";
  }
  return "unknown";
}

bool gemm_available(GemmImplementation implementation) {
#if defined(TEGULA_WITH_ONEDNN)
  return implementation <= GemmImplementation::eigen;
#else
  return implementation != GemmImplementation::onednn;
#endif
}

GemmImplementation choose_gemm(const GemmProblem& problem) {
  // Measured on Zen 3 (2 cores, AVX2) beside oneDNN 3.2: within 10 % of each other, or own ahead,
  // but for large products with a transposed A, whose columns own packs again for every strip.
  const bool large = std::min({problem.m, problem.n, problem.k}) >= kLargeTransposed;
  if (large && problem.transpose_a && gemm_available(GemmImplementation::onednn)) {
    return GemmImplementation::onednn;
  }
  return GemmImplementation::own;
}

bool gemm_consumable(GemmImplementation implementation, const GemmProblem& problem) {
  return implementation == GemmImplementation::own && problem.k <= kMaxDepth && !problem.accumulate;
}

void gemm_f32(GemmImplementation implementation, const GemmProblem& problem, const float* a,
              const float* b, float* c, const GemmFinish<float>& finish) {
  if (problem.m == 0 || problem.n == 0) return;
  switch (implementation) {
    case GemmImplementation::own:
      return run_tiles(whole_product(problem, a, b, false, c, finish), {});
    case GemmImplementation::eigen:
      return gemm_f32_eigen(problem, a, b, c, finish);
    case GemmImplementation::onednn:
#if defined(TEGULA_WITH_ONEDNN)
      return gemm_f32_onednn(problem, a, b, c, finish);
#endif
      break;
  }
  throw InvalidArgument("this build has no GEMM implementation \"" +
                        std::string(to_string(implementation)) +
                        "\"; build with TEGULA_ONEDNN=ON, or use \"own\"");
}

void gemm_batched_f32(GemmImplementation implementation, const GemmProblem& problem,
                      const GemmBatch& batch, const float* a, const float* b, float* c,
                      const GemmFinish<float>& finish) {
  if (problem.m == 0 || problem.n == 0 || batch.count == 0) return;
  if (implementation == GemmImplementation::own) {
    return run_tiles(whole_product(problem, a, b, false, c, finish), batch);
  }
  run_items(problem, batch, a, b, c, finish,
            [&](const auto&... arguments) { gemm_f32(implementation, arguments...); });
}

void gemm_batched_f64(const GemmProblem& problem, const GemmBatch& batch, const double* a,
                      const double* b, double* c, const GemmFinish<double>& finish) {
  run_items(problem, batch, a, b, c, finish,
            [](const auto&... arguments) { gemm_f64(arguments...); });
}

std::size_t packed_b_size(Index k, Index n) {
  return static_cast<std::size_t>(k) * static_cast<std::size_t>(round_up(n, kPanel));
}

void pack_b_f32(const GemmProblem& problem, const float* b, float* packed) {
  pack_b_panels(b, problem.ldb, problem.transpose_b, problem.k, problem.n, packed);
}

void gemm_packed_f32(const GemmProblem& problem, const float* a, const float* packed_b, float* c,
                     const GemmFinish<float>& finish) {
  if (problem.m == 0 || problem.n == 0) return;
  run_tiles(whole_product(problem, a, packed_b, true, c, finish), {});
}

}  // namespace tegula::kernels
