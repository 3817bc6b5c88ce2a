// F scores, the coefficient of determination, correlations.

#include "src/nn/shape_text.hpp"
#include "src/nn/target_shapes.hpp"
#include "tegula/nn/metrics.hpp"

namespace tegula::nn::metrics {

namespace {

/// The last dimension of [?, outputs], which both types must have.
std::int64_t outputs_of(const std::string& name, const ValueType& y_true, const ValueType& y_pred) {
  const auto is_matrix = [](const Shape& shape) {
    return shape.rank() == 2 && shape.dim(-1) != kUnknown;
  };
  if (is_matrix(y_true.shape) && is_matrix(y_pred.shape)) return y_pred.shape.dim(-1);
  throw ShapeError("metric \"" + name + "\" expects 2D inputs with shape (batch_size, " +
                   "output_dim), got predictions of shape " + shape_text(y_pred.shape) +
                   " and targets of shape " + shape_text(y_true.shape));
}

}  // namespace

void FScoreBase::set_rule(Rule rule, const char* owner) {
  const std::optional<std::string>& average = rule.average;
  if (average && *average != "micro" && *average != "macro" && *average != "weighted") {
    throw InvalidArgument(std::string(owner) + ": `average` is \"" + *average +
                          "\". Expected one of: none, \"micro\", \"macro\", \"weighted\"");
  }
  rule_ = std::move(rule);
}

void FScoreBase::build_state(const ValueType& y_true, const ValueType& y_pred) {
  Shape shape = {outputs_of(name(), y_true, y_pred)};
  if (rule_.average == "micro") shape = {};
  true_positives_ = add_state("true_positives", shape);
  false_positives_ = add_state("false_positives", shape);
  false_negatives_ = add_state("false_negatives", shape);
  weights_ = add_state("intermediate_weights", shape);
}

std::vector<Value> FScoreBase::update(Value y_true, Value y_pred, Value sample_weight) {
  // Rows of zeros have no largest entry.
  constexpr double kSmallest = 1e-9;
  y_pred = as_numbers(y_pred);
  const Value positive = rule_.threshold ? greater(y_pred, *rule_.threshold)
                                         : logical_and(greater_equal(y_pred, max(y_pred, -1, true)),
                                                       greater(abs(y_pred), kSmallest));
  const Value predicted = cast(positive, DType::f32);
  const Value target = cast(y_true, DType::f32);
  const auto total = [&](Value x) {
    if (sample_weight) x = x * expand_dims(cast(sample_weight, DType::f32), 1);
    return rule_.average == "micro" ? sum(x) : sum(x, 0);
  };
  return {assign_add(true_positives_, total(predicted * target)),
          assign_add(false_positives_, total(predicted * (1.0 - target))),
          assign_add(false_negatives_, total((1.0 - predicted) * target)),
          assign_add(weights_, total(target))};
}

Value FScoreBase::result() {
  const Value precision = true_positives_ / (true_positives_ + false_positives_ + kEpsilon);
  const Value recall = true_positives_ / (true_positives_ + false_negatives_ + kEpsilon);
  const double beta_squared = rule_.beta * rule_.beta;
  const Value harmonic = precision * recall / (precision * beta_squared + recall + kEpsilon);
  const Value score = harmonic * (1 + beta_squared);
  if (!rule_.average) return score;
  if (*rule_.average != "weighted") return mean(score);
  return sum(score * (weights_ / (sum(weights_) + kEpsilon)));
}

FBetaScoreMetric::FBetaScoreMetric(FBetaScoreOptions given) : MetricWithOptions(std::move(given)) {
  set_rule({options_.average, options_.beta, options_.threshold}, kName);
}

F1ScoreMetric::F1ScoreMetric(F1ScoreOptions given) : MetricWithOptions(std::move(given)) {
  set_rule({options_.average, 1, options_.threshold}, kName);
}

R2ScoreMetric::R2ScoreMetric(R2ScoreOptions given) : MetricWithOptions(std::move(given)) {
  const std::optional<std::string>& aggregation = options_.class_aggregation;
  if (aggregation && *aggregation != "uniform_average" &&
      *aggregation != "variance_weighted_average") {
    throw InvalidArgument("R2Score: `class_aggregation` is \"" + *aggregation +
                          "\". Expected one of: none, \"uniform_average\", "
                          "\"variance_weighted_average\"");
  }
}

void R2ScoreMetric::build_state(const ValueType& y_true, const ValueType& y_pred) {
  const Shape shape = {outputs_of(name(), y_true, y_pred)};
  elements_ = add_state("num_samples", {});
  squared_sum_ = add_state("squared_sum", shape);
  sum_ = add_state("sum", shape);
  residual_ = add_state("residual", shape);
  count_ = add_state("count", shape);
}

std::vector<Value> R2ScoreMetric::update(Value y_true, Value y_pred, Value sample_weight) {
  const Value target = as_numbers(y_true);
  const Value error = square(target - as_numbers(y_pred));
  Value weight = sample_weight ? cast(sample_weight, DType::f32)
                               : target.graph().constant(Tensor::scalar(1.0f));
  if (weight.shape().rank() == 1) weight = expand_dims(weight, 1);
  weight = broadcast_like(weight, target);
  const Value weighted = target * weight;
  return {assign_add(elements_, element_count(target)),
          assign_add(squared_sum_, sum(target * weighted, 0)), assign_add(sum_, sum(weighted, 0)),
          assign_add(residual_, sum(error * weight, 0)), assign_add(count_, sum(weight, 0))};
}

Value R2ScoreMetric::aggregate(Value scores, Value variances) const {
  if (!options_.class_aggregation) return scores;
  if (*options_.class_aggregation == "uniform_average") return mean(scores);
  return sum(variances * scores) / sum(variances);
}

Value R2ScoreMetric::result() {
  const Value variance = squared_sum_ - sum_ * (sum_ / count_);
  const Value raw = 1.0 - residual_ / variance;
  const Value usable = logical_or(is_finite(raw), is_nan(raw));
  const Value score = aggregate(where(usable, raw, 0.0), variance);
  if (options_.num_regressors == 0) return score;
  // Adjusted for the number of regressors, where there are more samples than those.
  const auto regressors = static_cast<double>(options_.num_regressors);
  const Value freedom = elements_ - regressors - 1.0;
  const Value adjusted = 1.0 - (1.0 - score) * (elements_ - 1.0) / freedom;
  return where(greater(freedom, 0.0), adjusted, score);
}

namespace metric_values {

namespace {

Value centered(Value x, std::int64_t axis) { return x - mean(x, axis, true); }
/// Of what is centered.
Value variance(Value x, std::int64_t axis) { return mean(square(x), axis, true); }

}  // namespace

Value pearson_correlation(Value y_true, Value y_pred, std::int64_t axis) {
  match_targets(y_true, y_pred);
  check_broadcast(y_true, y_pred);
  const auto standardized = [axis](Value x) {
    const Value around = centered(x, axis);
    return around / sqrt(variance(around, axis));
  };
  return mean(standardized(y_true) * standardized(y_pred), axis);
}

Value concordance_correlation(Value y_true, Value y_pred, std::int64_t axis) {
  match_targets(y_true, y_pred);
  check_broadcast(y_true, y_pred);
  const Value target = centered(y_true, axis);
  const Value prediction = centered(y_pred, axis);
  const Value shift = mean(y_true, axis, true) - mean(y_pred, axis, true);
  const Value divisor = variance(target, axis) + variance(prediction, axis) + square(shift);
  return mean(target * prediction * 2.0 / (divisor + kEpsilon), axis);
}

}  // namespace metric_values

}  // namespace tegula::nn::metrics
