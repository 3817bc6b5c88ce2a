// Reverse-mode differentiation: paths, accumulation, blocking, errors, cost.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/gradient_check.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/graph/ops.hpp"

using namespace tegula;

namespace {

using Doubles = std::vector<double>;

Doubles values_of(const Tensor& tensor) {
  Doubles values;
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) values.push_back(tensor.at(i));
  return values;
}

Tensor doubles(std::initializer_list<double> values) { return Tensor::from<double>(values); }

template <typename Exception, typename Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Exception& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the gradient of a value with several users is the sum over them") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {2}, "x");
  const Value y = x * x + 3.0 * x;
  const Value dx = gradients(y, {x})[0];
  CHECK(values_of(evaluate(dx, {{x, doubles({1, -2})}})) == Doubles{5, -1});
}

TEST_CASE("derivatives of derivatives, to any order") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {1}, "x");
  const Value y = x * x * x * x;
  const Doubles expected = {32, 48, 48, 24, 0};
  Value derivative = y;
  for (const double value : expected) {
    derivative = gradients(derivative, {x})[0];
    CHECK(evaluate(derivative, {{x, doubles({2})}}).item() == doctest::Approx(value));
  }
}

TEST_CASE("y may itself be an x, and an x may lie between y and another x") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {}, "x");
  const Value middle = x * 3.0;
  const Value y = square(middle);
  const std::vector<Value> d = gradients(y, {x, middle, y});
  const auto at = [&](const Value& value) {
    return evaluate(value, {{x, Tensor::scalar(2.0)}}).item();
  };
  CHECK(at(d[0]) == 36);
  CHECK(at(d[1]) == 12);
  CHECK(at(d[2]) == 1);
}

TEST_CASE("unconnected values have zeros or no gradient") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1, 3}, "x");
  const Value other = g.placeholder(DType::f32, {-1, 2}, "other");
  const Value index = g.placeholder(DType::i32, {2}, "index");
  const Value blocked = g.placeholder(DType::f32, {3}, "blocked");
  const Value y = sum(x) + sum(stop_gradient(blocked)) + sum(cast(index, DType::f32));
  const std::vector<Value> xs = {other, index, blocked};
  for (const Value& gradient : gradients(y, xs, Unconnected::kNone)) CHECK_FALSE(gradient);
  const std::vector<Value> zeros = gradients(y, xs);
  const Tensor like = Tensor::zeros(DType::f32, {4, 2});
  CHECK(identical(evaluate(zeros[0], {{other, like}}), like));
  CHECK(zeros[1].type() == index.type());
  CHECK(zeros[2].type() == blocked.type());
}

TEST_CASE("no gradient flows through comparisons, integers and stop_gradient") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {3}, "x");
  const Value y =
      where(greater(x, 0.0), x, 0.0) * stop_gradient(x) + cast(cast(x, DType::i32), DType::f64) * x;
  const Value dx = gradients(y, {x})[0];
  CHECK(values_of(evaluate(dx, {{x, doubles({-2.5, 0.5, 3.5})}})) == Doubles{-2, 0.5, 6.5});
}

TEST_CASE("derivatives at kinks and ties are TensorFlow's") {
  struct Row {
    const char* what;
    Value (*build)(Value x);
    double at;
    double expected;
  };
  const Row rows[] = {
      {"relu", [](Value x) { return relu(x); }, 0, 0},
      {"leaky_relu", [](Value x) { return leaky_relu(x); }, 0, 0.2},
      {"elu", [](Value x) { return elu(x); }, 0, 1},
      {"abs", [](Value x) { return abs(x); }, 0, 0},
      {"sign", [](Value x) { return sign(x) * 1.0 + x * 0.0; }, 0, 0},
      {"maximum, first operand", [](Value x) { return maximum(x, 1.0); }, 1, 1},
      {"maximum, second operand",
       [](Value x) { return maximum(x.graph().constant(Tensor::scalar(1.0)), x); }, 1, 0},
      {"minimum, first operand", [](Value x) { return minimum(x, 1.0); }, 1, 1},
      {"clip at the upper bound", [](Value x) { return clip(x, -1, 1); }, 1, 1},
      {"clip at the lower bound", [](Value x) { return clip(x, -1, 1); }, -1, 1},
      {"clip outside", [](Value x) { return clip(x, -1, 1); }, 1.5, 0},
      {"pow of zero, base", [](Value x) { return pow(x, 2.0); }, 0, 0},
      {"pow of a negative base, exponent",
       [](Value x) { return pow(x.graph().constant(Tensor::scalar(-2.0)), x); }, 2, 0},
      {"max of two equal",
       [](Value x) {
         return max(stack(std::vector<Value>{x, x * 2.0}), 0);
       },
       0, 1.5},
      {"square root far out", [](Value x) { return sqrt(x); }, 4e8, 2.5e-5},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Graph g;
    const Value x = g.placeholder(DType::f64, {}, "x");
    const Value dx = gradients(row.build(x), {x})[0];
    CHECK(evaluate(dx, {{x, Tensor::scalar(row.at)}}).item() == doctest::Approx(row.expected));
  }
}

TEST_CASE("the gradient of a product survives zeros") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {3}, "x");
  const Value dx = gradients(prod(x), {x})[0];
  CHECK(values_of(evaluate(dx, {{x, doubles({2, 3, 5})}})) == Doubles{15, 10, 6});
  CHECK(values_of(evaluate(dx, {{x, doubles({2, 0, 5})}})) == Doubles{0, 10, 0});
  CHECK(values_of(evaluate(dx, {{x, doubles({0, 3, 0})}})) == Doubles{0, 0, 0});
}

