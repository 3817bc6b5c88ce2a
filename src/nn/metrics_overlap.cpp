// Intersections over unions.

#include <map>
#include <numeric>

#include "src/nn/shape_text.hpp"
#include "tegula/nn/loss.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/overlap_metrics.hpp"

namespace tegula::nn::metrics {

namespace {

const std::map<std::string, DType> kDtypes = {{"", DType::i64},
                                              {"int", DType::i64},
                                              {"int64", DType::i64},
                                              {"int32", DType::i32},
                                              {"float32", DType::f32}};

std::vector<std::int64_t> all_classes(std::int64_t count) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
  std::iota(ids.begin(), ids.end(), std::int64_t{0});
  return ids;
}

Value flat(Value x) { return x.shape().rank() > 1 ? reshape(x, {-1}) : x; }

/// Throws ShapeError unless both have one class per sample.
void check_flat(Value y_true, Value y_pred) {
  if (y_true.shape().rank() == 1 && compatible(y_true.shape(), y_pred.shape())) return;
  throw ShapeError("targets of " + shape_text(y_true.shape()) +
                   " classes do not fit predictions of " + shape_text(y_pred.shape()));
}

}  // namespace

void OverlapBase::set_rule(Rule rule, const char* owner) {
  for (const std::int64_t id : rule.target_class_ids) {
    if (id < rule.num_classes) continue;
    throw InvalidArgument(std::string(owner) + ": Target class id " + std::to_string(id) +
                          " is out of range, which is [0, " + std::to_string(rule.num_classes) +
                          ").");
  }
  if (rule.target_class_ids.empty()) {
    throw InvalidArgument(std::string(owner) + ": `target_class_ids` is empty");
  }
  if (!kDtypes.contains(rule.dtype)) {
    throw InvalidArgument(std::string(owner) + ": `dtype` must be \"int64\", \"int32\" or " +
                          "\"float32\", got \"" + rule.dtype + "\"");
  }
  rule_ = std::move(rule);
}

DType OverlapBase::dtype() const { return kDtypes.at(rule_.dtype); }

void OverlapBase::build_state(const ValueType& /*y_true*/, const ValueType& /*y_pred*/) {
  const Shape shape = {rule_.num_classes, rule_.num_classes};
  confusion_ = add_state_from("total_confusion_matrix", Tensor::zeros(dtype(), shape));
}

std::vector<Value> OverlapBase::update(Value y_true, Value y_pred, Value sample_weight) {
  if (!rule_.sparse_y_true) y_true = argmax(y_true, rule_.axis);
  if (!rule_.sparse_y_pred) y_pred = argmax(y_pred, rule_.axis);
  if (rule_.threshold)
    y_pred = cast(greater_equal(as_numbers(y_pred), *rule_.threshold), DType::i32);
  Value targets = flat(class_indices(y_true));
  const Value predictions = flat(class_indices(y_pred));
  check_flat(targets, predictions);
  if (rule_.ignore_class) {
    const auto ignored = static_cast<double>(*rule_.ignore_class);
    targets = where(not_equal(targets, ignored), targets, -1.0);
  }
  // What is no class has a row of zeros.
  Value weighted = one_hot(targets, rule_.num_classes);
  if (sample_weight) {
    Value weight = as_numbers(sample_weight);
    if (dtype() != DType::f32) weight = cast(cast(weight, DType::i32), DType::f32);
    weighted = weighted * expand_dims(broadcast_like(flat(weight), targets), -1);
  }
  const Value counts =
      matmul(weighted, one_hot(predictions, rule_.num_classes), {.transpose_a = true});
  return {assign_add(confusion_, dtype() == DType::f32 ? counts : cast(counts, dtype()))};
}

Value OverlapBase::result() {
  const std::int64_t classes = rule_.num_classes;
  Tensor diagonal = Tensor::zeros(DType::f32, {classes, classes});
  for (std::int64_t i = 0; i < classes; ++i) diagonal.set(i * classes + i, 1);
  Tensor chosen = Tensor::zeros(DType::f32, {classes});
  for (const std::int64_t id : rule_.target_class_ids) chosen.set(id, chosen.at(id) + 1);

  const Value counts = as_numbers(confusion_);
  const Value both = sum(counts * diagonal, 0);
  const Value either = sum(counts, 0) + sum(counts, 1) - both;
  const Value valid = cast(greater(either, 1e-9), DType::f32) * chosen;
  return sum(both / (either + kEpsilon) * valid) / (sum(valid) + kEpsilon);
}

IoUMetric::IoUMetric(IoUOptions given) : MetricWithOptions(std::move(given)) {
  set_rule({.num_classes = options_.num_classes,
            .target_class_ids = options_.target_class_ids,
            .dtype = options_.dtype,
            .ignore_class = options_.ignore_class,
            .sparse_y_true = options_.sparse_y_true,
            .sparse_y_pred = options_.sparse_y_pred,
            .axis = options_.axis,
            .threshold = {}},
           kName);
}

BinaryIoUMetric::BinaryIoUMetric(BinaryIoUOptions given) : MetricWithOptions(std::move(given)) {
  set_rule({.num_classes = 2,
            .target_class_ids = options_.target_class_ids,
            .dtype = options_.dtype,
            .ignore_class = {},
            .threshold = options_.threshold},
           kName);
}

MeanIoUMetric::MeanIoUMetric(MeanIoUOptions given) : MetricWithOptions(std::move(given)) {
  set_rule({.num_classes = options_.num_classes,
            .target_class_ids = all_classes(options_.num_classes),
            .dtype = options_.dtype,
            .ignore_class = options_.ignore_class,
            .sparse_y_true = options_.sparse_y_true,
            .sparse_y_pred = options_.sparse_y_pred,
            .axis = options_.axis,
            .threshold = {}},
           kName);
}

OneHotIoUMetric::OneHotIoUMetric(OneHotIoUOptions given) : MetricWithOptions(std::move(given)) {
  set_rule({.num_classes = options_.num_classes,
            .target_class_ids = options_.target_class_ids,
            .dtype = options_.dtype,
            .ignore_class = options_.ignore_class,
            .sparse_y_true = false,
            .sparse_y_pred = options_.sparse_y_pred,
            .axis = options_.axis,
            .threshold = {}},
           kName);
}

OneHotMeanIoUMetric::OneHotMeanIoUMetric(OneHotMeanIoUOptions given)
    : MetricWithOptions(std::move(given)) {
  set_rule({.num_classes = options_.num_classes,
            .target_class_ids = all_classes(options_.num_classes),
            .dtype = options_.dtype,
            .ignore_class = options_.ignore_class,
            .sparse_y_true = false,
            .sparse_y_pred = options_.sparse_y_pred,
            .axis = options_.axis,
            .threshold = {}},
           kName);
}

}  // namespace tegula::nn::metrics
