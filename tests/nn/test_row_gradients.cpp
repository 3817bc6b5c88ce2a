// Optimizers update the rows of a table that a step looked up, and leave the others alone where
// that is exact or asked for.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/graph/sequences.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

namespace {

constexpr std::int64_t kRows = 50;
constexpr std::int64_t kWidth = 3;

using Make = std::function<nn::Optimizer(nn::OptimizerOptions)>;
struct Case {
  const char* name;
  Make make;
};

const Case kResting[] = {
    {"SGD", [](auto common) { return nn::SGD({.learning_rate = 0.1, .common = common}); }},
    {"Adagrad", [](auto common) { return nn::Adagrad({.learning_rate = 0.1, .common = common}); }},
};
const Case kMoving[] = {
    {"SGD with momentum",
     [](auto common) {
       return nn::SGD({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true, .common = common});
     }},
    {"RMSprop",
     [](auto common) {
       return nn::RMSprop({.momentum = 0.5, .centered = true, .common = common});
     }},
    {"Adadelta", [](auto common) { return nn::Adadelta({.common = common}); }},
    {"Adam", [](auto common) { return nn::Adam({.amsgrad = true, .common = common}); }},
    {"AdamW",
     [](auto common) {
       common.weight_decay = 0.01;
       return nn::AdamW({.common = common});
     }},
    {"Adamax", [](auto common) { return nn::Adamax({.common = common}); }},
    {"Nadam", [](auto common) { return nn::Nadam({.common = common}); }},
    {"Ftrl", [](auto common) { return nn::Ftrl({.common = common}); }},
    {"Lion", [](auto common) { return nn::Lion({.common = common}); }},
    {"ScheduleFreeAdamW",
     [](auto common) {
       common.weight_decay = 0.01;
       return nn::ScheduleFreeAdamW({.common = common});
     }},
};

/// A table with the optimizer's state, trained by steps whose gradient comes from lookups.
struct Table {
  Graph graph;
  Variable weight;
  nn::Optimizer optimizer;
  std::vector<Variable> all;
  std::vector<Value> assignments;

  /// `hidden`: the optimizer cannot see where the gradient comes from.
  Table(nn::Optimizer made, bool hidden, int lookups = 1) : optimizer(std::move(made)) {
    std::vector<double> start(kRows * kWidth);
    for (std::size_t i = 0; i < start.size(); ++i) start[i] = 0.01 * static_cast<double>(i) - 0.4;
    weight = graph.variable(Tensor::from(start, {kRows, kWidth}).cast(DType::f32), "table");
    Value loss;
    for (int i = 0; i < lookups; ++i) {
      const Value ids = graph.placeholder(i == 0 ? DType::i32 : DType::i64, {kUnknown, 2}, "ids");
      feeds.push_back(ids);
      const Value part = mean(square(gather(weight, ids) * 3.0 - 1.0 - i));
      loss = i == 0 ? part : loss + part;
    }
    Value gradient = gradients(loss, {weight})[0];
    if (hidden) gradient = gradient * 1.0;
    optimizer->build(graph, std::span(&weight, 1));
    assignments = optimizer->apply(std::span(&gradient, 1));
    session = std::make_unique<Session>(graph);
    all = optimizer->variables();
    all.push_back(weight);
  }

  void step(const std::vector<double>& ids) {
    const auto batch = static_cast<std::int64_t>(ids.size()) / 2;
    std::vector<Tensor> fed;
    for (const Value& feed : feeds) {
      fed.push_back(Tensor::from(ids, {batch, 2}).cast(feed.dtype()));
    }
    executable().run_into(fed, {});
  }
  Executable executable() { return session->compile(feeds, {}, assignments); }
  std::string explain() {
    const std::vector<Shape> shapes(feeds.size(), Shape{3, 2});
    return executable().explain(shapes);
  }
  std::vector<Tensor> values() const { return session->get(all); }

  std::vector<Value> feeds;
  std::unique_ptr<Session> session;
};

bool same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  return std::ranges::equal(a, b, identical);
}