TEST_CASE("several ys are weighted by their output gradients") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {2}, "x");
  const Value weight = g.placeholder(DType::f64, {2}, "weight");
  const std::vector<Value> ys = {x * 2.0, square(x)};
  const std::vector<Value> weights = {weight, Value()};
  const Value dx = gradients(ys, std::vector<Value>{x}, weights, Unconnected::kZeros)[0];
  CHECK(values_of(evaluate(dx, {{x, doubles({1, 3})}, {weight, doubles({10, 100})}})) ==
        Doubles{22, 206});
}

TEST_CASE("gradients under an unknown batch dimension") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {-1, 2}, "x");
  const Variable w = g.variable(doubles({1, 2, 3, 4, 5, 6}).reshaped({2, 3}), "w");
  const Variable b = g.variable(doubles({0, 0, 0}), "b");
  const Value loss = mean(square(matmul(x, w) + b));
  const std::vector<Value> d = gradients(loss, {w, b});
  CHECK(d[0].shape() == Shape{2, 3});
  CHECK(d[1].shape() == Shape{3});
  for (const std::int64_t batch : {1, 4}) {
    const Tensor ones = Tensor::full(DType::f64, {batch, 2}, 1);
    // Each row of x·w + b is (5, 7, 9); d/db is the mean of 2 (5, 7, 9) over 3 columns.
    CHECK(evaluate(d[1], {{x, ones}}).at(2) == doctest::Approx(6));
    CHECK(check_gradients(loss, {w, b, x}, {{x, ones}}).passed(1e-9));
  }
}

TEST_CASE("gradient nodes carry the line and scope of what they differentiate") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {2}, "x");
  const Value y = tanh(x);
  const std::uint32_t line = y.node().location().line;
  const std::size_t before = g.nodes().size();
  gradients(y, {x});
  for (std::size_t i = before; i < g.nodes().size(); ++i) {
    const Node& node = g.node(static_cast<int>(i));
    CHECK(node.name().find("gradients/") == 0);
    CHECK(node.location().line == line);
  }
}

TEST_CASE("an op without derivative on the path is named with its line") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {3, 2}, "x");
  const Value y = sum(orthonormalize(x));
  const std::string message = message_of<InvalidArgument>([&] { gradients(y, {x}); });
  CAPTURE(message);
  CHECK(contains(message, "orthonormalize is not differentiable"));
  CHECK(contains(message, "stop_gradient"));
  CHECK(contains(message, "test_gradients.cpp:"));
  // It does not matter where nothing depends on x.
  const Value z = g.placeholder(DType::f32, {3, 2}, "z");
  CHECK(gradients(y * sum(z), {z})[0].shape() == Shape{3, 2});
}

TEST_CASE("unusable arguments are refused") {
  Graph g;
  Graph other;
  const Value x = g.placeholder(DType::f32, {2}, "x");
  const Value index = g.placeholder(DType::i32, {2}, "index");
  const Value elsewhere = other.placeholder(DType::f32, {2}, "elsewhere");
  const std::vector<Value> ys = {x};
  const std::vector<Value> wrong = {g.placeholder(DType::f32, {3}, "wrong")};
  CHECK(contains(message_of<DTypeError>([&] { gradients(index, {x}); }), "only floating values"));
  CHECK(contains(message_of<InvalidArgument>([&] { gradients(x, {elsewhere}); }), "another graph"));
  CHECK(contains(message_of<InvalidArgument>([&] { gradients(Value(), {x}); }), "empty value"));
  CHECK(
      contains(message_of<InvalidArgument>([&] { gradients(ys, ys, wrong, Unconnected::kZeros); }),
               "an output gradient is f32[3]"));
}

TEST_CASE("the number of gradient nodes is linear in the number of nodes") {
  const auto added = [](int depth) {
    Graph g;
    const Value x = g.placeholder(DType::f32, {2}, "x");
    Value y = x;
    for (int i = 0; i < depth; ++i) y = y + tanh(y);
    const std::size_t before = g.nodes().size();
    gradients(y, {x});
    return g.nodes().size() - before;
  };
  CHECK(added(400) - added(200) == 2 * (added(200) - added(100)));
}

TEST_CASE("a numeric check finds a wrong gradient and says where") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {3}, "x");
  // The stopped factor counts as constant in the graph's gradient but not in the differences.
  const Value y = x * stop_gradient(x);
  const Tensor at = Tensor::from({1.f, 3.f, 2.f});
  const GradientCheck check = check_gradients(y, {x}, {{x, at}});
  CHECK_FALSE(check.passed());
  CHECK(check.compared == 3);
  CHECK(check.max_error == doctest::Approx(0.5));
  CHECK(check.numeric == doctest::Approx(2 * check.analytic));
  CHECK(contains(check.to_string(), "at x:0["));
  // float64 inside, whatever the graph's dtype: no float32 difference is this exact.
  CHECK(check_gradients(softmax(square(x)), {x}, {{x, at}}).passed(1e-9));
}

TEST_CASE("a numeric check takes variables at their initial values and values in between") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1, 2}, "x");
  const Variable w = g.variable(Tensor::from({0.5f, -1.f}, {2, 1}), "w");
  const Value hidden = matmul(x, w);
  const Value y = sigmoid(hidden);
  const Tensor at = Tensor::from({1.f, 2.f, 3.f, 4.f}, {2, 2});
  const GradientCheck check = check_gradients(y, {w, hidden, x}, {{x, at}});
  CHECK_MESSAGE(check.passed(1e-9), check.to_string());
  CHECK(check.compared == 2 + 2 + 4);
  CHECK(contains(message_of<RunError>([&] { check_gradients(y, {w}); }), "no value was fed"));
}
