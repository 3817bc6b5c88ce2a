// The text form of graphs: prints, parses back, and refuses what is not one.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "src/graph/text_scanner.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/random.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/graph/ops.hpp"
#include "tests/support/random_graph.hpp"

using namespace tegula;

namespace {

std::string message_of(const std::string& text) {
  try {
    Graph::from_text(text);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

/// A graph that uses every part of the syntax.
Graph every_syntax() {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 4}, "batch/x");
  const Variable w = graph.variable(Tensor::from({0.1f, 1e-45f, -0.0f, 3.4028235e38f}),
                                    "with blank \"and\" quote");
  graph.variable(ValueType{DType::i64, {2, 3}}, "state", false);
  const std::vector<Value> parts = split(w, {1, 3});
  const Value s = sum(x, {0, 1}, true);
  const Value d = dropout(leaky_relu(x, 0.3), 0.25);
  graph.set_fetches({s, parts[1]});
  graph.set_targets({assign(w, parts[0] * w), d});
  return graph;
}

void check_round_trip(const Graph& graph) {
  const std::string text = graph.to_text();
  const Graph parsed = Graph::from_text(text);
  parsed.verify();
  CHECK(parsed.to_text() == text);
  REQUIRE(parsed.nodes().size() == graph.nodes().size());
  for (std::size_t id = 0; id < parsed.nodes().size(); ++id) {
    const Node& before = graph.node(static_cast<int>(id));
    const Node& after = parsed.node(static_cast<int>(id));
    CHECK(before.name() == after.name());
    CHECK(&before.op() == &after.op());
    CHECK_MESSAGE(before.attrs() == after.attrs(), text);
    CHECK(std::ranges::equal(before.outputs(), after.outputs()));
  }
}

}  // namespace

TEST_CASE("a graph is printed one node a line, without defaults") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 4}, "x");
  const Value y = (x * 1.0).named("y");
  graph.set_fetches({sum(y, {0, 1}, true).named("s"), max(y, 0).named("m")});
  CHECK(graph.to_text() ==
        "%x = placeholder f32[?,4]\n"
        "%constant = constant f32[] 1\n"
        "%y = mul %x, %constant\n"
        "%s = sum %y {axes=(0,1), keepdims=true}\n"
        "%m = max %y {axes=(0)}\n"
        "fetch %s, %m\n");
}

TEST_CASE("all of the syntax survives a round trip") {
  const Graph graph = every_syntax();
  check_round_trip(graph);
  const Graph parsed = Graph::from_text(graph.to_text());
  const Value variable = parsed.value("with blank \"and\" quote");
  REQUIRE(parsed.initial_value(variable));
  CHECK(identical(parsed.initial_value(variable).node().attrs().get<Tensor>("value"),
                  graph.initial_value(graph.variables()[0]).node().attrs().get<Tensor>("value")));
  CHECK_FALSE(parsed.initial_value(parsed.value("state")));
  CHECK(parsed.fetches()[1].index() == 1);
  CHECK(parsed.targets().size() == 2);
  // New random nodes do not share a stream with parsed ones.
  Graph more = parsed;
  CHECK(more.next_op_id() == 1);
}

TEST_CASE("every op prints and parses back, with the attributes of its samples") {
  for (const OpDef* op : all_ops()) {
    if (!op->samples) continue;
    Graph graph;
    for (const Sample& sample : op->samples()) {
      std::vector<Value> inputs;
      for (const SampleInput& input : sample.inputs) {
        // What a stateful op writes is a variable.
        const bool written = op->stateful && inputs.empty();
        inputs.push_back(written ? graph.variable(ValueType{input.dtype, input.shape})
                                 : graph.placeholder(input.dtype, input.shape));
      }
      graph.add_node(*op, inputs, sample.attrs);
    }
    INFO(op->name);
    check_round_trip(graph);
  }
}

TEST_CASE("random graphs survive a round trip") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    check_round_trip(test::random_graph(seed).graph);
  }
}

