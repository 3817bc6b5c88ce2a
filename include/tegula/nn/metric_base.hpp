#pragma once
// What built-in metrics share: options with a name, and means of values per sample.

#include <string>
#include <utility>
#include <vector>

#include "tegula/nn/metric.hpp"

namespace tegula::nn::metrics {

/// `fixed`, or when null a name that is unique within the process: "auc", "auc_1".
TEGULA_API std::string default_metric_name(const char* fixed, const char* class_name);

/// `x` as float32, in which metrics compute. A float32 value is `x` itself, which keeps the logits
/// behind it in sight.
TEGULA_API Value as_numbers(Value x);

/// Base class of the built-in metrics. Derived states kName, kDefaultName (null: made unique), kDoc
/// and kDirection.
template <typename Base, typename Derived, HasFields OptionsType>
class MetricWithOptions : public WithOptions<Base, Derived, OptionsType> {
 public:
  explicit MetricWithOptions(OptionsType options)
      : WithOptions<Base, Derived, OptionsType>(std::move(options)) {
    std::string& given = this->options_.name;
    if (given.empty()) given = default_metric_name(Derived::kDefaultName, Derived::kName);
  }
  std::string name() const override { return this->options_.name; }
  MetricBase::Direction direction() const override { return Derived::kDirection; }

 protected:
  /// The counts so far belong to the options.
  void check_change(std::string_view name, bool /*shapes_weights*/) const override {
    throw_fixed_option(Derived::kName, name, "the metric is made");
  }
};

/// The mean, over all samples so far, of one value per sample: with weights, the sum of the
/// weighted values over the sum of the weights. 0 before the first sample.
class TEGULA_API MeanMetricBase : public MetricBase {
 public:
  std::vector<Value> update(Value y_true, Value y_pred, Value sample_weight) override;
  Value result() override;

 protected:
  /// Values whose axes after the first are averaged.
  virtual Value values(Value y_true, Value y_pred) const = 0;
  /// 1 for values that count and 0 for those that sample weights must not make count. No value: 1.
  virtual Value mask(Value /*y_true*/, Value /*y_pred*/) const { return {}; }
  void build_state(const ValueType& y_true, const ValueType& y_pred) override;

 private:
  Variable total_;
  Variable count_;
};

}  // namespace tegula::nn::metrics
