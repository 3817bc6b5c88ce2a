// Divisions rounded down and their remainders: exact, by Python's and TensorFlow's rule; and
// integer arithmetic that has no result.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

struct Division {
  double a, b;
  double quotient, remainder;
};

/// Python's divmod, and for a divisor of 0 and infinite dividends TensorFlow's values.
const std::vector<Division>& divisions() {
  static const std::vector<Division> table = {
      {7.5, 2, 3, 1.5},
      {-7.5, 2, -4, 0.5},
      {7.5, -2, -4, -0.5},
      {-7.5, -2, 3, -1.5},
      {1e10, 7, 1428571428, 4},
      {1e20, 3, 33333333333333333333.0, 1},
      {1, 0.1, 9, 0},  // of the remainder, the range is checked
      {-1, kInfinity, -1, kInfinity},
      {1, kInfinity, 0, 1},
      {1, -kInfinity, -1, -kInfinity},
      {-1, -kInfinity, 0, -1},
      {-1e-20, 3, -1, 3},
      {6, 3, 2, 0},
      {-6, 3, -2, 0},
      {1, 0, kInfinity, kNan},
      {-1, 0, -kInfinity, kNan},
      {0, 0, kNan, kNan},
      {kInfinity, 2, kInfinity, kNan},
      {-kInfinity, 2, -kInfinity, kNan},
      {kNan, 2, kNan, kNan},
  };
  return table;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// The text of the RunError that running `value` gives.
std::string error_of(Session& session, std::initializer_list<Feed> feeds, Value value) {
  try {
    session.run(feeds, value);
  } catch (const RunError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("quotients rounded down and remainders belong together") {
  for (const DType dtype : {DType::f32, DType::f64}) {
    Graph graph;
    const Value a = graph.placeholder(dtype, {}, "a");
    const Value b = graph.placeholder(dtype, {}, "b");
    const Value quotient = floordiv(a, b), remainder = floormod(a, b);
    Session session(graph);
    for (const Division& d : divisions()) {
      CAPTURE(d.a);
      CAPTURE(d.b);
      const Tensor x = Tensor::full(dtype, {}, d.a), y = Tensor::full(dtype, {}, d.b);
      Tensor expected = Tensor::full(dtype, {}, d.quotient);
      CHECK(same(session.run({{a, x}, {b, y}}, quotient).at(0), expected.at(0)));
      const double rest = session.run({{a, x}, {b, y}}, remainder).at(0);
      if (d.b == 0.1) {
        CHECK(rest >= 0);
        CHECK(rest < y.at(0));
      } else if (dtype == DType::f64 || std::abs(d.a) < 1e10) {
        CHECK(same(rest, d.remainder));
      } else {
        CHECK(same(rest, std::fmod(x.at(0), y.at(0))));
      }
    }
  }
}

TEST_CASE("integer divisions round down") {
  for (const DType dtype : {DType::i32, DType::i64, DType::i8}) {
    Graph graph;
    const Value a = graph.constant(Tensor::from<std::int64_t>({-7, 7, -7, 7}));
    const Value b = graph.constant(Tensor::from<std::int64_t>({2, -2, -2, 2}));
    const Value x = cast(a, dtype), y = cast(b, dtype);
    Session session(graph);
    const Tensor quotient = session.run(floordiv(x, y)), rest = session.run(floormod(x, y));
    for (const std::int64_t i : {0, 1, 2, 3}) {
      CHECK(quotient.at(i) == std::vector<double>{-4, -4, 3, 3}[static_cast<std::size_t>(i)]);
      CHECK(rest.at(i) == std::vector<double>{1, -1, -1, 1}[static_cast<std::size_t>(i)]);
    }
  }
}

TEST_CASE("integer arithmetic without a result is an error, and the session goes on") {
  struct Case {
    const char* name;
    Value (*build)(Operand, Operand);
    std::int64_t bad;
    const char* text;
    double result;  // of 2 and 1
  };
  const Case cases[] = {{"div", div, 0, "division of an integer by zero", 2},
                        {"floordiv", floordiv, 0, "division of an integer by zero", 2},
                        {"floormod", floormod, 0, "division of an integer by zero", 0},
                        {"pow", pow, -1, "to the power of -1", 2}};
  for (const DType dtype : {DType::i32, DType::i64, DType::i8}) {
    for (const Case& c : cases) {
      CAPTURE(c.name);
      Graph graph;
      const Value x = graph.placeholder(dtype, {3}, "x");
      const Value b = graph.placeholder(dtype, {}, "b");
      const Value result = c.build(x, b);
      // Of constants alone: not folded away, but reported when it is needed.
      const Value folded = c.build(graph.constant(Tensor::full(dtype, {}, 2)),
                                   graph.constant(Tensor::full(dtype, {}, c.bad)));
      Session session(graph);
      const Tensor values = Tensor::full(dtype, {3}, 2);
      const Tensor bad = Tensor::full(dtype, {}, static_cast<double>(c.bad));
      const std::string message = error_of(session, {{x, values}, {b, bad}}, result);
      CAPTURE(message);
      CHECK(message.find(c.text) != std::string::npos);
      CHECK(message.find("test_division.cpp") != std::string::npos);
      CHECK(error_of(session, {}, folded).find(c.text) != std::string::npos);
      const Tensor good = Tensor::full(dtype, {}, 1);
      CHECK(session.run({{x, values}, {b, good}}, result).at(0) == c.result);
    }
  }
}
