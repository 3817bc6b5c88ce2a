#pragma once
// Intersections over unions of the regions of classes.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/nn/metric_base.hpp"

namespace tegula::nn::metrics {

/// Counts how often each class is predicted for each class, and averages |both| / |either| over
/// classes. Classes that neither targets nor predictions have do not count; nor do samples whose
/// target or prediction is no class.
class TEGULA_API OverlapBase : public MetricBase {
 public:
  std::vector<Value> update(Value y_true, Value y_pred, Value sample_weight) override;
  Value result() override;

 protected:
  struct Rule {
    std::int64_t num_classes = 0;
    std::vector<std::int64_t> target_class_ids;
    std::string dtype;
    std::optional<std::int64_t> ignore_class;
    /// Whether they are class indices, rather than scores along `axis`.
    bool sparse_y_true = true;
    bool sparse_y_pred = true;
    std::int64_t axis = -1;
    /// Predictions from here on are class 1, others class 0.
    std::optional<double> threshold;
  };
  /// Throws InvalidArgument naming `owner` and the argument.
  void set_rule(Rule rule, const char* owner);
  void build_state(const ValueType& y_true, const ValueType& y_pred) override;

 private:
  DType dtype() const;

  Rule rule_;
  Variable confusion_;
};

inline constexpr const char* kOverlapDtypeDoc =
    "\"int64\" or \"int32\", which truncate sample weights, or \"float32\".";

/// The fields of an overlap of many classes, in Keras's order: of its options those that it has.
template <typename Options>
auto overlap_fields(const char* axis_doc) {
  const auto target_class_ids = [] {
    if constexpr (requires { &Options::target_class_ids; }) {
      return std::tuple{field<&Options::target_class_ids>("target_class_ids",
                                                          "Classes that are averaged.", at_least(0))
                            .required()};
    } else {
      return std::tuple{};
    }
  };
  const auto sparse_y_true = [] {
    if constexpr (requires { &Options::sparse_y_true; }) {
      return std::tuple{
          field<&Options::sparse_y_true>("sparse_y_true", "Whether targets are class indices.")};
    } else {
      return std::tuple{};
    }
  };
  return std::tuple_cat(
      std::tuple{field<&Options::num_classes>("num_classes", "Number of classes.", at_least(1))
                     .required()},
      target_class_ids(),
      std::tuple{field<&Options::name>("name", "Name in logs."),
                 field<&Options::dtype>("dtype", kOverlapDtypeDoc),
                 field<&Options::ignore_class>(
                     "ignore_class", "Target class whose samples do not count.", any_finite)},
      sparse_y_true(),
      std::tuple{
          field<&Options::sparse_y_pred>("sparse_y_pred", "Whether predictions are class indices."),
          field<&Options::axis>("axis", axis_doc, any_finite)});
}

struct IoUOptions {
  std::int64_t num_classes = 0;
  std::vector<std::int64_t> target_class_ids = {};
  std::string name = {};
  std::string dtype = "int64";
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_true = true;
  bool sparse_y_pred = true;
  std::int64_t axis = -1;
  static auto fields() { return overlap_fields<IoUOptions>("Axis of scores."); }
};
class TEGULA_API IoUMetric : public MetricWithOptions<OverlapBase, IoUMetric, IoUOptions> {
 public:
  static constexpr const char* kName = "IoU";
  static constexpr const char* kDefaultName = nullptr;
  static constexpr const char* kDoc = "Mean of |both| / |either| over some classes.";
  static constexpr Direction kDirection = Direction::up;
  explicit IoUMetric(IoUOptions options);
};
using IoU = Make<IoUMetric, Metric>;

struct BinaryIoUOptions {
  std::vector<std::int64_t> target_class_ids = {0, 1};
  double threshold = 0.5;
  std::string name = {};
  std::string dtype = "int64";
  static auto fields() {
    using Self = BinaryIoUOptions;
    return std::tuple{
        field<&Self::target_class_ids>("target_class_ids", "Classes that are averaged.",
                                       in_range(0, 1)),
        field<&Self::threshold>("threshold", "Predictions from here on are class 1.", any_finite),
        field<&Self::name>("name", "Name in logs."),
        field<&Self::dtype>("dtype", kOverlapDtypeDoc)};
  }
};
class TEGULA_API BinaryIoUMetric
    : public MetricWithOptions<OverlapBase, BinaryIoUMetric, BinaryIoUOptions> {
 public:
  static constexpr const char* kName = "BinaryIoU";
  static constexpr const char* kDefaultName = nullptr;
  static constexpr const char* kDoc = "Mean of |both| / |either| over classes 0 and 1.";
  static constexpr Direction kDirection = Direction::up;
  explicit BinaryIoUMetric(BinaryIoUOptions options);
};
using BinaryIoU = Make<BinaryIoUMetric, Metric>;

struct MeanIoUOptions {
  std::int64_t num_classes = 0;
  std::string name = {};
  std::string dtype = "int64";
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_true = true;
  bool sparse_y_pred = true;
  std::int64_t axis = -1;
  static auto fields() { return overlap_fields<MeanIoUOptions>("Axis of scores."); }
};
class TEGULA_API MeanIoUMetric
    : public MetricWithOptions<OverlapBase, MeanIoUMetric, MeanIoUOptions> {
 public:
  static constexpr const char* kName = "MeanIoU";
  static constexpr const char* kDefaultName = nullptr;
  static constexpr const char* kDoc = "Mean of |both| / |either| over all classes.";
  static constexpr Direction kDirection = Direction::up;
  explicit MeanIoUMetric(MeanIoUOptions options);
};
using MeanIoU = Make<MeanIoUMetric, Metric>;

struct OneHotIoUOptions {
  std::int64_t num_classes = 0;
  std::vector<std::int64_t> target_class_ids = {};
  std::string name = {};
  std::string dtype = "int64";
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_pred = false;
  std::int64_t axis = -1;
  static auto fields() { return overlap_fields<OneHotIoUOptions>("Axis of the classes."); }
};
class TEGULA_API OneHotIoUMetric
    : public MetricWithOptions<OverlapBase, OneHotIoUMetric, OneHotIoUOptions> {
 public:
  static constexpr const char* kName = "OneHotIoU";
  static constexpr const char* kDefaultName = nullptr;
  static constexpr const char* kDoc = "IoU of one-hot targets.";
  static constexpr Direction kDirection = Direction::up;
  explicit OneHotIoUMetric(OneHotIoUOptions options);
};
using OneHotIoU = Make<OneHotIoUMetric, Metric>;

struct OneHotMeanIoUOptions {
  std::int64_t num_classes = 0;
  std::string name = {};
  std::string dtype = "int64";
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_pred = false;
  std::int64_t axis = -1;
  static auto fields() { return overlap_fields<OneHotMeanIoUOptions>("Axis of the classes."); }
};
class TEGULA_API OneHotMeanIoUMetric
    : public MetricWithOptions<OverlapBase, OneHotMeanIoUMetric, OneHotMeanIoUOptions> {
 public:
  static constexpr const char* kName = "OneHotMeanIoU";
  static constexpr const char* kDefaultName = nullptr;
  static constexpr const char* kDoc = "Mean IoU of one-hot targets.";
  static constexpr Direction kDirection = Direction::up;
  explicit OneHotMeanIoUMetric(OneHotMeanIoUOptions options);
};
using OneHotMeanIoU = Make<OneHotMeanIoUMetric, Metric>;

}  // namespace tegula::nn::metrics
