// Optimizers over several steps against a plain loop in double precision, with every option.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/schedules.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;
using nn::Optimizer;

namespace {

using Vector = std::vector<double>;
/// Two variables: of 3 elements and of 1.
using State = std::vector<Vector>;

const State kFirst = {{1, -2, 0.5}, {3}};

/// The gradients of call `step`, the same for all optimizers.
State gradients_of(int step) {
  const double s = step;
  return {{0.5 - 0.25 * s, 0.125 * s * s - 1, 0.0625 * s}, {2 - s}};
}

Tensor tensor_of(const Vector& values) {
  Tensor tensor(DType::f32, {static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i) {
    tensor.set(static_cast<std::int64_t>(i), values[i]);
  }
  return tensor;
}

/// The weights after each of `steps` calls.
std::vector<State> run_optimizer(const Optimizer& optimizer, int steps, State* averages = nullptr) {
  Graph graph;
  std::vector<Variable> variables;
  std::vector<Value> feeds;
  for (const Vector& first : kFirst) {
    variables.push_back(graph.variable(tensor_of(first), "w"));
    feeds.push_back(graph.placeholder(DType::f32, variables.back().shape(), "g"));
  }
  optimizer->build(graph, variables);
  const std::vector<Value> updates = optimizer->apply(feeds);
  Session session(graph);
  session.initialize();
  Executable step = session.compile(feeds, {}, updates);
  const auto read = [&session](const std::vector<Variable>& values) {
    State state;
    for (const Variable& variable : values) {
      const Tensor value = session.get(variable);
      Vector& row = state.emplace_back();
      for (std::int64_t i = 0; i < value.element_count(); ++i) row.push_back(value.at(i));
    }
    return state;
  };
  std::vector<State> states;
  for (int call = 0; call < steps; ++call) {
    std::vector<Tensor> gradients;
    for (const Vector& gradient : gradients_of(call)) gradients.push_back(tensor_of(gradient));
    step.run(gradients);
    states.push_back(read(variables));
  }
  if (averages != nullptr) *averages = read(optimizer->averages());
  CHECK(session.get(optimizer->iterations()).item() == steps);
  return states;
}

/// What a rule keeps per element; the reference's rules update weight and slots in place.
struct Element {
  double weight;
  Vector slots;
};
/// `rule(element, gradient, rate, t)`, t counting updates from 1.
using Rule = std::function<void(Element&, double, double, int)>;

struct Reference {
  Rule rule;
  std::size_t slots = 0;
  double first_slot = 0;
  std::function<double(int call)> rate = [](int) { return 0.1; };
  nn::OptimizerOptions common = {};
};

double norm_of(const State& gradients) {
  double total = 0;
  for (const Vector& gradient : gradients) {
    for (const double g : gradient) total += g * g;
  }
  return std::sqrt(total);
}

State clipped(State gradients, const nn::OptimizerOptions& options) {
  const double global = norm_of(gradients);
  for (Vector& gradient : gradients) {
    const double own = norm_of({gradient});
    for (double& g : gradient) {
      if (options.clipvalue) g = std::clamp(g, -*options.clipvalue, *options.clipvalue);
      if (options.clipnorm) g *= *options.clipnorm / std::max(own, *options.clipnorm);
      if (options.global_clipnorm) {
        g *= *options.global_clipnorm / std::max(global, *options.global_clipnorm);
      }
    }
  }
  return gradients;
}

std::vector<State> run_reference(const Reference& reference, int steps,
                                 State* final_averages = nullptr) {
  const nn::OptimizerOptions& options = reference.common;
  std::vector<std::vector<Element>> elements;
  State sums, averages = kFirst;
  for (const Vector& first : kFirst) {
    auto& row = elements.emplace_back();
    for (const double w : first) row.push_back({w, Vector(reference.slots, reference.first_slot)});
    sums.emplace_back(first.size(), 0.0);
  }
  const int period = static_cast<int>(options.gradient_accumulation_steps.value_or(1));
  std::vector<State> states;
  for (int call = 0; call < steps; ++call) {
    const double rate = reference.rate(call);
    State gradients = gradients_of(call);
    for (std::size_t v = 0; v < sums.size(); ++v) {
      for (std::size_t i = 0; i < sums[v].size(); ++i) {
        sums[v][i] += gradients[v][i] / options.loss_scale_factor.value_or(1);
        gradients[v][i] = sums[v][i] / period;
      }
    }
    const bool updating = (call + 1) % period == 0;
    const int update = call / period;
    if (updating) {
      gradients = clipped(gradients, options);
      for (std::size_t v = 0; v < sums.size(); ++v) {
        for (std::size_t i = 0; i < sums[v].size(); ++i) {
          Element& element = elements[v][i];
          element.weight -= element.weight * options.weight_decay.value_or(0) * rate;
          reference.rule(element, gradients[v][i], rate, update + 1);
          sums[v][i] = 0;
        }
      }
    }
    State& state = states.emplace_back();
    for (std::size_t v = 0; v < sums.size(); ++v) {
      Vector& row = state.emplace_back();
      for (std::size_t i = 0; i < sums[v].size(); ++i) {
        double& weight = elements[v][i].weight;
        if (options.use_ema) {
          const double momentum = update == 0 ? 0 : options.ema_momentum;
          averages[v][i] = momentum * averages[v][i] + (1 - momentum) * weight;
          const auto every = options.ema_overwrite_frequency;
          if (every && (update + 1) % *every == 0) weight = averages[v][i];
        }
        row.push_back(weight);
      }
    }
  }
  if (final_averages != nullptr) *final_averages = averages;
  return states;
}

Rule sgd(double momentum, bool nesterov) {
  return [=](Element& e, double g, double rate, int) {
    if (momentum == 0) {
      e.weight -= rate * g;
      return;
    }
    e.slots[0] = momentum * e.slots[0] - rate * g;
    e.weight += nesterov ? momentum * e.slots[0] - rate * g : e.slots[0];
  };
}

Rule rmsprop(double rho, double momentum, bool centered) {
  return [=](Element& e, double g, double rate, int) {
    e.slots[0] = rho * e.slots[0] + (1 - rho) * g * g;
    e.slots[1] = rho * e.slots[1] + (1 - rho) * g;
    const double variance = e.slots[0] - (centered ? e.slots[1] * e.slots[1] : 0);
    const double step = rate * g / std::sqrt(variance + 1e-7);
    e.slots[2] = momentum * e.slots[2] + step;
    e.weight -= e.slots[2];
  };
}

Rule adagrad() {
  return [](Element& e, double g, double rate, int) {
    e.slots[0] += g * g;
    e.weight -= rate * g / std::sqrt(e.slots[0] + 1e-7);
  };
}

Rule adam(double beta_1, double beta_2, double epsilon, bool amsgrad) {
  return [=](Element& e, double g, double rate, int t) {
    e.slots[0] = beta_1 * e.slots[0] + (1 - beta_1) * g;
    e.slots[1] = beta_2 * e.slots[1] + (1 - beta_2) * g * g;
    e.slots[2] = std::max(e.slots[2], e.slots[1]);
    const double alpha = rate * std::sqrt(1 - std::pow(beta_2, t)) / (1 - std::pow(beta_1, t));
    e.weight -= alpha * e.slots[0] / (std::sqrt(e.slots[amsgrad ? 2 : 1]) + epsilon);
  };
}

Rule adadelta(double rho, double epsilon) {
  return [=](Element& e, double g, double rate, int) {
    e.slots[0] = rho * e.slots[0] + (1 - rho) * g * g;
    const double step = std::sqrt(e.slots[1] + epsilon) / std::sqrt(e.slots[0] + epsilon) * g;
    e.slots[1] = rho * e.slots[1] + (1 - rho) * step * step;
    e.weight -= rate * step;
  };
}

Rule adamax(double beta_1, double beta_2) {
  return [=](Element& e, double g, double rate, int t) {
    e.slots[0] = beta_1 * e.slots[0] + (1 - beta_1) * g;
    e.slots[1] = std::max(beta_2 * e.slots[1], std::abs(g));
    e.weight -= rate / (1 - std::pow(beta_1, t)) * e.slots[0] / (e.slots[1] + 1e-7);
  };
}

Rule nadam(double beta_1, double beta_2) {
  const auto momentum_at = [beta_1](int t) { return beta_1 * (1 - 0.5 * std::pow(0.96, t)); };
  return [=](Element& e, double g, double rate, int t) {
    double product = 1;
    for (int i = 1; i <= t; ++i) product *= momentum_at(i);
    e.slots[0] = beta_1 * e.slots[0] + (1 - beta_1) * g;
    e.slots[1] = beta_2 * e.slots[1] + (1 - beta_2) * g * g;
    const double next = momentum_at(t + 1);
    const double direction =
        next * e.slots[0] / (1 - product * next) + (1 - momentum_at(t)) * g / (1 - product);
    e.weight -= rate * direction / (std::sqrt(e.slots[1] / (1 - std::pow(beta_2, t))) + 1e-7);
  };
}

Rule ftrl(double power, double l1, double l2, double shrinkage, double beta) {
  return [=](Element& e, double g, double rate, int t) {
    if (t == 1) e.slots[1] = 0;
    const double before = std::pow(e.slots[0], -power);
    e.slots[0] += g * g;
    const double after = std::pow(e.slots[0], -power);
    e.slots[1] += g + 2 * shrinkage * e.weight - (after - before) / rate * e.weight;
    const double quadratic = after / rate + 2 * (l2 + beta / (2 * rate));
    e.weight = (std::clamp(e.slots[1], -l1, l1) - e.slots[1]) / quadratic;
  };
}

Rule lion(double beta_1, double beta_2) {
  return [=](Element& e, double g, double rate, int) {
    const double direction = beta_1 * e.slots[0] + (1 - beta_1) * g;
    e.weight -= rate * (direction > 0 ? 1 : direction < 0 ? -1 : 0);
    e.slots[0] = beta_2 * e.slots[0] + (1 - beta_2) * g;
  };
}

/// The slots are z, the average of squares, and x, the mean of all z; the weight is between z and
/// x.
Rule schedule_free(double beta_1, double beta_2, int warmup) {
  return [=](Element& e, double g, double rate, int t) {
    if (t == 1) e.slots[0] = e.slots[2] = e.weight;
    if (warmup > 0) rate *= std::min(1.0, static_cast<double>(t) / warmup);
    e.slots[1] = beta_2 * e.slots[1] + (1 - beta_2) * g * g;
    e.slots[0] -= rate * g / (std::sqrt(e.slots[1] / (1 - std::pow(beta_2, t))) + 1e-8);
    e.slots[2] += (e.slots[0] - e.slots[2]) / t;
    e.weight = (1 - beta_1) * e.slots[0] + beta_1 * e.slots[2];
  };
}

struct Case {
  const char* name;
  Optimizer optimizer;
  Reference reference;
};

std::vector<Case> rules() {
  return {
      {"SGD", nn::SGD({.learning_rate = 0.1}), {sgd(0, false)}},
      {"SGD with momentum", nn::SGD({.learning_rate = 0.1, .momentum = 0.9}), {sgd(0.9, false), 1}},
      {"SGD with Nesterov's momentum",
       nn::SGD({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}),
       {sgd(0.9, true), 1}},
      {"RMSprop", nn::RMSprop({.learning_rate = 0.1}), {rmsprop(0.9, 0, false), 3}},
      {"RMSprop with momentum",
       nn::RMSprop({.learning_rate = 0.1, .rho = 0.8, .momentum = 0.5}),
       {rmsprop(0.8, 0.5, false), 3}},
      {"RMSprop, centered",
       nn::RMSprop({.learning_rate = 0.1, .centered = true}),
       {rmsprop(0.9, 0, true), 3}},
      {"Adagrad", nn::Adagrad({.learning_rate = 0.1}), {adagrad(), 1, 0.1}},
      {"Adam", nn::Adam({.learning_rate = 0.1}), {adam(0.9, 0.999, 1e-7, false), 3}},
      {"Adam with other betas",
       nn::Adam({.learning_rate = 0.1, .beta_1 = 0.7, .beta_2 = 0.8, .epsilon = 1e-3}),
       {adam(0.7, 0.8, 1e-3, false), 3}},
      {"Adam with amsgrad",
       nn::Adam({.learning_rate = 0.1, .beta_2 = 0.5, .amsgrad = true}),
       {adam(0.9, 0.5, 1e-7, true), 3}},
      {"AdamW",
       nn::AdamW({.learning_rate = 0.1}),
       {adam(0.9, 0.999, 1e-7, false), 3, 0, [](int) { return 0.1; }, {.weight_decay = 0.004}}},
      {"Adadelta", nn::Adadelta({.learning_rate = 0.1}), {adadelta(0.95, 1e-7), 2}},
      {"Adadelta with other options",
       nn::Adadelta({.learning_rate = 0.1, .rho = 0.5, .epsilon = 0.01}),
       {adadelta(0.5, 0.01), 2}},
      {"Adamax",
       nn::Adamax({.learning_rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.7}),
       {adamax(0.8, 0.7), 2}},
      {"Nadam", nn::Nadam({.learning_rate = 0.1, .beta_2 = 0.9}), {nadam(0.9, 0.9), 2}},
      {"Ftrl", nn::Ftrl({.learning_rate = 0.1}), {ftrl(-0.5, 0, 0, 0, 0), 2, 0.1}},
      {"Ftrl with other options",
       nn::Ftrl({.learning_rate = 0.1,
                 .learning_rate_power = -0.25,
                 .initial_accumulator_value = 0.3,
                 .l1_regularization_strength = 0.05,
                 .l2_regularization_strength = 0.2,
                 .l2_shrinkage_regularization_strength = 0.1,
                 .beta = 0.4}),
       {ftrl(-0.25, 0.05, 0.2, 0.1, 0.4), 2, 0.3}},
      {"Lion", nn::Lion({.learning_rate = 0.1, .beta_2 = 0.8}), {lion(0.9, 0.8), 1}},
      {"ScheduleFreeAdamW",
       nn::ScheduleFreeAdamW({.learning_rate = 0.1}),
       {schedule_free(0.9, 0.999, 0), 3}},
      {"ScheduleFreeAdamW, warming up",
       nn::ScheduleFreeAdamW({.learning_rate = 0.1, .beta_1 = 0.6, .warmup_steps = 5}),
       {schedule_free(0.6, 0.999, 5), 3}},
  };
}

/// The options that all optimizers share, on SGD with momentum and on a rule with shared state.
std::vector<Case> common_options() {
  const std::pair<const char*, nn::OptimizerOptions> options[] = {
      {"weight_decay", {.weight_decay = 0.3}},
      {"clipnorm", {.clipnorm = 0.6}},
      {"clipvalue", {.clipvalue = 0.4}},
      {"global_clipnorm", {.global_clipnorm = 0.9}},
      {"use_ema", {.use_ema = true, .ema_momentum = 0.8}},
      {"ema_overwrite_frequency",
       {.use_ema = true, .ema_momentum = 0.8, .ema_overwrite_frequency = 3}},
      {"loss_scale_factor", {.loss_scale_factor = 8}},
      {"gradient_accumulation_steps", {.gradient_accumulation_steps = 3}},
      {"accumulation, clipping, decay and averages",
       {.weight_decay = 0.2,
        .global_clipnorm = 0.5,
        .use_ema = true,
        .ema_momentum = 0.7,
        .gradient_accumulation_steps = 2}},
  };
  std::vector<Case> result;
  for (const auto& [name, common] : options) {
    result.push_back({name,
                      nn::SGD({.learning_rate = 0.1, .momentum = 0.9, .common = common}),
                      {sgd(0.9, false), 1, 0, [](int) { return 0.1; }, common}});
    result.push_back({name,
                      nn::Nadam({.learning_rate = 0.1, .common = common}),
                      {nadam(0.9, 0.999), 2, 0, [](int) { return 0.1; }, common}});
  }
  return result;
}

void check_case(const Case& c) {
  CAPTURE(c.name);
  constexpr int kSteps = 8;
  State averages, expected_averages;
  const std::vector<State> actual = run_optimizer(c.optimizer, kSteps, &averages);
  const std::vector<State> expected = run_reference(c.reference, kSteps, &expected_averages);
  const auto compare = [](const State& a, const State& b) {
    for (std::size_t v = 0; v < b.size(); ++v) {
      for (std::size_t i = 0; i < b[v].size(); ++i) {
        CHECK(a[v][i] == doctest::Approx(b[v][i]).epsilon(1e-5));
      }
    }
  };
  for (std::size_t step = 0; step < kSteps; ++step) {
    CAPTURE(step);
    compare(actual[step], expected[step]);
  }
  if (c.reference.common.use_ema) compare(averages, expected_averages);
}

}  // namespace

TEST_CASE("every rule follows its formula") {
  for (const Case& c : rules()) check_case(c);
}

TEST_CASE("the shared options change steps as Keras orders them") {
  for (const Case& c : common_options()) check_case(c);
}

TEST_CASE("accumulation counts updates for Adam and calls for schedules") {
  const nn::OptimizerOptions common = {.gradient_accumulation_steps = 2};
  const nn::Schedule schedule =
      nn::ExponentialDecay({.initial_learning_rate = 0.1, .decay_steps = 2, .decay_rate = 0.5});
  check_case({"Adam",
              nn::Adam({.learning_rate = schedule, .common = common}),
              {adam(0.9, 0.999, 1e-7, false), 3, 0,
               [](int call) { return 0.1 * std::pow(0.5, call / 2.0); }, common}});
}

TEST_CASE("the state comes in Keras's order") {
  const auto names_of = [](const Optimizer& optimizer) {
    Graph graph;
    const Variable a = graph.variable(tensor_of({1, 2}), "a");
    const Variable b = graph.variable(tensor_of({3}), "b");
    const Variable both[] = {a, b};
    optimizer->build(graph, both);
    std::string names;
    for (const Variable& variable : optimizer->variables()) {
      names += variable.node().name() + " ";
    }
    return names;
  };
  CHECK(names_of(nn::Adam({.common = {.name = "o"}})) ==
        "o/iterations o/learning_rate o/a/momentum o/a/velocity o/b/momentum o/b/velocity ");
  CHECK(names_of(nn::Adam({.amsgrad = true, .common = {.name = "o"}})) ==
        "o/iterations o/learning_rate o/a/momentum o/a/velocity o/b/momentum o/b/velocity "
        "o/a/velocity_hat o/b/velocity_hat ");
  CHECK(names_of(nn::RMSprop({.momentum = 0.5, .centered = true, .common = {.name = "o"}})) ==
        "o/iterations o/learning_rate o/a/velocity o/b/velocity o/a/momentum o/b/momentum "
        "o/a/average_gradient o/b/average_gradient ");
  CHECK(names_of(nn::Nadam({.common = {.name = "o"}})) ==
        "o/iterations o/learning_rate o/a/momentum o/a/velocity o/b/momentum o/b/velocity "
        "o/momentum_product ");
  CHECK(names_of(nn::Adafactor({.common = {.name = "o"}})) ==
        "o/iterations o/learning_rate o/a/rows o/a/columns o/a/velocity o/b/rows o/b/columns "
        "o/b/velocity ");
  CHECK(names_of(nn::SGD(
            {.learning_rate = nn::Schedule(nn::ExponentialDecay()),
             .common = {.use_ema = true, .gradient_accumulation_steps = 2, .name = "o"}})) ==
        "o/iterations o/a/average o/b/average o/a/gradient_accumulator "
        "o/b/gradient_accumulator ");
}

TEST_CASE("unusable options of optimizers are refused") {
  const auto build = [](const Optimizer& optimizer) {
    Graph graph;
    const Variable w = graph.variable(tensor_of({1}), "w");
    optimizer->build(graph, std::span(&w, 1));
  };
  CHECK_THROWS_AS(nn::SGD({.momentum = 1.5}), InvalidArgument);
  CHECK_THROWS_AS(nn::AdamW({.common = {.weight_decay = std::nullopt}}), InvalidArgument);
  CHECK_THROWS_AS(nn::Adagrad({.initial_accumulator_value = -1}), InvalidArgument);
  CHECK_THROWS_WITH_AS(build(nn::SGD({.common = {.clipnorm = 1, .clipvalue = 1}})),
                       "SGD: only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set",
                       InvalidArgument);
  CHECK_THROWS_AS(build(nn::SGD({.common = {.gradient_accumulation_steps = 1}})), InvalidArgument);
  CHECK_THROWS_AS(build(nn::SGD({.common = {.use_ema = true, .ema_overwrite_frequency = 0}})),
                  InvalidArgument);
  CHECK_THROWS_AS(build(nn::SGD({.common = {.use_ema = true, .ema_momentum = 1.5}})),
                  InvalidArgument);
}

TEST_CASE("an optimizer serves one model") {
  const Optimizer optimizer = nn::SGD();
  Graph first, second;
  const Variable a = first.variable(tensor_of({1}), "a");
  const Variable b = second.variable(tensor_of({1}), "b");
  optimizer->build(first, std::span(&a, 1));
  CHECK_THROWS_WITH_AS(optimizer->build(second, std::span(&b, 1)),
                       doctest::Contains("already belongs to another model"), InvalidArgument);
  CHECK_THROWS_AS(optimizer->apply({}), InvalidArgument);
}
