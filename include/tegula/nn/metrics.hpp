#pragma once
// The metrics, with Keras's names, arguments, defaults and arithmetic. They live in a namespace of
// their own because losses have the same names: `nn::metrics::MeanSquaredError()`.

#include <functional>
#include <optional>
#include <string>
#include <tuple>

#include "tegula/nn/counting_metrics.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/metric_base.hpp"
#include "tegula/nn/overlap_metrics.hpp"
#include "tegula/nn/score_metrics.hpp"

namespace tegula::nn {

/// The mean of the values per sample that a function of the user's builds from a batch's targets
/// and predictions.
TEGULA_API Metric make_metric(std::string name,
                              std::function<Value(Value y_true, Value y_pred)> values);
/// Makes that metric known by its name: `{.metrics = {"name"}}`, and in saved models.
TEGULA_API void register_metric(const std::string& name,
                                std::function<Value(Value y_true, Value y_pred)> values);

namespace metrics {

/// One row per metric that is the mean of a function without options.
struct PlainMetric {
  const char* name;
  const char* default_name;
  const char* doc;
  MetricBase::Direction direction;
  Value (*values)(Value y_true, Value y_pred);
};

struct PlainMetricOptions {
  std::string name = {};
  static auto fields() {
    return std::tuple{field<&PlainMetricOptions::name>("name", "Name in logs.")};
  }
};

template <const PlainMetric& Plain>
class PlainMetricOf
    : public MetricWithOptions<MeanMetricBase, PlainMetricOf<Plain>, PlainMetricOptions> {
 public:
  static constexpr const char* kName = Plain.name;
  static constexpr const char* kDefaultName = Plain.default_name;
  static constexpr const char* kDoc = Plain.doc;
  static constexpr MetricBase::Direction kDirection = Plain.direction;
  using MetricWithOptions<MeanMetricBase, PlainMetricOf<Plain>,
                          PlainMetricOptions>::MetricWithOptions;

 protected:
  Value values(Value y_true, Value y_pred) const override { return Plain.values(y_true, y_pred); }
};

namespace metric_values {
/// Casts targets and predictions to float32 and makes ranks agree, as losses expect them.
TEGULA_API void match_targets(Value& y_true, Value& y_pred);

/// A loss's values per sample, from targets of any dtype.
template <Value (*Loss)(Value, Value)>
Value of_loss(Value y_true, Value y_pred) {
  match_targets(y_true, y_pred);
  return Loss(y_true, y_pred);
}

/// 1 where the condition holds, else 0, before averaging.
TEGULA_API Value accuracy(Value y_true, Value y_pred);
TEGULA_API Value binary_accuracy(Value y_true, Value y_pred, double threshold = 0.5);
TEGULA_API Value categorical_accuracy(Value y_true, Value y_pred);
TEGULA_API Value sparse_categorical_accuracy(Value y_true, Value y_pred);
TEGULA_API Value top_k_categorical_accuracy(Value y_true, Value y_pred, std::int64_t k = 5);
TEGULA_API Value sparse_top_k_categorical_accuracy(Value y_true, Value y_pred, std::int64_t k = 5,
                                                   bool from_sorted_ids = false);
/// The similarity itself, where the loss is its negative.
TEGULA_API Value cosine_similarity(Value y_true, Value y_pred, std::int64_t axis = -1);
}  // namespace metric_values

inline constexpr auto kUp = MetricBase::Direction::up;
inline constexpr auto kDown = MetricBase::Direction::down;
inline constexpr auto kUnknownDirection = MetricBase::Direction::unknown;

inline constexpr PlainMetric kMean = {"Mean", "mean", "The mean of the values given as targets.",
                                      kUnknownDirection,
                                      [](Value values, Value) { return values; }};
inline constexpr PlainMetric kAccuracy = {
    "Accuracy", "accuracy", "How often predictions equal targets.", kUp, metric_values::accuracy};
inline constexpr PlainMetric kCategoricalAccuracy = {
    "CategoricalAccuracy", "categorical_accuracy",
    "How often the largest score is that of the one-hot target.", kUp,
    metric_values::categorical_accuracy};
inline constexpr PlainMetric kSparseCategoricalAccuracy = {
    "SparseCategoricalAccuracy", "sparse_categorical_accuracy",
    "How often the largest score is that of the target class.", kUp,
    metric_values::sparse_categorical_accuracy};
inline constexpr PlainMetric kMeanSquaredError = {
    "MeanSquaredError", "mean_squared_error", "mean((y_true - y_pred)²)", kDown,
    metric_values::of_loss<loss_values::mean_squared_error>};
inline constexpr PlainMetric kMeanAbsoluteError = {
    "MeanAbsoluteError", "mean_absolute_error", "mean(|y_true - y_pred|)", kDown,
    metric_values::of_loss<loss_values::mean_absolute_error>};
inline constexpr PlainMetric kMeanAbsolutePercentageError = {
    "MeanAbsolutePercentageError", "mean_absolute_percentage_error",
    "100 mean(|y_true - y_pred| / |y_true|)", kDown,
    metric_values::of_loss<loss_values::mean_absolute_percentage_error>};
inline constexpr PlainMetric kMeanSquaredLogarithmicError = {
    "MeanSquaredLogarithmicError", "mean_squared_logarithmic_error",
    "mean((log(y_true + 1) - log(y_pred + 1))²)", kDown,
    metric_values::of_loss<loss_values::mean_squared_logarithmic_error>};
inline constexpr PlainMetric kLogCoshError = {"LogCoshError", "logcosh",
                                              "mean(log(cosh(y_pred - y_true)))", kDown,
                                              metric_values::of_loss<loss_values::log_cosh>};
inline constexpr PlainMetric kKLDivergence = {
    "KLDivergence", "kl_divergence", "sum(y_true log(y_true / y_pred)), averaged.",
    kUnknownDirection, metric_values::of_loss<loss_values::kl_divergence>};
inline constexpr PlainMetric kPoisson = {"Poisson", "poisson", "mean(y_pred - y_true log(y_pred))",
                                         kUnknownDirection,
                                         metric_values::of_loss<loss_values::poisson>};
inline constexpr PlainMetric kHinge = {"Hinge", "hinge", "mean(max(1 - y_true y_pred, 0))", kDown,
                                       metric_values::of_loss<loss_values::hinge>};
inline constexpr PlainMetric kSquaredHinge = {"SquaredHinge", "squared_hinge",
                                              "mean(max(1 - y_true y_pred, 0)²)", kDown,
                                              metric_values::of_loss<loss_values::squared_hinge>};
inline constexpr PlainMetric kCategoricalHinge = {
    "CategoricalHinge", "categorical_hinge", "max(largest wrong score - right score + 1, 0)", kDown,
    metric_values::of_loss<loss_values::categorical_hinge>};

using Mean = Make<PlainMetricOf<kMean>, Metric>;
using Accuracy = Make<PlainMetricOf<kAccuracy>, Metric>;
using CategoricalAccuracy = Make<PlainMetricOf<kCategoricalAccuracy>, Metric>;
using SparseCategoricalAccuracy = Make<PlainMetricOf<kSparseCategoricalAccuracy>, Metric>;
using MeanSquaredError = Make<PlainMetricOf<kMeanSquaredError>, Metric>;
using MeanAbsoluteError = Make<PlainMetricOf<kMeanAbsoluteError>, Metric>;
using MeanAbsolutePercentageError = Make<PlainMetricOf<kMeanAbsolutePercentageError>, Metric>;
using MeanSquaredLogarithmicError = Make<PlainMetricOf<kMeanSquaredLogarithmicError>, Metric>;
using LogCoshError = Make<PlainMetricOf<kLogCoshError>, Metric>;
using KLDivergence = Make<PlainMetricOf<kKLDivergence>, Metric>;
using Poisson = Make<PlainMetricOf<kPoisson>, Metric>;
using Hinge = Make<PlainMetricOf<kHinge>, Metric>;
using SquaredHinge = Make<PlainMetricOf<kSquaredHinge>, Metric>;
using CategoricalHinge = Make<PlainMetricOf<kCategoricalHinge>, Metric>;

/// The sum, over all batches, of the values given as targets.
class TEGULA_API SumMetric : public MetricWithOptions<MetricBase, SumMetric, PlainMetricOptions> {
 public:
  static constexpr const char* kName = "Sum";
  static constexpr const char* kDefaultName = "sum";
  static constexpr const char* kDoc = "The sum of the values given as targets.";
  static constexpr Direction kDirection = Direction::unknown;
  using MetricWithOptions::MetricWithOptions;
  std::vector<Value> update(Value y_true, Value y_pred, Value sample_weight) override;
  Value result() override { return identity(total_); }

