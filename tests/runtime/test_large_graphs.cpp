// Graphs of 100,000 nodes are built, differentiated, optimized, planned and run: nothing recurses
// along them, and no cost grows with the square of their size (that would be minutes).
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tegula/graph/gradients.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"
#include "tests/support/allocation_counter.hpp"

using namespace tegula;

namespace {

constexpr int kNodes = 100'000;

Tensor ones(const Shape& shape) { return Tensor::full(DType::f32, shape, 1); }

}  // namespace

TEST_CASE("a chain of 100,000 nodes runs, optimized or not, without allocations") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 4}, "x");
  Value y = x;
  double expected = 1;
  for (int i = 0; i < kNodes / 2; ++i) {
    y = y * 0.5 + 1.0;
    expected = expected * 0.5 + 1;
  }
  for (const PassOptions& passes : {PassOptions(), PassOptions::none()}) {
    Session session(graph, {.passes = passes});
    Executable executable = session.compile({x}, {y});
    const std::vector<Tensor> feeds = {ones({2, 4})};
    std::vector<Tensor> results = {Tensor(DType::f32, {2, 4})};
    executable.run_into(feeds, results);
    CHECK(results[0].at(7) == doctest::Approx(expected));
    const std::uint64_t before = test::allocation_count();
    executable.run_into(feeds, results);
    CHECK(test::allocation_count() == before);
  }
}

TEST_CASE("the gradient of a chain of 30,000 nodes is built and run") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {4}, "x");
  Value y = x;
  for (int i = 0; i < 30'000; ++i) y = tanh(y);
  const Value slope = gradients(sum(y), {x})[0];
  Session session(graph);
  const Tensor result = session.run({{x, Tensor::zeros(DType::f32, {4})}}, slope);
  CHECK(result.at(0) == 1);
}

TEST_CASE("one update of 2,000 variables is planned and writes all of them in place") {
  constexpr int kVariables = 2'000;
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {8}, "x");
  std::vector<Value> updates;
  std::vector<Variable> variables;
  for (int i = 0; i < kVariables; ++i) {
    variables.push_back(graph.variable(ones({8})));
    updates.push_back(assign_sub(variables.back(), x * 0.25 * variables.back()));
  }
  Session session(graph);
  Executable step = session.compile(std::vector<Value>{x}, std::vector<Value>{}, updates);
  const std::vector<Tensor> feeds = {ones({8})};
  step.run_into(feeds, {});
  for (const int i : {0, 1'000, kVariables - 1}) {
    CHECK(session.get(variables[static_cast<std::size_t>(i)]).at(3) == doctest::Approx(0.75));
  }
}

TEST_CASE("25,000 branches that read one value are summed") {
  constexpr int kBranches = 25'000;
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {2}, "x");
  std::vector<Value> level;
  for (int i = 0; i < kBranches; ++i) level.push_back(x * (i % 2 == 0 ? 1.0 : -0.5));
  while (level.size() > 1) {
    std::vector<Value> sums;
    for (std::size_t i = 0; i < level.size(); i += 2) {
      sums.push_back(i + 1 < level.size() ? level[i] + level[i + 1] : level[i]);
    }
    level = std::move(sums);
  }
  Session session(graph);
  CHECK(session.run({{x, ones({2})}}, level[0]).at(1) == doctest::Approx(kBranches * 0.25));
}
