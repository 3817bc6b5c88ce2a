// OpenBLAS: cblas_sgemm with all threads or one.

#include <cblas.h>

#include "gemm.hpp"

int main(int, char** words) {
  const int threads = std::atoi(words[1]);
  return compare::serve([=](const compare::Json& details,
                            const std::string& mode) -> compare::Call {
    const int used = mode == "1 thread" ? 1 : threads;
    return [g = compare::Gemm(details), used] {
      if (openblas_get_num_threads() != used) openblas_set_num_threads(used);
      cblas_sgemm(CblasRowMajor, g.ta ? CblasTrans : CblasNoTrans, g.tb ? CblasTrans : CblasNoTrans,
                  static_cast<int>(g.m), static_cast<int>(g.n), static_cast<int>(g.k), 1.0f,
                  g.a.get(), static_cast<int>(g.lda()), g.b.get(), static_cast<int>(g.ldb()), 0.0f,
                  g.c.get(), static_cast<int>(g.n));
    };
  });
}
