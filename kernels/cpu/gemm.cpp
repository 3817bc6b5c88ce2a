// Splits float products into tiles for the threads, and sends them to an implementation.

#include "kernels/cpu/gemm.hpp"

#include <algorithm>
#include <atomic>
#include <string>

#include "kernels/cpu/gemm_implementations.hpp"
#include "kernels/cpu/gemm_tile.hpp"
#include "tegula/core/error.hpp"

namespace tegula::kernels {

namespace {

using Index = std::int64_t;

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index b) { return ceil_div(a, b) * b; }

/// FLOPs below which products of a batch share a task: about 10 us of one core's work.
constexpr Index kFlopsPerTask = 1'000'000;
/// Elements of B from which reading them is worth a second core's cache, however few the rows.
constexpr Index kElementsOfTwo = 65'536;
/// Tiles by FLOPs: a few of equal work for small products, where each start costs, more for large
/// ones, so that threads which are disturbed or late even out. Two tiles take two threads less time
/// from about 3 us on if both are awake, as in a running plan; to wake one costs as much.
struct TileCount {
  Index flops;
  Index tiles;
};
constexpr TileCount kTileCounts[] = {
    {100'000'000, 16}, {60'000'000, 8}, {5'000'000, 4}, {250'000, 2}};
/// Rows of a tile that is not cut further for its rows' sake: each tile copies or packs the panels
/// of B that it uses, for every packed group of A (144 rows) or anew.
constexpr Index kTallRows = 128;
constexpr Index kGroupRows = 144;
constexpr Index kMinRows = 96;
/// Columns of a tile that are not cut further while rows can be: each tile packs the rows of A that
/// it uses, or reads them in place.
constexpr Index kWideCols = 256;
constexpr Index kMinCols = 64;
/// Columns of B that one task packs.
constexpr Index kPackedCols = 64;
/// Rows of C and elements of B from which tiles share a packed copy of B when C is consumed; rows
/// from which they do when C is stored.
constexpr Index kConsumedRowsToShare = 64;
constexpr Index kElementsToShare = 8'192;
constexpr Index kRowsToShare = 512;
/// Multiples of both micro-kernels' heights (6 and 12) and widths (16 and 32).
constexpr Index kRowGrain = 12;
constexpr Index kColGrain = 32;
/// The same where zeros of A are skipped, which each tile looks for in its rows; and the most
/// tiles.
constexpr Index kSkippingColGrain = 64;
constexpr Index kSkippingTiles = 8;
/// Skipping pays when three tenths of A or less are nonzeros, which every seventh element of four
/// stored rows tells; in products of this size, where telling costs next to nothing; and with so
/// many rows that they repay a look at all of B, where nobody has looked yet.
constexpr Index kFlopsToSkip = 100'000;
constexpr Index kRowsToLook = 16;
constexpr Index kLengthToSkip = 64;
constexpr Index kRowsToLookAt = 4;
constexpr Index kElementStep = 7;
/// Elements of B that one task looks at.
constexpr Index kElementsToLookAt = 16'384;
/// Where zeros are skipped, what reading B costs counts for more. A product of few rows is cut
/// along k, so that a thread keeps its rows of B, which it also updates when B is trained: elements
/// of C whose second half waits on the stack.
constexpr Index kHalvedElements = 16'384;

Index wanted_tiles(const GemmProblem& problem, bool skip_zeros) {
  const Index flops = 2 * problem.m * problem.n * std::max<Index>(problem.k, 1);
  for (const TileCount& entry : kTileCounts) {
    if (flops < entry.flops) continue;
    // Their zeros make small tiles of unequal work, which more of them even out.
    return skip_zeros ? std::min(2 * entry.tiles, kSkippingTiles) : entry.tiles;
  }
  return problem.n * problem.k >= kElementsOfTwo ? 2 : 1;
}

/// `parts` raised so that `parts` times `others` reaches `wanted`, at most to `limit`.
Index raise(Index parts, Index others, Index wanted, Index limit) {
  return std::clamp(ceil_div(wanted, others), parts, std::max(parts, limit));
}

/// Whether `own` packs rows of A, were the tiles wide.
bool packs_rows(const GemmProblem& problem) {
  return problem.transpose_a || problem.lda >= kFarRows;
}

/// Whether packing B once for all tiles pays for the loop and the memory traffic that it takes. A
/// consumer's blocks are of few rows, so each tile would copy its part of B for many groups of
/// them; others copy it every 144 rows at almost no cost, or transpose it.
bool shares_packed_b(const GemmProblem& problem, bool consumed) {
  if (problem.n * problem.k < kElementsToShare) return false;
  if (consumed) return problem.m >= kConsumedRowsToShare;
  return problem.m >= kRowsToShare && (problem.transpose_b || problem.m >= 2 * kRowsToShare);
}

}  // namespace

GemmTiling gemm_tiling(const GemmProblem& problem, bool skip_zeros) {
  const Index m = problem.m;
  const Index n = problem.n;
  const Index wanted = wanted_tiles(problem, skip_zeros);
  const bool packs_a = packs_rows(problem);
  const bool cheap_cols = !packs_a || problem.transpose_b;
  const Index col_grain = skip_zeros ? kSkippingColGrain : kColGrain;
  // Columns first where that repeats little work, then rows, then whatever is left to cut.
  Index rows = std::min(ceil_div(m, packs_a ? kGroupRows : kTallRows), wanted);
  Index cols = raise(1, rows, wanted, n / (cheap_cols ? kMinCols : kWideCols));
  rows = raise(rows, cols, wanted, m / kMinRows);
  cols = raise(cols, rows, wanted, ceil_div(n, col_grain));
  if (!skip_zeros) rows = raise(rows, cols, wanted, m / kRowGrain);
  // Two threads share an even number of tiles evenly.
  if (wanted > 1 && rows * cols % 2 == 1 && m >= 2 * kRowGrain) ++rows;
  GemmTiling tiling;
  tiling.rows = ceil_div(m, rows);
  tiling.cols = round_up(ceil_div(n, cols), col_grain);
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

/// Whether zeros of A can be skipped, and it looks as if that were faster.
bool should_skip_zeros(const GemmTile& whole) {
  const bool transposed = whole.a_k_stride != 1;
  const Index rows = transposed ? whole.k : whole.rows;
  const Index length = transposed ? whole.rows : whole.k;
  const bool can_look = !whole.b_packed && !whole.transpose_b && whole.rows >= kRowsToLook;
  if (!(whole.b_finite || can_look) || whole.cols < kPanel || length < kLengthToSkip ||
      2 * whole.rows * whole.cols * whole.k < kFlopsToSkip) {
    return false;
  }
  Index seen = 0, nonzeros = 0;
  for (Index row = 0; row < rows; row += ceil_div(rows, kRowsToLookAt)) {
    const float* a = whole.a + row * (transposed ? whole.a_k_stride : whole.a_row_stride);
    for (Index i = 0; i < length; i += kElementStep, ++seen) nonzeros += a[i] != 0 ? 1 : 0;
    if (2 * nonzeros > seen) return false;
  }
  return 10 * nonzeros <= 3 * seen;
}

/// Runs all tasks in parallel; whether every one said yes.
template <typename Task>
bool run_and_ask_all(Index tasks, const Task& run) {
  std::atomic<bool> all{true};
  parallel_for(tasks, [&](Index task) {
    if (!run(task)) all.store(false, std::memory_order_relaxed);
  });
  return all.load(std::memory_order_relaxed);
}

/// Whether B, which is neither packed nor transposed, holds finite numbers only: 0 * infinity is
/// NaN.
bool has_finite_b(const GemmTile& whole) {
  const Index rows = std::max<Index>(kElementsToLookAt / whole.cols, 1);
  return run_and_ask_all(ceil_div(whole.k, rows), [&](Index task) {
    const Index begin = task * rows;
    return is_finite_matrix(whole.b + begin * whole.ldb, std::min(rows, whole.k - begin),
                            whole.cols, whole.ldb);
  });
}

bool should_halve(const GemmTile& whole) {
  return whole.skip_zeros && !whole.b_packed && whole.consumer == nullptr &&
         whole.a_k_stride == 1 && whole.rows * whole.cols <= kHalvedElements &&
         whole.cols * whole.k >= kElementsOfTwo;
}

/// Both halves of k in parallel, then their sum.
void run_halves(const GemmProblem& problem, const GemmTile& whole) {
  alignas(64) float second[kHalvedElements];
  parallel_for(2, [&](Index half) {
    GemmTile tile = whole;
    tile.bias = nullptr;
    tile.epilogue = nullptr;
    tile.k = whole.k / 2;
    if (half == 1) {
      tile.a += tile.k;
      tile.b += tile.k * tile.ldb;
      tile.k = whole.k - tile.k;
      tile.c = second;
      tile.ldc = whole.cols;
      tile.accumulate = false;
    }
    tile.skip_zeros = is_finite_matrix(tile.b, tile.k, tile.cols, tile.ldb);
    compute_gemm_tile(tile);
  });
  parallel_for(2, [&](Index half) {
    const Index begin = half * whole.rows / 2, end = (half + 1) * whole.rows / 2;
    for (Index row = begin; row < end; ++row) {
      const float* other = second + row * whole.cols;
      float* c = whole.c + row * whole.ldc;
      for (Index col = 0; col < whole.cols; ++col) c[col] += other[col];
    }
    finish_gemm_tile<float>(problem, {begin, 0, end - begin, whole.cols}, whole.c,
                            {.bias = whole.bias, .epilogue = whole.epilogue});
  });
}

/// All products of a batch as one parallel loop: small ones share a task, large ones are cut up.
void run_tiles(const GemmProblem& problem, GemmTile whole, const GemmBatch& batch) {
  const Index m = whole.rows;
  const Index n = whole.cols;
  whole.skip_zeros = batch.count == 1 && should_skip_zeros(whole);
  if (should_halve(whole)) return run_halves(problem, whole);
  whole.skip_zeros = whole.skip_zeros && (whole.b_finite || has_finite_b(whole));
  const GemmTiling tiling = gemm_tiling(problem, whole.skip_zeros);
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
    case GemmImplementation::eigen:
      return "eigen";
  }
  return "unknown";
}

GemmImplementation choose_gemm(const GemmProblem&) {
  // Measured on Zen 3 (2 cores, AVX2) beside oneDNN 3.2, OpenBLAS 0.3.21 and Eigen 3.4, each with
  // two threads: ahead of the best of them at nearly all sizes from 8 to 2048, within 6 % at the
  // others.
  return GemmImplementation::own;
}

bool gemm_consumable(GemmImplementation implementation, const GemmProblem& problem) {
  return implementation == GemmImplementation::own && problem.k <= kMaxDepth && !problem.accumulate;
}

std::size_t gemm_workspace_size(GemmImplementation implementation, const GemmProblem& problem,
                                bool consumed) {
  const bool shares =
      implementation == GemmImplementation::own && shares_packed_b(problem, consumed);
  return shares ? packed_b_size(problem.k, problem.n) : 0;
}

void gemm_f32(GemmImplementation implementation, const GemmProblem& problem, const float* a,
              const float* b, float* c, const GemmFinish<float>& finish, float* workspace) {
  if (problem.m == 0 || problem.n == 0) return;
  switch (implementation) {
    case GemmImplementation::own:
      if (workspace != nullptr && shares_packed_b(problem, finish.consumer != nullptr)) {
        const bool finite = pack_b_f32(problem, b, workspace);
        return gemm_packed_f32(problem, a, workspace, finite, c, finish);
      }
      return run_tiles(problem, whole_product(problem, a, b, false, c, finish), {});
    case GemmImplementation::eigen:
      return gemm_f32_eigen(problem, a, b, c, finish);
  }
}

void gemm_batched_f32(GemmImplementation implementation, const GemmProblem& problem,
                      const GemmBatch& batch, const float* a, const float* b, float* c,
                      const GemmFinish<float>& finish) {
  if (problem.m == 0 || problem.n == 0 || batch.count == 0) return;
  if (implementation == GemmImplementation::own) {
    return run_tiles(problem, whole_product(problem, a, b, false, c, finish), batch);
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

bool gemm_worth_packing(GemmImplementation implementation, const GemmProblem& problem) {
  // A dot product of one row or two sums in another order than the panels.
  return implementation == GemmImplementation::own && problem.n * problem.k >= kElementsOfTwo &&
         (problem.m > 2 || !problem.transpose_b);
}

bool pack_b_f32(const GemmProblem& problem, const float* b, float* packed) {
  const Index stride = problem.transpose_b ? problem.ldb : 1;
  return run_and_ask_all(ceil_div(problem.n, kPackedCols), [&](Index task) {
    const Index col = task * kPackedCols;
    return pack_b_panels(b + col * stride, problem.ldb, problem.transpose_b, problem.k,
                         std::min(kPackedCols, problem.n - col), packed + col * problem.k,
                         problem.k * kPanel);
  });
}

void gemm_packed_f32(const GemmProblem& problem, const float* a, const float* packed_b, bool finite,
                     float* c, const GemmFinish<float>& finish) {
  if (problem.m == 0 || problem.n == 0) return;
  GemmTile whole = whole_product(problem, a, packed_b, true, c, finish);
  whole.b_finite = finite;
  run_tiles(problem, whole, {});
}

}  // namespace tegula::kernels
