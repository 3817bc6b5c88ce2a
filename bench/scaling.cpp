// What it costs to build, optimize, plan and run graphs of 100 to 100,000 nodes: each stage's time
// is a counter, in microseconds per node that was built (docs/benchmarks/scaling.md plots them).

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "src/runtime/plan.hpp"
#include "src/runtime/session_state.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/passes/pass_manager.hpp"
#include "tegula/runtime/session.hpp"

namespace {

using namespace tegula;

constexpr std::int64_t kUnits = 16;
const Shape kBatch = {1, kUnits};

struct Model {
  Graph graph;
  std::vector<Value> feeds;
  std::vector<Value> fetches;
  std::vector<Value> targets;
};

Value add_input(Model& model) {
  model.feeds = {model.graph.placeholder(DType::f32, {-1, kUnits}, "x")};
  return model.feeds[0];
}

Value weights(Graph& graph, const Shape& shape, const std::string& name) {
  return graph.variable(Tensor::full(DType::f32, shape, 0.01), name);
}

/// Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
void add_adam(Model& model, const std::vector<Value>& variables) {
  const std::vector<Value> slopes = gradients(model.fetches[0], variables);
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const Tensor zeros = Tensor::zeros(DType::f32, variables[i].shape());
    const std::string name = variables[i].node().name();
    const Variable m = model.graph.variable(zeros, "m/" + name, false);
    const Variable v = model.graph.variable(zeros, "v/" + name, false);
    const Value new_m = m + (slopes[i] - m) * 0.1;
    const Value new_v = v + (square(slopes[i]) - v) * 0.001;
    model.targets.push_back(assign(m, new_m));
    model.targets.push_back(assign(v, new_v));
    model.targets.push_back(assign_sub(variables[i], 0.001 * new_m / (sqrt(new_v) + 1e-7)));
  }
}

/// A training step of an MLP: forward, backward, Adam.
Model deep_mlp(std::int64_t nodes) {
  constexpr std::int64_t kNodesPerLayer = 59;
  Model model;
  const Value x = add_input(model);
  std::vector<Value> variables;
  Value y = x;
  for (std::int64_t i = 0; i < std::max<std::int64_t>(1, nodes / kNodesPerLayer); ++i) {
    const NameScope scope(model.graph, "dense_" + std::to_string(i));
    variables.push_back(weights(model.graph, {kUnits, kUnits}, "kernel"));
    variables.push_back(weights(model.graph, {kUnits}, "bias"));
    y = relu(matmul(y, variables[variables.size() - 2]) + variables.back());
  }
  model.fetches = {mean(square(y))};
  add_adam(model, variables);
  return model;
}

/// One elementwise op after the other.
Model chain(std::int64_t nodes) {
  Model model;
  const Value x = add_input(model);
  Value y = x;
  for (std::int64_t i = 0; i < nodes; i += 2) y = tanh(sin(y));
  model.fetches = {y};
  return model;
}

/// Many branches that read one value, and a tree of sums over them.
Model wide(std::int64_t nodes) {
  constexpr std::int64_t kNodesPerBranch = 4;
  Model model;
  const Value x = add_input(model);
  std::vector<Value> level;
  for (std::int64_t i = 0; i < nodes / kNodesPerBranch; ++i) {
    level.push_back(tanh(x * (1 + static_cast<double>(i))));
  }
  while (level.size() > 1) {
    std::vector<Value> sums;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) sums.push_back(level[i] + level[i + 1]);
    if (level.size() % 2 == 1) sums.push_back(level.back());
    level = std::move(sums);
  }
  model.fetches = level;
  return model;
}

/// Every node reads two earlier ones, near and far, in no order; some are reductions.
Model tangled(std::int64_t nodes) {
  Model model;
  const Value x = add_input(model);
  std::vector<Value> values = {x};
  std::uint64_t state = 1;
  const auto draw = [&state](std::size_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state >> 33) % below;
  };
  while (static_cast<std::int64_t>(model.graph.nodes().size()) < nodes) {
    const Value near = values[values.size() - 1 - draw(std::min<std::size_t>(values.size(), 8))];
    const Value far = values[draw(values.size())];
    switch (draw(4)) {
      case 0:
        values.push_back(near - far);
        break;
      case 1:
        values.push_back(tanh(near) * far);
        break;
      case 2:
        values.push_back(maximum(near, far));
        break;
      default:
        values.push_back(near + mean(far, -1, true));
    }
  }
  model.fetches = {values.back()};
  return model;
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Calls `work` and adds its seconds, per node, to the counter.
template <typename Work>
auto timed(benchmark::State& state, const std::string& counter, double nodes, Work&& work) {
  const double start = seconds();
  auto result = work();
  state.counters[counter] += (seconds() - start) / nodes * 1e6;
  return result;
}

