#pragma once
// What the built-in losses share: options with a reduction and a name.

#include <string>
#include <tuple>

#include "tegula/nn/loss.hpp"

namespace tegula::nn {

/// Smallest probability and divisor: Keras's epsilon.
inline constexpr double kEpsilon = 1e-7;

/// Base class of the built-in losses: options with `reduction` and `name`.
template <typename Derived, HasFields OptionsType>
class LossWithOptions : public WithOptions<LossBase, Derived, OptionsType> {
 public:
  using WithOptions<LossBase, Derived, OptionsType>::WithOptions;
  Reduction reduction() const override { return this->options_.reduction; }
  bool refuses_nan_targets() const override { return true; }
  std::string name() const override {
    return this->options_.name.empty() ? std::string(Derived::kDefaultName) : this->options_.name;
  }
};

/// Options of losses that have none of their own.
struct PlainLossOptions {
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  static auto fields() {
    using Self = PlainLossOptions;
    return std::tuple{field<&Self::reduction>("reduction", "How samples become one number."),
                      field<&Self::name>("name", "Name of the loss.")};
  }
};

}  // namespace tegula::nn
