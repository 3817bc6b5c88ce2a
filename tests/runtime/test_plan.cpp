// What plans are made of: which kernels, which copies, how much memory.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bench/mnist_graph.hpp"
#include "src/runtime/plan.hpp"
#include "src/runtime/session_state.hpp"
#include "tegula/graph/ops.hpp"

using namespace tegula;

namespace {

using detail::Plan;

/// A plan made without running it.
struct Planned {
  detail::SessionState session;
  std::shared_ptr<const Plan> plan;

  Planned(const Graph& graph, const std::vector<Value>& feeds, const std::vector<Shape>& shapes,
          const std::vector<Value>& fetches, const std::vector<Value>& targets,
          const PassOptions& passes = PassOptions::none())
      : session(graph, {}) {
    plan = detail::build_plan({graph, feeds, shapes, fetches, targets}, passes, session.variables,
                              cpu_backend());
  }

  std::vector<std::string> kernels() const {
    std::vector<std::string> descriptions;
    for (const detail::Step& step : plan->steps) descriptions.push_back(step.kernel->description());
    return descriptions;
  }
  std::int64_t count(std::string_view prefix) const {
    const std::vector<std::string> all = kernels();
    return std::count_if(all.begin(), all.end(), [&](const std::string& description) {
      return description.starts_with(prefix);
    });
  }
};

}  // namespace

TEST_CASE("a chain works in one buffer and ends in the fetched tensor") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1}, "x");
  Value y = x;
  for (int i = 0; i < 10; ++i) y = exp(y);
  const Planned planned(g, {x}, {{1024}}, {y}, {});
  CHECK(planned.plan->steps.size() == 10);
  CHECK(planned.count("copy") == 0);
  CHECK(planned.plan->arena_bytes == 4096);
}

TEST_CASE("a result that is still needed is not overwritten") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1}, "x");
  const Value a = exp(x);
  const Value b = exp(a);
  const Planned planned(g, {x}, {{1024}}, {a + b}, {});
  CHECK(planned.plan->arena_bytes == 2 * 4096);
}

TEST_CASE("memory is used again as soon as a result is dead") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {64, 64}, "x");
  Value y = x;
  // Products cannot work in place: each needs its operand and its result, and no more.
  for (int i = 0; i < 20; ++i) y = matmul(y, x);
  const Planned planned(g, {x}, {{64, 64}}, {y}, {});
  CHECK(planned.plan->arena_bytes == 2 * 64 * 64 * 4);
}

TEST_CASE("reshapes, identities and assignments cost no kernel") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {4, 6}, "x");
  const Variable w = g.variable(ValueType{DType::f32, {24}}, "w");
  const Value flat = reshape(identity(expand_dims(exp(x), 0)), {24});
  const Planned planned(g, {x}, {{4, 6}}, {}, {assign(w, flat)});
  CHECK(planned.plan->steps.size() == 1);
  CHECK(planned.plan->arena_bytes == 0);
}

TEST_CASE("elementwise updates write straight into their variables") {
  Graph g;
  const Value gradient = g.placeholder(DType::f32, {100}, "gradient");
  const Variable w = g.variable(ValueType{DType::f32, {100}}, "w");
  const Variable momentum = g.variable(ValueType{DType::f32, {100}}, "momentum", false);
  const Value velocity = momentum * 0.9 + gradient;
  const Value to_w = assign_sub(w, velocity * 0.1);
  const Value to_momentum = assign(momentum, velocity);
  for (const bool optimized : {false, true}) {
    const Planned planned(g, {gradient}, {{100}}, {}, {to_w, to_momentum},
                          optimized ? PassOptions() : PassOptions::none());
    CHECK(planned.count("copy") == 0);
    CHECK(planned.plan->writes.size() == 2);
  }
}

TEST_CASE("a swap takes three copies") {
  Graph g;
  const Variable a = g.variable(ValueType{DType::f32, {8}}, "a");
  const Variable b = g.variable(ValueType{DType::f32, {8}}, "b");
  const Planned planned(g, {}, {}, {}, {assign(a, b), assign(b, a)});
  CHECK(planned.count("copy") == 3);
  CHECK(planned.plan->steps.size() == 3);
}

TEST_CASE("a training step of the MNIST model is twelve kernels, none for the weights' updates") {
  const bench::MnistGraph mnist;
  const Planned planned(mnist.graph, {mnist.images, mnist.labels}, {{32, 784}, {32}}, {mnist.loss},
                        mnist.updates, PassOptions());
  CHECK(planned.plan->steps.size() <= 12);
  CHECK(planned.count("gemm") == 5);
  CHECK(planned.count("elementwise 2 segments") == 1);  // the biases
  CHECK(planned.count("copy") == 0);
  CHECK(planned.count("reference") == 0);
  for (const std::string& kernel : planned.kernels()) {
    CAPTURE(kernel);
    const bool standalone =
        kernel.ends_with("(add)") || kernel.ends_with("(relu)") || kernel.ends_with("(dropout)");
    CHECK_FALSE(standalone);
  }
  CHECK(planned.plan->random);
}

TEST_CASE("inference on the MNIST model is three kernels without the dropout") {
  const bench::MnistGraph mnist;
  const Planned planned(mnist.graph, {mnist.images}, {{1, 784}}, {mnist.probabilities}, {},
                        PassOptions());
  CHECK(planned.plan->steps.size() == 3);
  CHECK_FALSE(planned.plan->random);
}
