#include "tegula/nn/constraints.hpp"

#include "src/core/made_before_fork.hpp"
#include "tegula/nn/losses.hpp"

namespace tegula::nn {

namespace {

Value norms_of(Value x, const Axes& axes) { return sqrt(sum(square(x), axes, true)); }

/// `x`, whose norms are `norms`, with norms of `wanted`.
Value scaled(Value x, Value norms, Value wanted) { return x * (wanted / (norms + kEpsilon)); }

}  // namespace

Value MaxNormConstraint::operator()(Value x) const {
  const Value norms = norms_of(x, options_.axis);
  return scaled(x, norms, clip(norms, 0, options_.max_value));
}

Value NonNegConstraint::operator()(Value x) const { return maximum(x, 0.0); }

Value UnitNormConstraint::operator()(Value x) const {
  return x / (norms_of(x, options_.axis) + kEpsilon);
}

Value MinMaxNormConstraint::operator()(Value x) const {
  const Value norms = norms_of(x, options_.axis);
  const Value inside = clip(norms, options_.min_value, options_.max_value);
  return scaled(x, norms, inside * options_.rate + norms * (1 - options_.rate));
}

template <>
const std::vector<ObjectClass<ConstraintBase>>& object_classes<ConstraintBase>() {
  static const std::vector<ObjectClass<ConstraintBase>> classes = {
      object_class<ConstraintBase, MaxNormConstraint>({}),
      object_class<ConstraintBase, NonNegConstraint>({}),
      object_class<ConstraintBase, UnitNormConstraint>({}),
      object_class<ConstraintBase, MinMaxNormConstraint>({}),
  };
  return classes;
}

namespace {

const detail::MadeBeforeFork kMadeBeforeFork([] { object_classes<ConstraintBase>(); });

}  // namespace

}  // namespace tegula::nn
