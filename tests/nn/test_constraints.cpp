// Constraints: what they make of a weight, and when an update applies them.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tegula/graph/ops.hpp"
#include "tegula/nn/constraints.hpp"
#include "tegula/nn/initializers.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/sequential.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

namespace {

/// [2, 3]; its columns have the norms 5, 0.5 and 0, its rows sqrt(9.16) and sqrt(16.09).
const Tensor kMatrix = Tensor::from({3.f, -0.4f, 0.f, -4.f, 0.3f, 0.f}, {2, 3});

Tensor applied(const nn::Constraint& constraint, const Tensor& value) {
  Graph graph;
  const Value x = graph.placeholder(value.dtype(), value.shape());
  return Session(graph).run({{x, value}}, (*constraint)(x));
}

/// Each element times `factor(norm)`; norms of columns, rows, or the whole matrix.
std::vector<double> scaled(const std::string& over, const std::function<double(double)>& factor) {
  const auto together = [&](std::int64_t a, std::int64_t b) {
    return over == "all" || (over == "columns" ? a % 3 == b % 3 : a / 3 == b / 3);
  };
  std::vector<double> result;
  for (std::int64_t i = 0; i < 6; ++i) {
    double squares = 0;
    for (std::int64_t j = 0; j < 6; ++j) {
      if (together(i, j)) squares += kMatrix.at(j) * kMatrix.at(j);
    }
    result.push_back(kMatrix.at(i) * factor(std::sqrt(squares)));
  }
  return result;
}

void check_near(const Tensor& actual, const std::vector<double>& expected) {
  REQUIRE(actual.element_count() == static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(actual.at(static_cast<std::int64_t>(i)) == doctest::Approx(expected[i]).epsilon(1e-6));
  }
}

constexpr double kEpsilon = 1e-7;

/// A user's: halves what is there.
class HalfConstraint : public nn::ConstraintBase {
 public:
  std::string_view class_name() const override { return "Half"; }
  nn::Config config() const override { return nn::Config::object({}); }
  Value operator()(Value x) const override { return x * 0.5; }
};

}  // namespace

TEST_CASE("constraints scale norms over the axes that they are given") {
  const auto at_most = [](double largest) {
    return [=](double norm) { return std::min(norm, largest) / (norm + kEpsilon); };
  };
  const auto unit = [](double norm) { return 1 / (norm + kEpsilon); };
  const auto between = [](double norm) {
    return (0.25 * std::clamp(norm, 1.0, 2.0) + 0.75 * norm) / (norm + kEpsilon);
  };
  const std::tuple<nn::Constraint, const char*, std::function<double(double)>> cases[] = {
      {nn::MaxNorm(), "columns", at_most(2)},
      {nn::MaxNorm({.max_value = 0.25, .axis = 1}), "rows", at_most(0.25)},
      {nn::MaxNorm({.max_value = 1, .axis = {0, 1}}), "all", at_most(1)},
      {nn::MaxNorm({.max_value = 1, .axis = {}}), "all", at_most(1)},
      {nn::UnitNorm(), "columns", unit},
      {nn::UnitNorm({.axis = -1}), "rows", unit},
      {nn::MinMaxNorm({.min_value = 1, .max_value = 2, .rate = 0.25}), "columns", between},
      {nn::MinMaxNorm({.min_value = 1, .max_value = 2, .rate = 0.25, .axis = 1}), "rows", between},
  };
  for (const auto& [constraint, over, factor] : cases) {
    CAPTURE(to_config(constraint).to_string());
    check_near(applied(constraint, kMatrix), scaled(over, factor));
  }
}

TEST_CASE("NonNeg zeroes what is negative") {
  check_near(applied(nn::NonNeg(), kMatrix), {3, 0, 0, 0, 0.3, 0});
}

