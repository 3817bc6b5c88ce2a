// Float convolutions of well-known networks, forward and backward, beside the rate of a large
// matrix product on the same threads.
//
// The threads are TEGULA_NUM_THREADS, the instruction set TEGULA_ISA. Counter FLOPS is FLOP/s;
// of_gemm is its ratio to the rate of a 1024x1024x1024 product.

#include "kernels/cpu/convolution.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/gemm_rate.hpp"
#include "bench/values.hpp"
#include "kernels/cpu/isa.hpp"
#include "tegula/core/tensor.hpp"
#include "tests/support/convolution_problems.hpp"

using namespace tegula;
using namespace tegula::kernels;

namespace {

using Index = std::int64_t;

constexpr Index kBatch = 32;

Tensor floats(std::size_t count) { return Tensor(DType::f32, {static_cast<Index>(count)}); }

double flops_of(const ConvolutionProblem& problem) {
  const auto& grid = problem.grid;
  return 2.0 * static_cast<double>(grid.batch * grid.outputs() * problem.filters) *
         static_cast<double>(grid.taps() * problem.group_channels());
}

void count_flops(benchmark::State& state, const ConvolutionProblem& problem) {
  const double flops = flops_of(problem) * static_cast<double>(state.iterations());
  state.counters["FLOPS"] = benchmark::Counter(flops, benchmark::Counter::kIsRate);
  state.counters["of_gemm"] =
      benchmark::Counter(flops / bench::gemm_rate(), benchmark::Counter::kIsRate);
}

struct Operands {
  explicit Operands(const ConvolutionProblem& problem)
      : x(bench::values(problem.grid.batch * problem.grid.inputs() * problem.channels)),
        w(bench::values(problem.grid.taps() * problem.group_channels() * problem.filters)),
        y(bench::values(problem.grid.batch * problem.grid.outputs() * problem.filters)) {}

  std::vector<float> x, w, y;
};

/// Packs the weights each time, as training does.
void run_product(benchmark::State& state, const ConvolutionProblem& problem, bool forward) {
  Operands operands(problem);
  const ConvolutionPlan plan =
      forward ? ConvolutionPlan::forward(problem) : ConvolutionPlan::input_gradient(problem);
  Tensor packed = floats(plan.packed_size()), workspace = floats(plan.workspace_size());
  std::vector<float>& source = forward ? operands.x : operands.y;
  std::vector<float>& result = forward ? operands.y : operands.x;
  for (auto _ : state) {
    plan.pack(operands.w.data(), packed.data<float>());
    plan.run(source.data(), packed.data<float>(), result.data(), {}, workspace.data<float>());
    benchmark::ClobberMemory();
  }
  count_flops(state, problem);
}

void run_weights(benchmark::State& state, const ConvolutionProblem& problem) {
  Operands operands(problem);
  const ConvolutionWeightsPlan plan(problem);
  Tensor workspace = floats(plan.workspace_size());
  for (auto _ : state) {
    plan.run(operands.x.data(), operands.y.data(), operands.w.data(), workspace.data<float>());
    benchmark::ClobberMemory();
  }
  count_flops(state, problem);
}

const bool registered = [] {
  active_isa();
  for (const test::NamedConvolution& named : test::network_convolutions(kBatch)) {
    const ConvolutionProblem problem = named.problem;
    const auto add = [&](const char* direction, auto run) {
      benchmark::RegisterBenchmark((std::string(direction) + "/" + named.name).c_str(), run)
          ->UseRealTime();
    };
    add("forward", [=](benchmark::State& state) { run_product(state, problem, true); });
    add("dx", [=](benchmark::State& state) { run_product(state, problem, false); });
    add("dw", [=](benchmark::State& state) { run_weights(state, problem); });
  }
  return true;
}();

}  // namespace
