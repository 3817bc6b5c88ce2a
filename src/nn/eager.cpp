#include "tegula/nn/eager.hpp"

#include <vector>

#include "src/nn/batch_type.hpp"
#include "src/nn/random_seed.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/user_terms.hpp"

namespace tegula::nn {

Tensor evaluate_eagerly(
    std::span<const Tensor> inputs,
    const std::function<Value(Graph& graph, std::span<const Value> inputs)>& build) {
  Graph graph;
  std::vector<Value> values;
  for (const Tensor& input : inputs) {
    values.push_back(graph.placeholder(input.dtype(), input.shape()));
  }
  const Value result = constructing([&] { return build(graph, values); });
  Session session(graph, {.passes = {}, .seed = next_random_seed()});
  Executable executable = session.compile(values, std::span(&result, 1));
  return running_in_user_terms([&] { return executable.run(inputs).front(); });
}

std::vector<Tensor> evaluate_eagerly(const std::function<std::vector<Value>(Graph& graph)>& build) {
  Graph graph;
  const std::vector<Value> results = constructing([&] { return build(graph); });
  if (results.empty()) return {};
  // The data are constants: to fold them would be the whole computation, by reference evaluations.
  const PassOptions passes{.disabled = {"constant_fold"}};
  Session session(graph, {.passes = passes, .seed = next_random_seed()});
  Executable executable = session.compile({}, results);
  return running_in_user_terms([&] { return executable.run({}); });
}

void RunningMetric::build(const ValueType& y_true, const ValueType& y_pred) {
  metric_->build(graph_, y_true, y_pred);
  session_ = std::make_shared<Session>(graph_);
  result_ = session_->compile({}, {metric_->result()});
  const std::vector<Value> assignments = metric_->reset();
  if (!assignments.empty()) reset_ = session_->compile({}, {}, assignments);
}

namespace {

/// Stands for batches that nobody has seen yet.
ValueType any_type() { return {DType::f32, {kUnknown}}; }

}  // namespace

bool RunningMetric::build_apart(Graph& graph) {
  try {
    metric_->build(graph, any_type(), any_type());
  } catch (const ShapeError&) {
    return false;
  }
  return true;
}

void RunningMetric::update(const Tensor& y_true, const Tensor& y_pred,
                           const std::optional<Tensor>& sample_weight) {
  const UserTerms terms(describe_metric(*metric_));  // the sizes meet when the update runs
  Executable update = find_update(y_true, y_pred, sample_weight);
  std::vector<Tensor> feeds = {y_true, y_pred};
  if (sample_weight) feeds.push_back(*sample_weight);
  running_in_user_terms([&] { update.run_into(feeds, {}); });
}

Executable RunningMetric::find_update(const Tensor& y_true, const Tensor& y_pred,
                                      const std::optional<Tensor>& sample_weight) {
  const ConstructionLock lock;
  ValueType targets = batch_type(y_true);
  ValueType predictions = batch_type(y_pred);
  const bool row = y_pred.rank() == 1 && metric_->takes_vector_as_row();
  const bool differ =
      y_true.rank() > 0 && y_pred.rank() > 0 && y_true.shape()[0] != y_pred.shape()[0];
  if (row || differ) {
    // Known sizes: what must not be broadcast is refused when the update is built.
    targets.shape = y_true.shape();
    predictions.shape = y_pred.shape();
  }
  if (!session_) build(targets, predictions);
  std::string key = targets.to_string() + predictions.to_string();
  if (sample_weight) key += batch_type(*sample_weight).to_string();
  const auto found = updates_.find(key);
  if (found != updates_.end()) return found->second;
  std::vector<Value> feeds = {graph_.placeholder(targets.dtype, targets.shape),
                              graph_.placeholder(predictions.dtype, predictions.shape)};
  Value weight;
  if (sample_weight) {
    const ValueType weights = batch_type(*sample_weight);
    weight = graph_.placeholder(weights.dtype, weights.shape);
    feeds.push_back(weight);
  }
  const std::vector<Value> assignments = metric_->update(feeds[0], feeds[1], weight);
  return updates_.emplace(key, session_->compile(feeds, {}, assignments)).first->second;
}

Tensor RunningMetric::result() {
  std::optional<Executable> known;
  Graph graph;
  Value fresh;
  {
    const ConstructionLock lock;
    known = result_;
    if (!known) {
      metric_->build(graph, any_type(), any_type());
      fresh = metric_->result();
    }
  }
  return known ? known->run({}).front() : Session(graph).run(fresh);
}

void RunningMetric::reset() {
  std::shared_ptr<Session> session;
  std::optional<Executable> reset;
  std::vector<Variable> variables;
  {
    const ConstructionLock lock;
    session = session_;
    reset = reset_;
    variables = metric_->variables();
  }
  if (session == nullptr) return;
  session->initialize(variables);
  if (reset) reset->run_into({}, {});
}

std::vector<Tensor> RunningMetric::state() {
  std::shared_ptr<Session> session;
  std::vector<Variable> variables;
  {
    const ConstructionLock lock;
    session = session_;
    Graph graph;
    if (session == nullptr) {
      if (!build_apart(graph)) return {};
      session = std::make_shared<Session>(graph);
    }
    variables = metric_->variables();
  }
  return session->get(variables);
}

std::vector<std::string> RunningMetric::state_names() {
  const ConstructionLock lock;
  Graph graph;
  std::vector<std::string> names;
  if (!session_ && !build_apart(graph)) return names;
  for (const Variable& variable : metric_->variables()) {
    const std::string path = variable.name();
    const std::size_t begin = path.rfind('/') + 1;
    names.push_back(path.substr(begin, path.find(':', begin) - begin));
  }
  return names;
}

void RunningMetric::set_state(std::size_t index, const Tensor& value) {
  const ConstructionLock lock;
  if (!session_) build(any_type(), any_type());
  const Variable variable = metric_->variables().at(index);
  if (value.shape() != variable.shape()) {
    throw ShapeError("a value of shape " + shape_text(value.shape()) + " does not fit " +
                     variable.name() + ", of shape " + shape_text(variable.shape()));
  }
  session_->set(variable, value.cast(variable.dtype()));
}

}  // namespace tegula::nn