 protected:
  void build_state(const ValueType& y_true, const ValueType& y_pred) override;

 private:
  Variable total_;
};
using Sum = Make<SumMetric, Metric>;

class TEGULA_API RootMeanSquaredErrorMetric
    : public MetricWithOptions<MeanMetricBase, RootMeanSquaredErrorMetric, PlainMetricOptions> {
 public:
  static constexpr const char* kName = "RootMeanSquaredError";
  static constexpr const char* kDefaultName = "root_mean_squared_error";
  static constexpr const char* kDoc = "The root of the mean squared error over all samples.";
  static constexpr Direction kDirection = Direction::down;
  using MetricWithOptions::MetricWithOptions;
  Value result() override { return sqrt(MeanMetricBase::result()); }

 protected:
  Value values(Value y_true, Value y_pred) const override;
};
using RootMeanSquaredError = Make<RootMeanSquaredErrorMetric, Metric>;

struct BinaryAccuracyOptions {
  std::string name = {};
  double threshold = 0.5;
  static auto fields() {
    using Self = BinaryAccuracyOptions;
    return std::tuple{
        field<&Self::name>("name", "Name in logs."),
        field<&Self::threshold>("threshold", "Predictions above it mean 1.", any_finite)};
  }
};
class TEGULA_API BinaryAccuracyMetric
    : public MetricWithOptions<MeanMetricBase, BinaryAccuracyMetric, BinaryAccuracyOptions> {
 public:
  static constexpr const char* kName = "BinaryAccuracy";
  static constexpr const char* kDefaultName = "binary_accuracy";
  static constexpr const char* kDoc = "How often predictions above a threshold meet targets of 1.";
  static constexpr Direction kDirection = Direction::up;
  using MetricWithOptions::MetricWithOptions;

 protected:
  Value values(Value y_true, Value y_pred) const override {
    return metric_values::binary_accuracy(y_true, y_pred, options_.threshold);
  }
};
using BinaryAccuracy = Make<BinaryAccuracyMetric, Metric>;

struct TopKOptions {
  std::int64_t k = 5;
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&TopKOptions::k>("k", "How many scores may contain the target's.", at_least(1)),
        field<&TopKOptions::name>("name", "Name in logs.")};
  }
};
class TEGULA_API TopKCategoricalAccuracyMetric
    : public MetricWithOptions<MeanMetricBase, TopKCategoricalAccuracyMetric, TopKOptions> {
 public:
  static constexpr const char* kName = "TopKCategoricalAccuracy";
  static constexpr const char* kDefaultName = "top_k_categorical_accuracy";
  static constexpr const char* kDoc = "How often the one-hot target is among the k best scores.";
  static constexpr Direction kDirection = Direction::up;
  using MetricWithOptions::MetricWithOptions;

 protected:
  Value values(Value y_true, Value y_pred) const override {
    return metric_values::top_k_categorical_accuracy(y_true, y_pred, options_.k);
  }
};
using TopKCategoricalAccuracy = Make<TopKCategoricalAccuracyMetric, Metric>;

