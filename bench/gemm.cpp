// Float matrix products: the shapes of the MNIST model, forward and backward, and squares to 2048.
//
// The threads are TEGULA_NUM_THREADS, the instruction set TEGULA_ISA. Counter FLOPS is FLOP/s.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/isa.hpp"
#include "tegula/core/tensor.hpp"

using namespace tegula;
using namespace tegula::kernels;

namespace {

using Index = std::int64_t;

Tensor random_tensor(Index rows, Index cols) {
  Tensor tensor(DType::f32, {rows, cols});
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  float* values = tensor.data<float>();
  for (Index i = 0; i < rows * cols; ++i) values[i] = uniform(generator);
  return tensor;
}

void count_flops(benchmark::State& state, const GemmProblem& problem) {
  const double flops = 2.0 * static_cast<double>(problem.m * problem.n * problem.k);
  state.counters["FLOPS"] = benchmark::Counter(flops * static_cast<double>(state.iterations()),
                                               benchmark::Counter::kIsRate);
}

void multiply(benchmark::State& state, GemmImplementation implementation,
              const GemmProblem& problem) {
  const Tensor a = random_tensor(problem.m, problem.k);
  const Tensor b = random_tensor(problem.k, problem.n);
  Tensor c(DType::f32, {problem.m, problem.n});
  Tensor workspace(DType::f32, {static_cast<Index>(gemm_workspace_size(implementation, problem))});
  for (auto _ : state) {
    gemm_f32(implementation, problem, a.data<float>(), b.data<float>(), c.data<float>(), {},
             workspace.data<float>());
    benchmark::ClobberMemory();
  }
  count_flops(state, problem);
}

void multiply_packed(benchmark::State& state, const GemmProblem& problem) {
  const Tensor a = random_tensor(problem.m, problem.k);
  const Tensor b = random_tensor(problem.k, problem.n);
  Tensor packed(DType::f32, {static_cast<Index>(packed_b_size(problem.k, problem.n))});
  const bool finite = pack_b_f32(problem, b.data<float>(), packed.data<float>());
  Tensor c(DType::f32, {problem.m, problem.n});
  for (auto _ : state) {
    gemm_packed_f32(problem, a.data<float>(), packed.data<float>(), finite, c.data<float>());
    benchmark::ClobberMemory();
  }
  count_flops(state, problem);
}

std::vector<GemmProblem> problems() {
  std::vector<GemmProblem> list;
  for (const Index batch : {1, 8, 32, 128, 1024}) {
    list.push_back(GemmProblem::dense(batch, 128, 784));
    list.push_back(GemmProblem::dense(batch, 10, 128));
    list.push_back(GemmProblem::dense(784, 128, batch, true));
    list.push_back(GemmProblem::dense(128, 10, batch, true));
    list.push_back(GemmProblem::dense(batch, 128, 10, false, true));
  }
  for (const Index width : {512, 2048}) {
    list.push_back(GemmProblem::dense(32, width, width));
    list.push_back(GemmProblem::dense(32, width, width, false, true));
    list.push_back(GemmProblem::dense(width, width, 32, true));
  }
  for (const Index size : {16, 64, 256, 512, 1024, 2048}) {
    list.push_back(GemmProblem::dense(size, size, size));
  }
  return list;
}

std::string name_of(const GemmProblem& problem) {
  return std::to_string(problem.m) + "x" + std::to_string(problem.n) + "x" +
         std::to_string(problem.k) + (problem.transpose_a ? "/T" : "/N") +
         (problem.transpose_b ? "T" : "N");
}

const bool registered = [] {
  active_isa();
  for (const GemmProblem& problem : problems()) {
    for (const auto implementation : {GemmImplementation::own, GemmImplementation::eigen}) {
      const std::string name =
          "gemm/" + name_of(problem) + "/" + std::string(to_string(implementation));
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
        multiply(state, implementation, problem);
      })->UseRealTime();
    }
    benchmark::RegisterBenchmark(("gemm/" + name_of(problem) + "/packed").c_str(),
                                 [=](benchmark::State& state) { multiply_packed(state, problem); })
        ->UseRealTime();
  }
  return true;
}();

}  // namespace
