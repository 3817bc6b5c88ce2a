#pragma once
// Scores per class or output, with a choice of how they become one number; correlations.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/nn/metric_base.hpp"

namespace tegula::nn::metrics {

/// Weighted harmonic mean of precision and recall per class. Predictions are positive above the
/// threshold, or without one where they are the row's largest.
class TEGULA_API FScoreBase : public MetricBase {
 public:
  std::vector<Value> update(Value y_true, Value y_pred, Value sample_weight) override;
  Value result() override;
  Direction direction() const override { return Direction::up; }

 protected:
  struct Rule {
    std::optional<std::string> average;
    double beta = 1;
    std::optional<double> threshold;
  };
  /// Throws InvalidArgument naming `owner` and the argument.
  void set_rule(Rule rule, const char* owner);
  void build_state(const ValueType& y_true, const ValueType& y_pred) override;

 private:
  Rule rule_;
  Variable true_positives_;
  Variable false_positives_;
  Variable false_negatives_;
  Variable weights_;
};

struct FBetaScoreOptions {
  std::optional<std::string> average = {};
  double beta = 1;
  std::optional<double> threshold = {};
  std::string name = {};
  static auto fields() {
    using Self = FBetaScoreOptions;
    return std::tuple{
        field<&Self::average>("average", "\"micro\", \"macro\", \"weighted\" or none: per class."),
        field<&Self::beta>("beta", "Weight of recall against precision.", positive),
        field<&Self::threshold>("threshold", "Predictions above are positive; none: the largest.",
                                above_to(0, 1)),
        field<&Self::name>("name", "Name in logs.")};
  }
};
class TEGULA_API FBetaScoreMetric
    : public MetricWithOptions<FScoreBase, FBetaScoreMetric, FBetaScoreOptions> {
 public:
  static constexpr const char* kName = "FBetaScore";
  static constexpr const char* kDefaultName = "fbeta_score";
  static constexpr const char* kDoc = "(1 + beta²) precision recall / (beta² precision + recall)";
  static constexpr Direction kDirection = Direction::up;
  explicit FBetaScoreMetric(FBetaScoreOptions options);
};
using FBetaScore = Make<FBetaScoreMetric, Metric>;

struct F1ScoreOptions {
  std::optional<std::string> average = {};
  std::optional<double> threshold = {};
  std::string name = {};
  static auto fields() {
    using Self = F1ScoreOptions;
    return std::tuple{
        field<&Self::average>("average", "\"micro\", \"macro\", \"weighted\" or none: per class."),
        field<&Self::threshold>("threshold", "Predictions above are positive; none: the largest.",
                                above_to(0, 1)),
        field<&Self::name>("name", "Name in logs.")};
  }
};
class TEGULA_API F1ScoreMetric
    : public MetricWithOptions<FScoreBase, F1ScoreMetric, F1ScoreOptions> {
 public:
  static constexpr const char* kName = "F1Score";
  static constexpr const char* kDefaultName = "f1_score";
  static constexpr const char* kDoc = "2 precision recall / (precision + recall)";
  static constexpr Direction kDirection = Direction::up;
  explicit F1ScoreMetric(F1ScoreOptions options);
};
using F1Score = Make<F1ScoreMetric, Metric>;

struct R2ScoreOptions {
  std::optional<std::string> class_aggregation = "uniform_average";
  std::int64_t num_regressors = 0;
  std::string name = {};
  static auto fields() {
    using Self = R2ScoreOptions;
    return std::tuple{
        field<&Self::class_aggregation>(
            "class_aggregation",
            "\"uniform_average\", \"variance_weighted_average\" or none: per output."),
        field<&Self::num_regressors>("num_regressors",
                                     "Independent regressors, for the adjusted score; 0: plain.",
                                     at_least(0)),
        field<&Self::name>("name", "Name in logs.")};
  }
};
class TEGULA_API R2ScoreMetric
    : public MetricWithOptions<MetricBase, R2ScoreMetric, R2ScoreOptions> {
 public:
  static constexpr const char* kName = "R2Score";
  static constexpr const char* kDefaultName = "r2_score";
  static constexpr const char* kDoc = "1 - squared error / variance: the variance explained.";
  static constexpr Direction kDirection = Direction::up;
  explicit R2ScoreMetric(R2ScoreOptions options);
  std::vector<Value> update(Value y_true, Value y_pred, Value sample_weight) override;
  Value result() override;

 protected:
  void build_state(const ValueType& y_true, const ValueType& y_pred) override;

 private:
  Value aggregate(Value scores, Value variances) const;

  Variable elements_;
  Variable squared_sum_;
  Variable sum_;
  Variable residual_;
  Variable count_;
};
using R2Score = Make<R2ScoreMetric, Metric>;

namespace metric_values {
/// Along the axis; NaN where targets or predictions are constant.
TEGULA_API Value pearson_correlation(Value y_true, Value y_pred, std::int64_t axis = -1);
/// Lin, "A concordance correlation coefficient to evaluate reproducibility", 1989.
TEGULA_API Value concordance_correlation(Value y_true, Value y_pred, std::int64_t axis = -1);
}  // namespace metric_values

/// One row per correlation.
struct Correlation {
  const char* name;
  const char* default_name;
  const char* doc;
  Value (*values)(Value y_true, Value y_pred, std::int64_t axis);
};
inline constexpr Correlation kPearsonCorrelation = {
    "PearsonCorrelation", "pearson_correlation", "Covariance over the product of the deviations.",
    metric_values::pearson_correlation};
inline constexpr Correlation kConcordanceCorrelation = {
    "ConcordanceCorrelation", "concordance_correlation",
    "2 covariance / (variances + (difference of the means)²)",
    metric_values::concordance_correlation};

struct CorrelationOptions {
  std::string name = {};
  std::int64_t axis = -1;
  static auto fields() {
    using Self = CorrelationOptions;
    return std::tuple{field<&Self::name>("name", "Name in logs."),
                      field<&Self::axis>("axis", "Axis of what is correlated.", any_finite)};
  }
};
template <const Correlation& Row>
class CorrelationOf
    : public MetricWithOptions<MeanMetricBase, CorrelationOf<Row>, CorrelationOptions> {
 public:
  static constexpr const char* kName = Row.name;
  static constexpr const char* kDefaultName = Row.default_name;
  static constexpr const char* kDoc = Row.doc;
  static constexpr MetricBase::Direction kDirection = MetricBase::Direction::up;
  using MetricWithOptions<MeanMetricBase, CorrelationOf<Row>,
                          CorrelationOptions>::MetricWithOptions;

 protected:
  Value values(Value y_true, Value y_pred) const override {
    return Row.values(y_true, y_pred, this->options_.axis);
  }
};
using PearsonCorrelation = Make<CorrelationOf<kPearsonCorrelation>, Metric>;
using ConcordanceCorrelation = Make<CorrelationOf<kConcordanceCorrelation>, Metric>;

}  // namespace tegula::nn::metrics
