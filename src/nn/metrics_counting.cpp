// Counts of outcomes per threshold, and the metrics made of them.

#include <algorithm>
#include <cmath>

#include "src/nn/shape_text.hpp"
#include "src/nn/target_shapes.hpp"
#include "tegula/nn/counting_metrics.hpp"
#include "tegula/nn/loss.hpp"
#include "tegula/nn/losses.hpp"

namespace tegula::nn::metrics {

namespace {

/// What predictions outside of the k best become: below every threshold.
constexpr double kExcluded = -1e10;

const char* name_of(Outcome outcome) {
  constexpr const char* kNames[] = {"true_positives", "false_positives", "true_negatives",
                                    "false_negatives"};
  return kNames[static_cast<int>(outcome)];
}

Tensor vector_of(const std::vector<double>& values) {
  Tensor tensor(DType::f32, {static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i)
    tensor.set(static_cast<std::int64_t>(i), values[i]);
  return tensor;
}

std::int64_t known_classes(Value scores, const char* reason, int least_rank = 2) {
  if (scores.shape().rank() >= least_rank && scores.shape().dim(-1) != kUnknown) {
    return scores.shape().dim(-1);
  }
  throw ShapeError(std::string(reason) + " needs predictions of shape (None, classes), got " +
                   shape_text(scores.shape()));
}

/// Keeps the k largest scores of each row, the first ones of equal ones; others become kExcluded.
Value keep_top_k(Value scores, std::int64_t k) {
  const std::int64_t classes = known_classes(scores, "`top_k`", 1);
  if (k > classes) {
    throw InvalidArgument("`top_k` is " + std::to_string(k) + ", but predictions have " +
                          std::to_string(classes) + " classes");
  }
  // before[i, j]: at equal scores, j comes before i.
  Tensor before(DType::boolean, {classes, classes});
  for (std::int64_t i = 0; i < classes; ++i) {
    for (std::int64_t j = 0; j < classes; ++j) before.set(i * classes + j, j < i ? 1 : 0);
  }
  const Value own = expand_dims(scores, -1);
  const Value others = expand_dims(scores, -2);
  const Value ahead = logical_or(greater(others, own), logical_and(equal(others, own), before));
  const Value rank = sum(cast(ahead, DType::f32), -1);
  return where(less(rank, static_cast<double>(k)), scores, kExcluded);
}

Value only_class(Value x, std::int64_t class_id, std::int64_t classes) {
  if (class_id < -classes || class_id >= classes) {
    throw InvalidArgument("`class_id` is " + std::to_string(class_id) + ", but predictions have " +
                          std::to_string(classes) + " classes");
  }
  if (x.shape().rank() == 0 || !compatible(Shape{x.shape().dim(-1)}, Shape{classes})) {
    throw ShapeError("`class_id` needs targets of shape (None, " + std::to_string(classes) +
                     "), got " + shape_text(x.shape()));
  }
  const std::int64_t index = class_id < 0 ? class_id + classes : class_id;
  std::vector<SliceRange> ranges(static_cast<std::size_t>(x.shape().rank()));
  ranges.back() = {index, index + 1};
  return slice(x, ranges);
}

/// The predictions, and the weights of positive and negative targets, with a last axis of 1 for
/// the thresholds: [elements, 1], or with multi_label [rows, labels, 1].
struct Batch {
  Value scores;
  Value positives;
  Value negatives;
};

Batch make_batch(const ConfusionRule& rule, Value y_true, Value y_pred, Value sample_weight) {
  y_true = cast(y_true, DType::f32);
  y_pred = cast(y_pred, DType::f32);
  if (rule.from_logits) y_pred = sigmoid(y_pred);
  match_ranks(y_pred, y_true);
  check_broadcast(y_true, y_pred);
  if (y_pred.shape().rank() == 0) {
    throw ShapeError("metrics of outcomes take predictions with a batch dimension, got a scalar");
  }
  if (rule.top_k) y_pred = keep_top_k(y_pred, *rule.top_k);
  if (rule.class_id) {
    const std::int64_t classes = known_classes(y_pred, "`class_id`");
    y_true = only_class(y_true, *rule.class_id, classes);
    y_pred = only_class(y_pred, *rule.class_id, classes);
  }
  const bool rows = y_pred.shape().rank() > 1;
  if (rule.evenly_spaced && rows && !compatible(y_true.shape(), y_pred.shape())) {
    throw ShapeError("metrics over many thresholds take targets of the predictions' shape " +
                     shape_text(y_pred.shape()) + ", got " + shape_text(y_true.shape()));
  }
  const Value positive = cast(not_equal(y_true, 0.0), DType::f32);
  Value positives = positive;
  Value negatives = 1.0 - positive;
  const auto weigh = [&](Value weight) {
    positives = positives * weight;
    negatives = negatives * weight;
  };
  if (sample_weight) {
    Value weight = cast(sample_weight, DType::f32);
    if (weight.shape().rank() < y_pred.shape().rank()) weight = expand_dims(weight, -1);
    weigh(weight);
  }
  if (!rule.label_weights.empty() && !rule.multi_label) {
    weigh(y_pred.graph().constant(vector_of(rule.label_weights)));
  }
  const auto with_threshold_axis = [&rule](Value x) {
    return rule.multi_label ? expand_dims(x, -1) : reshape(x, {-1, 1});
  };
  return {with_threshold_axis(y_pred), with_threshold_axis(positives),
          with_threshold_axis(negatives)};
}

/// Whether scores[..., 1] are above each threshold, as numbers.
Value above(const ConfusionRule& rule, Value scores) {
  if (!rule.evenly_spaced) {
    return cast(greater(scores, vector_of(rule.thresholds)), DType::f32);
  }
  const auto intervals = static_cast<double>(rule.thresholds.size() - 1);
  std::vector<double> steps(rule.thresholds.size());
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = static_cast<double>(i);
  // A threshold below 0 is exceeded by 0 too.
  if (rule.thresholds.front() < 0) steps.front() = -1;
  return cast(greater(clip(scores, 0, 1) * intervals, vector_of(steps)), DType::f32);
}

/// Within Keras's tolerances.
bool are_evenly_spaced(const std::vector<double>& thresholds) {
  if (thresholds.size() < 3) return false;
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    const double even = static_cast<double>(i) / static_cast<double>(thresholds.size() - 1);
    if (std::abs(thresholds[i] - even) > kEpsilon + 1e-5 * even) return false;
  }
  return true;
}

std::vector<double> evenly_spaced(std::int64_t count) {
  std::vector<double> thresholds(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    thresholds[static_cast<std::size_t>(i)] =
        static_cast<double>(i) / static_cast<double>(count - 1);
  }
  return thresholds;
}

}  // namespace

Config to_config(const Thresholds& thresholds) {
  const std::vector<double>& values = thresholds.values();
  if (values.empty()) return nullptr;
  if (values.size() == 1) return values.front();
  return nn::to_config(values);
}

void from_config(const Config& config, Thresholds& thresholds) {
  if (config.is_null()) {
    thresholds = {};
  } else if (config.is_list()) {
    std::vector<double> values;
    nn::from_config(config, values);
    thresholds = std::move(values);
  } else {
    thresholds = config.as_float();
  }
}

ConfusionRule make_rule(std::vector<Outcome> outcomes, const Thresholds& thresholds,
                        double default_threshold) {
  ConfusionRule rule{.outcomes = std::move(outcomes), .thresholds = thresholds.values()};
  if (rule.thresholds.empty()) rule.thresholds = {default_threshold};
  rule.evenly_spaced = are_evenly_spaced(rule.thresholds);
  return rule;
}

ConfusionRule make_rule(const PrecisionRecallOptions& options, Outcome other) {
  ConfusionRule rule = make_rule({Outcome::true_positives, other}, options.thresholds,
                                 options.top_k ? kExcluded : 0.5);
  rule.top_k = options.top_k;
  rule.class_id = options.class_id;
  return rule;
}

ConfusionRule best_rate_rule(std::int64_t num_thresholds, std::optional<std::int64_t> class_id) {
  ConfusionRule rule{.outcomes = {Outcome::true_positives, Outcome::false_positives,
                                  Outcome::true_negatives, Outcome::false_negatives}};
  rule.evenly_spaced = num_thresholds > 1;
  rule.thresholds = rule.evenly_spaced ? evenly_spaced(num_thresholds) : std::vector<double>{0.5};
  rule.class_id = class_id;
  return rule;
}

void ConfusionMetricBase::build_state(const ValueType& y_true, const ValueType& y_pred) {
  Shape shape;
  if (rule_.multi_label) {
    const Shape& predictions = y_pred.shape;
    if (predictions.rank() != 2 || predictions.dim(-1) == kUnknown) {
      throw ShapeError("metric \"" + name() + "\" with `multi_label` takes predictions " +
                       "of shape (None, labels), got " + shape_text(y_pred.shape) +
                       " for targets of shape " + shape_text(y_true.shape));
    }
    shape.append(predictions.dim(-1));
  }
  shape.append(static_cast<std::int64_t>(rule_.thresholds.size()));
  counts_.clear();
  for (const Outcome outcome : rule_.outcomes)
    counts_.push_back(add_state(name_of(outcome), shape));
}

std::vector<Value> ConfusionMetricBase::update(Value y_true, Value y_pred, Value sample_weight) {
  const Batch batch = make_batch(rule_, y_true, y_pred, sample_weight);
  const Value positive = above(rule_, batch.scores);
  const auto count_of = [&](Outcome outcome) {
    const bool counts_positive =
        outcome == Outcome::true_positives || outcome == Outcome::false_positives;
    const bool target_positive =
        outcome == Outcome::true_positives || outcome == Outcome::false_negatives;
    const Value chosen = counts_positive ? positive : 1.0 - positive;
    return sum(chosen * (target_positive ? batch.positives : batch.negatives), 0);
  };
  std::vector<Value> updates;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    updates.push_back(assign_add(counts_[i], count_of(rule_.outcomes[i])));
  }
  return updates;
}

