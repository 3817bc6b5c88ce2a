// The operators of C++ on values: which op each builds, with values, numbers and tensors on either
// side.
#include <doctest/doctest.h>

#include <string>
#include <type_traits>

#include "tegula/core/error.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/ops.hpp"

using namespace tegula;

TEST_CASE("each operator takes a value and a number in both orders") {
  struct Row {
    const char* what;
    Value (*build)(Value x);
    Tensor expected;  // for x = 1, 2, 4
  };
  const auto truth = [](bool a, bool b, bool c) { return Tensor::from<bool>({a, b, c}); };
  const auto numbers = [](float a, float b, float c) { return Tensor::from<float>({a, b, c}); };
  const Row rows[] = {
      {"x < 2", [](Value x) -> Value { return x < 2; }, truth(true, false, false)},
      {"x <= 2", [](Value x) -> Value { return x <= 2.0; }, truth(true, true, false)},
      {"x > 2", [](Value x) -> Value { return x > 2; }, truth(false, false, true)},
      {"x >= 2", [](Value x) -> Value { return x >= 2.0f; }, truth(false, true, true)},
      {"x == 2", [](Value x) -> Value { return x == 2.0; }, truth(false, true, false)},
      {"x != 2", [](Value x) -> Value { return x != 2; }, truth(true, false, true)},
      {"2 < x", [](Value x) -> Value { return 2 < x; }, truth(false, false, true)},
      {"2 <= x", [](Value x) -> Value { return 2.0 <= x; }, truth(false, true, true)},
      {"2 > x", [](Value x) -> Value { return 2.0 > x; }, truth(true, false, false)},
      {"2 >= x", [](Value x) -> Value { return 2 >= x; }, truth(true, true, false)},
      {"2 == x", [](Value x) -> Value { return 2 == x; }, truth(false, true, false)},
      {"2 != x", [](Value x) -> Value { return 2.0 != x; }, truth(true, false, true)},
      {"x + 2", [](Value x) { return x + 2; }, numbers(3, 4, 6)},
      {"2 + x", [](Value x) { return 2.0 + x; }, numbers(3, 4, 6)},
      {"x - 2", [](Value x) { return x - 2.0f; }, numbers(-1, 0, 2)},
      {"2 - x", [](Value x) { return 2 - x; }, numbers(1, 0, -2)},
      {"x * 2", [](Value x) { return x * 2; }, numbers(2, 4, 8)},
      {"2 * x", [](Value x) { return 2 * x; }, numbers(2, 4, 8)},
      {"x / 2", [](Value x) { return x / 2; }, numbers(0.5, 1, 2)},
      {"2 / x", [](Value x) { return 2 / x; }, numbers(2, 1, 0.5)},
      {"-x", [](Value x) { return -x; }, numbers(-1, -2, -4)},
      {"x < tensor",
       [](Value x) -> Value {
         return x < Tensor::from<float>({2, 2, 8});
       },
       truth(true, false, true)},
      {"x == tensor",
       [](Value x) -> Value {
         return x == Tensor::from<float>({1, 0, 4});
       },
       truth(true, false, true)},
      {"x < x", [](Value x) -> Value { return x < x; }, truth(false, false, false)},
      {"where(x > 1, x, 0)", [](Value x) { return where(x > 1, x, 0); }, numbers(0, 2, 4)},
  };
  for (const Row& row : rows) {
    INFO(std::string(row.what));
    Graph graph;
    const Value x = graph.constant(Tensor::from<float>({1, 2, 4}));
    CHECK(identical(evaluate(row.build(x)), row.expected));
  }
}

TEST_CASE("between values, == asks for the same one") {
  Graph graph;
  const Value x = graph.constant(Tensor::scalar(1.0f)), y = graph.constant(Tensor::scalar(1.0f));
  const Value again = x;
  CHECK(x == again);
  CHECK(x != y);
  const Variable variable = graph.variable(Tensor::scalar(1.0f), "v");
  CHECK(variable == variable);
  CHECK(variable != x);
}

TEST_CASE("a comparison is no condition of C++") {
  static_assert(!std::is_constructible_v<bool, Comparison>);
  static_assert(std::is_constructible_v<bool, Value>);
}

TEST_CASE("a number that the dtype cannot hold is refused where it is compared") {
  Graph graph;
  const Value x = graph.constant(Tensor::from<std::int32_t>({1, 2}));
  const auto half = [&] { return Value(x < 0.5); };
  CHECK_THROWS_WITH_AS(half(), doctest::Contains("the number 0.5 cannot become int32"), DTypeError);
  const Value named = x == 1;
  CHECK(std::string(named.node().location().file).ends_with("test_operators.cpp"));
}
