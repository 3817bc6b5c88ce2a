#include "tegula/nn/metric.hpp"

#include "src/core/made_before_fork.hpp"
#include "tegula/nn/metrics.hpp"

namespace tegula::nn {

std::vector<Variable> MetricBase::variables() const {
  return constructing([this] { return variables_; });
}

void MetricBase::build(Graph& graph, const ValueType& y_true, const ValueType& y_pred) {
  const ConstructionLock lock;
  graph_ = graph;
  variables_.clear();
  NameScope scope(graph_, name());
  build_state(y_true, y_pred);
}

Variable MetricBase::add_state(std::string_view name, const Shape& shape) {
  return add_state_from(name, Tensor::zeros(DType::f32, shape));
}

Variable MetricBase::add_state_from(std::string_view name, const Tensor& first) {
  variables_.push_back(graph_.variable(first, name, false));
  return variables_.back();
}

void MetricBase::build_part(MetricBase& part, const ValueType& y_true, const ValueType& y_pred) {
  part.build(graph_, y_true, y_pred);
  variables_.insert(variables_.end(), part.variables_.begin(), part.variables_.end());
}

namespace {

/// Keras's choice among the binary, sparse and categorical form of a metric.
Metric by_shapes(const std::string& suffix, const ValueType& y_true, const ValueType& y_pred) {
  if (y_pred.shape.rank() == 0) {
    throw ShapeError("the form of \"" + suffix + "\" depends on the predictions' last dimension" +
                     ", but they are scalars");
  }
  if (y_pred.shape.dim(-1) == 1) return Metric("binary_" + suffix);
  const bool indices = y_true.shape.rank() < y_pred.shape.rank() || y_true.shape.dim(-1) == 1;
  return Metric((indices ? "sparse_categorical_" : "categorical_") + suffix);
}

/// The suffix of the classes among which the shapes choose; null for any other name.
const char* chosen_by_shapes(const std::string& name) {
  if (name == "accuracy" || name == "acc") return "accuracy";
  if (name == "crossentropy" || name == "ce") return "crossentropy";
  return nullptr;
}

}  // namespace

Metric resolve_metric(const std::string& name, const ValueType& y_true, const ValueType& y_pred) {
  const char* suffix = chosen_by_shapes(name);
  return suffix != nullptr ? by_shapes(suffix, y_true, y_pred) : Metric(name);
}

void check_metric_name(const std::string& name) {
  if (chosen_by_shapes(name) == nullptr) find_class<MetricBase>(name);
}

namespace metrics {
namespace {

const std::vector<ObjectClass<MetricBase>>& metric_classes() {
  static const std::vector<ObjectClass<MetricBase>> classes = {
      object_class<MetricBase, PlainMetricOf<kMean>>({}),
      object_class<MetricBase, SumMetric>({}),
      object_class<MetricBase, PlainMetricOf<kAccuracy>>({}),
      object_class<MetricBase, BinaryAccuracyMetric>({}),
      object_class<MetricBase, PlainMetricOf<kCategoricalAccuracy>>({}),
      object_class<MetricBase, PlainMetricOf<kSparseCategoricalAccuracy>>({}),
      object_class<MetricBase, TopKCategoricalAccuracyMetric>({}),
      object_class<MetricBase, SparseTopKCategoricalAccuracyMetric>({}),
      object_class<MetricBase, PlainMetricOf<kMeanSquaredError>>({"mse", "MSE"}),
      object_class<MetricBase, RootMeanSquaredErrorMetric>({}),
      object_class<MetricBase, PlainMetricOf<kMeanAbsoluteError>>({"mae", "MAE"}),
      object_class<MetricBase, PlainMetricOf<kMeanAbsolutePercentageError>>({"mape", "MAPE"}),
      object_class<MetricBase, PlainMetricOf<kMeanSquaredLogarithmicError>>({"msle", "MSLE"}),
      object_class<MetricBase, PlainMetricOf<kLogCoshError>>({"logcosh"}),
      object_class<MetricBase, CosineSimilarityMetric>({}),
      object_class<MetricBase, PlainMetricOf<kKLDivergence>>({}),
      object_class<MetricBase, PlainMetricOf<kPoisson>>({}),
      object_class<MetricBase, PlainMetricOf<kHinge>>({}),
      object_class<MetricBase, PlainMetricOf<kSquaredHinge>>({}),
      object_class<MetricBase, PlainMetricOf<kCategoricalHinge>>({}),
      object_class<MetricBase, BinaryCrossentropyMetric>({"bce", "BCE"}),
      object_class<MetricBase, CategoricalCrossentropyMetric>({}),
      object_class<MetricBase, SparseCategoricalCrossentropyMetric>({}),
      object_class<MetricBase, OutcomeCountOf<kTruePositives>>({}),
      object_class<MetricBase, OutcomeCountOf<kTrueNegatives>>({}),
      object_class<MetricBase, OutcomeCountOf<kFalsePositives>>({}),
      object_class<MetricBase, OutcomeCountOf<kFalseNegatives>>({}),
      object_class<MetricBase, TruePositiveShareOf<kPrecision>>({}),
      object_class<MetricBase, TruePositiveShareOf<kRecall>>({}),
      object_class<MetricBase, AUCMetric>({}),
      object_class<MetricBase, BestRateOf<kSensitivityAtSpecificity>>({}),
      object_class<MetricBase, BestRateOf<kSpecificityAtSensitivity>>({}),
      object_class<MetricBase, BestRateOf<kPrecisionAtRecall>>({}),
      object_class<MetricBase, BestRateOf<kRecallAtPrecision>>({}),
      object_class<MetricBase, F1ScoreMetric>({}),
      object_class<MetricBase, FBetaScoreMetric>({"fbeta_score"}),
      object_class<MetricBase, R2ScoreMetric>({}),
      object_class<MetricBase, IoUMetric>({}),
      object_class<MetricBase, BinaryIoUMetric>({}),
      object_class<MetricBase, MeanIoUMetric>({}),
      object_class<MetricBase, OneHotIoUMetric>({}),
      object_class<MetricBase, OneHotMeanIoUMetric>({}),
      object_class<MetricBase, CorrelationOf<kPearsonCorrelation>>({}),
      object_class<MetricBase, CorrelationOf<kConcordanceCorrelation>>({}),
  };
  return classes;
}

const detail::MadeBeforeFork kMadeBeforeFork([] { metric_classes(); });

}  // namespace
}  // namespace metrics

template <>
const std::vector<ObjectClass<MetricBase>>& object_classes<MetricBase>() {
  return metrics::metric_classes();
}

}  // namespace tegula::nn
