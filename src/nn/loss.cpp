#include "tegula/nn/loss.hpp"

#include <array>
#include <limits>
#include <utility>

#include "src/nn/shape_text.hpp"
#include "src/nn/target_shapes.hpp"
#include "src/nn/user_terms.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/nn/values.hpp"

namespace tegula::nn {

namespace {

constexpr std::array<std::pair<Reduction, const char*>, 5> kReductions = {{
    {Reduction::none, "none"},
    {Reduction::sum, "sum"},
    {Reduction::sum_over_batch_size, "sum_over_batch_size"},
    {Reduction::mean, "mean"},
    {Reduction::mean_with_sample_weight, "mean_with_sample_weight"},
}};

}  // namespace

Config to_config(Reduction reduction) {
  for (const auto& [value, name] : kReductions) {
    if (value == reduction) return name;
  }
  return nullptr;
}

void from_config(const Config& config, Reduction& reduction) {
  const std::string name = config.is_null() ? "none" : config.as_string();
  std::string known;
  for (const auto& [value, candidate] : kReductions) {
    if (name == candidate) {
      reduction = value;
      return;
    }
    known += (known.empty() ? "" : ", ") + std::string(candidate);
  }
  throw InvalidArgument("Invalid value for reduction: \"" + name + "\"; expected one of: " + known);
}

void match_ranks(Value& y_true, Value& y_pred) {
  const int difference = y_true.shape().rank() - y_pred.shape().rank();
  if (difference != 1 && difference != -1) return;
  Value& longer = difference == 1 ? y_true : y_pred;
  Value& shorter = difference == 1 ? y_pred : y_true;
  if (longer.shape().dim(-1) != 1) return;
  if (shorter.shape().rank() == 1) {
    shorter = expand_dims(shorter, -1);
  } else {
    longer = squeeze(longer, -1);
  }
}

namespace {

/// Whether the batch of the shape with fewer axes meets another axis of the longer one, which it
/// would fit by the chance of its size.
bool batch_meets_other_axis(const Shape& a, const Shape& b) {
  const Shape& longer = a.rank() > b.rank() ? a : b;
  const Shape& shorter = a.rank() > b.rank() ? b : a;
  if (longer.rank() == shorter.rank() || shorter.rank() == 0) return false;
  return shorter[0] == kUnknown && longer[longer.rank() - shorter.rank()] > 1;
}

[[noreturn]] void refuse_targets(Value y_true, Value y_pred) {
  throw ShapeError("targets of shape " + shape_text(y_true.shape()) +
                   " do not fit predictions of shape " + shape_text(y_pred.shape()));
}

}  // namespace

void check_broadcast(Value y_true, Value y_pred) {
  try {
    broadcast_shapes(y_true.shape(), y_pred.shape());
  } catch (const ShapeError&) {
    refuse_targets(y_true, y_pred);
  }
}

void check_elementwise(Value y_true, Value y_pred) {
  check_broadcast(y_true, y_pred);
  if (batch_meets_other_axis(y_true.shape(), y_pred.shape())) refuse_targets(y_true, y_pred);
}

void match_weight(Value& values, Value& weight) {
  const Shape given = weight.shape();
  match_ranks(values, weight);
  while (weight.shape().rank() < values.shape().rank()) weight = expand_dims(weight, -1);
  try {
    broadcast_shapes(values.shape(), weight.shape());
  } catch (const ShapeError&) {
    throw ShapeError("`sample_weight` of shape " + shape_text(given) +
                     " does not fit values of shape " + shape_text(values.shape()));
  }
}

Value logits_behind(Value y_pred) {
  while (y_pred.node().op().name == "identity") y_pred = y_pred.node().input(0);
  const std::string_view op = y_pred.node().op().name;
  if (op != "softmax" && op != "sigmoid") return {};
  const AttrValue* axis = y_pred.node().attrs().find("axis");
  if (axis != nullptr) {
    const int rank = y_pred.shape().rank();
    if (normalize_axis(std::get<std::int64_t>(*axis), rank) != rank - 1) return {};
  }
  return y_pred.node().input(0);
}

Value class_indices(Value labels) {
  if (labels.dtype() == DType::i32) return labels;
  if (is_floating(labels.dtype())) labels = cast(labels, DType::f32);
  if (is_floating(labels.dtype()) || labels.dtype() == DType::i64) {
    constexpr double kLowest = std::numeric_limits<std::int32_t>::min();
    const Value fits = logical_and(greater_equal(labels, kLowest), less(labels, -kLowest));
    labels = where(fits, labels, kLowest);
  }
  return cast(labels, DType::i32);
}

void prepare_operands(const LossBase& loss, Value& y_true, Value& y_pred) {
  if (loss.integer_targets()) {
    // Class indices, as [batch] or [batch, 1] beside scores [batch, classes].
    if (y_true.shape().rank() == y_pred.shape().rank() && y_true.shape().dim(-1) == 1) {
      y_true = squeeze(y_true, -1);
    }
    if (!is_integer(y_true.dtype())) y_true = class_indices(y_true);
  } else {
    if (y_true.dtype() != y_pred.dtype()) y_true = cast(y_true, y_pred.dtype());
    match_ranks(y_true, y_pred);
  }
}

namespace {

std::string terms_of(const LossBase& loss) { return std::string(loss.class_name()) + " loss"; }

}  // namespace

Value values_per_sample(const LossBase& loss, Value y_true, Value y_pred) {
  const UserTerms terms(terms_of(loss));
  prepare_operands(loss, y_true, y_pred);
  return loss.values(y_true, y_pred);
}

Value LossBase::operator()(Value y_true, Value y_pred, Value sample_weight) const {
  const UserTerms terms(terms_of(*this));
  const Value carried = mask_of(y_pred);
  prepare_operands(*this, y_true, y_pred);
  Value result = values(y_true, y_pred);
  Value weight = sample_weight;
  Value counted = mask(y_true);
  if (carried) {
    const Value as_number = cast(carried, result.dtype());
    counted = counted ? counted * as_number : as_number;
  }
  if (counted) {
    // Ignored samples leave the divisor too: scale the others up to the full batch.
    const bool average = reduction() != Reduction::none && reduction() != Reduction::sum;
    if (average) counted = counted * (element_count(counted) / maximum(sum(counted), 1.0));
    if (weight) match_weight(counted, weight);
    weight = weight ? weight * counted : counted;
  }
  if (weight) {
    match_weight(result, weight);
    result = result * weight;
  }
  if (result.shape().rank() == 0) return result;  // as Keras, whose weights have no say then
  switch (reduction()) {
    case Reduction::none:
      return result;
    case Reduction::sum:
      return sum(result);
    case Reduction::sum_over_batch_size:
    case Reduction::mean:
      return mean(result);
    case Reduction::mean_with_sample_weight:
      if (!weight) return mean(result);
      const Value total = sum(weight);
      return where(greater(total, 0.0), sum(result) / total, 0.0);
  }
  return result;
}

}  // namespace tegula::nn
