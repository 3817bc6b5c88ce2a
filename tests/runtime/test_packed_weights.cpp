// Weights that plans keep packed follow every change of their variable.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"
#include "tests/support/allocation_counter.hpp"

using namespace tegula;

namespace {

constexpr std::int64_t kInputs = 520;
constexpr std::int64_t kUnits = 150;

/// y = relu(x W + 1) and z = x V^T, of weights that are large enough to be packed.
struct Model {
  Graph graph;
  Value x = graph.placeholder(DType::f32, {-1, kInputs}, "x");
  Variable w = graph.variable(Tensor::full(DType::f32, {kInputs, kUnits}, 1), "w");
  Variable v = graph.variable(Tensor::full(DType::f32, {kUnits, kInputs}, 1), "v");
  Value y = relu(matmul(x, w) + 1.0);
  Value z = matmul(x, v, {.transpose_b = true});
  Value train = assign_add(w, Tensor::full(DType::f32, {kInputs, kUnits}, 1));
};

/// Whether y and z of 1, 5 and 40 rows are those of weights that are `w` and `v` everywhere; run by
/// run, because plans pack in a later run than the first.
bool agrees(Executable& predict, double w, double v) {
  for (const std::int64_t rows : {1, 5, 40}) {
    const std::vector<Tensor> feeds = {Tensor::full(DType::f32, {rows, kInputs}, 2)};
    for (int run = 0; run < 4; ++run) {
      const std::vector<Tensor> results = predict.run(feeds);
      for (std::int64_t i = 0; i < rows * kUnits; ++i) {
        if (results[0].at(i) != 2 * kInputs * w + 1) return false;
        if (results[1].at(i) != 2 * kInputs * v) return false;
      }
    }
  }
  return true;
}

}  // namespace

TEST_CASE("convolutions follow weights that are set, trained and initialized again") {
  const auto filled = [](double value) { return Tensor::full(DType::f32, {3, 3, 2, 4}, value); };
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 5, 5, 2}, "x");
  const Variable w = graph.variable(filled(1), "w");
  const Value y = convolution(x, w);
  const Value z = transposed_convolution(y, w);
  const Value train = assign_add(w, filled(1));
  Session session(graph);
  Executable predict = session.compile({x}, {y, z});
  Executable update = session.compile(std::initializer_list<Value>{}, {}, {train});
  const auto check = [&](double weight) {
    for (const std::int64_t batch : {1, 3}) {
      for (int run = 0; run < 4; ++run) {
        const std::vector<Tensor> feeds = {Tensor::full(DType::f32, {batch, 5, 5, 2}, 2)};
        const std::vector<Tensor> results = predict.run(feeds);
        CHECK(results[0].at(0) == 18 * 2 * weight);
        CHECK(results[1].at(0) == 4 * 18 * 2 * weight * weight);
      }
    }
  };
  check(1);
  session.set(w, filled(3));
  check(3);
  update.run({});
  check(4);
  session.initialize();
  check(1);
}

TEST_CASE("predictions follow weights that are set, trained and initialized again") {
  Model model;
  Session session(model.graph);
  Executable predict = session.compile({model.x}, {model.y, model.z});
  Executable train = session.compile(std::initializer_list<Value>{}, {}, {model.train});
  CHECK(agrees(predict, 1, 1));
  session.set(model.w, Tensor::full(DType::f32, {kInputs, kUnits}, 3));
  CHECK(agrees(predict, 3, 1));
  session.set(model.v, Tensor::full(DType::f32, {kUnits, kInputs}, 5));
  CHECK(agrees(predict, 3, 5));
  train.run({});
  CHECK(agrees(predict, 4, 5));
  const std::vector<Tensor> feeds = {Tensor::full(DType::f32, {5, kInputs}, 1)};
  for (int step = 5; step < 9; ++step) {
    train.run({});
    CHECK(predict.run(feeds)[0].at(0) == kInputs * step + 1);
  }
  session.initialize();
  CHECK(agrees(predict, 1, 1));
}

TEST_CASE("packing weights allocates nothing after the first call") {
  Model model;
  Session session(model.graph);
  Executable predict = session.compile({model.x}, {model.y, model.z});
  Executable train = session.compile(std::initializer_list<Value>{}, {}, {model.train});
  const std::vector<Tensor> feeds = {Tensor::full(DType::f32, {5, kInputs}, 1)};
  std::vector<Tensor> results = {Tensor(DType::f32, {5, kUnits}), Tensor(DType::f32, {5, kUnits})};
  predict.run_into(feeds, results);
  train.run_into({}, {});
  const std::uint64_t before = test::allocation_count();
  for (int i = 0; i < 10; ++i) {
    for (int run = 0; run < 3; ++run) predict.run_into(feeds, results);
    train.run_into({}, {});
  }
  CHECK(test::allocation_count() == before);
}

TEST_CASE("runs side by side agree while weights are packed and change") {
  Model model;
  Session session(model.graph);
  Executable predict = session.compile({model.x}, {model.y});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&] {
      const std::vector<Tensor> feeds = {Tensor::full(DType::f32, {5, kInputs}, 1)};
      for (int i = 0; i < 100; ++i) {
        const Tensor y = predict.run(feeds)[0];
        const double weight = (y.at(0) - 1) / kInputs;
        for (std::int64_t j = 0; j < 5 * kUnits; ++j) {
          if (y.at(j) != kInputs * weight + 1) ++wrong;
        }
      }
    });
  }
  for (int step = 2; step < 40; ++step) {
    session.set(model.w, Tensor::full(DType::f32, {kInputs, kUnits}, step));
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
