#pragma once
// Adam and what derives from it: averages of the gradient over averages of its square.

#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "tegula/nn/optimizers/with_options.hpp"

namespace tegula::nn {

struct AdamOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  OptimizerOptions common = {};
  static auto fields() {
    return std::tuple_cat(rate_field<AdamOptions>(), moment_fields<AdamOptions>(),
                          std::tuple{field<&AdamOptions::amsgrad>(
                              "amsgrad", "Divide by the largest average so far.")},
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
        rate_field<AdamWOptions>(),
        std::tuple{OptimizerOptions::weight_decay_through<&AdamWOptions::common>()},
        moment_fields<AdamWOptions>(),
        std::tuple{
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

/// Base class of the optimizers that keep two averages per variable.
template <typename Derived, typename OptionsType>
class OptimizerWithMoments : public OptimizerWithOptions<Derived, OptionsType> {
 public:
  using OptimizerWithOptions<Derived, OptionsType>::OptimizerWithOptions;

 protected:
  void build_slots() override {
    std::vector<std::vector<Variable>> slots = this->add_slots({"momentum", Derived::kSecondSlot});
    momenta_ = std::move(slots[0]);
    velocities_ = std::move(slots[1]);
  }

  std::vector<Variable> momenta_;
  std::vector<Variable> velocities_;
};

struct AdamaxOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  OptimizerOptions common = {};
  static auto fields() {
    using Self = AdamaxOptions;
    return std::tuple_cat(rate_field<Self>(), moment_fields<Self>(),
                          OptimizerOptions::fields_through<&Self::common>());
  }
};
/// Kingma and Ba, "Adam", ICLR 2015, section 7.1.
class TEGULA_API AdamaxOptimizer : public OptimizerWithMoments<AdamaxOptimizer, AdamaxOptions> {
 public:
  static constexpr const char* kName = "Adamax";
  static constexpr const char* kDoc =
      "Averages of the gradient over its largest, slowly forgotten magnitude.";
  static constexpr const char* kSecondSlot = "norm";
  using OptimizerWithMoments::OptimizerWithMoments;

 protected:
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;
};
using Adamax = Make<AdamaxOptimizer, Optimizer>;

struct NadamOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  OptimizerOptions common = {};
  static auto fields() {
    using Self = NadamOptions;
    return std::tuple_cat(rate_field<Self>(), moment_fields<Self>(),
                          OptimizerOptions::fields_through<&Self::common>());
  }
};
/// Dozat, "Incorporating Nesterov momentum into Adam", 2016.
class TEGULA_API NadamOptimizer : public OptimizerWithMoments<NadamOptimizer, NadamOptions> {
 public:
  static constexpr const char* kName = "Nadam";
  static constexpr const char* kDoc = "Adam that looks ahead along the momentum.";
  static constexpr const char* kSecondSlot = "velocity";
  using OptimizerWithMoments::OptimizerWithMoments;

 protected:
  void build_slots() override;
  std::vector<std::pair<Variable, Value>> update_shared() override;
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;

 private:
  Value momentum_at(Value step) const;

  Variable product_;
  /// After this step; while `apply` builds.
  Value next_product_;
};
using Nadam = Make<NadamOptimizer, Optimizer>;

struct LambOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  OptimizerOptions common = {};
  static auto fields() {
    using Self = LambOptions;
    return std::tuple_cat(rate_field<Self>(), moment_fields<Self>(),
                          OptimizerOptions::fields_through<&Self::common>());
  }
};
/// You et al., "Large batch optimization for deep learning", ICLR 2020.
class TEGULA_API LambOptimizer : public OptimizerWithMoments<LambOptimizer, LambOptions> {
 public:
  static constexpr const char* kName = "Lamb";
  static constexpr const char* kDoc = "Adam whose steps are as long as the weight's norm.";
  static constexpr const char* kSecondSlot = "velocity";
  using OptimizerWithMoments::OptimizerWithMoments;

 protected:
  RowRule row_rule() const override { return RowRule::together; }
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;
};
using Lamb = Make<LambOptimizer, Optimizer>;

struct ScheduleFreeAdamWOptions {
  LearningRate learning_rate = 0.0025;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  std::int64_t warmup_steps = 0;
  OptimizerOptions common = {};
  static auto fields() {
    using Self = ScheduleFreeAdamWOptions;
    return std::tuple_cat(
        rate_field<Self>(),
        std::tuple{
            field<&Self::beta_1>("beta_1", "Share of the average in the weight.", above_to(0, 1)),
            field<&Self::beta_2>("beta_2", "Decay of the square's average.", from_to_below(0, 1)),
            field<&Self::epsilon>("epsilon", "Added to the root.", at_least(0)),
            field<&Self::warmup_steps>("warmup_steps", "Updates until the full rate.",
                                       at_least(0))},
        OptimizerOptions::fields_through<&Self::common>());
  }
};
/// Defazio et al., "The road less scheduled", 2024.
class TEGULA_API ScheduleFreeAdamWOptimizer
    : public OptimizerWithMoments<ScheduleFreeAdamWOptimizer, ScheduleFreeAdamWOptions> {
 public:
  static constexpr const char* kName = "ScheduleFreeAdamW";
  static constexpr const char* kDoc = "AdamW whose averages take the place of a schedule.";
  static constexpr const char* kSecondSlot = "velocity";
  using OptimizerWithMoments::OptimizerWithMoments;

 protected:
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;
};
using ScheduleFreeAdamW = Make<ScheduleFreeAdamWOptimizer, Optimizer>;

}  // namespace tegula::nn
