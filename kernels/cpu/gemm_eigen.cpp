// Matrix products with Eigen: all of double precision, and float for comparison.

#include <Eigen/Core>
#include <algorithm>

#include "kernels/cpu/gemm_implementations.hpp"

namespace tegula::kernels {

namespace {

using Index = std::int64_t;

template <typename T, int Order>
using MatrixMap = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Order>,
                             Eigen::Unaligned, Eigen::OuterStride<>>;

/// Calls function(map) for a [rows, cols] operand: a transposed one is the same memory read as
/// column-major.
template <typename T, typename Function>
void with_operand(const T* data, Index rows, Index cols, Index ld, bool transposed,
                  const Function& function) {
  if (transposed) {
    function(MatrixMap<T, Eigen::ColMajor>(data, rows, cols, Eigen::OuterStride<>(ld)));
  } else {
    function(MatrixMap<T, Eigen::RowMajor>(data, rows, cols, Eigen::OuterStride<>(ld)));
  }
}

template <typename T>
void multiply(const GemmProblem& problem, const T* a, const T* b, T* c,
              const GemmFinish<T>& finish) {
  if (problem.m == 0 || problem.n == 0) return;
  const Index a_row = problem.transpose_a ? 1 : problem.lda;
  const Index b_col = problem.transpose_b ? problem.ldb : 1;
  for_each_gemm_tile(problem, [&](const GemmRectangle& tile) {
    using Result = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::Map<Result, Eigen::Unaligned, Eigen::OuterStride<>> out(
        c + tile.row * problem.ldc + tile.col, tile.rows, tile.cols,
        Eigen::OuterStride<>(problem.ldc));
    if (!problem.accumulate) out.setZero();
    with_operand(a + tile.row * a_row, tile.rows, problem.k, problem.lda, problem.transpose_a,
                 [&](const auto& left) {
                   with_operand(b + tile.col * b_col, problem.k, tile.cols, problem.ldb,
                                problem.transpose_b,
                                [&](const auto& right) { out.noalias() += left * right; });
                 });
    finish_gemm_tile(problem, tile, c, finish);
  });
}

}  // namespace

void gemm_f32_eigen(const GemmProblem& problem, const float* a, const float* b, float* c,
                    const GemmFinish<float>& finish) {
  multiply(problem, a, b, c, finish);
}

void gemm_f64(const GemmProblem& problem, const double* a, const double* b, double* c,
              const GemmFinish<double>& finish) {
  multiply(problem, a, b, c, finish);
}

}  // namespace tegula::kernels
