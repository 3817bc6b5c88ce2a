#include "tegula/nn/eager.hpp"

#include <vector>

#include "src/nn/random_seed.hpp"

namespace tegula::nn {

namespace {

/// With an unknown number of rows.
ValueType batch_type(const Tensor& tensor) {
  Shape shape = tensor.shape();
  if (shape.rank() > 0) shape.set(0, kUnknown);
  return {tensor.dtype(), shape};
}

}  // namespace

Tensor evaluate_eagerly(
    std::span<const Tensor> inputs,
    const std::function<Value(Graph& graph, std::span<const Value> inputs)>& build) {
  Graph graph;
  std::vector<Value> values;
  for (const Tensor& input : inputs) {
    values.push_back(graph.placeholder(input.dtype(), input.shape()));
  }
  const Value result = build(graph, values);
  Session session(graph, {.passes = {}, .seed = next_random_seed()});
  return session.compile(values, std::span(&result, 1)).run(inputs).front();
}

void RunningMetric::build(const ValueType& y_true, const ValueType& y_pred) {
  metric_->build(graph_, y_true, y_pred);
  session_.emplace(graph_);
  result_ = session_->compile({}, {metric_->result()});
}

void RunningMetric::update(const Tensor& y_true, const Tensor& y_pred,
                           const std::optional<Tensor>& sample_weight) {
  const ValueType targets = batch_type(y_true);
  const ValueType predictions = batch_type(y_pred);
  if (!session_) build(targets, predictions);
  std::string key = targets.to_string() + predictions.to_string();
  if (sample_weight) key += batch_type(*sample_weight).to_string();
  auto found = updates_.find(key);
  if (found == updates_.end()) {
    std::vector<Value> feeds = {graph_.placeholder(targets.dtype, targets.shape),
                                graph_.placeholder(predictions.dtype, predictions.shape)};
    Value weight;
    if (sample_weight) {
      const ValueType weights = batch_type(*sample_weight);
      weight = graph_.placeholder(weights.dtype, weights.shape);
      feeds.push_back(weight);
    }
    const std::vector<Value> assignments = metric_->update(feeds[0], feeds[1], weight);
    found = updates_.emplace(key, session_->compile(feeds, {}, assignments)).first;
  }
  std::vector<Tensor> feeds = {y_true, y_pred};
  if (sample_weight) feeds.push_back(*sample_weight);
  found->second.run_into(feeds, {});
}

Tensor RunningMetric::result() {
  if (session_) return result_->run({}).front();
  Graph graph;
  const ValueType any{DType::f32, {kUnknown}};
  metric_->build(graph, any, any);
  Session session(graph);
  return session.run(metric_->result());
}

void RunningMetric::reset() {
  if (session_) session_->initialize(metric_->variables());
}

std::vector<Tensor> RunningMetric::state() {
  std::vector<Tensor> values;
  if (!session_) return values;
  for (const Variable& variable : metric_->variables()) values.push_back(session_->get(variable));
  return values;
}

}  // namespace tegula::nn