Value ConfusionMetricBase::count(Outcome outcome) const {
  const auto found = std::find(rule_.outcomes.begin(), rule_.outcomes.end(), outcome);
  return counts_[static_cast<std::size_t>(found - rule_.outcomes.begin())];
}

Value ConfusionMetricBase::per_threshold(Value values) const {
  return rule_.thresholds.size() == 1 ? reshape(values, {}) : identity(values);
}

namespace {

Value divide_no_nan(Value a, Value b) { return where(not_equal(b, 0.0), a / b, 0.0); }

}  // namespace

Value share(Value a, Value b) { return divide_no_nan(a, a + b); }

Value best_where(Value bounded, double bound, Value rates) {
  return max(where(greater_equal(bounded, bound), rates, 0.0));
}

AUCMetric::AUCMetric(AUCOptions given) : MetricWithOptions(std::move(given)) {
  const auto check = [](const char* argument, const std::string& value,
                        std::initializer_list<const char*> known) {
    if (std::find(known.begin(), known.end(), value) != known.end()) return;
    std::string names;
    for (const char* name : known)
      names += (names.empty() ? "\"" : ", \"") + std::string(name) + '"';
    throw InvalidArgument("AUC: `" + std::string(argument) + "` is \"" + value +
                          "\". Expected values are " + names);
  };
  check("curve", options_.curve, {"ROC", "PR", "PRGAIN"});
  check("summation_method", options_.summation_method, {"interpolation", "minoring", "majoring"});
  if (options_.num_labels && !options_.multi_label) {
    throw InvalidArgument("AUC: `num_labels` is needed only when `multi_label` is true");
  }
  ConfusionRule rule{.outcomes = {Outcome::true_positives, Outcome::false_positives,
                                  Outcome::true_negatives, Outcome::false_negatives}};
  if (options_.thresholds) {
    rule.thresholds = *options_.thresholds;
    std::sort(rule.thresholds.begin(), rule.thresholds.end());
    rule.thresholds.insert(rule.thresholds.begin(), 0);
    rule.thresholds.push_back(1);
    rule.evenly_spaced = are_evenly_spaced(rule.thresholds);
    options_.num_thresholds = static_cast<std::int64_t>(rule.thresholds.size());
  } else {
    rule.thresholds = evenly_spaced(options_.num_thresholds);
    rule.evenly_spaced = true;
  }
  // Just outside of [0, 1]: the curve's ends count everything and nothing.
  rule.thresholds.front() = -kEpsilon;
  rule.thresholds.back() = 1 + kEpsilon;
  rule.multi_label = options_.multi_label;
  rule.from_logits = options_.from_logits;
  if (options_.label_weights) rule.label_weights = *options_.label_weights;
  set_rule(std::move(rule));
}

