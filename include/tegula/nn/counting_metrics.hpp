#pragma once
// Metrics made of counts of true and false positives and negatives, per threshold.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/nn/metric_base.hpp"

namespace tegula::nn {
namespace metrics {

/// No threshold (the metric's default), one, or several, each in [0, 1].
class TEGULA_API Thresholds {
 public:
  Thresholds() = default;
  Thresholds(double value) : values_{value} {}                            // NOLINT: implicit
  Thresholds(std::vector<double> values) : values_(std::move(values)) {}  // NOLINT: by design
  Thresholds(std::initializer_list<double> values) : values_(values) {}   // NOLINT

  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> values_;
};
}  // namespace metrics
template <>
inline constexpr bool holds_numbers<metrics::Thresholds> = true;
namespace metrics {

inline std::string type_name(const Thresholds&) { return "number or list"; }
/// null, a number, or a list.
TEGULA_API Config to_config(const Thresholds& thresholds);
TEGULA_API void from_config(const Config& config, Thresholds& thresholds);

enum class Outcome { true_positives, false_positives, true_negatives, false_negatives };

/// How predictions become positives, and which outcomes are counted.
struct ConfusionRule {
  std::vector<Outcome> outcomes = {};
  /// A prediction is positive when it is greater.
  std::vector<double> thresholds = {};
  /// Thresholds are k / (count - 1): predictions, clipped to [0, 1], are multiplied by count - 1
  /// and compared with k, as Keras does. The comparison differs from the plain one by rounding.
  bool evenly_spaced = false;
  /// Only the largest scores of each row can be positive.
  std::optional<std::int64_t> top_k = {};
  /// Only this entry of the last axis counts.
  std::optional<std::int64_t> class_id = {};
  /// Counts per entry of the last axis instead of over all entries.
  bool multi_label = false;
  bool from_logits = false;
  /// Weight of each entry of the last axis; empty: 1.
  std::vector<double> label_weights = {};
};

/// Keeps a count per outcome and threshold: of shape [thresholds], or with `multi_label`
/// [labels, thresholds].
class TEGULA_API ConfusionMetricBase : public MetricBase {
 public:
  std::vector<Value> update(Value y_true, Value y_pred, Value sample_weight) override;
  bool takes_vector_as_row() const override { return rule_.top_k.has_value(); }
  const std::vector<double>& thresholds() const { return rule_.thresholds; }

 protected:
  void build_state(const ValueType& y_true, const ValueType& y_pred) override;
  void set_rule(ConfusionRule rule) { rule_ = std::move(rule); }
  const ConfusionRule& rule() const { return rule_; }
  Value count(Outcome outcome) const;
  /// A vector over one threshold becomes a scalar.
  Value per_threshold(Value values) const;

