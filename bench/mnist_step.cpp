// The MNIST classifier: a training step and inference, by batch size; and making the plan.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <vector>

#include "bench/mnist_graph.hpp"
#include "tegula/runtime/profiler.hpp"
#include "tegula/runtime/session.hpp"

namespace {

using namespace tegula;

Tensor images_of(std::int64_t batch) { return Tensor::full(DType::f32, {batch, 784}, 0.25); }

Tensor labels_of(std::int64_t batch) {
  Tensor labels(DType::i64, {batch});
  for (std::int64_t i = 0; i < batch; ++i) labels.set(i, static_cast<double>(i % 10));
  return labels;
}

void train_step(benchmark::State& state) {
  bench::MnistGraph mnist;
  Session session(mnist.graph);
  Executable step = session.compile(std::vector<Value>{mnist.images, mnist.labels},
                                    std::vector<Value>{mnist.loss}, mnist.updates);
  const std::vector<Tensor> feeds = {images_of(state.range(0)), labels_of(state.range(0))};
  std::vector<Tensor> loss = {Tensor(DType::f32, {})};
  step.run_into(feeds, loss);
  for (auto _ : state) step.run_into(feeds, loss);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(train_step)->Arg(32)->Arg(128)->Arg(1024)->Unit(benchmark::kMicrosecond)->UseRealTime();

/// Not a measurement: prints where the time of a step goes.
void profile_of_train_step(benchmark::State& state) {
  bench::MnistGraph mnist;
  Session session(mnist.graph);
  Executable step = session.compile(std::vector<Value>{mnist.images, mnist.labels},
                                    std::vector<Value>{mnist.loss}, mnist.updates);
  const std::vector<Tensor> feeds = {images_of(32), labels_of(32)};
  std::vector<Tensor> loss = {Tensor(DType::f32, {})};
  Profiler profiler;
  session.set_profiler(&profiler);
  for (auto _ : state) {
    for (int i = 0; i < 1000; ++i) step.run_into(feeds, loss);
  }
  session.set_profiler(nullptr);
  std::fputs(profiler.table().c_str(), stderr);
}
BENCHMARK(profile_of_train_step)->Iterations(1);

void inference(benchmark::State& state) {
  bench::MnistGraph mnist;
  Session session(mnist.graph);
  Executable predict = session.compile({mnist.images}, {mnist.probabilities});
  const std::vector<Tensor> feeds = {images_of(state.range(0))};
  std::vector<Tensor> results = {Tensor(DType::f32, {state.range(0), 10})};
  predict.run_into(feeds, results);
  for (auto _ : state) predict.run_into(feeds, results);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(inference)
    ->Arg(1)
    ->Arg(8)
    ->Arg(32)
    ->Arg(256)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

/// From nothing to a plan that is ready to run: build, optimize, lower.
void build_and_plan(benchmark::State& state) {
  const std::vector<Shape> shapes = {{32, 784}, {32}};
  for (auto _ : state) {
    bench::MnistGraph mnist;
    Session session(mnist.graph);
    Executable step = session.compile(std::vector<Value>{mnist.images, mnist.labels},
                                      std::vector<Value>{mnist.loss}, mnist.updates);
    benchmark::DoNotOptimize(step.optimized(shapes));
  }
}
BENCHMARK(build_and_plan)->Unit(benchmark::kMillisecond);

}  // namespace
