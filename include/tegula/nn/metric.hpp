#pragma once
// Running statistics over batches: state variables, an update and a result, all built as graph.

#include <string>
#include <string_view>
#include <vector>

#include "tegula/graph/ops.hpp"
#include "tegula/nn/object.hpp"

namespace tegula::nn {

class TEGULA_API MetricBase : public Object {
 public:
  static constexpr const char* kKind = "metric";

  virtual std::string name() const = 0;
  /// Whether larger is better (for callbacks with mode "auto"); unknown for most.
  enum class Direction { unknown, up, down };
  virtual Direction direction() const { return Direction::unknown; }

  /// Makes the state variables in `graph`; forgets those of earlier builds.
  void build(Graph& graph, const ValueType& y_true, const ValueType& y_pred);
  /// Assignments that add a batch to the state. `sample_weight` may be no value.
  virtual std::vector<Value> update(Value y_true, Value y_pred, Value sample_weight) = 0;
  /// The statistic of the state.
  virtual Value result() = 0;
  /// Assignments that forget all batches. None: the variables take their first values again.
  virtual std::vector<Value> reset() { return {}; }
  std::vector<Variable> variables() const;
  /// Whether a vector of predictions is one row, whose length an update must know, rather than a
  /// batch of numbers.
  virtual bool takes_vector_as_row() const { return false; }

 protected:
  virtual void build_state(const ValueType& y_true, const ValueType& y_pred) = 0;
  /// A variable of zeros, or of a first value of its own.
  Variable add_state(std::string_view name, const Shape& shape);
  Variable add_state_from(std::string_view name, const Tensor& first);
  /// Builds a metric that this one is made of; its state becomes part of this one's.
  void build_part(MetricBase& part, const ValueType& y_true, const ValueType& y_pred);
  Graph& graph() { return graph_; }

 private:
  Graph graph_;
  std::vector<Variable> variables_;
};
template <>
TEGULA_API const std::vector<ObjectClass<MetricBase>>& object_classes<MetricBase>();
using Metric = Handle<MetricBase>;

/// "accuracy"/"acc" and "crossentropy"/"ce" depend on the shapes of targets and predictions; every
/// other name is the class of that name. Throws NotFound.
TEGULA_API Metric resolve_metric(const std::string& name, const ValueType& y_true,
                                 const ValueType& y_pred);

/// Throws NotFound, naming similar names, for what `resolve_metric` would not find.
TEGULA_API void check_metric_name(const std::string& name);

/// A metric object, or a name that is resolved when the shapes are known.
class MetricSpec {
 public:
  MetricSpec(const char* name) : name_(name) {}              // NOLINT: implicit by design
  MetricSpec(std::string name) : name_(std::move(name)) {}   // NOLINT
  MetricSpec(Metric metric) : metric_(std::move(metric)) {}  // NOLINT

  /// A given name also names the metric in logs: "accuracy" stays "accuracy".
  const std::string& name() const { return name_; }
  const Metric& metric() const { return metric_; }

 private:
  std::string name_;
  Metric metric_;
};

}  // namespace tegula::nn
