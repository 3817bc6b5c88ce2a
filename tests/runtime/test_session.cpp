// Feeds, fetches, executables and their errors.
#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

namespace {

Tensor vector_of(std::initializer_list<float> values) { return Tensor::from<float>(values); }

std::vector<float> values_of(const Tensor& tensor) {
  const auto span = tensor.values<float>();
  return {span.begin(), span.end()};
}

using Floats = std::vector<float>;

template <typename Exception, typename Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Exception& error) {
    return error.what();
  }
  return "";
}

bool mentions(const std::string& text, std::string_view part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("\"" << text << "\" does not mention \"" << std::string(part) << "\"");
  return found;
}

}  // namespace

TEST_CASE("a run computes what is fetched from what is fed") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1}, "x");
  const Value y = x * 2.0 + 1.0;
  Session session(g);
  CHECK(values_of(session.run({{x, vector_of({1, 2, 3})}}, y)) == Floats{3, 5, 7});
  CHECK(values_of(session.run({{x, vector_of({4})}}, y)) == Floats{9});
  const std::vector<Tensor> both = session.run({{x, vector_of({5})}}, {y, x});
  CHECK(values_of(both[0]) == Floats{11});
  CHECK(values_of(both[1]) == Floats{5});
}

TEST_CASE("a run takes subnormal numbers for zero and leaves the caller's arithmetic alone") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1}, "x");
  Session session(g);
  const float least = std::numeric_limits<float>::min();
  const Tensor feed = vector_of({least, least / 2, 1});
  // What is subnormal itself, and what becomes it.
  CHECK(values_of(session.run({{x, feed}}, x * 3.0)) == Floats{3 * least, 0, 3});
  CHECK(values_of(session.run({{x, feed}}, x * 0.5)) == Floats{0, 0, 0.5f});
  const volatile float half = 0.5f;
  CHECK(least * half > 0);
}

TEST_CASE("values may be fetched twice, through aliases, and as constants") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {2}, "x");
  const Value y = neg(x);
  const Value row = reshape(y, {1, 2});
  const Value c = g.constant(vector_of({7, 8}), "c");
  Session session(g);
  const Tensor fed = vector_of({1, 2});
  const std::vector<Tensor> results =
      session.run({{x, fed}}, {y, y, row, c, x, reshape(x, {2, 1})});
  for (int i : {0, 1, 2}) CHECK(values_of(results[static_cast<std::size_t>(i)]) == Floats{-1, -2});
  CHECK(results[2].shape() == Shape{1, 2});
  CHECK(values_of(results[3]) == Floats{7, 8});
  CHECK(values_of(results[4]) == Floats{1, 2});
  CHECK(results[4].raw() != fed.raw());
  CHECK(results[5].shape() == Shape{2, 1});
}

TEST_CASE("a value that is no placeholder may be fed in place of its computation") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {2}, "x");
  const Value h = neg(x);
  const Value y = h + 1.0;
  Session session(g);
  CHECK(values_of(session.run({{h, vector_of({10, 20})}}, y)) == Floats{11, 21});
  CHECK(values_of(session.run({{x, vector_of({10, 20})}}, y)) == Floats{-9, -19});
}

TEST_CASE("one output of a node may be fed while another is computed") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {3}, "x");
  const std::vector<Value> parts = split(x, {1, 2});
  const Value y = concat(parts, 0);
  Session session(g);
  const std::vector<Feed> feeds = {{x, vector_of({1, 2, 3})}, {parts[1], vector_of({8, 9})}};
  CHECK(values_of(session.run(feeds, std::vector<Value>{y})[0]) == Floats{1, 8, 9});
  const std::vector<Feed> first = {{x, vector_of({1, 2, 3})}, {parts[0], vector_of({7})}};
  CHECK(values_of(session.run(first, std::vector<Value>{y})[0]) == Floats{7, 2, 3});
}

TEST_CASE("an executable writes into the caller's tensors") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1}, "x");
  Session session(g);
  Executable executable = session.compile({x}, {x + x, exp(neg(x))});
  const std::vector<Tensor> feeds = {vector_of({0, 3})};
  std::vector<Tensor> outputs = {Tensor(DType::f32, {2}), Tensor(DType::f32, {2})};
  executable.run_into(feeds, outputs);
  CHECK(values_of(outputs[0]) == Floats{0, 6});
  CHECK(outputs[1].at(0) == 1);

  CHECK_THROWS_AS(executable.run_into(feeds, {}), InvalidArgument);
  std::vector<Tensor> wrong = {Tensor(DType::f32, {3}), Tensor(DType::f32, {2})};
  CHECK_THROWS_AS(executable.run_into(feeds, wrong), ShapeError);
  std::vector<Tensor> shared = {feeds[0], Tensor(DType::f32, {2})};
  CHECK_THROWS_AS(executable.run_into(feeds, shared), InvalidArgument);
  std::vector<Tensor> same = {outputs[0], outputs[0]};
  CHECK_THROWS_AS(executable.run_into(feeds, same), InvalidArgument);
}

