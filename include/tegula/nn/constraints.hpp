#pragma once
// The constraints, with Keras's names, arguments and defaults. Norms are Euclidean, over `axis`;
// for a kernel [in, out] axis 0 gives those of the units' incoming weights.

#include <tuple>

#include "tegula/nn/axes.hpp"
#include "tegula/nn/constraint.hpp"

namespace tegula::nn {

struct MaxNormOptions {
  double max_value = 2;
  Axes axis = 0;
  static auto fields() {
    using Self = MaxNormOptions;
    return std::tuple{field<&Self::max_value>("max_value", "Largest norm.", at_least(0)),
                      field<&Self::axis>("axis", "Axis or axes of the norms.", any_finite)};
  }
};
class TEGULA_API MaxNormConstraint
    : public WithOptions<ConstraintBase, MaxNormConstraint, MaxNormOptions> {
 public:
  static constexpr const char* kName = "MaxNorm";
  static constexpr const char* kDoc = "Scales down what has a larger norm.";
  using WithOptions::WithOptions;
  Value operator()(Value x) const override;
};
using MaxNorm = Make<MaxNormConstraint, Constraint>;

struct NonNegOptions {
  static auto fields() { return std::tuple{}; }
};
class TEGULA_API NonNegConstraint
    : public WithOptions<ConstraintBase, NonNegConstraint, NonNegOptions> {
 public:
  static constexpr const char* kName = "NonNeg";
  static constexpr const char* kDoc = "max(x, 0)";
  using WithOptions::WithOptions;
  Value operator()(Value x) const override;
};
using NonNeg = Make<NonNegConstraint, Constraint>;

struct UnitNormOptions {
  Axes axis = 0;
  static auto fields() {
    return std::tuple{
        field<&UnitNormOptions::axis>("axis", "Axis or axes of the norms.", any_finite)};
  }
};
class TEGULA_API UnitNormConstraint
    : public WithOptions<ConstraintBase, UnitNormConstraint, UnitNormOptions> {
 public:
  static constexpr const char* kName = "UnitNorm";
  static constexpr const char* kDoc = "Scales all norms to 1.";
  using WithOptions::WithOptions;
  Value operator()(Value x) const override;
};
using UnitNorm = Make<UnitNormConstraint, Constraint>;

struct MinMaxNormOptions {
  double min_value = 0;
  double max_value = 1;
  double rate = 1;
  Axes axis = 0;
  static auto fields() {
    using Self = MinMaxNormOptions;
    return std::tuple{
        field<&Self::min_value>("min_value", "Smallest norm.", at_least(0)),
        field<&Self::max_value>("max_value", "Largest norm.", at_least(0)),
        field<&Self::rate>("rate", "Share of the way to that range that an update goes.",
                           in_range(0, 1)),
        field<&Self::axis>("axis", "Axis or axes of the norms.", any_finite)};
  }
};
class TEGULA_API MinMaxNormConstraint
    : public WithOptions<ConstraintBase, MinMaxNormConstraint, MinMaxNormOptions> {
 public:
  static constexpr const char* kName = "MinMaxNorm";
  static constexpr const char* kDoc = "Scales norms into a range, or part of the way.";
  using WithOptions::WithOptions;
  Value operator()(Value x) const override;
};
using MinMaxNorm = Make<MinMaxNormConstraint, Constraint>;

}  // namespace tegula::nn