TEST_CASE("constants keep every bit, in all dtypes") {
  const auto check = [](const Tensor& tensor) {
    Graph graph;
    graph.set_fetches({graph.constant(tensor)});
    const std::string text = graph.to_text();
    const Graph parsed = Graph::from_text(text);
    const Tensor& copy = parsed.fetches()[0].node().attrs().get<Tensor>("value");
    CHECK_MESSAGE(identical(tensor, copy), text);
  };
  using Limits = std::numeric_limits<float>;
  check(Tensor::from({0.1f, -0.0f, Limits::denorm_min(), Limits::min(), Limits::max(),
                      Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(),
                      -Limits::quiet_NaN(), std::bit_cast<float>(0x7fc12345u), 1e10f, 1.0f / 3}));
  check(Tensor::from({0.1, -0.0, 5e-324, 1.7976931348623157e308, 1.0 / 3,
                      std::bit_cast<double>(0x7ff8000000000123ull)}));
  check(Tensor::from<std::int64_t>({INT64_MIN, INT64_MAX, 0}));
  check(Tensor::from<std::int8_t>({-128, 127}));
  check(Tensor::from<std::uint8_t>({0, 255}));
  check(Tensor::from<bool>({true, false, true}));
  check(Tensor::zeros(DType::f32, {0, 3}));
  check(Tensor::full(DType::f32, {300, 200}, 0.1));
  check(Tensor::full(DType::bf16, {}, 0.1));
  Tensor halves(DType::f16, {65536});
  Tensor brains(DType::bf16, {65536});
  for (int i = 0; i < 65536; ++i) {
    halves.data<float16>()[i].bits = static_cast<std::uint16_t>(i);
    brains.data<bfloat16>()[i].bits = static_cast<std::uint16_t>(i);
  }
  check(halves);
  check(brains);
  Tensor random(DType::f32, {100'000});
  for (std::int64_t i = 0; i < random.element_count(); ++i) {
    random.data<float>()[i] = random_normal_at({1, 2, 3}, static_cast<std::uint64_t>(i));
  }
  check(random);
}

TEST_CASE("clusters and their attributes survive a round trip") {
  const std::string text =
      "%x = placeholder f32[2,3]\n"
      "%y = cluster %x, %x {cluster={%2 = add %0, %1; %3 = constant f32[] 0.1; "
      "%4 = dropout %2 {op_id=3, rate=0.5}; %5 = greater %4, %3; return %4, %5}}\n"
      "%n = neg %y\n"
      "fetch %y:1, %n\n";
  CHECK(Graph::from_text(text).to_text() == text);
}

TEST_CASE("what is wrong is named with line and column") {
  struct Row {
    std::string text;
    std::string error;
  };
  const std::string x = "%x = placeholder f32[2,3]\n";
  const std::vector<Row> rows = {
      {"hello", "line 1, column 6: expected a node"},
      {"%x", "line 1, column 3: expected '='"},
      {"%x = nonsense", "there is no op \"nonsense\""},
      {"%x = placeholder f33[]", "\"f33\" is not a dtype"},
      {"%x = placeholder f32[-2]", "cannot be negative"},
      {"%x = placeholder f32[1,1,1,1,1,1,1,1,1]", "too many dimensions"},
      {"%x = placeholder f32[99999999999999999999]", "not an integer"},
      {x + x, "line 2, column 3: %x is defined twice"},
      {x + "%y = neg %z", "line 2, column 12: %z is not defined above"},
      {x + "%y = neg %x:1", "there is no output 1"},
      {x + "%y = neg %x, %x", "takes 1 inputs"},
      {x + "%y = neg %x extra", "expected the end of the line"},
      {x + "%y = sum %x", "needs the attribute \"axes\""},
      {x + "%y = sum %x {axis=(0)}", "no attribute \"axis\""},
      {x + "%y = sum %x {axes=(0), axes=(1)}", "given twice"},
      {x + "%y = sum %x {axes=0}", "expected '('"},
      {x + "%y = sum %x {axes=(5)}", "line 2"},
      {x + "%w = placeholder f32[4]\n%y = add %x, %w", "cannot broadcast"},
      {"%c = constant f32[2] [1, 2, 3]", "expected 2 elements"},
      {"%c = constant f32[2] [1, b]", "\"b\" is not a number"},
      {"%c = constant i8[] 128", "not an integer of this dtype"},
      {"%c = constant u8[] -1", "not an integer of this dtype"},
      {"%c = constant bool[] 1", "expected true or false"},
      {"%c = constant f32[4000000000,4000000000,4] 0", "line 1"},
      {"%c = constant f32[1000000000] 0", "list the elements"},
      {"%\"\" = placeholder f32[]", "a name cannot be empty"},
      {"%\"x = placeholder f32[]", "does not end"},
      {x + "fetch", "expected '%'"},
      {x + "initial %x = %x", "is not a variable"},
      {"%v = variable f32[2]\n%c = constant f32[] 1\ninitial %v = %c", "initial value"},
      {x + "%y = cluster %x {cluster={return %0}}", "needs an instruction"},
      {x + "%y = cluster %x {cluster={%1 = neg %1; return %1}}", "operand %1 is not defined"},
      {x + "%y = cluster %x {cluster={%1 = neg %0; %3 = neg %1; return %1}}", "expected %2"},
      {x + "%y = cluster %x {cluster={%1 = cluster %0 {cluster={%1 = neg %0; return %1}}; return "
           "%1}}",
       "cannot hold another"},
      {x + "%y = cluster %x {cluster={%1 = matmul %0, %0; return %1}}", "elementwise"},
      {x + "%y = cluster %x {cluster={%1 = add %0; return %1}}", "takes 2 operands"},
  };
  for (const Row& row : rows) {
    const std::string message = message_of(row.text);
    CHECK_MESSAGE(message.find(row.error) != std::string::npos, row.text << "\n" << message);
    CHECK_MESSAGE(message.find("graph text, line ") == 0, message);
  }
}

TEST_CASE("a text may repeat elements up to a limit for all of it") {
  const auto read = [](std::string_view line, std::size_t& repeatable) {
    return detail::TextScanner(line, 1, repeatable).tensor();
  };
  std::size_t repeatable = 20;
  CHECK(read("f32[3] 1", repeatable).element_count() == 3);
  CHECK(read("f32[3] [1, 2, 3]", repeatable).element_count() == 3);
  CHECK_THROWS_WITH_AS(read("f32[3] 1", repeatable), doctest::Contains("list the elements"),
                       FormatError);
  CHECK(read("f32[2] 1", repeatable).element_count() == 2);
  CHECK(repeatable == 0);
}

TEST_CASE("the parser survives truncation and flipped bits") {
  std::string text = every_syntax().to_text();
  text +=
      "%c = cluster %batch/x {cluster={%1 = relu %0; %2 = constant f32[] 2; return %1, %2}}\n"
      "%t = constant f64[2,2] [1, nan(9221120237041090561), -inf, 4]\n";
  REQUIRE_NOTHROW(Graph::from_text(text));
  int accepted = 0;
  const auto attempt = [&](const std::string& damaged) {
    try {
      Graph::from_text(damaged).verify();
      ++accepted;
    } catch (const FormatError&) {
    }
  };
  for (std::size_t size = 0; size < text.size(); ++size) attempt(text.substr(0, size));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      attempt(damaged);
    }
  }
  CHECK(accepted > 100);
}
