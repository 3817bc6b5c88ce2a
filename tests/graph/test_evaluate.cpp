// Reference evaluation of whole graphs.
#include <doctest/doctest.h>

#include <string>

#include "tegula/core/error.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/ops.hpp"

using namespace tegula;

TEST_CASE("fed values are not computed; variables have their initial values") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {}, "x");
  const Variable w = g.variable(Tensor::scalar(3.0), "w");
  const Value product = x * w;
  const Value y = product + 1.0;
  CHECK(evaluate(y, {{x, Tensor::scalar(2.0)}}).item() == 7);
  CHECK(evaluate(y, {{x, Tensor::scalar(2.0)}, {w, Tensor::scalar(5.0)}}).item() == 11);
  CHECK(evaluate(y, {{product, Tensor::scalar(10.0)}}).item() == 11);
}

TEST_CASE("assignments give the assigned value and change nothing") {
  Graph g;
  const Variable w = g.variable(Tensor::scalar(3.0), "w");
  const Value update = assign_add(w, 1.0);
  CHECK(evaluate(update).item() == 4);
  CHECK(evaluate(w).item() == 3);
}

TEST_CASE("graphs as deep as wanted") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {}, "x");
  Value y = x;
  for (int i = 0; i < 50000; ++i) y = y + 1.0;
  CHECK(evaluate(y, {{x, Tensor::scalar(0.5)}}).item() == 50000.5);
}

TEST_CASE("missing and wrong feeds are named") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1, 3}, "x");
  const Variable unset = g.variable(ValueType{DType::f32, {2}}, "unset");
  CHECK_THROWS_WITH_AS(evaluate(neg(x)),
                       doctest::Contains("no value was fed for placeholder \"x\""), RunError);
  CHECK_THROWS_WITH_AS(evaluate(neg(unset)), doctest::Contains("variable \"unset\""), RunError);
  CHECK_THROWS_WITH_AS(evaluate(x, {{x, Tensor::zeros(DType::f32, {2, 4})}}),
                       doctest::Contains("f32[2,4], expected f32[?,3]"), ShapeError);
  CHECK_THROWS_WITH_AS(evaluate(x, {{x, Tensor::zeros(DType::f64, {2, 3})}}),
                       doctest::Contains("expected f32[?,3]"), DTypeError);
}

TEST_CASE("an error while evaluating names the node and its line") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {3}, "x");
  const Value i = g.placeholder(DType::i32, {1}, "i");
  const Value y = gather(x, i);
  CHECK_THROWS_WITH_AS(
      evaluate(y, {{x, Tensor::zeros(DType::f32, {3})}, {i, Tensor::from<std::int32_t>({3})}}),
      doctest::Contains("test_evaluate.cpp:"), RunError);
}

TEST_CASE("an initial value that needs its own variable is refused") {
  Graph g;
  const Variable w = g.variable(ValueType{DType::f32, {}}, "w");
  g.set_initial_value(w, w + 1.0);
  CHECK_THROWS_WITH_AS(evaluate(w), doctest::Contains("depends on its own variable"),
                       InvalidArgument);
}
