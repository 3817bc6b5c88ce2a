#pragma once
// What the built-in optimizers share: options with a rate.

#include <string_view>
#include <tuple>
#include <utility>

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
  using typename OptimizerBase::RowRule;
  RowRule row_rule() const override { return RowRule::apart; }
  void check_change(std::string_view name, bool shapes_weights) const override {
    WithOptions<OptimizerBase, Derived, OptionsType>::check_change(name, shapes_weights);
    if (shapes_weights && this->built()) {
      throw_fixed_option(Derived::kName, name, "the optimizer's state is made");
    }
  }
  void store_rate(double rate) override { this->options_.learning_rate = rate; }
};

/// The fields of options that many optimizers have alike.
template <typename Options>
auto rate_field() {
  return std::tuple{
      field<&Options::learning_rate>("learning_rate", "Rate or schedule.", at_least(0))};
}
template <typename Options>
auto moment_fields() {
  return std::tuple{
      field<&Options::beta_1>("beta_1", "Decay of the gradient's average.", from_to_below(0, 1)),
      field<&Options::beta_2>("beta_2", "Decay of the square's average.", from_to_below(0, 1)),
      field<&Options::epsilon>("epsilon", "Added to the root.", at_least(0))};
}

}  // namespace tegula::nn