 private:
  ConfusionRule rule_;
  std::vector<Variable> counts_;
};

/// Recognizes evenly spaced thresholds.
TEGULA_API ConfusionRule make_rule(std::vector<Outcome> outcomes, const Thresholds& thresholds,
                                   double default_threshold);

struct OutcomeCountOptions {
  Thresholds thresholds = {};
  std::string name = {};
  static auto fields() {
    using Self = OutcomeCountOptions;
    return std::tuple{
        field<&Self::thresholds>("thresholds", "Predictions above are positive; default 0.5.",
                                 in_range(0, 1)),
        field<&Self::name>("name", "Name in logs.")};
  }
};

/// One row per metric that counts an outcome.
struct OutcomeCount {
  const char* name;
  const char* doc;
  Outcome outcome;
};

template <const OutcomeCount& Row>
class OutcomeCountOf
    : public MetricWithOptions<ConfusionMetricBase, OutcomeCountOf<Row>, OutcomeCountOptions> {
 public:
  static constexpr const char* kName = Row.name;
  static constexpr const char* kDefaultName = nullptr;
  static constexpr const char* kDoc = Row.doc;
  static constexpr MetricBase::Direction kDirection = MetricBase::Direction::unknown;
  explicit OutcomeCountOf(OutcomeCountOptions options)
      : MetricWithOptions<ConfusionMetricBase, OutcomeCountOf<Row>, OutcomeCountOptions>(
            std::move(options)) {
    this->set_rule(make_rule({Row.outcome}, this->options_.thresholds, 0.5));
  }
  Value result() override { return this->per_threshold(this->count(Row.outcome)); }
};

inline constexpr OutcomeCount kTruePositives = {
    "TruePositives", "Number of positive predictions with positive targets.",
    Outcome::true_positives};
inline constexpr OutcomeCount kTrueNegatives = {
    "TrueNegatives", "Number of negative predictions with negative targets.",
    Outcome::true_negatives};
inline constexpr OutcomeCount kFalsePositives = {
    "FalsePositives", "Number of positive predictions with negative targets.",
    Outcome::false_positives};
inline constexpr OutcomeCount kFalseNegatives = {
    "FalseNegatives", "Number of negative predictions with positive targets.",
    Outcome::false_negatives};
using TruePositives = Make<OutcomeCountOf<kTruePositives>, Metric>;
using TrueNegatives = Make<OutcomeCountOf<kTrueNegatives>, Metric>;
using FalsePositives = Make<OutcomeCountOf<kFalsePositives>, Metric>;
using FalseNegatives = Make<OutcomeCountOf<kFalseNegatives>, Metric>;

struct PrecisionRecallOptions {
  Thresholds thresholds = {};
  std::optional<std::int64_t> top_k = {};
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
  static auto fields() {
    using Self = PrecisionRecallOptions;
    return std::tuple{
        field<&Self::thresholds>("thresholds",
                                 "Predictions above are positive; default 0.5, with `top_k` none.",
                                 in_range(0, 1)),
        field<&Self::top_k>("top_k", "Only the k best scores of a row can be positive.",
                            at_least(1)),
        field<&Self::class_id>("class_id", "Only this class counts.", any_finite),
        field<&Self::name>("name", "Name in logs.")};
  }
};

/// One row per share of the true positives in the true positives and another outcome.
struct TruePositiveShare {
  const char* name;
  const char* doc;
  Outcome other;
};

/// The rule of precision and recall.
TEGULA_API ConfusionRule make_rule(const PrecisionRecallOptions& options, Outcome other);
/// a / (a + b), 0 where that is 0 / 0.
TEGULA_API Value share(Value a, Value b);

template <const TruePositiveShare& Row>
class TruePositiveShareOf : public MetricWithOptions<ConfusionMetricBase, TruePositiveShareOf<Row>,
                                                     PrecisionRecallOptions> {
 public:
  static constexpr const char* kName = Row.name;
  static constexpr const char* kDefaultName = nullptr;
  static constexpr const char* kDoc = Row.doc;
  static constexpr MetricBase::Direction kDirection = MetricBase::Direction::up;
  explicit TruePositiveShareOf(PrecisionRecallOptions options)
      : MetricWithOptions<ConfusionMetricBase, TruePositiveShareOf<Row>, PrecisionRecallOptions>(
            std::move(options)) {
    this->set_rule(make_rule(this->options_, Row.other));
  }
  Value result() override {
    return this->per_threshold(share(this->count(Outcome::true_positives), this->count(Row.other)));
  }
};

inline constexpr TruePositiveShare kPrecision = {
    "Precision", "Share of the positive predictions whose targets are positive.",
    Outcome::false_positives};
inline constexpr TruePositiveShare kRecall = {
    "Recall", "Share of the positive targets whose predictions are positive.",
    Outcome::false_negatives};
using Precision = Make<TruePositiveShareOf<kPrecision>, Metric>;
using Recall = Make<TruePositiveShareOf<kRecall>, Metric>;

/// Of `num_thresholds`: a description must not ask for any amount of memory.
inline constexpr double kMostThresholds = 1e6;

/// One row per metric that asks for the best of one rate where another reaches a bound.
struct BestRate {
  const char* name;
  /// The argument that bounds `bounded`.
  const char* argument;
  const char* doc;
  /// Of a rate: share(first, second).
  Outcome bounded[2];
  Outcome best[2];
};

template <const BestRate& Row>
struct BestRateOptions {
  /// The bound, in [0, 1].
  double value = 0.5;
  std::int64_t num_thresholds = 200;
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
  static auto fields() {
    using Self = BestRateOptions<Row>;
    return std::tuple{
        field<&Self::value>(Row.argument, "The bound to be reached.", in_range(0, 1)).required(),
        field<&Self::num_thresholds>("num_thresholds", "Thresholds to choose from.",
                                     in_range(1, kMostThresholds)),
        field<&Self::class_id>("class_id", "Only this class counts.", any_finite),
        field<&Self::name>("name", "Name in logs.")};
  }
};

TEGULA_API ConfusionRule best_rate_rule(std::int64_t num_thresholds,
                                        std::optional<std::int64_t> class_id);
/// The largest of `rates` where `bounded` >= `bound`; 0 when that is nowhere.
TEGULA_API Value best_where(Value bounded, double bound, Value rates);

template <const BestRate& Row>
class BestRateOf
    : public MetricWithOptions<ConfusionMetricBase, BestRateOf<Row>, BestRateOptions<Row>> {
 public:
  static constexpr const char* kName = Row.name;
  static constexpr const char* kDefaultName = nullptr;
  static constexpr const char* kDoc = Row.doc;
  static constexpr MetricBase::Direction kDirection = MetricBase::Direction::up;
  explicit BestRateOf(BestRateOptions<Row> options)
      : MetricWithOptions<ConfusionMetricBase, BestRateOf<Row>, BestRateOptions<Row>>(
            std::move(options)) {
    this->set_rule(best_rate_rule(this->options_.num_thresholds, this->options_.class_id));
  }
  Value result() override {
    return best_where(rate(Row.bounded), this->options_.value, rate(Row.best));
  }

 private:
  Value rate(const Outcome (&outcomes)[2]) const {
    return share(this->count(outcomes[0]), this->count(outcomes[1]));
  }
};

inline constexpr BestRate kSensitivityAtSpecificity = {
    "SensitivityAtSpecificity",
    "specificity",
    "The best sensitivity where the specificity is at least as given.",
    {Outcome::true_negatives, Outcome::false_positives},
    {Outcome::true_positives, Outcome::false_negatives}};
inline constexpr BestRate kSpecificityAtSensitivity = {
    "SpecificityAtSensitivity",
    "sensitivity",
    "The best specificity where the sensitivity is at least as given.",
    {Outcome::true_positives, Outcome::false_negatives},
    {Outcome::true_negatives, Outcome::false_positives}};
inline constexpr BestRate kPrecisionAtRecall = {
    "PrecisionAtRecall",
    "recall",
    "The best precision where the recall is at least as given.",
    {Outcome::true_positives, Outcome::false_negatives},
    {Outcome::true_positives, Outcome::false_positives}};
inline constexpr BestRate kRecallAtPrecision = {
    "RecallAtPrecision",
    "precision",
    "The best recall where the precision is at least as given.",
    {Outcome::true_positives, Outcome::false_positives},
    {Outcome::true_positives, Outcome::false_negatives}};
using SensitivityAtSpecificity = Make<BestRateOf<kSensitivityAtSpecificity>, Metric>;
using SpecificityAtSensitivity = Make<BestRateOf<kSpecificityAtSensitivity>, Metric>;
using PrecisionAtRecall = Make<BestRateOf<kPrecisionAtRecall>, Metric>;
using RecallAtPrecision = Make<BestRateOf<kRecallAtPrecision>, Metric>;

struct AUCOptions {
  std::int64_t num_thresholds = 200;
  std::string curve = "ROC";
  std::string summation_method = "interpolation";
  std::string name = {};
  std::optional<std::vector<double>> thresholds = {};
  bool multi_label = false;
  std::optional<std::int64_t> num_labels = {};
  std::optional<std::vector<double>> label_weights = {};
  bool from_logits = false;
  static auto fields() {
    using Self = AUCOptions;
    return std::tuple{
        field<&Self::num_thresholds>("num_thresholds", "Points on the curve.",
                                     in_range(2, kMostThresholds)),
        field<&Self::curve>("curve", "\"ROC\", \"PR\" or \"PRGAIN\"."),
        field<&Self::summation_method>("summation_method",
                                       "\"interpolation\", \"minoring\" or \"majoring\"."),
        field<&Self::name>("name", "Name in logs."),
        field<&Self::thresholds>("thresholds", "Instead of evenly spaced ones; ends are added.",
                                 in_range(0, 1)),
        field<&Self::multi_label>("multi_label", "A curve per label, then the mean."),
        field<&Self::num_labels>("num_labels", "Number of labels, with `multi_label`.",
                                 at_least(1)),
        field<&Self::label_weights>("label_weights", "Weight of each label.", at_least(0)),
        field<&Self::from_logits>("from_logits", "Whether predictions are logits.")};
  }
};
/// The area under a curve by a Riemann sum; between points of the precision-recall curve as in
/// Davis and Goadrich, "The relationship between precision-recall and ROC curves", 2006.
class TEGULA_API AUCMetric : public MetricWithOptions<ConfusionMetricBase, AUCMetric, AUCOptions> {
 public:
  static constexpr const char* kName = "AUC";
  static constexpr const char* kDefaultName = nullptr;
  static constexpr const char* kDoc = "Area under the ROC or the precision-recall curve.";
  static constexpr Direction kDirection = Direction::up;
  explicit AUCMetric(AUCOptions options);
  Value result() override;

 protected:
  void build_state(const ValueType& y_true, const ValueType& y_pred) override;

 private:
  /// Coordinates of the curve's points, per threshold.
  std::pair<Value, Value> curve_points() const;
  Value area_terms() const;
  Value interpolated_precision_recall_terms() const;
};
using AUC = Make<AUCMetric, Metric>;

}  // namespace metrics
}  // namespace tegula::nn
