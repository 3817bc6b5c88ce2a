// Float attention of one sample of 8 heads, forward and backward, beside the rate of a large matrix
// product on the same threads; and of one query with all keys before it, beside the memory's rate.
//
// The threads are TEGULA_NUM_THREADS, the instruction set TEGULA_ISA. Counter FLOPS is FLOP/s,
// counting what is seen only; of_gemm is its ratio to the rate of a 1024x1024x1024 product.

#include "kernels/cpu/attention.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/gemm_rate.hpp"
#include "bench/values.hpp"
#include "kernels/cpu/isa.hpp"
#include "tegula/core/tensor.hpp"

using namespace tegula;
using namespace tegula::kernels;

namespace {

using Index = std::int64_t;

constexpr Index kHeads = 8;
constexpr Index kWidth = 64;

AttentionProblem problem_of(Index queries, Index keys, bool causal) {
  AttentionProblem problem;
  problem.batch = 1;
  problem.queries = queries;
  problem.keys = keys;
  problem.heads = problem.key_heads = kHeads;
  problem.width = problem.value_width = kWidth;
  problem.scale = 0.125;
  problem.causal = causal;
  return problem;
}

Tensor floats(std::size_t count) { return Tensor(DType::f32, {static_cast<Index>(count)}); }

struct Operands {
  explicit Operands(const AttentionProblem& problem)
      : query(bench::values(problem.queries * kHeads * kWidth)),
        key(bench::values(problem.keys * kHeads * kWidth)),
        value(key),
        y(query),
        dy(query),
        dq(query),
        dk(key),
        dv(key),
        log_sum(bench::values(problem.queries * kHeads)),
        delta(log_sum),
        workspace(floats(attention_workspace_size(problem))),
        gradient_workspace(floats(attention_gradient_workspace_size(problem))) {}

  AttentionOperands operands() const { return {query.data(), key.data(), value.data(), {}, 0}; }

  std::vector<float> query, key, value, y, dy, dq, dk, dv, log_sum, delta;
  Tensor workspace, gradient_workspace;
};

/// `products`: 2 forward, 5 backward.
void count_flops(benchmark::State& state, const AttentionProblem& problem, double products) {
  const auto weights = static_cast<double>(problem.heads * problem.queries * problem.keys);
  const double flops = 2 * products * weights * kWidth * (problem.causal ? 0.5 : 1) *
                       static_cast<double>(state.iterations());
  state.counters["FLOPS"] = benchmark::Counter(flops, benchmark::Counter::kIsRate);
  state.counters["of_gemm"] =
      benchmark::Counter(flops / bench::gemm_rate(), benchmark::Counter::kIsRate);
}

void run_forward(benchmark::State& state, const AttentionProblem& problem) {
  Operands all(problem);
  for (auto _ : state) {
    attention_f32(problem, all.operands(), all.y.data(), all.log_sum.data(),
                  all.workspace.data<float>());
    benchmark::ClobberMemory();
  }
  count_flops(state, problem, 2);
}

void run_both(benchmark::State& state, const AttentionProblem& problem) {
  Operands all(problem);
  for (auto _ : state) {
    attention_f32(problem, all.operands(), all.y.data(), all.log_sum.data(),
                  all.workspace.data<float>());
    attention_gradient_f32(problem, all.operands(),
                           {all.log_sum.data(), all.delta.data(), all.dy.data()}, all.dq.data(),
                           all.dk.data(), all.dv.data(), all.gradient_workspace.data<float>());
    benchmark::ClobberMemory();
  }
  count_flops(state, problem, 7);
}

void run_decode(benchmark::State& state, const AttentionProblem& problem) {
  Operands all(problem);
  for (auto _ : state) {
    attention_f32(problem, all.operands(), all.y.data(), all.log_sum.data(),
                  all.workspace.data<float>());
    benchmark::ClobberMemory();
  }
  bench::count_bytes(state, 2 * problem.keys * kHeads * kWidth * Index{sizeof(float)});
}

const bool registered = [] {
  active_isa();
  const auto add = [](std::string name, auto run, const AttentionProblem& problem) {
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
      run(state, problem);
    })->UseRealTime();
  };
  for (const Index length : {128, 512, 1024, 4096}) {
    for (const bool causal : {false, true}) {
      const AttentionProblem problem = problem_of(length, length, causal);
      const std::string name = std::to_string(length) + (causal ? "/causal" : "");
      add("forward/" + name, run_forward, problem);
      add("both/" + name, run_both, problem);
    }
  }
  for (const Index keys : {128, 1024, 4096, 65536}) {
    add("decode/" + std::to_string(keys), run_decode, problem_of(1, keys, false));
  }
  return true;
}();

}  // namespace