struct SparseTopKOptions {
  std::int64_t k = 5;
  std::string name = {};
  bool from_sorted_ids = false;
  static auto fields() {
    using Self = SparseTopKOptions;
    return std::tuple{
        field<&Self::k>("k", "How many scores may contain the target's.", at_least(1)),
        field<&Self::name>("name", "Name in logs."),
        field<&Self::from_sorted_ids>("from_sorted_ids",
                                      "Whether predictions are class indices, best first.")};
  }
};
class TEGULA_API SparseTopKCategoricalAccuracyMetric
    : public MetricWithOptions<MeanMetricBase, SparseTopKCategoricalAccuracyMetric,
                               SparseTopKOptions> {
 public:
  static constexpr const char* kName = "SparseTopKCategoricalAccuracy";
  static constexpr const char* kDefaultName = "sparse_top_k_categorical_accuracy";
  static constexpr const char* kDoc = "How often the target class is among the k best scores.";
  static constexpr Direction kDirection = Direction::up;
  using MetricWithOptions::MetricWithOptions;

 protected:
  Value values(Value y_true, Value y_pred) const override {
    return metric_values::sparse_top_k_categorical_accuracy(y_true, y_pred, options_.k,
                                                            options_.from_sorted_ids);
  }
};
using SparseTopKCategoricalAccuracy = Make<SparseTopKCategoricalAccuracyMetric, Metric>;

struct CosineSimilarityMetricOptions {
  std::string name = {};
  std::int64_t axis = -1;
  static auto fields() {
    using Self = CosineSimilarityMetricOptions;
    return std::tuple{field<&Self::name>("name", "Name in logs."),
                      field<&Self::axis>("axis", "Axis of the vectors.", any_finite)};
  }
};
class TEGULA_API CosineSimilarityMetric
    : public MetricWithOptions<MeanMetricBase, CosineSimilarityMetric,
                               CosineSimilarityMetricOptions> {
 public:
  static constexpr const char* kName = "CosineSimilarity";
  static constexpr const char* kDefaultName = "cosine_similarity";
  static constexpr const char* kDoc = "The cosine of the angle between the vectors.";
  static constexpr Direction kDirection = Direction::up;
  using MetricWithOptions::MetricWithOptions;

 protected:
  Value values(Value y_true, Value y_pred) const override {
    return metric_values::cosine_similarity(y_true, y_pred, options_.axis);
  }
};
using CosineSimilarity = Make<CosineSimilarityMetric, Metric>;

