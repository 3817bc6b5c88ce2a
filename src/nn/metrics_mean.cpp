// Metrics that average or sum values per sample.

#include "src/nn/shape_text.hpp"
#include "src/nn/target_shapes.hpp"
#include "tegula/nn/metrics.hpp"

#include <limits>

#include "tegula/nn/layer.hpp"

namespace tegula::nn {

namespace metrics {

std::string default_metric_name(const char* fixed, const char* class_name) {
  return fixed != nullptr ? std::string(fixed) : unique_layer_name(class_name);
}

namespace {

using Reduce = Value (*)(Operand, Axes, bool);

/// Reduces the axes from `first` on; none: `x` itself.
Value reduce_from(Reduce reduce, Value x, int first) {
  std::vector<std::int64_t> axes;
  for (int axis = first; axis < x.shape().rank(); ++axis) axes.push_back(axis);
  if (axes.empty()) return x;
  Axes reduced;
  reduced = axes;
  return reduce(x, reduced, false);
}

/// Values times weights, and the weights, with one entry per sample each. Values that have more
/// axes than the weights are reduced to theirs first. Without weights: the values alone.
struct Samples {
  Value values;
  Value weights;
};
Samples per_sample(Reduce reduce, Value values, Value weights) {
  values = cast(values, DType::f32);
  if (weights) {
    weights = cast(weights, DType::f32);
    match_ranks(values, weights);
    values = reduce_from(reduce, values, weights.shape().rank());
    weights = broadcast_like(weights, values);
    values = values * weights;
    weights = reduce_from(reduce, weights, 1);
  }
  return {reduce_from(reduce, values, 1), weights};
}

/// The weights of what counts; `weights` may be no value.
Value weighted(Value weights, Value counted) {
  if (!weights) return counted;
  weights = cast(weights, DType::f32);
  match_weight(counted, weights);
  return weights * counted;
}

/// A scalar that does not depend on shapes known only at run time when there is one sample.
Value sample_count(Value values) {
  if (values.shape().rank() > 0) return element_count(values, 0);
  return values.graph().constant(Tensor::scalar(1.0f));
}

}  // namespace

void MeanMetricBase::build_state(const ValueType& /*y_true*/, const ValueType& /*y_pred*/) {
  total_ = add_state("total", {});
  count_ = add_state("count", {});
}

std::vector<Value> MeanMetricBase::update(Value y_true, Value y_pred, Value sample_weight) {
  // Without weights all samples count, as in Keras: what is masked as 0.
  const Value own_mask = sample_weight ? mask(y_true, y_pred) : Value();
  if (own_mask) sample_weight = weighted(sample_weight, own_mask);
  if (const Value carried = mask_of(y_pred)) {
    sample_weight = weighted(sample_weight, cast(carried, DType::f32));
  }
  const auto [batch, weights] = per_sample(mean, values(y_true, y_pred), sample_weight);
  return {assign_add(total_, sum(batch)),
          assign_add(count_, weights ? sum(weights) : sample_count(batch))};
}

Value MeanMetricBase::result() { return where(not_equal(count_, 0.0), total_ / count_, 0.0); }

void SumMetric::build_state(const ValueType& /*y_true*/, const ValueType& /*y_pred*/) {
  total_ = add_state("total", {});
}

std::vector<Value> SumMetric::update(Value y_true, Value /*y_pred*/, Value sample_weight) {
  return {assign_add(total_, sum(per_sample(sum, y_true, sample_weight).values))};
}

Value RootMeanSquaredErrorMetric::values(Value y_true, Value y_pred) const {
  metric_values::match_targets(y_true, y_pred);
  return square(y_pred - y_true);
}

Value BinaryCrossentropyMetric::values(Value y_true, Value y_pred) const {
  metric_values::match_targets(y_true, y_pred);
  return loss_values::binary_crossentropy(y_true, y_pred, options_.from_logits,
                                          options_.label_smoothing);
}

Value CategoricalCrossentropyMetric::values(Value y_true, Value y_pred) const {
  metric_values::match_targets(y_true, y_pred);
  return loss_values::categorical_crossentropy(y_true, y_pred, options_.from_logits,
                                               options_.label_smoothing, options_.axis);
}

Value as_numbers(Value x) { return x.dtype() == DType::f32 ? x : cast(x, DType::f32); }

namespace {

/// Class indices with the rank of one value per row: [n, 1] beside predictions [n, c] becomes [n].
Value squeeze_labels(Value y_true, Value y_pred) {
  const int rank = y_true.shape().rank();
  const bool column = rank > 0 && rank == y_pred.shape().rank() && y_true.shape().dim(-1) == 1;
  return column ? squeeze(y_true, -1) : y_true;
}

Value as_f32(Value condition) { return cast(condition, DType::f32); }

/// One label per row of scores, as accuracies of the k best take them.
void check_rows(Value labels, Value scores) {
  const Shape& shape = scores.shape();
  bool fit = shape.rank() >= 2 && labels.shape().rank() == shape.rank() - 1;
  for (int axis = 0; fit && axis < labels.shape().rank(); ++axis) {
    const std::int64_t own = labels.shape()[axis];
    fit = own == shape[axis] || own == kUnknown || shape[axis] == kUnknown;
  }
  if (fit) return;
  throw ShapeError("top-k accuracy takes predictions (batch, classes) and a label for each row, " +
                   std::string("got predictions ") + shape_text(shape) + " and labels " +
                   shape_text(labels.shape()));
}

/// Whether fewer than `k` scores of the row are larger than that of the label: not where a score is
/// no finite number or the label no class, as in TensorFlow.
Value in_top_k(Value labels, Value scores, std::int64_t k) {
  check_rows(labels, scores);
  const std::int64_t classes = scores.shape().dim(-1);
  if (classes == kUnknown) {
    throw ShapeError("top-k accuracy needs a known number of classes, got predictions of shape " +
                     shape_text(scores.shape()));
  }
  scores = as_f32(scores);
  const Value is_label = one_hot(class_indices(labels), classes, 1, 0, DType::boolean);
  // Infinity where there is no such class: no finite score is larger, but none is the label's.
  const Value score =
      max(where(is_label, scores, -std::numeric_limits<double>::infinity()), -1, true);
  const Value larger = sum(as_f32(greater(scores, score)), -1);
  const Value decided = logical_and(all(is_finite(scores), -1), any(is_label, -1));
  return as_f32(logical_and(decided, less(larger, static_cast<double>(k))));
}

}  // namespace

Value SparseCategoricalCrossentropyMetric::values(Value y_true, Value y_pred) const {
  return loss_values::sparse_categorical_crossentropy(squeeze_labels(y_true, y_pred),
                                                      as_numbers(y_pred), options_.from_logits,
                                                      options_.ignore_class, options_.axis);
}

Value SparseCategoricalCrossentropyMetric::mask(Value y_true, Value y_pred) const {
  if (!options_.ignore_class) return {};
  const auto ignored = static_cast<double>(*options_.ignore_class);
  return as_f32(not_equal(class_indices(squeeze_labels(y_true, y_pred)), ignored));
}

namespace metric_values {

void match_targets(Value& y_true, Value& y_pred) {
  y_true = as_numbers(y_true);
  y_pred = as_numbers(y_pred);
  match_ranks(y_true, y_pred);
  check_broadcast(y_true, y_pred);
}

Value accuracy(Value y_true, Value y_pred) {
  const bool integers = is_integer(y_pred.dtype()) && is_integer(y_true.dtype());
  if (!integers) {
    match_targets(y_true, y_pred);
  } else {
    // Integers beyond float32's precision are told apart.
    y_true = cast(y_true, y_pred.dtype());
    match_ranks(y_true, y_pred);
    check_broadcast(y_true, y_pred);
  }
  return as_f32(equal(y_true, y_pred));
}

Value binary_accuracy(Value y_true, Value y_pred, double threshold) {
  match_targets(y_true, y_pred);
  return as_f32(equal(y_true, as_f32(greater(y_pred, threshold))));
}

Value categorical_accuracy(Value y_true, Value y_pred) {
  if (y_true.shape().rank() > y_pred.shape().rank()) {
    throw ShapeError("categorical accuracy takes targets of the predictions' shape, got targets " +
                     shape_text(y_true.shape()) + " and predictions " + shape_text(y_pred.shape()));
  }
  return as_f32(equal(argmax(as_numbers(y_true), -1), argmax(as_numbers(y_pred), -1)));
}

Value sparse_categorical_accuracy(Value y_true, Value y_pred) {
  Value labels = squeeze_labels(y_true, y_pred);
  if (!is_integer(labels.dtype())) labels = as_numbers(labels);
  const Value matches = as_f32(equal(labels, cast(argmax(as_numbers(y_pred), -1), labels.dtype())));
  const bool column = matches.shape().rank() > 1 && matches.shape().dim(-1) == 1;
  return column ? squeeze(matches, -1) : matches;
}

Value top_k_categorical_accuracy(Value y_true, Value y_pred, std::int64_t k) {
  return in_top_k(argmax(as_numbers(y_true), -1), y_pred, k);
}

Value sparse_top_k_categorical_accuracy(Value y_true, Value y_pred, std::int64_t k,
                                        bool from_sorted_ids) {
  const Value labels = squeeze_labels(y_true, y_pred);
  if (!from_sorted_ids) return in_top_k(labels, y_pred, k);
  check_rows(labels, y_pred);
  std::vector<SliceRange> ranges(static_cast<std::size_t>(y_pred.shape().rank()));
  ranges.back().end = k;
  const Value best = slice(as_numbers(y_pred), ranges);
  return as_f32(any(equal(expand_dims(cast(labels, best.dtype()), -1), best), -1));
}

Value cosine_similarity(Value y_true, Value y_pred, std::int64_t axis) {
  match_targets(y_true, y_pred);
  return -loss_values::cosine_similarity(y_true, y_pred, axis);
}

}  // namespace metric_values
}  // namespace metrics

namespace {

class FunctionMetric : public metrics::MeanMetricBase {
 public:
  FunctionMetric(std::string name, std::function<Value(Value, Value)> values)
      : name_(std::move(name)), values_(std::move(values)) {}
  std::string_view class_name() const override { return name_; }
  Config config() const override { return Config::object({}); }
  std::string name() const override { return name_; }

 protected:
  Value values(Value y_true, Value y_pred) const override { return values_(y_true, y_pred); }

 private:
  std::string name_;
  std::function<Value(Value, Value)> values_;
};

}  // namespace

Metric make_metric(std::string name, std::function<Value(Value y_true, Value y_pred)> values) {
  return Metric(std::make_shared<FunctionMetric>(std::move(name), std::move(values)));
}

void register_metric(const std::string& name,
                     std::function<Value(Value y_true, Value y_pred)> values) {
  const auto make = [name, values = std::move(values)](const Config& config) {
    check_keys(config, {}, name);
    return make_metric(name, values).shared();
  };
  register_class<MetricBase>({name, {}, "", {}, make});
}

}  // namespace tegula::nn
