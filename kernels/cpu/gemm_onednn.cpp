// Float products with oneDNN, each call on one thread.
//
// The library is opened when a product is first given to it: loading it takes 18 MB of memory,
// which programs whose products all go to our own kernels need not pay.
//
// oneDNN's GNU OpenMP build would start a team of its own: that would break the single thread
// budget, and a forked child would hang on a team that exists only in its parent. So our own loop
// splits the product, and every call runs with an OpenMP limit of one thread, which never starts a
// team.

#include <algorithm>
#include <string>

#include "kernels/cpu/gemm_implementations.hpp"
#include "tegula/core/error.hpp"

#if defined(TEGULA_WITH_ONEDNN)

#include <dlfcn.h>
#include <dnnl.h>

namespace tegula::kernels {

namespace {

/// What is used of oneDNN and of the OpenMP runtime that it brings; null where it does not open.
struct Onednn {
  decltype(&dnnl_sgemm) sgemm = nullptr;
  int (*omp_get_max_threads)() = nullptr;
  void (*omp_set_num_threads)(int) = nullptr;
};

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
}

/// By its name the library is found beside the Python module and wherever the system looks; by its
/// path, where it was when Tegula was built.
Onednn open_onednn() {
  void* library = dlopen(TEGULA_ONEDNN_NAME, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) library = dlopen(TEGULA_ONEDNN_PATH, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return {};
  Onednn found;
  find(library, "dnnl_sgemm", found.sgemm);
  find(library, "omp_get_max_threads", found.omp_get_max_threads);
  find(library, "omp_set_num_threads", found.omp_set_num_threads);
  const bool complete =
      found.omp_get_max_threads != nullptr && found.omp_set_num_threads != nullptr;
  return complete ? found : Onednn{};
}

const Onednn& onednn() {
  static const Onednn opened = open_onednn();
  return opened;
}

/// OpenMP's limit is a value of the calling thread, which may be the application's own.
class SingleOpenMpThread {
 public:
  SingleOpenMpThread() : previous_(onednn().omp_get_max_threads()) {
    onednn().omp_set_num_threads(1);
  }
  ~SingleOpenMpThread() { onednn().omp_set_num_threads(previous_); }
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
      onednn().sgemm(problem.transpose_a ? 'T' : 'N', problem.transpose_b ? 'T' : 'N', tile.rows,
                     tile.cols, problem.k, 1.0f, a, problem.lda, b, problem.ldb,
                     problem.accumulate ? 1.0f : 0.0f, c, problem.ldc);
  if (status != dnnl_success) {
    throw Error("oneDNN refused a matrix product of " + std::to_string(tile.rows) + "x" +
                std::to_string(problem.k) + " by " + std::to_string(problem.k) + "x" +
                std::to_string(tile.cols) + " (status " + std::to_string(status) + ")");
  }
}

}  // namespace

bool onednn_available() { return onednn().sgemm != nullptr; }

void gemm_f32_onednn(const GemmProblem& problem, const float* a, const float* b, float* c,
                     const GemmFinish<float>& finish) {
  if (!onednn_available()) {
    throw InvalidArgument("oneDNN's library was found neither as " TEGULA_ONEDNN_NAME
                          " nor at " TEGULA_ONEDNN_PATH "; install it, or use \"own\"");
  }
  for_each_gemm_tile(problem, [&](const GemmRectangle& tile) {
    const SingleOpenMpThread single;
    multiply_tile(problem, tile, a, b, c);
    finish_gemm_tile(problem, tile, c, finish);
  });
}

}  // namespace tegula::kernels

#else

namespace tegula::kernels {

bool onednn_available() { return false; }

void gemm_f32_onednn(const GemmProblem&, const float*, const float*, float*,
                     const GemmFinish<float>&) {
  throw InvalidArgument(
      "this build has no GEMM implementation \"onednn\"; build with TEGULA_ONEDNN=ON, or use "
      "\"own\"");
}

}  // namespace tegula::kernels

#endif
