// State: a run reads all variables before it writes any.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

namespace {

using Floats = std::vector<float>;

Tensor vector_of(std::initializer_list<float> values) { return Tensor::from<float>(values); }

Floats values_of(const Tensor& tensor) {
  const auto span = tensor.values<float>();
  return {span.begin(), span.end()};
}

void run_targets(Session& session, std::initializer_list<Value> targets) {
  session.run(std::span<const Feed>(), std::span<const Value>(),
              std::span(targets.begin(), targets.size()));
}

}  // namespace

TEST_CASE("assignments take effect after everything else has read") {
  for (const bool optimized : {false, true}) {
    Graph g;
    const Variable a = g.variable(vector_of({1, 2}), "a");
    const Value grown = assign_add(a, vector_of({10, 10}));
    const Value twice = a * 2.0;
    const Value from_new = grown * 100.0;
    SessionOptions options;
    if (!optimized) options.passes = PassOptions::none();
    Session session(g, options);
    const std::vector<Tensor> results = session.run({}, {twice, a, grown, from_new, neg(a)});
    CHECK(values_of(results[0]) == Floats{2, 4});
    CHECK(values_of(results[1]) == Floats{1, 2});
    CHECK(values_of(results[2]) == Floats{11, 12});
    CHECK(values_of(results[3]) == Floats{1100, 1200});
    CHECK(values_of(results[4]) == Floats{-1, -2});
    CHECK(values_of(session.get(a)) == Floats{11, 12});
  }
}

TEST_CASE("a swap swaps") {
  Graph g;
  const Variable a = g.variable(vector_of({1, 2}), "a");
  const Variable b = g.variable(vector_of({3, 4}), "b");
  const Value to_a = assign(a, b);
  const Value to_b = assign(b, a);
  Session session(g);
  run_targets(session, {to_a, to_b});
  CHECK(values_of(session.get(a)) == Floats{3, 4});
  CHECK(values_of(session.get(b)) == Floats{1, 2});
  run_targets(session, {to_b, to_a});
  CHECK(values_of(session.get(a)) == Floats{1, 2});
}

TEST_CASE("a rotation of three variables, and updates that read each other") {
  Graph g;
  const Variable a = g.variable(vector_of({1}), "a");
  const Variable b = g.variable(vector_of({2}), "b");
  const Variable c = g.variable(vector_of({3}), "c");
  Session session(g);
  run_targets(session, {assign(a, b), assign(b, c), assign(c, a)});
  CHECK(values_of(session.get(a)) == Floats{2});
  CHECK(values_of(session.get(b)) == Floats{3});
  CHECK(values_of(session.get(c)) == Floats{1});
  run_targets(session, {assign(a, a + b), assign(b, a - b), assign(c, a * b)});
  CHECK(values_of(session.get(a)) == Floats{5});
  CHECK(values_of(session.get(b)) == Floats{-1});
  CHECK(values_of(session.get(c)) == Floats{6});
}

TEST_CASE("one value may go to several variables, and a variable to itself") {
  Graph g;
  const Variable a = g.variable(vector_of({1}), "a");
  const Variable b = g.variable(vector_of({2}), "b");
  const Value sum = a + b;
  Session session(g);
  run_targets(session, {assign(a, sum), assign(b, sum)});
  CHECK(values_of(session.get(a)) == Floats{3});
  CHECK(values_of(session.get(b)) == Floats{3});
  run_targets(session, {assign(a, a)});
  CHECK(values_of(session.get(a)) == Floats{3});
}

TEST_CASE("feeds and constants are copied into variables, reshaped if need be") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {2}, "x");
  const Variable a = g.variable(vector_of({0, 0}), "a");
  const Variable row = g.variable(Tensor::zeros(DType::f32, {1, 2}), "row");
  Session session(g);
  Tensor fed = vector_of({5, 6});
  const Value to_a = assign(a, x);
  const Value to_row = assign(row, reshape(x, {1, 2}));
  session.run({{x, fed}}, {to_a, to_row});
  fed.set(0, 99);
  CHECK(values_of(session.get(a)) == Floats{5, 6});
  CHECK(values_of(session.get(row)) == Floats{5, 6});
}