const std::vector<double> kSteps[] = {{1, 7, 7, 7, 30, 1}, {49, 0}, {7, 2, 49, 49}};

}  // namespace

TEST_CASE("rows that rest anyway are left out, with the bits of an update of all rows") {
  for (const Case& one : kResting) {
    for (const int lookups : {1, 2}) {
      CAPTURE(std::string(one.name));
      CAPTURE(lookups);
      // Of a batch of unknown size 64 of 50 rows would be looked up: as many rows only when asked.
      Table whole(one.make({}), false, lookups);
      Table rows(one.make({.lazy_rows = true}), false, lookups);
      Table expected(one.make({}), true, lookups);
      CHECK(whole.explain().find("gather_gradient") != std::string::npos);
      CHECK(rows.explain().find("gather_gradient") == std::string::npos);
      for (const std::vector<double>& ids : kSteps) {
        for (Table* table : {&whole, &rows, &expected}) table->step(ids);
      }
      CHECK(same(whole.values(), expected.values()));
      CHECK(same(rows.values(), expected.values()));
    }
  }
}

TEST_CASE("lazy rows move as those of other optimizers when all of them are looked up") {
  std::vector<double> all_ids;
  for (std::int64_t i = 0; i < kRows; ++i) all_ids.push_back(static_cast<double>((i * 7) % kRows));
  all_ids.push_back(3);
  all_ids.push_back(3);
  for (const Case& one : kMoving) {
    CAPTURE(std::string(one.name));
    Table rows(one.make({.lazy_rows = true}), false);
    Table expected(one.make({}), true);
    for (int i = 0; i < 3; ++i) {
      rows.step(all_ids);
      expected.step(all_ids);
    }
    CHECK(same(rows.values(), expected.values()));
  }
}

TEST_CASE("lazy rows keep value and state in steps that do not look them up") {
  for (const Case& one : kMoving) {
    CAPTURE(std::string(one.name));
    Table table(one.make({.lazy_rows = true}), false);
    table.step({1, 2, 3, 4});
    const std::vector<Tensor> before = table.values();
    table.step({1, 2, 2, 2});
    const std::vector<Tensor> after = table.values();
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i].rank() != 2) continue;
      CAPTURE(i);
      const auto row = [&](const Tensor& tensor, std::int64_t index) {
        const auto* const begin = tensor.data<float>() + index * kWidth;
        return std::vector<float>(begin, begin + kWidth);
      };
      for (const std::int64_t resting : {0, 3, 4, 49}) {
        CHECK(row(after[i], resting) == row(before[i], resting));
      }
      for (const std::int64_t moving : {1, 2}) {
        CHECK(row(after[i], moving) != row(before[i], moving));
      }
    }
  }
}

TEST_CASE("rows are left out only where nothing needs the others") {
  struct Refusal {
    nn::OptimizerOptions options;
  };
  nn::OptimizerOptions clipped{.clipnorm = 1.0, .lazy_rows = true};
  nn::OptimizerOptions globally{.global_clipnorm = 1.0, .lazy_rows = true};
  nn::OptimizerOptions averaged{.use_ema = true, .lazy_rows = true};
  nn::OptimizerOptions accumulated{.gradient_accumulation_steps = 2, .lazy_rows = true};
  for (const nn::OptimizerOptions& options : {clipped, globally, averaged, accumulated}) {
    CHECK_THROWS_WITH_AS(nn::SGD({.common = options}),
                         doctest::Contains("`lazy_rows` leaves rows out"), InvalidArgument);
  }
  CHECK_THROWS_WITH_AS(Table(nn::Lamb({.common = {.lazy_rows = true}}), false),
                       doctest::Contains("needs a rule that updates each row by itself"),
                       InvalidArgument);

  // Exact by itself: decay moves all rows.
  Table decaying(nn::SGD({.common = {.weight_decay = 0.1}}), false);
  Table expected(nn::SGD({.common = {.weight_decay = 0.1}}), true);
  decaying.step({1, 2});
  expected.step({1, 2});
  CHECK(same(decaying.values(), expected.values()));
}
