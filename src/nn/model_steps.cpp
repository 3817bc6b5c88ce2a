// The computations of a compiled model: one graph for training steps, one for test steps, one that
// reads the metrics.

#include <algorithm>
#include <cmath>
#include <map>

#include "src/nn/model_impl.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/trace.hpp"
#include "tegula/graph/gradients.hpp"

namespace tegula::nn {

namespace {

/// Keras's names in logs: the string that the user wrote, or the object's name; later duplicates
/// get a number, and weighted metrics that collide a prefix.
/// `taken` holds the next number of each name.
std::string unique_metric_name(std::string name, bool weighted, std::map<std::string, int>& taken) {
  if (weighted && taken.contains(name)) name = "weighted_" + name;
  std::string candidate = name;
  if (const auto found = taken.find(name); found != taken.end()) {
    while (taken.contains(candidate)) candidate = name + "_" + std::to_string(found->second++);
  }
  taken.emplace(candidate, 1);
  return candidate;
}

std::vector<BoundMetric> bind_metrics(const CompileOptions& options, const ValueType& y_true,
                                      const ValueType& y_pred) {
  std::vector<BoundMetric> bound;
  std::map<std::string, int> taken = {{"loss", 1}};
  const auto bind = [&](const std::vector<MetricSpec>& specs, bool weighted) {
    for (const MetricSpec& spec : specs) {
      const Metric metric =
          spec.metric() ? spec.metric() : resolve_metric(spec.name(), y_true, y_pred);
      const std::string& name = spec.metric() ? metric->name() : spec.name();
      bound.push_back({metric, unique_metric_name(name, weighted, taken), weighted});
    }
  };
  bind(options.metrics, false);
  bind(options.weighted_metrics, true);
  return bound;
}

Value total_of(const std::vector<Value>& values) {
  Value total;
  for (const Value& value : values) total = total ? total + value : value;
  return total;
}

/// What the weights behind the variables must be after updates; empty where there is nothing.
std::vector<Constraint> constraints_of(const std::vector<Layer>& layers,
                                       const std::vector<Variable>& variables) {
  std::vector<Constraint> constraints(variables.size());
  for (const Layer& layer : layers) {
    for (const Weight& weight : layer->weights()) {
      const Constraint constraint = weight.constraint();
      if (!constraint) continue;
      const auto place = std::ranges::find(variables, weight.variable());
      if (place == variables.end()) continue;
      constraints[static_cast<std::size_t>(place - variables.begin())] = constraint;
    }
  }
  return constraints;
}

/// Gradients of `loss` and the updates that the optimizer makes of them.
std::vector<Value> optimizer_updates(OptimizerBase& optimizer, const std::vector<Layer>& layers,
                                     const std::vector<Variable>& trained, Value loss) {
  if (trained.empty()) return {};
  // The optimizer divides the gradients by the factor again.
  const double scale = optimizer.common().loss_scale_factor.value_or(1);
  const std::vector<Value> sources(trained.begin(), trained.end());
  std::vector<Value> found = gradients(loss * scale, sources, Unconnected::kNone);
  const auto missing =
      std::ranges::count_if(found, [](const Value& gradient) { return !gradient; });
  if (missing == std::ssize(found)) {
    throw InvalidArgument(
        "No gradients provided for any variable: the loss depends on no trainable weight");
  }
  if (missing > 0) found = gradients(loss * scale, sources);
  std::vector<Value> of_all;
  for (const Variable& variable : optimizer.trainable()) {
    const auto place = std::ranges::find(trained, variable);
    of_all.push_back(place == trained.end()
                         ? Value()
                         : found[static_cast<std::size_t>(place - trained.begin())]);
  }
  return optimizer.apply(of_all, constraints_of(layers, optimizer.trainable()));
}

/// The optimizer's update starts from what the step began with, so that a weight that `call`
/// assigns as well would lose one of the two.
void refuse_twofold_updates(const Trace& trace, const std::vector<Variable>& trained) {
  for (const Variable& variable : trained) {
    if (!trace.writes(variable)) continue;
    throw InvalidArgument("weight " + variable.node().name() +
                          " is assigned in `call` and trained: declare it with trainable=False, or "
                          "freeze its layer");
  }
}

}  // namespace

bool Model::Impl::takes_targets(const ValueType& target) const {
  return target_type && target_type->dtype == target.dtype &&
         compatible(target_type->shape, target.shape);
}

void Model::Impl::bind_targets(const ValueType& target) {
  const CompileOptions& settings = compiled();
  if (!settings.loss) {
    throw InvalidArgument("No loss to compute. Provide a `loss` argument in `compile()`.");
  }
  forget_steps();
  LocationScope line(compile_location);
  Shape shape = target.shape;
  shape.set(0, kUnknown);
  y_true = graph.placeholder(target.dtype, shape, "target");
  sample_weight = graph.placeholder(DType::f32, {kUnknown}, "sample_weight");
  metrics = bind_metrics(settings, y_true.type(), y.type());
  for (BoundMetric& bound : metrics) bound.metric->build(graph, y_true.type(), y.type());
  const Tensor zero = Tensor::scalar(0.0f);
  loss_total = graph.variable(zero, "loss/total", false);
  loss_count = graph.variable(zero, "loss/count", false);

  std::vector<Value> fetches = {where(greater(loss_count, 0.0), loss_total / loss_count, 0.0)};
  for (BoundMetric& bound : metrics) fetches.push_back(bound.metric->result());
  results = session->compile({}, fetches);
  std::vector<Value> assignments;
  for (BoundMetric& bound : metrics) {
    const std::vector<Value> own = bound.metric->reset();
    assignments.insert(assignments.end(), own.begin(), own.end());
  }
  if (!assignments.empty()) resets = session->compile({}, {}, assignments);
  target_type = ValueType{target.dtype, shape};
}

Value Model::base_compute_loss(Value y, Value y_pred, Value sample_weight) const {
  const ConstructionLock lock;
  const CompileOptions& settings = impl_->compiled();
  Value data_loss = (*settings.loss)(y, y_pred, sample_weight);
  if (settings.loss_weight != 1) data_loss = data_loss * settings.loss_weight;
  std::vector<Value> losses = {data_loss};
  if (const Trace* trace = Trace::computing()) {
    losses.insert(losses.end(), trace->losses().begin(), trace->losses().end());
  }
  for (const Layer& layer : layers()) {
    for (const Value& penalty : layer->regularization()) losses.push_back(penalty);
  }
  return total_of(losses);
}

Executable Model::find_step(bool training, bool weighted) {
  const ConstructionLock lock;
  Impl& impl = *impl_;
  const auto found = impl.steps.find({training, weighted});
  if (found != impl.steps.end()) return found->second;

  const CompileOptions& settings = impl.compiled();
  const Building building(impl.builder);
  LocationScope line(impl.compile_location);
  const OpIdScope numbering(impl.graph, impl.first_random_op);
  Trace trace(impl.graph, impl.session, impl.alive);
  const Value y_pred = overridden_forward(impl.x, training);
  const Value weight = weighted ? impl.sample_weight : Value();
  const auto& compute_loss = impl.overrides.compute_loss;
  const Value loss = compute_loss ? compute_loss(impl.x, impl.y_true, y_pred, weight)
                                  : base_compute_loss(impl.y_true, y_pred, weight);
  if (loss.shape().rank() != 0) {
    throw InvalidArgument("the loss is not a scalar but has shape " + shape_text(loss.shape()) +
                          "; training needs a reduction other than \"none\"");
  }

  const Value rows = element_count(impl.x, 0);
  std::vector<Value> targets = {assign_add(impl.loss_total, loss * rows),
                                assign_add(impl.loss_count, rows)};
  for (BoundMetric& bound : impl.metrics) {
    const Value metric_weight = bound.weighted ? weight : Value();
    for (const Value& update : bound.metric->update(impl.y_true, y_pred, metric_weight)) {
      targets.push_back(update);
    }
  }
  if (training) {
    const std::vector<Variable>& trained = impl.settle_trained(trainable_weights());
    refuse_twofold_updates(trace, trained);
    for (const Value& update : optimizer_updates(*settings.optimizer, layers(), trained, loss)) {
      targets.push_back(update);
    }
  }
  for (const Value& update : trace.assignments()) targets.push_back(update);
  std::vector<Value> feeds = {impl.x, impl.y_true};
  if (weighted) feeds.push_back(weight);
  return impl.steps
      .emplace(std::pair(training, weighted), impl.session->compile(feeds, {}, targets))
      .first->second;
}

Metric Model::find_metric(std::string_view name) const {
  const ConstructionLock lock;
  for (const BoundMetric& bound : impl_->metrics) {
    if (bound.name == name) return bound.metric;
  }
  return {};
}

std::vector<Variable> Model::Impl::metric_state() const {
  if (!target_type) return {};
  std::vector<Variable> state = {loss_total, loss_count};
  for (const BoundMetric& bound : metrics) {
    const std::vector<Variable> variables = bound.metric->variables();
    state.insert(state.end(), variables.begin(), variables.end());
  }
  return state;
}

void Model::Impl::reset_metrics() {
  std::vector<Variable> state;
  std::optional<Executable> assignments;
  {
    const ConstructionLock lock;
    state = metric_state();
    assignments = resets;
  }
  session->initialize(state);
  if (assignments) assignments->run_into({}, {});
}

void Model::Impl::finish_averages() {
  std::vector<Variable> averages;
  std::vector<Variable> averaged;
  {
    const ConstructionLock lock;
    const OptimizerBase& optimizer = *compiled().optimizer;
    averages = optimizer.averages();
    averaged = optimizer.trainable();
  }
  averaged.resize(averages.size());
  session->set(averaged, session->get(averages));
}

Logs Model::Impl::read_metrics() {
  std::optional<Executable> read;
  std::vector<std::string> names = {"loss"};
  {
    const ConstructionLock lock;
    read = results;
    for (const BoundMetric& bound : metrics) names.push_back(bound.name);
  }
  if (!read) {
    throw RunError(describe() + " has no metrics yet: it has seen no targets since compile");
  }
  Logs logs;
  const std::vector<Tensor> values = read->run({});
  logs.set("loss", values[0].item());
  for (std::size_t i = 1; i < names.size(); ++i) logs.set(names[i], values[i]);
  return logs;
}

Model::Impl::MetricsOfOuterRun::MetricsOfOuterRun(Impl& impl) {
  if (impl.slot.is_outermost()) return;
  session_ = impl.session;
  state_ = constructing([&impl] { return impl.metric_state(); });
  values_ = session_->get(state_);
}

Model::Impl::MetricsOfOuterRun::~MetricsOfOuterRun() {
  if (session_ != nullptr) session_->set(state_, values_);
}

}  // namespace tegula::nn