TEST_CASE("a product of the variable with itself is not written over its own factors") {
  Graph g;
  const Variable m =
      g.variable(Tensor::from<float>({1, 1, 1, 0}, {2, 2}), "m");  // Fibonacci's matrix
  const Value next = assign(m, matmul(m, m));
  Session session(g);
  for (int i = 0; i < 3; ++i) session.run(next);
  CHECK(values_of(session.get(m)) == Floats{34, 21, 21, 13});
}

TEST_CASE("two assignments to one variable in a run are refused") {
  Graph g;
  const Variable a = g.variable(vector_of({1}), "a");
  const Value first = assign(a, a + 1.0);
  const Value second = assign(a, a + 2.0);
  Session session(g);
  CHECK_THROWS_AS(run_targets(session, {first, second}), RunError);
  session.run(second);
  CHECK(values_of(session.get(a)) == Floats{3});
}

TEST_CASE("variables start from their initial values, in the order in which those depend") {
  Graph g;
  const Variable late = g.variable(ValueType{DType::f32, {2}}, "late");
  const Variable base = g.variable(vector_of({1, 2}), "base");
  const Value ten_times = base * 10.0;
  const Variable scaled = g.variable(InitialValue(ten_times), "scaled");
  g.set_initial_value(late, scaled + 1.0);
  Session session(g);
  CHECK(values_of(session.run(late)) == Floats{11, 21});
  session.set(base, vector_of({5, 6}));
  CHECK(values_of(session.get(scaled)) == Floats{10, 20});
  session.initialize();
  CHECK(values_of(session.get(base)) == Floats{1, 2});
}

TEST_CASE("a variable without a value is named") {
  Graph g;
  const Variable w = g.variable(ValueType{DType::f32, {2}}, "w");
  const Value y = w + 1.0;
  Session session(g);
  std::string message;
  try {
    session.run(y);
  } catch (const RunError& error) {
    message = error.what();
  }
  CHECK(message.find("variable \"w\" (f32[2])") != std::string::npos);
  CHECK(message.find("test_variables.cpp:") != std::string::npos);
  session.set(w, vector_of({1, 2}));
  CHECK(values_of(session.run(y)) == Floats{2, 3});
}

TEST_CASE("a write counts as a first value") {
  Graph g;
  const Variable w = g.variable(ValueType{DType::f32, {1}}, "w");
  Session session(g);
  session.run(assign(w, vector_of({4})));
  CHECK(values_of(session.run(w)) == Floats{4});
}

TEST_CASE("set refuses what does not fit") {
  Graph g;
  const Variable w = g.variable(vector_of({1, 2}), "w");
  Session session(g);
  CHECK_THROWS_AS(session.set(w, vector_of({1})), ShapeError);
  CHECK_THROWS_AS(session.set(w, Tensor::zeros(DType::f64, {2})), DTypeError);
  CHECK(values_of(session.get(w)) == Floats{1, 2});
}

TEST_CASE("sessions of one graph have values of their own") {
  Graph g;
  const Variable w = g.variable(vector_of({1}), "w");
  const Value next = assign(w, w + 1.0);
  Session first(g);
  Session second(g);
  first.run(next);
  first.run(next);
  second.run(next);
  CHECK(values_of(first.get(w)) == Floats{3});
  CHECK(values_of(second.get(w)) == Floats{2});
}

TEST_CASE("fetched variables are copies") {
  Graph g;
  const Variable w = g.variable(vector_of({1}), "w");
  const Value next = assign(w, w + 1.0);
  Session session(g);
  const Tensor before = session.run(w);
  const Tensor after = session.run(next);
  session.run(next);
  CHECK(values_of(before) == Floats{1});
  CHECK(values_of(after) == Floats{2});
}

TEST_CASE("random numbers follow seed and step; initial values only the seed") {
  Graph g;
  const Value noise = random_uniform(g, {8});
  const Variable w = g.variable(InitialValue(random_uniform(g, {8})), "w");
  SessionOptions options;
  options.seed = 7;
  Session session(g, options);
  Session other(g, options);
  const Tensor first = session.run(noise);
  const Tensor second = session.run(noise);
  CHECK_FALSE(identical(first, second));
  CHECK(session.step() == 2);
  CHECK(identical(session.get(w), other.get(w)));
  CHECK(session.step() == 2);
  CHECK(identical(other.run(noise), first));
  session.set_step(1);
  CHECK(identical(session.run(noise), second));
  session.reseed(7);
  CHECK(identical(session.run(noise), first));
  session.reseed(8);
  CHECK_FALSE(identical(session.run(noise), first));
}