TEST_CASE("executables outlive their session") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {1}, "x");
  const Variable w = g.variable(vector_of({3}), "w");
  Executable executable = Session(g).compile({x}, {x * w});
  const std::vector<Tensor> feeds = {vector_of({2})};
  CHECK(values_of(executable.run(feeds)[0]) == Floats{6});
}

TEST_CASE("more feed shapes than plans are kept") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1}, "x");
  SessionOptions options;
  options.plan_cache_size = 2;
  Session session(g, options);
  Executable executable = session.compile({x}, {x + 1.0});
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t size = 0; size < 6; ++size) {
      const std::vector<Tensor> feeds = {Tensor::full(DType::f32, {size}, 1)};
      const Tensor result = executable.run(feeds)[0];
      REQUIRE(result.shape() == Shape{size});
      for (std::int64_t i = 0; i < size; ++i) CHECK(result.at(i) == 2);
    }
  }
}

TEST_CASE("a missing or wrong feed is named, and the session stays usable") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1, 2}, "x");
  const Value y = x + 1.0;
  Session session(g);
  const Tensor good = Tensor::full(DType::f32, {1, 2}, 1);

  const std::string missing = message_of<RunError>([&] { session.run(y); });
  CHECK(mentions(missing, "placeholder \"x\" (f32[?,2]) is needed but not fed"));
  CHECK(mentions(missing, "test_session.cpp:"));

  const std::string shape = message_of<ShapeError>([&] {
    session.run({{x, Tensor::full(DType::f32, {4, 3}, 0)}}, y);
  });
  CHECK(mentions(shape, "placeholder \"x\" takes f32[?,2], got f32[4,3]"));
  CHECK(mentions(shape, "test_session.cpp:"));

  const std::string dtype = message_of<DTypeError>([&] {
    session.run({{x, Tensor::full(DType::f64, {4, 2}, 0)}}, y);
  });
  CHECK(mentions(dtype, "takes f32[?,2], got f64[4,2]"));

  CHECK(values_of(session.run({{x, good}}, y)) == Floats{2, 2});
}

TEST_CASE("values of another graph, empty values and double feeds are refused") {
  Graph g;
  Graph other;
  const Value x = g.placeholder(DType::f32, {1}, "x");
  const Value foreign = other.placeholder(DType::f32, {1}, "foreign");
  Session session(g);
  const Tensor one = vector_of({1});
  CHECK(mentions(message_of<InvalidArgument>([&] {
                   session.run({{x, one}}, foreign);
                 }),
                 "fetch \"foreign:0\" belongs to another graph"));
  CHECK_THROWS_AS(session.run({{foreign, one}}, x), InvalidArgument);
  CHECK_THROWS_AS(session.run({{x, one}}, Value()), InvalidArgument);
  CHECK_THROWS_AS(session.run({{x, one}, {x, one}}, x), InvalidArgument);
  CHECK_THROWS_AS(session.get(x), InvalidArgument);
  CHECK(values_of(session.run({{x, one}}, x)) == Floats{1});
}

TEST_CASE("an error of a kernel names the node and leaves variables and session as they were") {
  Graph g;
  const Value index = g.placeholder(DType::i64, {1}, "index");
  const Variable w = g.variable(vector_of({1, 2, 3}), "w");
  const Value picked = gather(w, index).named("pick");
  const Value update = assign_add(w, picked);
  Session session(g);
  const Tensor good = Tensor::from<std::int64_t>({2});
  const Tensor bad = Tensor::from<std::int64_t>({3});
  CHECK(mentions(message_of<RunError>([&] { session.run({{index, bad}}, update); }), "\"pick\""));
  CHECK(values_of(session.get(w)) == Floats{1, 2, 3});
  CHECK(values_of(session.run({{index, good}}, update)) == Floats{4, 5, 6});
  CHECK(values_of(session.get(w)) == Floats{4, 5, 6});
}

TEST_CASE("explain and the optimized graph are there before the first run") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1, 4}, "x");
  const Variable w = g.variable(Tensor::full(DType::f32, {4, 2}, 1), "w");
  Executable executable = Session(g).compile({x}, {relu(matmul(x, w))});
  const std::vector<Shape> shapes = {{3, 4}};
  const std::string text = executable.explain(shapes);
  CHECK(mentions(text, "kernels: "));
  CHECK(mentions(text, "arena"));
  CHECK(mentions(text, "weights"));
  CHECK(executable.optimized(shapes).fetches().front().shape() == Shape{3, 2});
  const std::vector<Shape> unknown = {{-1, 4}};
  CHECK_THROWS_AS(executable.explain(unknown), ShapeError);
  CHECK_THROWS_AS(executable.explain({}), InvalidArgument);
}

TEST_CASE("explain says how much memory is alive at once") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {1024}, "x");
  const auto turned = [](Value value, std::int64_t rows) {
    return transpose(reshape(value, {rows, 1024 / rows}));
  };
  // Each needs the one before it only.
  const Value first = turned(x, 2), second = turned(first, 4), third = turned(second, 8);
  Executable executable = Session(g).compile({x}, {turned(third, 16)});
  const std::vector<Shape> shapes = {{1024}};
  const std::string text = executable.explain(shapes);
  INFO(text);
  CHECK(mentions(text, "at least 8.0 KiB, which is alive at once, and 12.0 KiB if no"));
}