TEST_CASE("axes come back from their configs") {
  const std::pair<Axes, const char*> cases[] = {
      {Axes(), "null"}, {Axes(std::int64_t{-2}), "-2"}, {Axes({0, 2}), "[0, 2]"}};
  for (const auto& [axes, text] : cases) {
    const nn::Config config = to_config(axes);
    CHECK(config.to_string() == text);
    Axes copy = 7;
    from_config(config, copy);
    CHECK(copy.has_value() == axes.has_value());
    if (axes) CHECK(*copy == *axes);
  }
}

TEST_CASE("a layer's weights keep their constraints in training") {
  nn::Sequential model{
      nn::Input({2}),
      nn::Dense({.units = 3, .kernel_constraint = nn::UnitNorm(), .bias_constraint = "non_neg"})};
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.5}), .loss = "mse"});
  model.train_on_batch({Tensor::full(DType::f32, {4, 2}, 1), Tensor::full(DType::f32, {4, 3}, -2)});
  const std::vector<Tensor> weights = model.get_weights();
  for (std::int64_t column = 0; column < 3; ++column) {
    const double norm = std::hypot(weights[0].at(column), weights[0].at(3 + column));
    CHECK(norm == doctest::Approx(1).epsilon(1e-6));
    CHECK(weights[1].at(column) == 0);
  }
}

TEST_CASE("a constraint comes after the update, its averages and what they overwrite") {
  const nn::Constraint half{std::make_shared<HalfConstraint>()};
  const std::pair<nn::OptimizerOptions, std::vector<double>> cases[] = {
      // w = (w - 1) / 2
      {{}, {1.5, 0.25, -0.375}},
      // In between updates, too, as Keras has it: the gradient is the mean of two.
      {{.gradient_accumulation_steps = 2}, {2, 0.5, 0.25}},
      // The average, before the constraint, overwrites every second update.
      {{.use_ema = true, .ema_momentum = 0.5, .ema_overwrite_frequency = 2}, {1.5, 0.875, -0.0625}},
  };
  for (const auto& [common, expected] : cases) {
    Graph graph;
    const Variable w = graph.variable(Tensor::scalar(4.0f), "w");
    const Variable free = graph.variable(Tensor::scalar(4.0f), "free");
    const Variable still = graph.variable(Tensor::scalar(4.0f), "still");
    const std::vector<Variable> variables = {w, free, still};
    const nn::Optimizer optimizer = nn::SGD({.learning_rate = 1, .common = common});
    optimizer->build(graph, variables);
    const Value one = graph.constant(Tensor::scalar(1.0f));
    const std::vector<Value> gradients = {one, one, Value()};
    const std::vector<nn::Constraint> constraints = {half, {}, half};
    const std::vector<Value> updates = optimizer->apply(gradients, constraints);
    Session session(graph);
    Executable step = session.compile({}, {}, updates);
    for (const double value : expected) {
      step.run({});
      CHECK(session.get(w).item() == doctest::Approx(value));
    }
    CHECK(session.get(free).item() != 4);
    CHECK(session.get(still).item() == 4);
    CHECK_THROWS_WITH_AS(optimizer->apply(gradients, std::vector<nn::Constraint>{half}),
                         doctest::Contains("was built for 3 variables, got 1 constraints"),
                         InvalidArgument);
  }
}

TEST_CASE("a constraint that changes acts in the next step") {
  const nn::MaxNorm constraint({.max_value = 1});
  nn::Sequential model{nn::Input({1}), nn::Dense({.units = 1,
                                                  .use_bias = false,
                                                  .kernel_initializer = nn::Constant({.value = 3}),
                                                  .kernel_constraint = constraint})};
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse"});
  const data::Dataset batch{Tensor::full(DType::f32, {1, 1}, 1),
                            Tensor::full(DType::f32, {1, 1}, 1)};
  model.train_on_batch(batch);
  CHECK(model.get_weights().front().item() == doctest::Approx(1).epsilon(1e-6));
  constraint->set_option("max_value", 0.5);
  model.train_on_batch(batch);
  CHECK(model.get_weights().front().item() == doctest::Approx(0.5).epsilon(1e-6));
}
