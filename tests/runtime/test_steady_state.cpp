// What a long-running program relies on: no allocation per run, no growth over time.
#include <doctest/doctest.h>

#include <vector>

#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"
#include "tests/support/allocation_counter.hpp"
#include "tests/support/resident_memory.hpp"

using namespace tegula;

namespace {

struct Network {
  Graph graph;
  Value x, y, train;

  Network() {
    x = graph.placeholder(DType::f32, {-1, 32}, "x");
    const Variable w = graph.variable(InitialValue(random_uniform(graph, {32, 16}, -1, 1)), "w");
    const Variable b = graph.variable(Tensor::zeros(DType::f32, {16}), "b");
    y = relu(matmul(x, w) + b);
    const Value step = assign_sub(b, sum(y, Axes(std::vector<std::int64_t>{0})) * 1e-6);
    train = assign_sub(w, matmul(x, y, {.transpose_a = true}) * 1e-6 + step * 0.0);
  }
};

}  // namespace

TEST_CASE("after the first call of a shape, run_into allocates nothing") {
  Network network;
  Session session(network.graph);
  Executable predict = session.compile({network.x}, {network.y});
  Executable train = session.compile({network.x}, {}, {network.train});
  const std::vector<Tensor> feeds = {Tensor::full(DType::f32, {8, 32}, 1)};
  const std::vector<Tensor> other = {Tensor::full(DType::f32, {3, 32}, 1)};
  std::vector<Tensor> results = {Tensor(DType::f32, {8, 16})};
  std::vector<Tensor> other_results = {Tensor(DType::f32, {3, 16})};
  const auto run_all = [&] {
    predict.run_into(feeds, results);
    predict.run_into(other, other_results);
    train.run_into(feeds, {});
  };
  run_all();
  const std::uint64_t before = test::allocation_count();
  for (int i = 0; i < 100; ++i) run_all();
  CHECK(test::allocation_count() == before);
}

TEST_CASE("run allocates only what it returns") {
  Network network;
  Session session(network.graph);
  const Feed feed(network.x, Tensor::full(DType::f32, {8, 32}, 1));
  session.run({feed}, network.y);
  const std::uint64_t before = test::allocation_count();
  const Tensor result = session.run({feed}, network.y);
  // A buffer and its reference count.
  CHECK(test::allocation_count() - before <= 2);
}

// Sanitizers keep freed memory for a while, so that resident memory says nothing there.

TEST_CASE("sessions that come and go leave nothing behind" *
          doctest::skip(!test::counts_allocations())) {
  const std::int64_t grown = test::resident_growth([] {
    for (int i = 0; i < 300; ++i) {
      Network network;
      Session session(network.graph);
      const Tensor fed = Tensor::full(DType::f32, {64, 32}, 1);
      session.run({{network.x, fed}}, {network.y, network.train});
    }
  });
  CHECK(grown < 2'000'000);
}

TEST_CASE("any number of batch sizes keeps memory bounded" *
          doctest::skip(!test::counts_allocations())) {
  Network network;
  Session session(network.graph);
  const std::int64_t grown = test::resident_growth([&] {
    for (std::int64_t batch = 1; batch <= 200; ++batch) {
      session.run({{network.x, Tensor::full(DType::f32, {batch, 32}, 1)}}, network.y);
    }
  });
  CHECK(grown < 2'000'000);
}
