#pragma once
// Gradient descent with momentum, with steps scaled by past squares, and along signs.

#include <tuple>
#include <vector>

#include "tegula/nn/optimizers/with_options.hpp"

namespace tegula::nn {

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
  RowRule row_rule() const override {
    return options_.momentum == 0 ? RowRule::resting : RowRule::apart;
  }
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
  RowRule row_rule() const override { return RowRule::resting; }
  void build_slots() override;
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;

 private:
  std::vector<Variable> accumulators_of_squares_;
};
using Adagrad = Make<AdagradOptimizer, Optimizer>;

struct AdadeltaOptions {
  LearningRate learning_rate = 0.001;
  double rho = 0.95;
  double epsilon = 1e-7;
  OptimizerOptions common = {};
  static auto fields() {
    using Self = AdadeltaOptions;
    return std::tuple_cat(
        rate_field<Self>(),
        std::tuple{field<&Self::rho>("rho", "Decay of the averages of squares.", in_range(0, 1)),
                   field<&Self::epsilon>("epsilon", "Added under the roots.", at_least(0))},
        OptimizerOptions::fields_through<&Self::common>());
  }
};
/// Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
class TEGULA_API AdadeltaOptimizer
    : public OptimizerWithOptions<AdadeltaOptimizer, AdadeltaOptions> {
 public:
  static constexpr const char* kName = "Adadelta";
  static constexpr const char* kDoc = "Steps as large, on average, as the steps before.";
  using OptimizerWithOptions::OptimizerWithOptions;

 protected:
  void build_slots() override;
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;

 private:
  std::vector<Variable> squares_of_gradient_;
  std::vector<Variable> squares_of_step_;
};
using Adadelta = Make<AdadeltaOptimizer, Optimizer>;

struct FtrlOptions {
  LearningRate learning_rate = 0.001;
  double learning_rate_power = -0.5;
  double initial_accumulator_value = 0.1;
  double l1_regularization_strength = 0;
  double l2_regularization_strength = 0;
  double l2_shrinkage_regularization_strength = 0;
  double beta = 0;
  OptimizerOptions common = {};
  static auto fields() {
    using Self = FtrlOptions;
    return std::tuple_cat(
        rate_field<Self>(),
        std::tuple{
            field<&Self::learning_rate_power>("learning_rate_power",
                                              "Power of the squares' sum in the rate.", at_most(0)),
            field<&Self::initial_accumulator_value>("initial_accumulator_value",
                                                    "First sum of squares.", at_least(0))
                .fixed_when_built(),
            field<&Self::l1_regularization_strength>("l1_regularization_strength",
                                                     "Weight of the magnitudes.", at_least(0)),
            field<&Self::l2_regularization_strength>("l2_regularization_strength",
                                                     "Weight of the squares.", at_least(0)),
            field<&Self::l2_shrinkage_regularization_strength>(
                "l2_shrinkage_regularization_strength", "Weight of the squares in the gradient.",
                at_least(0)),
            field<&Self::beta>("beta", "Added to the root of the squares' sum.", at_least(0))},
        OptimizerOptions::fields_through<&Self::common>());
  }
};
/// McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013.
class TEGULA_API FtrlOptimizer : public OptimizerWithOptions<FtrlOptimizer, FtrlOptions> {
 public:
  static constexpr const char* kName = "Ftrl";
  static constexpr const char* kDoc = "Follows the regularized leader: sparse weights.";
  using OptimizerWithOptions::OptimizerWithOptions;

 protected:
  void build_slots() override;
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;

 private:
  std::vector<Variable> accumulators_of_squares_;
  std::vector<Variable> linear_;
};
using Ftrl = Make<FtrlOptimizer, Optimizer>;

struct LionOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.99;
  OptimizerOptions common = {};
  static auto fields() {
    using Self = LionOptions;
    return std::tuple_cat(
        rate_field<Self>(),
        std::tuple{
            field<&Self::beta_1>("beta_1", "Share of the average in the step's direction.",
                                 above_to(0, 1)),
            field<&Self::beta_2>("beta_2", "Decay of the gradient's average.", in_range(0, 1))},
        OptimizerOptions::fields_through<&Self::common>());
  }
};
/// Chen et al., "Symbolic discovery of optimization algorithms", 2023.
class TEGULA_API LionOptimizer : public OptimizerWithOptions<LionOptimizer, LionOptions> {
 public:
  static constexpr const char* kName = "Lion";
  static constexpr const char* kDoc = "Steps of one size along the sign of the momentum.";
  using OptimizerWithOptions::OptimizerWithOptions;

 protected:
  void build_slots() override;
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;

 private:
  std::vector<Variable> momenta_;
};
using Lion = Make<LionOptimizer, Optimizer>;

}  // namespace tegula::nn
