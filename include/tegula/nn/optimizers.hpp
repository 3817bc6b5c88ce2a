#pragma once
// The optimizers, with Keras's names, arguments, defaults and arithmetic. The options that all of
// them share are in `common`: `Adam({.learning_rate = 0.01, .common = {.clipnorm = 1.0}})`.

#include <string>
#include <tuple>
#include <vector>

#include "tegula/nn/optimizer.hpp"

namespace tegula::nn {

/// Base class of the built-in optimizers: options with `learning_rate` and `common`.
template <typename Derived, HasFields OptionsType>
class OptimizerWithOptions : public WithOptions<OptimizerBase, Derived, OptionsType> {
 public:
  explicit OptimizerWithOptions(OptionsType options)
      : WithOptions<OptimizerBase, Derived, OptionsType>(std::move(options)) {
    check_options(this->options_.common, Derived::kName);
  }
  OptimizerOptions common() const override {
    const ConstructionLock lock;
    return this->options_.common;
  }
  LearningRate rate() const override {
    const ConstructionLock lock;
    return this->options_.learning_rate;
  }

 protected:
  void check_change(std::string_view name, bool shapes_weights) const override {
    WithOptions<OptimizerBase, Derived, OptionsType>::check_change(name, shapes_weights);
    if (shapes_weights && this->built()) {
      throw_fixed_option(Derived::kName, name, "the optimizer's state is made");
    }
  }
  void store_rate(double rate) override { this->options_.learning_rate = rate; }
};

struct SGDOptions {
  LearningRate learning_rate = 0.01;
  double momentum = 0;
  bool nesterov = false;
  OptimizerOptions common = {};
  static auto fields() {
    return std::tuple_cat(
        std::tuple{
            field<&SGDOptions::learning_rate>("learning_rate", "Rate or schedule.", at_least(0)),
            field<&SGDOptions::momentum>("momentum", "Share of the last step.", in_range(0, 1)),
            field<&SGDOptions::nesterov>("nesterov", "Look ahead along the momentum.")},
        OptimizerOptions::fields_through<&SGDOptions::common>());
  }
};
/// m = momentum · m − rate · g; w += m, or w += momentum · m − rate · g with Nesterov's look-ahead.
class TEGULA_API SGDOptimizer : public OptimizerWithOptions<SGDOptimizer, SGDOptions> {
 public:
  static constexpr const char* kName = "SGD";
  static constexpr const char* kDoc = "Gradient descent, with momentum.";
  using OptimizerWithOptions::OptimizerWithOptions;

 protected:
  void build_slots() override;
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;

 private:
  std::vector<Variable> momenta_;
};
using SGD = Make<SGDOptimizer, Optimizer>;

struct RMSpropOptions {
  LearningRate learning_rate = 0.001;
  double rho = 0.9;
  double momentum = 0;
  double epsilon = 1e-7;
  bool centered = false;
  OptimizerOptions common = {};
  static auto fields() {
    return std::tuple_cat(
        std::tuple{
            field<&RMSpropOptions::learning_rate>("learning_rate", "Rate or schedule.",
                                                  at_least(0)),
            field<&RMSpropOptions::rho>("rho", "Decay of the squared gradient's average.",
                                        in_range(0, 1)),
            field<&RMSpropOptions::momentum>("momentum", "Share of the last step.", in_range(0, 1)),
            field<&RMSpropOptions::epsilon>("epsilon", "Added under the root.", at_least(0)),
            field<&RMSpropOptions::centered>("centered", "Divide by the variance.")},
        OptimizerOptions::fields_through<&RMSpropOptions::common>());
  }
};
/// Tieleman and Hinton, 2012 (Neural Networks for Machine Learning, lecture 6.5).
class TEGULA_API RMSpropOptimizer : public OptimizerWithOptions<RMSpropOptimizer, RMSpropOptions> {
 public:
  static constexpr const char* kName = "RMSprop";
  static constexpr const char* kDoc = "Gradients divided by the root of their average square.";
  using OptimizerWithOptions::OptimizerWithOptions;

 protected:
  void build_slots() override;
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;

 private:
  std::vector<Variable> velocities_;
  std::vector<Variable> momenta_;
  std::vector<Variable> averages_of_gradient_;
};
using RMSprop = Make<RMSpropOptimizer, Optimizer>;

struct AdagradOptions {
  LearningRate learning_rate = 0.001;
  double initial_accumulator_value = 0.1;
  double epsilon = 1e-7;
  OptimizerOptions common = {};
  static auto fields() {
    return std::tuple_cat(
        std::tuple{
            field<&AdagradOptions::learning_rate>("learning_rate", "Rate or schedule.",
                                                  at_least(0)),
            field<&AdagradOptions::initial_accumulator_value>("initial_accumulator_value",
                                                              "First sum of squares.", at_least(0))
                .fixed_when_built(),
            field<&AdagradOptions::epsilon>("epsilon", "Added under the root.", at_least(0))},
        OptimizerOptions::fields_through<&AdagradOptions::common>());
  }
};
/// Duchi, Hazan and Singer, "Adaptive subgradient methods", JMLR 12 (2011).
class TEGULA_API AdagradOptimizer : public OptimizerWithOptions<AdagradOptimizer, AdagradOptions> {
 public:
  static constexpr const char* kName = "Adagrad";
  static constexpr const char* kDoc = "Gradients divided by the root of the sum of their squares.";
  using OptimizerWithOptions::OptimizerWithOptions;