void AUCMetric::build_state(const ValueType& y_true, const ValueType& y_pred) {
  ConfusionMetricBase::build_state(y_true, y_pred);
  const std::int64_t labels = options_.multi_label ? y_pred.shape.dim(-1) : 0;
  if (options_.num_labels && *options_.num_labels != labels) {
    throw ShapeError("AUC: `num_labels` is " + std::to_string(*options_.num_labels) +
                     ", but predictions are " + y_pred.to_string());
  }
}

namespace {

/// Values at all thresholds but the last, and at all but the first.
Value left_of(Value x) {
  std::vector<SliceRange> ranges(static_cast<std::size_t>(x.shape().rank()));
  ranges.back().end = -1;
  return slice(x, ranges);
}
Value right_of(Value x) {
  std::vector<SliceRange> ranges(static_cast<std::size_t>(x.shape().rank()));
  ranges.back().begin = 1;
  return slice(x, ranges);
}

}  // namespace

std::pair<Value, Value> AUCMetric::curve_points() const {
  const Value tp = count(Outcome::true_positives);
  const Value fp = count(Outcome::false_positives);
  const Value tn = count(Outcome::true_negatives);
  const Value fn = count(Outcome::false_negatives);
  if (options_.curve == "ROC") return {share(fp, tn), share(tp, fn)};
  if (options_.curve == "PR") return {share(tp, fn), share(tp, fp)};
  // Flach and Kull, "Precision-recall-gain curves", 2015; without true positives the recall gain
  // is 0 and the precision gain 1, and negative recall gains are 0.
  const Value scale = divide_no_nan(tp + fn, tn + fp);
  const Value none = equal(tp, 0.0);
  const Value recall_gain = where(none, 0.0, 1.0 - scale * divide_no_nan(fn, tp));
  const Value precision_gain = where(none, 1.0, 1.0 - scale * divide_no_nan(fp, tp));
  return {maximum(recall_gain, 0.0), precision_gain};
}

