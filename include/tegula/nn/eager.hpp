#pragma once
// Losses, metrics, activations on tensors at once: the graph is built, run and dropped. For looking
// at values; training builds its graph once.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tegula/core/tensor.hpp"
#include "tegula/nn/metric.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::nn {

/// The value of what `build` makes of the inputs, which come as placeholders of their types.
TEGULA_API Tensor
evaluate_eagerly(std::span<const Tensor> inputs,
                 const std::function<Value(Graph& graph, std::span<const Value> inputs)>& build);

/// The values of what `build` makes.
TEGULA_API std::vector<Tensor> evaluate_eagerly(
    const std::function<std::vector<Value>(Graph& graph)>& build);

/// A metric with its state, outside of any model.
class TEGULA_API RunningMetric {
 public:
  explicit RunningMetric(Metric metric) : metric_(std::move(metric)) {}

  /// Adds a batch, whose shape may differ from earlier ones in the number of rows.
  void update(const Tensor& y_true, const Tensor& y_pred,
              const std::optional<Tensor>& sample_weight = {});
  /// The statistic of all batches since the last reset.
  Tensor result();
  void reset();
  /// The state, in the metric's order; its first values before the first update, or nothing when
  /// its shape depends on the batch.
  std::vector<Tensor> state();
  /// The names of the state's variables, in the same order.
  std::vector<std::string> state_names();
  /// Replaces a variable of the state. Throws ShapeError when the shape differs.
  void set_state(std::size_t index, const Tensor& value);
  const Metric& metric() const { return metric_; }

 private:
  void build(const ValueType& y_true, const ValueType& y_pred);
  /// Builds the metric in a graph that is dropped; false when its state depends on the batch.
  bool build_apart(Graph& graph);

  Metric metric_;
  Graph graph_;
  Executable find_update(const Tensor& y_true, const Tensor& y_pred,
                         const std::optional<Tensor>& sample_weight);

  /// Null before the first batch. All this is guarded by the ConstructionLock.
  std::shared_ptr<Session> session_;
  std::optional<Executable> result_;
  std::optional<Executable> reset_;
  /// By the types of the batch.
  std::map<std::string, Executable> updates_;
};

}  // namespace tegula::nn
