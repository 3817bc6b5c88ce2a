// Float products with oneDNN, each call on one thread.
//
// oneDNN's GNU OpenMP build would start a team of its own: that would break the single thread
// budget, and a forked child would hang on a team that exists only in its parent. So our own loop
// splits the product, and every call runs with an OpenMP limit of one thread, which never starts a
// team.

#if defined(TEGULA_WITH_ONEDNN)

#include <dnnl.h>
#include <omp.h>

#include <algorithm>
#include <string>

#include "kernels/cpu/gemm_implementations.hpp"
#include "tegula/core/error.hpp"

namespace tegula::kernels {

namespace {

/// OpenMP's limit is a value of the calling thread, which may be the application's own.
class SingleOpenMpThread {
 public:
  SingleOpenMpThread() : previous_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~SingleOpenMpThread() { omp_set_num_threads(previous_); }
  SingleOpenMpThread(const SingleOpenMpThread&) = delete;
  SingleOpenMpThread& operator=(const SingleOpenMpThread&) = delete;

 private:
  int previous_;
};

void multiply_tile(const GemmProblem& problem, const GemmRectangle& tile, const float* a,
                   const float* b, float* c) {
  a += tile.row * (problem.transpose_a ? 1 : problem.lda);
  b += tile.col * (problem.transpose_b ? problem.ldb : 1);
  c += tile.row * problem.ldc + tile.col;
  if (problem.k == 0) {
    for (std::int64_t row = 0; row < tile.rows && !problem.accumulate; ++row) {
      std::fill_n(c + row * problem.ldc, tile.cols, 0.0f);
    }
    return;
  }
  const dnnl_status_t status =
      dnnl_sgemm(problem.transpose_a ? 'T' : 'N', problem.transpose_b ? 'T' : 'N', tile.rows,
                 tile.cols, problem.k, 1.0f, a, problem.lda, b, problem.ldb,
                 problem.accumulate ? 1.0f : 0.0f, c, problem.ldc);
  if (status != dnnl_success) {
    throw Error("oneDNN refused a matrix product of " + std::to_string(tile.rows) + "x" +
                std::to_string(problem.k) + " by " + std::to_string(problem.k) + "x" +
                std::to_string(tile.cols) + " (status " + std::to_string(status) + ")");
  }
}

}  // namespace

void gemm_f32_onednn(const GemmProblem& problem, const float* a, const float* b, float* c,
                     const GemmFinish<float>& finish) {
  for_each_gemm_tile(problem, [&](const GemmRectangle& tile) {
    const SingleOpenMpThread single;
    multiply_tile(problem, tile, a, b, c);
    finish_gemm_tile(problem, tile, c, finish);
  });
}

}  // namespace tegula::kernels

#endif