 protected:
  void build_slots() override;
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;

 private:
  std::vector<Variable> accumulators_of_squares_;
};
using Adagrad = Make<AdagradOptimizer, Optimizer>;

struct AdamOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  OptimizerOptions common = {};
  static auto fields() {
    return std::tuple_cat(
        std::tuple{
            field<&AdamOptions::learning_rate>("learning_rate", "Rate or schedule.", at_least(0)),
            field<&AdamOptions::beta_1>("beta_1", "Decay of the gradient's average.",
                                        from_to_below(0, 1)),
            field<&AdamOptions::beta_2>("beta_2", "Decay of the square's average.",
                                        from_to_below(0, 1)),
            field<&AdamOptions::epsilon>("epsilon", "Added to the root.", at_least(0)),
            field<&AdamOptions::amsgrad>("amsgrad", "Divide by the largest average so far.")},
        OptimizerOptions::fields_through<&AdamOptions::common>());
  }
};

/// The state and arithmetic that Adam and AdamW share. Kingma and Ba, "Adam", ICLR 2015, in the
/// form before section 2.1, where epsilon is not bias-corrected.
class TEGULA_API AdamRule {
 public:
  struct Coefficients {
    double beta_1;
    double beta_2;
    double epsilon;
  };

  std::vector<Variable> momenta;
  std::vector<Variable> velocities;
  std::vector<Variable> largest_velocities;

  /// The weight after the step, and the new state of variable `index`.
  OptimizerBase::Update update(std::size_t index, Value weight, Value gradient, Value rate,
                               Value step, const Coefficients& coefficients) const;
};

template <typename Derived, typename OptionsType>
class AdamFamily : public OptimizerWithOptions<Derived, OptionsType> {
 public:
  using OptimizerWithOptions<Derived, OptionsType>::OptimizerWithOptions;

 protected:
  void build_slots() override {
    rule_.momenta.clear();
    rule_.velocities.clear();
    rule_.largest_velocities.clear();
    for (const Variable& variable : this->trainable()) {
      rule_.momenta.push_back(this->add_slot("momentum", variable));
      rule_.velocities.push_back(this->add_slot("velocity", variable));
    }
    if (!this->options_.amsgrad) return;
    for (const Variable& variable : this->trainable()) {
      rule_.largest_velocities.push_back(this->add_slot("velocity_hat", variable));
    }
  }
  OptimizerBase::Update update(std::size_t index, Value weight, Value gradient,
                               Value rate) override {
    const OptionsType& options = this->options_;
    return rule_.update(index, weight, gradient, rate, this->update_count(),
                        {options.beta_1, options.beta_2, options.epsilon});
  }

 private:
  AdamRule rule_;
};

class TEGULA_API AdamOptimizer : public AdamFamily<AdamOptimizer, AdamOptions> {
 public:
  static constexpr const char* kName = "Adam";
  static constexpr const char* kDoc =
      "Averages of the gradient over the root of its average square.";
  using AdamFamily::AdamFamily;
};
using Adam = Make<AdamOptimizer, Optimizer>;

struct AdamWOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  OptimizerOptions common = {.weight_decay = 0.004};
  static auto fields() {
    return std::tuple_cat(
        std::tuple{
            field<&AdamWOptions::learning_rate>("learning_rate", "Rate or schedule.", at_least(0)),
            OptimizerOptions::weight_decay_through<&AdamWOptions::common>(),
            field<&AdamWOptions::beta_1>("beta_1", "Decay of the gradient's average.",
                                         from_to_below(0, 1)),
            field<&AdamWOptions::beta_2>("beta_2", "Decay of the square's average.",
                                         from_to_below(0, 1)),
            field<&AdamWOptions::epsilon>("epsilon", "Added to the root.", at_least(0)),
            field<&AdamWOptions::amsgrad>("amsgrad", "Divide by the largest average so far.")},
        OptimizerOptions::others_through<&AdamWOptions::common>());
  }
};
/// Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
class TEGULA_API AdamWOptimizer : public AdamFamily<AdamWOptimizer, AdamWOptions> {
 public:
  static constexpr const char* kName = "AdamW";
  static constexpr const char* kDoc = "Adam with weight decay.";
  explicit AdamWOptimizer(AdamWOptions options);
};
using AdamW = Make<AdamWOptimizer, Optimizer>;

}  // namespace tegula::nn