std::shared_ptr<const detail::Plan> make_plan(const Graph& graph, std::span<const Value> feeds,
                                              std::span<const Shape> shapes,
                                              detail::VariableStore& variables) {
  return detail::build_plan({.graph = graph,
                             .feeds = feeds,
                             .feed_shapes = shapes,
                             .fetches = graph.fetches(),
                             .targets = graph.targets()},
                            PassOptions::none(), variables, cpu_backend());
}

/// Stages one by one, each on the result of the one before.
void stages(benchmark::State& state, Model (*build)(std::int64_t)) {
  double built = 0;
  double kernels = 0;
  for (auto _ : state) {
    const double start = seconds();
    const Model model = build(state.range(0));
    const double build_seconds = seconds() - start;
    built = static_cast<double>(model.graph.nodes().size());
    state.counters["0 build"] += build_seconds / built * 1e6;

    const std::vector<Shape> shapes = {kBatch};
    Graph graph = timed(state, "1 extract", built,
                        [&] { return extract(model.feeds, shapes, model.fetches, model.targets); });
    int number = 2;
    for (const Pass& pass : all_passes()) {
      const std::string name = std::to_string(number / 10) + std::to_string(number % 10);
      graph =
          timed(state, name + " " + std::string(pass.name), built, [&] { return pass.run(graph); });
      ++number;
    }
    timed(state, "verify", built, [&] {
      graph.verify();
      return 0;
    });
    const std::vector<Value> feeds = {graph.find("x")->output()};
    detail::SessionState session(graph, {});
    const auto plan = timed(state, "plan", built,
                            [&] { return make_plan(graph, feeds, shapes, session.variables); });
    kernels = static_cast<double>(plan->steps.size());
  }
  state.counters["nodes"] = built;
  state.counters["kernels"] = kernels;
  for (auto& [name, counter] : state.counters) {
    if (name != "nodes" && name != "kernels") counter.flags = benchmark::Counter::kAvgIterations;
  }
}

/// All of it, as a user sees it: from nothing to a plan that is ready to run.
void build_and_plan(benchmark::State& state, Model (*build)(std::int64_t)) {
  const std::vector<Shape> shapes = {kBatch};
  double nodes = 0;
  for (auto _ : state) {
    const Model model = build(state.range(0));
    Session session(model.graph);
    Executable executable = session.compile(model.feeds, model.fetches, model.targets);
    benchmark::DoNotOptimize(executable.optimized(shapes));
    nodes = static_cast<double>(model.graph.nodes().size());
  }
  state.counters["nodes"] = nodes;
}

void scales(benchmark::internal::Benchmark* benchmark) {
  benchmark->Unit(benchmark::kMillisecond)->RangeMultiplier(10)->Range(100, 100'000);
}

BENCHMARK_CAPTURE(stages, mlp, deep_mlp)->Apply(scales);
BENCHMARK_CAPTURE(stages, chain, chain)->Apply(scales);
BENCHMARK_CAPTURE(stages, wide, wide)->Apply(scales);
BENCHMARK_CAPTURE(stages, tangled, tangled)->Apply(scales);
BENCHMARK_CAPTURE(build_and_plan, mlp, deep_mlp)->Apply(scales)->Arg(5'900);  // 100 layers
BENCHMARK_CAPTURE(build_and_plan, chain, chain)->Apply(scales);
BENCHMARK_CAPTURE(build_and_plan, wide, wide)->Apply(scales);
BENCHMARK_CAPTURE(build_and_plan, tangled, tangled)->Apply(scales);

/// A run of a chain as it was built: everything but the arithmetic of 16 elements a node.
void run_chain(benchmark::State& state) {
  const Model model = chain(state.range(0));
  SessionOptions options;
  options.passes = PassOptions::none();
  Session session(model.graph, options);
  Executable executable = session.compile(model.feeds, model.fetches);
  const std::vector<Tensor> feeds = {Tensor::full(DType::f32, kBatch, 0.5)};
  std::vector<Tensor> results = {Tensor(DType::f32, kBatch)};
  executable.run_into(feeds, results);
  for (auto _ : state) executable.run_into(feeds, results);
  state.counters["nodes"] = static_cast<double>(state.range(0));
}
BENCHMARK(run_chain)->RangeMultiplier(10)->Range(10, 100'000)->Unit(benchmark::kMicrosecond);

}  // namespace
