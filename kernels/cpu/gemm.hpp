#pragma once
// Matrix products: C = A * B, row-major, with transposes, batches, pre-packed B and epilogues.
//
// No function here allocates in the `own` implementation, and results are bit-identical for any
// number of threads: every element of C is summed over k in an order that depends only on the
// problem, the instruction set and whether A is mostly zeros: `own` skips those, unless B holds
// infinities or NaN.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

/// C[m,n] = op(A)[m,k] * op(B)[k,n]. Leading dimensions count elements from one stored row to the
/// next; A is stored as [m,k], or as [k,m] when transposed, B as [k,n] or [n,k], C as [m,n].
struct GemmProblem {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  bool transpose_a = false;
  bool transpose_b = false;
  std::int64_t lda = 0;
  std::int64_t ldb = 0;
  std::int64_t ldc = 0;
  /// Whether the product is added to what C holds, instead of replacing it.
  bool accumulate = false;

  /// A problem over dense matrices.
  static GemmProblem dense(std::int64_t m, std::int64_t n, std::int64_t k, bool transpose_a = false,
                           bool transpose_b = false);
};

/// Called when C[row .. row+rows, col .. col+cols] is final (bias included) and in cache, from the
/// thread that computed it. The blocks of one product tile C exactly. Never called when m or n is
/// 0.
using GemmEpilogue =
    FunctionRef<void(std::int64_t row, std::int64_t col, std::int64_t rows, std::int64_t cols)>;

/// Called like an epilogue, but C is stored nowhere else: `block` holds the rectangle, its rows
/// next to each other, in memory that is reused when the call returns.
template <typename T>
using GemmConsumer = FunctionRef<void(std::int64_t row, std::int64_t col, std::int64_t rows,
                                      std::int64_t cols, const T* block)>;

/// What to do with C after the product.
template <typename T>
struct GemmFinish {
  /// n values added to each row, or null. Rounds as a separate addition would.
  const T* bias = nullptr;
  /// Called per block after the bias, or null.
  const GemmEpilogue* epilogue = nullptr;
  /// Takes C in the place of memory, or null. Only where `gemm_consumable` says so, and without an
  /// epilogue; C is then a null pointer.
  const GemmConsumer<T>* consumer = nullptr;
};

/// Who computes a float product; `eigen` is there for comparison.
enum class GemmImplementation : std::uint8_t { own, eigen };

/// "own", "eigen".
std::string_view to_string(GemmImplementation implementation);

/// The implementation that measured fastest for such a problem; depends on the arguments, the build
/// and the instruction set only. Meant for plan time.
GemmImplementation choose_gemm(const GemmProblem& problem);

/// Whether C of this product can go to a consumer: it is when no element of C is visited twice.
bool gemm_consumable(GemmImplementation implementation, const GemmProblem& problem);

/// Floats of memory with which this product runs faster, as its tiles share one packed copy of B; 0
/// where that is no gain. `consumed` says whether C goes to a consumer.
std::size_t gemm_workspace_size(GemmImplementation implementation, const GemmProblem& problem,
                                bool consumed = false);

/// k == 0 gives zeros (or leaves C, when accumulating), then bias and epilogue as always.
/// `workspace` is null or holds gemm_workspace_size floats, aligned to 64 bytes, and changes no bit
/// of the result. Throws InvalidArgument when the implementation is not available.
void gemm_f32(GemmImplementation implementation, const GemmProblem& problem, const float* a,
              const float* b, float* c, const GemmFinish<float>& finish = {},
              float* workspace = nullptr);

/// Same contract, computed with Eigen; for products whose speed does not matter.
void gemm_f64(const GemmProblem& problem, const double* a, const double* b, double* c,
              const GemmFinish<double>& finish = {});

/// Many products of one shape. Strides count elements from one product's matrix to the next; 0 uses
/// the same matrix for all. C's stride must not be 0 when count > 1. An epilogue sees the rows of
/// all products numbered through: row = item * m + row within the item.
struct GemmBatch {
  std::int64_t count = 1;
  std::int64_t stride_a = 0;
  std::int64_t stride_b = 0;
  std::int64_t stride_c = 0;
};
void gemm_batched_f32(GemmImplementation implementation, const GemmProblem& problem,
                      const GemmBatch& batch, const float* a, const float* b, float* c,
                      const GemmFinish<float>& finish = {});
void gemm_batched_f64(const GemmProblem& problem, const GemmBatch& batch, const double* a,
                      const double* b, double* c, const GemmFinish<double>& finish = {});

/// Number of floats that op(B)[k,n] takes when packed: n is rounded up to 16. The layout does not
/// depend on the instruction set.
std::size_t packed_b_size(std::int64_t k, std::int64_t n);

/// Whether products with the same B again and again run faster when it is packed once; the bits are
/// the same.
bool gemm_worth_packing(GemmImplementation implementation, const GemmProblem& problem);

/// Packs op(B) of `problem` (its n, k, transpose_b and ldb) into `packed`, which the caller owns,
/// aligned to 64 bytes; in parallel. Returns whether it holds finite numbers only.
bool pack_b_f32(const GemmProblem& problem, const float* b, float* packed);

/// As gemm_f32 with `own`, on a B that pack_b_f32 wrote; `transpose_b` and `ldb` are ignored.
/// `finite` is what that returned: with false, no zeros of A are skipped.
void gemm_packed_f32(const GemmProblem& problem, const float* a, const float* packed_b, bool finite,
                     float* c, const GemmFinish<float>& finish = {});

}  // namespace tegula::kernels
