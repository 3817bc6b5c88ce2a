// Functions: graphs with parameters and results, as attributes of ops.
#include <doctest/doctest.h>

#include "tegula/core/error.hpp"
#include "tegula/graph/control_flow.hpp"
#include "tegula/graph/function.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/graph/random_like.hpp"

using namespace tegula;

namespace {

using Values = std::vector<Value>;

/// x w + b, and the shape of x.
FunctionPointer affine() {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 3}, "x");
  const Value w = graph.placeholder(DType::f32, {3, 2}, "w");
  const Value unused = graph.placeholder(DType::f32, {7}, "unused");
  graph.constant(Tensor::scalar(1.0f), "unread");
  return make_function(Values{x, w, unused}, Values{matmul(x, w) + 1.0, sum(x, {0})});
}

std::string message_of(const std::string& text) {
  try {
    Graph::from_text(text);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

std::size_t count_of(const Graph& graph, std::string_view op) {
  std::size_t count = 0;
  for (const Node& node : graph.nodes()) count += node.op().name == op ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a function has its parameters and what its results need, and no more") {
  const FunctionPointer function = affine();
  CHECK(function->parameters.size() == 3);
  CHECK(count_of(function->graph, "placeholder") == 3);
  CHECK(function->graph.find("unread") == nullptr);
  const std::vector<ValueType> types = infer_results(
      *function,
      std::vector<ValueType>{{DType::f32, {5, 3}}, {DType::f32, {3, 2}}, {DType::f32, {7}}});
  CHECK(types[0] == ValueType{DType::f32, {5, 2}});
  CHECK(types[1] == ValueType{DType::f32, {3}});
  CHECK_THROWS_WITH_AS(
      infer_results(
          *function,
          std::vector<ValueType>{{DType::f32, {5, 4}}, {DType::f32, {3, 2}}, {DType::f32, {7}}}),
      doctest::Contains("the parameter \"x\" of the function is f32[?,3], got f32[5,4]"),
      ShapeError);
}

TEST_CASE("a function that depends on something else is refused") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {}, "x");
  const Value y = graph.placeholder(DType::f32, {}, "y");
  const Value v = graph.variable(Tensor::scalar(1.0f), "v");
  CHECK_THROWS_WITH_AS(make_function(Values{x}, Values{x + y}), doctest::Contains("\"y\""),
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(make_function(Values{x}, Values{x + v}), doctest::Contains("\"v\""),
                       InvalidArgument);
}

TEST_CASE("loops within loops print and parse back") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 4}, "rows of \"x\"");
  const Value w = graph.placeholder(DType::f32, {4}, "w");
  const ScanResult result = scan(
      [&](std::span<const Value> s, std::span<const Value> e) {
        const Value inner = while_loop(
            [](std::span<const Value> t) { return less(sum(t[0]), 9.0); },
            [&](std::span<const Value> t) { return Values{t[0] + w}; }, Values{e[0]}, 5)[0];
        return ScanResult{{s[0] + inner}, {inner * Tensor::from({1.f, 2.f, 3.f, 4.f})}};
      },
      Values{w}, Values{x}, {.reverse = true});
  graph.set_fetches(gradients(sum(result.outputs[0]), {x, w}));
  graph.verify();
  const std::string text = graph.to_text();
  const Graph parsed = Graph::from_text(text);
  parsed.verify();
  CHECK(parsed.to_text() == text);
}

TEST_CASE("texts of functions that are none are refused with line and column") {
  const std::string start = "%x = placeholder f32[3]\n%y = scan %x {states=0, sequences=1, body=";
  CHECK(message_of(start + "{%e = placeholder f32[]; fetch %e}}\n").empty());
  CHECK(message_of(start + "{%e = placeholder f32[]; fetch %e}") != "");
  CHECK(message_of(start + "{%e = placeholder f32[]; return %e}}").find("\"fetch\"") !=
        std::string::npos);
  CHECK(message_of(start + "{%e = variable f32[]; fetch %e}}").find("cannot hold variables") !=
        std::string::npos);
  CHECK(message_of(start + "{fetch %x}}").find("%x is not defined") != std::string::npos);
  CHECK(message_of(start + "{%e = placeholder i32[]; fetch %e}}").find("line 2") !=
        std::string::npos);
  std::string deep =
      "%x = placeholder f32[3]\n%y = scan %x {states=0, sequences=0, length=1, body=";
  for (int i = 0; i < 100'000; ++i) {
    deep += "{%e = placeholder f32[3]; %f = scan %e {states=0, sequences=0, length=1, body=";
  }
  CHECK(message_of(deep).find("nested too deeply") != std::string::npos);
}

TEST_CASE(
    "values from outside are captured once, constants copied, and outer loops passed through") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {3}, "x");
  const Value w = graph.variable(Tensor::scalar(2.0f), "w");
  const Value c = graph.constant(Tensor::scalar(5.0f), "c");
  const Value y = map_fn(
      [&](std::span<const Value> e) {
        return map_fn([&](std::span<const Value> f) { return Values{f[0] * w + w * c + e[0]}; },
                      Values{x});
      },
      Values{x})[0];
  const Node& node = y.node();
  CHECK(y.shape() == Shape{3, 3});
  // The sequence, w, and x again, which the inner loop goes through.
  CHECK(node.inputs().size() == 3);
  CHECK(count_of(graph, "mul") == 0);
  const FunctionPointer body = node.attrs().get<FunctionPointer>("body");
  CHECK(count_of(body->graph, "placeholder") == 3);
  CHECK(count_of(body->graph, "variable") == 0);
}

TEST_CASE("bodies cannot assign, and say what to do instead") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {3}, "x");
  const Variable v = graph.variable(Tensor::scalar(1.0f), "v");
  const auto build = [&] {
    map_fn([&](std::span<const Value> e) { return Values{assign_add(v, e[0])}; }, Values{x});
  };
  CHECK_THROWS_WITH_AS(build(), doctest::Contains("cannot assign a variable"), InvalidArgument);
  // What was begun leaves nothing behind: building goes on in the graph itself.
  CHECK((x + 1.0).graph() == graph);
}

TEST_CASE("variables that a body makes belong to the graph around") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {3}, "x");
  Variable v;
  map_fn(
      [&](std::span<const Value> e) {
        v = graph.variable(Tensor::scalar(4.0f), "v");
        return Values{e[0] * v};
      },
      Values{x});
  CHECK(graph.variables().size() == 1);
  CHECK(graph.initial_value(v).graph() == graph);
}

TEST_CASE("random ops of bodies get numbers of the whole graph") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {3}, "x");
  const auto id_of = [](const Value& value) {
    return value.node().attrs().get<std::int64_t>("op_id");
  };
  std::vector<std::int64_t> ids = {id_of(random_uniform_like(x))};
  map_fn(
      [&](std::span<const Value> e) {
        const Value drawn = random_uniform_like(e[0]);
        ids.push_back(id_of(drawn));
        return Values{drawn};
      },
      Values{x});
  ids.push_back(id_of(random_uniform_like(x)));
  CHECK(ids == std::vector<std::int64_t>{0, 1, 2});
}
