// What a session costs beyond its kernels: a run, a kernel, a plan.

#include <benchmark/benchmark.h>

#include <vector>

#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"

namespace {

using namespace tegula;

/// `nodes` negations of one number, unfused: their time is that of the dispatch.
Value chain(const Value& x, std::int64_t nodes) {
  Value y = x;
  for (std::int64_t i = 0; i < nodes; ++i) y = neg(y);
  return y;
}

SessionOptions as_built() {
  SessionOptions options;
  options.passes = PassOptions::none();
  return options;
}

void run_into(benchmark::State& state) {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {1}, "x");
  Session session(graph, as_built());
  Executable executable = session.compile({x}, {chain(x, state.range(0))});
  const std::vector<Tensor> feeds = {Tensor::full(DType::f32, {1}, 1)};
  std::vector<Tensor> results = {Tensor(DType::f32, {1})};
  for (auto _ : state) executable.run_into(feeds, results);
  state.counters["per_kernel"] =
      benchmark::Counter(static_cast<double>(state.range(0) * state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(run_into)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

void run_by_name(benchmark::State& state) {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {1}, "x");
  const Value y = neg(x);
  Session session(graph);
  const Tensor fed = Tensor::full(DType::f32, {1}, 1);
  for (auto _ : state) benchmark::DoNotOptimize(session.run({{x, fed}}, y));
}
BENCHMARK(run_by_name);

/// Time to plan grows linearly with the graph.
void plan(benchmark::State& state) {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {1}, "x");
  const Value y = chain(x, state.range(0));
  Session session(graph, as_built());
  const std::vector<Shape> shapes = {{1}};
  for (auto _ : state) {
    Executable executable = session.compile({x}, {y});
    benchmark::DoNotOptimize(executable.optimized(shapes));
  }
  state.SetComplexityN(state.range(0));
}
BENCHMARK(plan)
    ->RangeMultiplier(10)
    ->Range(100, 100'000)
    ->Complexity(benchmark::oN)
    ->Unit(benchmark::kMillisecond);

}  // namespace
