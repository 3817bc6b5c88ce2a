// Eigen on its own OpenMP threads, compiled for this machine.

#include <Eigen/Core>

#include "gemm.hpp"

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Map = Eigen::Map<Matrix>;

void multiply(const compare::Gemm& g) {
  const Map a(g.a.get(), g.ta ? g.k : g.m, g.ta ? g.m : g.k);
  const Map b(g.b.get(), g.tb ? g.n : g.k, g.tb ? g.k : g.n);
  Map c(g.c.get(), g.m, g.n);
  if (g.ta) {
    c.noalias() = a.transpose() * b;
  } else if (g.tb) {
    c.noalias() = a * b.transpose();
  } else {
    c.noalias() = a * b;
  }
}

}  // namespace

int main(int, char** words) {
  const int threads = std::atoi(words[1]);
  return compare::serve(
      [=](const compare::Json& details, const std::string& mode) -> compare::Call {
        const int used = mode == "1 thread" ? 1 : threads;
        return [g = compare::Gemm(details), used] {
          Eigen::setNbThreads(used);
          multiply(g);
        };
      });
}