Value AUCMetric::area_terms() const {
  const auto [x, y] = curve_points();
  const Value left = left_of(y);
  const Value right = right_of(y);
  Value heights;
  if (options_.summation_method == "interpolation") {
    heights = (left + right) / 2.0;
  } else if (options_.summation_method == "minoring") {
    heights = minimum(left, right);
  } else {
    heights = maximum(left, right);
  }
  return (left_of(x) - right_of(x)) * heights;
}

Value AUCMetric::interpolated_precision_recall_terms() const {
  const Value tp = count(Outcome::true_positives);
  const Value positive = tp + count(Outcome::false_positives);
  const Value next_tp = right_of(tp);
  const Value next_positive = right_of(positive);
  const Value gained_tp = left_of(tp) - next_tp;
  const Value gained = left_of(positive) - next_positive;
  const Value slope = divide_no_nan(gained_tp, maximum(gained, 0.0));
  const Value intercept = next_tp - slope * next_positive;
  const Value both = logical_and(greater(left_of(positive), 0.0), greater(next_positive, 0.0));
  const Value ratio =
      where(both, divide_no_nan(left_of(positive), maximum(next_positive, 0.0)), 1.0);
  return divide_no_nan(slope * (gained_tp + intercept * log(ratio)),
                       maximum(next_tp + right_of(count(Outcome::false_negatives)), 0.0));
}

Value AUCMetric::result() {
  const bool interpolated_curve =
      options_.curve == "PR" && options_.summation_method == "interpolation";
  const Value areas =
      sum(interpolated_curve ? interpolated_precision_recall_terms() : area_terms(), -1);
  if (!options_.multi_label) return areas;
  if (!options_.label_weights) return mean(areas);
  const Value weights = areas.graph().constant(vector_of(*options_.label_weights));
  return divide_no_nan(sum(areas * weights), sum(weights));
}

}  // namespace tegula::nn::metrics
