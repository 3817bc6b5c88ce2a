// Graphs, sessions and executables used from two threads at once: every call works or throws.
#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tegula/graph/gradients.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/profiler.hpp"
#include "tegula/runtime/session.hpp"
#include "tests/support/thread_matrix.hpp"

using namespace tegula;

namespace {

struct Shared {
  Graph graph;
  Value x = graph.placeholder(DType::f32, {-1, 3}, "x");
  Variable w = graph.variable(Tensor::full(DType::f32, {3}, 2.0), "w");
  Value y = sum(x * w, {1});
  Value step = assign_add(w, 1.0);
  Session session{graph};
  Executable executable = session.compile({x}, {y});
  std::atomic<int> rows{0};

  Tensor inputs() { return Tensor::full(DType::f32, {1 + rows++ % 40, 3}, 1.0); }
};

using Call = testing::ThreadedCall<Shared>;

std::vector<Call> calls() {
  return {
      {"build", [](Shared& s) { exp(s.x * s.w).named("built"); }},
      {"build in a scope",
       [](Shared& s) {
         const NameScope scope(s.graph, "scope");
         gradients(sum(square(s.x)), std::vector<Value>{s.x});
       }},
      {"number random ops",
       [](Shared& s) {
         const OpIdScope numbering(s.graph, 5);
         s.graph.next_op_id();
       }},
      {"add a variable", [](Shared& s) { s.graph.variable(Tensor::scalar(1.0f), "more"); }},
      {"look at the graph",
       [](Shared& s) {
         s.graph.variables();
         s.graph.initial_value(s.w);
         s.graph.value("x");
         s.graph.find("built_3");
         s.graph.verify();
       }},
      {"print the graph",
       [](Shared& s) {
         s.graph.to_text();
         s.graph.to_dot();
       }},
      {"results of the graph",
       [](Shared& s) {
         s.graph.set_fetches({s.y});
         s.graph.set_targets(s.graph.fetches());
       }},
      {"run",
       [](Shared& s) {
         s.session.run({{s.x, s.inputs()}}, s.y);
       }},
      {"run something new",
       [](Shared& s) {
         s.session.run({{s.x, s.inputs()}}, exp(s.x));
       }},
      {"run an assignment", [](Shared& s) { s.session.run(s.step); }},
      {"get and set", [](Shared& s) { s.session.set(s.w, s.session.get(s.w)); }},
      {"initialize", [](Shared& s) { s.session.initialize(); }},
      {"forget", [](Shared& s) { s.session.forget(std::vector<Variable>{s.w}); }},
      {"random state",
       [](Shared& s) {
         s.session.reseed(3);
         s.session.set_step(s.session.step() + 1);
       }},
      {"profile",
       [](Shared& s) {
         static Profiler profiler({.peak = {.gflops = 1, .gigabytes_per_second = 1}});
         s.session.set_profiler(&profiler);
         profiler.table();
         s.session.set_profiler(nullptr);
       }},
      {"compile", [](Shared& s) { s.session.compile({s.x}, {s.y}).run({{s.inputs()}}); }},
      {"run compiled",
       [](Shared& s) {
         const Tensor fed = s.inputs();
         s.executable.run(std::span(&fed, 1));
       }},
      {"run compiled into",
       [](Shared& s) {
         const Tensor fed = s.inputs();
         Tensor out = Tensor::zeros(DType::f32, {fed.shape()[0]});
         s.executable.run_into(std::span(&fed, 1), std::span(&out, 1));
       }},
      {"explain",
       [](Shared& s) {
         const Shape shape = s.inputs().shape();
         s.executable.explain(std::span(&shape, 1));
         s.executable.optimized(std::span(&shape, 1)).to_text();
       }},
  };
}

}  // namespace

TEST_CASE("every call of graph and session beside every other on another thread works or throws") {
  testing::run_thread_matrix<Shared>(
      calls(), [] { return std::make_unique<Shared>(); },
      [](Shared& s) {
        s.graph.verify();
        CHECK(s.session.run({{s.x, s.inputs()}}, s.y).rank() == 1);
      });
}

TEST_CASE("names stay unique and a scope is its thread's own") {
  Graph graph;
  const auto build = [&graph](const std::string& scope_name) {
    const NameScope scope(graph, scope_name);
    for (int i = 0; i < 500; ++i) graph.constant(Tensor::scalar(1.0f), "c");
  };
  std::thread other([&] { build("a"); });
  build("b");
  other.join();
  std::set<std::string> names;
  int in_a = 0;
  for (const Node& node : graph.nodes()) {
    names.insert(node.name());
    if (node.name().starts_with("a/c")) ++in_a;
  }
  CHECK(names.size() == 1000);
  CHECK(in_a == 500);
}