struct BinaryCrossentropyMetricOptions {
  std::string name = {};
  bool from_logits = false;
  double label_smoothing = 0;
  static auto fields() {
    using Self = BinaryCrossentropyMetricOptions;
    return std::tuple{field<&Self::name>("name", "Name in logs."),
                      field<&Self::from_logits>("from_logits", "Whether predictions are logits."),
                      field<&Self::label_smoothing>(
                          "label_smoothing", "Share of the label that is spread.", in_range(0, 1))};
  }
};
class TEGULA_API BinaryCrossentropyMetric
    : public MetricWithOptions<MeanMetricBase, BinaryCrossentropyMetric,
                               BinaryCrossentropyMetricOptions> {
 public:
  static constexpr const char* kName = "BinaryCrossentropy";
  static constexpr const char* kDefaultName = "binary_crossentropy";
  static constexpr const char* kDoc = "-(t log p + (1 - t) log(1 - p)), averaged.";
  static constexpr Direction kDirection = Direction::down;
  using MetricWithOptions::MetricWithOptions;

 protected:
  Value values(Value y_true, Value y_pred) const override;
};
using BinaryCrossentropy = Make<BinaryCrossentropyMetric, Metric>;

struct CategoricalCrossentropyMetricOptions {
  std::string name = {};
  bool from_logits = false;
  double label_smoothing = 0;
  std::int64_t axis = -1;
  static auto fields() {
    using Self = CategoricalCrossentropyMetricOptions;
    return std::tuple{field<&Self::name>("name", "Name in logs."),
                      field<&Self::from_logits>("from_logits", "Whether predictions are logits."),
                      field<&Self::label_smoothing>(
                          "label_smoothing", "Share of the label that is spread.", in_range(0, 1)),
                      field<&Self::axis>("axis", "Axis of the classes.", any_finite)};
  }
};
class TEGULA_API CategoricalCrossentropyMetric
    : public MetricWithOptions<MeanMetricBase, CategoricalCrossentropyMetric,
                               CategoricalCrossentropyMetricOptions> {
 public:
  static constexpr const char* kName = "CategoricalCrossentropy";
  static constexpr const char* kDefaultName = "categorical_crossentropy";
  static constexpr const char* kDoc = "-sum(t log p) over the classes; targets are one-hot.";
  static constexpr Direction kDirection = Direction::down;
  using MetricWithOptions::MetricWithOptions;

 protected:
  Value values(Value y_true, Value y_pred) const override;
};
using CategoricalCrossentropy = Make<CategoricalCrossentropyMetric, Metric>;

struct SparseCategoricalCrossentropyMetricOptions {
  std::string name = {};
  bool from_logits = false;
  std::optional<std::int64_t> ignore_class = {};
  std::int64_t axis = -1;
  static auto fields() {
    using Self = SparseCategoricalCrossentropyMetricOptions;
    return std::tuple{
        field<&Self::name>("name", "Name in logs."),
        field<&Self::from_logits>("from_logits", "Whether predictions are logits."),
        field<&Self::ignore_class>("ignore_class", "Class whose samples count as 0.", any_finite),
        field<&Self::axis>("axis", "Axis of the classes.", any_finite)};
  }
};
class TEGULA_API SparseCategoricalCrossentropyMetric
    : public MetricWithOptions<MeanMetricBase, SparseCategoricalCrossentropyMetric,
                               SparseCategoricalCrossentropyMetricOptions> {
 public:
  static constexpr const char* kName = "SparseCategoricalCrossentropy";
  static constexpr const char* kDefaultName = "sparse_categorical_crossentropy";
  static constexpr const char* kDoc = "-log p of the target class; targets are class indices.";
  static constexpr Direction kDirection = Direction::down;
  using MetricWithOptions::MetricWithOptions;

 protected:
  Value values(Value y_true, Value y_pred) const override;
  Value mask(Value y_true, Value y_pred) const override;
};
using SparseCategoricalCrossentropy = Make<SparseCategoricalCrossentropyMetric, Metric>;

}  // namespace metrics
}  // namespace tegula::nn
