// Euclidean norms, and clipping by them: no overflow where the norm is finite, NaN where it is not.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

struct Case {
  std::vector<float> x;
  float norm;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> table = {
      {{3, 4}, 5},
      {{1e20F, 3}, 1e20F},
      {{3e30F, 4e30F}, 5e30F},
      {{3e-30F, 4e-30F}, 5e-30F},
      {{0, 0}, 0},
      {{3e38F, 3e38F}, kInfinity},
      {{kInfinity, 3}, kInfinity},
      {{-kInfinity, 0}, kInfinity},
      {{kNan, 3}, kNan},
      {{kNan, kInfinity}, kNan},
  };
  return table;
}

void check_close(double actual, double expected) {
  if (std::isnan(expected)) {
    CHECK(std::isnan(actual));
  } else if (std::isinf(expected)) {
    CHECK(actual == expected);
  } else {
    CHECK(std::abs(actual - expected) <= 1e-6 * std::abs(expected));
  }
}

Tensor vector_of(const std::vector<float>& x) {
  Tensor tensor(DType::f32, {static_cast<std::int64_t>(x.size())});
  for (std::size_t i = 0; i < x.size(); ++i) tensor.set(static_cast<std::int64_t>(i), x[i]);
  return tensor;
}

}  // namespace

TEST_CASE("a norm is finite wherever it is a number, by kernel and by reference") {
  for (const Case& c : cases()) {
    CAPTURE(c.norm);
    Graph graph;
    const Value x = graph.placeholder(DType::f32, {2}, "x");
    const Value both = concat(std::vector<Value>{reshape(x, {1, 2}), reshape(x, {1, 2})}, 0);
    const Value rows = norm(both, 1), columns = norm(transpose(both), 0);
    Session session(graph);
    check_close(evaluate(norm(x), {{x, vector_of(c.x)}}).at(0), c.norm);
    for (const Value& value : {norm(x), rows, columns, global_norm(std::vector<Value>{x})}) {
      check_close(session.run({{x, vector_of(c.x)}}, value).at(0), c.norm);
    }
  }
}

TEST_CASE("a long vector's norm is that of its parts") {
  Graph graph;
  constexpr std::int64_t kCount = 200'000;
  const Value x = graph.placeholder(DType::f32, {kCount}, "x");
  const Value size = norm(x);
  Session session(graph);
  for (const float each : {1.F, 1e25F, 1e-25F}) {
    const Tensor values = Tensor::full(DType::f32, {kCount}, each);
    check_close(session.run({{x, values}}, size).at(0), std::sqrt(double{kCount}) * each);
  }
  Tensor values = Tensor::full(DType::f32, {kCount}, 1);
  values.set(kCount / 2, 1e20);
  check_close(session.run({{x, values}}, size).at(0), 1e20);
}

TEST_CASE("doubles do not overflow either") {
  Graph graph;
  const Value x = graph.placeholder(DType::f64, {2}, "x");
  Session session(graph);
  for (const double scale : {1e200, 1e-200, 1.0}) {
    Tensor values(DType::f64, {2});
    values.set(0, 3 * scale);
    values.set(1, 4 * scale);
    const double result = session.run({{x, values}}, norm(x)).at(0) / scale;
    CHECK(result == doctest::Approx(5).epsilon(1e-12));
  }
}

TEST_CASE("clipping by a large norm keeps the direction, by an infinite one gives NaN") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {2}, "x");
  const Value other = graph.constant(Tensor::from({2.F, 0.F}));
  const std::vector<Value> clipped = clip_by_global_norm(std::vector<Value>{x, other}, 1.0);
  const Value alone = clip_by_norm(x, 1.0);
  const Value unit = l2_normalize(x);
  Session session(graph);
  const Tensor large = vector_of({1e20F, 3});
  CHECK(session.run({{x, large}}, clipped[0]).at(0) == doctest::Approx(1));
  CHECK(session.run({{x, large}}, clipped[1]).at(0) == doctest::Approx(2e-20));
  CHECK(session.run({{x, large}}, alone).at(0) == doctest::Approx(1));
  CHECK(session.run({{x, large}}, unit).at(0) == doctest::Approx(1));
  for (const float bad : {kInfinity, -kInfinity, kNan}) {
    const Tensor values = vector_of({bad, 3});
    for (const Value& value : clipped) {
      CHECK(std::isnan(session.run({{x, values}}, value).at(0)));
      CHECK(std::isnan(session.run({{x, values}}, value).at(1)));
    }
    CHECK(std::isnan(session.run({{x, values}}, alone).at(0)));
  }
  const Tensor zero = vector_of({0, 0});
  CHECK(session.run({{x, zero}}, alone).at(0) == 0);
  CHECK(session.run({{x, zero}}, unit).at(0) == 0);
}

TEST_CASE("rows are made unit vectors wherever their norm is a number") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 2}, "x");
  const Value unit = l2_normalize(x, -1, 1e-120);
  const Value clipped = clip_by_norm(x, 1.0, -1);
  Session session(graph);
  for (const Case& c : cases()) {
    if (!(c.norm > 0 && c.norm < kInfinity)) continue;
    Tensor rows(DType::f32, {3, 2});
    for (std::int64_t i = 0; i < 6; ++i) rows.set(i, c.x[static_cast<std::size_t>(i % 2)]);
    for (std::int64_t i = 0; i < 6; ++i) {
      const double wanted = c.x[static_cast<std::size_t>(i % 2)] / c.norm;
      check_close(session.run({{x, rows}}, unit).at(i), wanted);
      if (c.norm > 1) check_close(session.run({{x, rows}}, clipped).at(i), wanted);
    }
  }
}
