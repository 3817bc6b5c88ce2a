// Gradients that compute values again instead of keeping them.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "src/runtime/plan.hpp"
#include "src/runtime/session_state.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/graph/recompute.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

namespace {

constexpr std::int64_t kRows = 8;
constexpr std::int64_t kWidth = 16;

Tensor waves(const Shape& shape, double step) {
  Tensor tensor(DType::f32, shape);
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    tensor.set(i, std::sin(step * static_cast<double>(i + 1)) / 3);
  }
  return tensor;
}

using Block = std::function<Value(Value x, const std::vector<Variable>& weights)>;

/// A chain of blocks, the gradients of its sum of squares, and what they cost.
struct Chain {
  Graph graph;
  Value x = graph.placeholder(DType::f32, {kRows, kWidth}, "x");
  std::vector<Variable> weights;
  std::vector<Value> found;

  Chain(const Block& block, int blocks, bool again) {
    for (int i = 0; i < blocks; ++i) {
      weights.push_back(graph.variable(waves({kWidth, kWidth}, 0.1 * (i + 1)), "w"));
    }
    Value y = x;
    for (int i = 0; i < blocks; ++i) {
      const Value start = y;
      y = block(y, {weights[static_cast<std::size_t>(i)], weights[0]});
      if (again && i + 1 < blocks) y = recomputed(y, std::vector<Value>{start});
    }
    std::vector<Value> sources(weights.begin(), weights.end());
    sources.push_back(x);
    found = gradients(sum(square(y)), sources);
  }

  std::vector<Tensor> run() {
    SessionOptions options;
    options.seed = 3;
    Session session(graph, options);
    const Value inputs[] = {x};
    const Tensor feeds[] = {waves({kRows, kWidth}, 0.37)};
    return session.compile(inputs, found).run(feeds);
  }
  std::size_t bytes_alive(const PassOptions& passes) const {
    detail::SessionState session(graph, {});
    const std::vector<Value> inputs = {x};
    const std::vector<Shape> shapes = {x.shape()};
    const std::vector<Value> targets;
    return detail::build_plan({graph, inputs, shapes, found, targets}, passes, session.variables,
                              cpu_backend())
        ->fullest.total();
  }
};

Value deep(Value x, const std::vector<Variable>& weights) {
  for (int i = 0; i < 6; ++i) x = tanh(matmul(x, weights[0]) + x);
  return x;
}
Value with_random_numbers(Value x, const std::vector<Variable>& weights) {
  return dropout(sigmoid(matmul(x, weights[0])), 0.4) * 2.0 + sin(x);
}
/// The first weight is in every block, also beside the block's input.
Value with_shared_weight(Value x, const std::vector<Variable>& weights) {
  return tanh(matmul(matmul(x, weights[0]), weights[1]));
}

}  // namespace

TEST_CASE("values that gradients compute again give the same gradients") {
  for (const Block& block : {Block(deep), Block(with_random_numbers), Block(with_shared_weight)}) {
    const std::vector<Tensor> kept = Chain(block, 5, false).run();
    const std::vector<Tensor> again = Chain(block, 5, true).run();
    REQUIRE(again.size() == kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i) {
      for (std::int64_t j = 0; j < kept[i].element_count(); ++j) {
        CHECK(again[i].at(j) == doctest::Approx(kept[i].at(j)).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("what lies between is not kept, with the passes and without them") {
  for (const PassOptions& passes : {PassOptions(), PassOptions::none()}) {
    const std::size_t kept = Chain(deep, 8, false).bytes_alive(passes);
    const std::size_t again = Chain(deep, 8, true).bytes_alive(passes);
    CHECK(again * 5 < kept * 2);
  }
}

TEST_CASE("derivatives of recomputed values have derivatives") {
  const auto second = [](bool again) {
    Graph graph;
    const Value x = graph.placeholder(DType::f64, {3}, "x");
    const Value inner = exp(sin(x)) * x;
    const Value y = again ? recomputed(inner, std::vector<Value>{x}) : inner;
    const Value once = gradients(sum(y), {x})[0];
    const Value twice = gradients(sum(square(once)), {x})[0];
    const Value inputs[] = {x};
    const Value fetches[] = {twice};
    const Tensor feeds[] = {Tensor::from<double>({0.3, -1, 2}, {3})};
    Session session(graph);
    return session.compile(inputs, fetches).run(feeds)[0];
  };
  for (std::int64_t i = 0; i < 3; ++i) {
    CHECK(second(true).at(i) == doctest::Approx(second(false).at(i)).epsilon(1e-12));
  }
}

TEST_CASE("a value that is computed of none of the given ones stays as it is") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {3}, "x");
  const Value other = graph.placeholder(DType::f32, {3}, "other");
  const Value y = exp(x);
  CHECK(recomputed(y, std::vector<Value>{other}) == y);
  CHECK(recomputed(x, std::vector<Value>{x}) == x);
  CHECK_THROWS_WITH_AS(recomputed(equal(x, 0.0), std::vector<Value>{x}),
                       doctest::Contains("only floating values have gradients, got bool[3]"),
                       DTypeError);
}
