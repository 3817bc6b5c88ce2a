// Random numbers in the shape of a value.
#include <doctest/doctest.h>

#include "tegula/graph/ops.hpp"
#include "tegula/graph/random_like.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

TEST_CASE("the shape of a value gives the numbers of that shape, whether it is known or not") {
  const auto draw = [](bool of_value, std::int64_t batch, auto like, auto plain) {
    Graph graph;
    const Value x = graph.placeholder(DType::f32, {batch, 3});
    const Value y = of_value ? like(x) : plain(graph);
    Session session(graph, SessionOptions{.passes = {}, .seed = 5});
    return session.run({{x, Tensor::zeros(DType::f32, {4, 3})}}, y);
  };
  const auto check = [&draw](auto like, auto plain) {
    const Tensor expected = draw(false, 4, like, plain);
    for (const std::int64_t batch : {std::int64_t{4}, kUnknown}) {
      CHECK(identical(draw(true, batch, like, plain), expected));
    }
  };
  const Shape shape = {4, 3};
  check([](Value x) { return random_uniform_like(x, -1, 2); },
        [&](const Graph& graph) { return random_uniform(graph, shape, -1, 2); });
  check([](Value x) { return random_normal_like(x, 1, 0.5); },
        [&](const Graph& graph) { return random_normal(graph, shape, 1, 0.5); });
  check([](Value x) { return truncated_normal_like(x, 1, 0.5, 3); },
        [&](const Graph& graph) { return truncated_normal(graph, shape, 1, 0.5, DType::f32, 3); });
}
