// The computations of a compiled model: one graph for training steps, one for test steps, one that
// reads the metrics.

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "src/core/similar_names.hpp"
#include "src/nn/compile_config.hpp"
#include "src/nn/model_impl.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/trace.hpp"
#include "src/nn/user_terms.hpp"
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

/// Throws InvalidArgument for a name that no output has.
void check_output_names(const std::vector<std::string>& given,
                        const std::vector<std::string>& names, const std::string& what) {
  for (const std::string& name : given) {
    if (std::ranges::find(names, name) != names.end()) continue;
    throw InvalidArgument(what + " names output \"" + name + "\", which the model does not have" +
                          did_you_mean(name, names));
  }
}

template <typename T>
std::vector<std::string> keys_of(const std::map<std::string, T>& by_name) {
  std::vector<std::string> keys;
  for (const auto& [name, value] : by_name) keys.push_back(name);
  return keys;
}

/// One item per output: of the structure as given, or `missing`.
template <typename T>
std::vector<T> per_output(const Structure<T>& given, const std::vector<std::string>& names,
                          const char* what, const T& missing, bool one_for_all) {
  std::vector<T> items(names.size(), missing);
  if (given.is_named()) {
    check_output_names(given.names(), names, std::string("`") + what + "`");
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto found = std::ranges::find(given.names(), names[i]);
      if (found != given.names().end()) items[i] = given.at(names[i]);
    }
    return items;
  }
  if (given.is_one() && one_for_all) return std::vector<T>(names.size(), given.one());
  if (given.empty()) return items;
  if (given.size() != names.size()) {
    throw InvalidArgument(std::string("`") + what + "` has " + std::to_string(given.size()) +
                          " entries, but the model has " + std::to_string(names.size()) +
                          " outputs");
  }
  return given.items();
}

Value total_of(const std::vector<Value>& values) {
  Value total;
  for (const Value& value : values) total = total ? total + value : value;
  return total;
}

/// What the weights behind the variables must be after updates; empty where there is nothing.
std::vector<Constraint> constraints_of(const std::vector<Weight>& weights,
                                       const std::vector<Variable>& variables) {
  std::vector<Constraint> constraints(variables.size());
  for (const Weight& weight : weights) {
    const Constraint constraint = weight.constraint();
    if (!constraint) continue;
    const auto place = std::ranges::find(variables, weight.variable());
    if (place == variables.end()) continue;
    constraints[static_cast<std::size_t>(place - variables.begin())] = constraint;
  }
  return constraints;
}

/// Gradients with respect to what each variable holds: what it held before the step, and what
/// `call` made it hold. No values where there are none.
std::vector<Value> gradients_of(Value loss, const std::vector<Variable>& variables,
                                const Trace& trace) {
  std::vector<Value> sources(variables.begin(), variables.end());
  std::vector<std::size_t> owners(sources.size());
  std::iota(owners.begin(), owners.end(), std::size_t{0});
  for (std::size_t i = 0; i < variables.size(); ++i) {
    for (const Value& value : trace.values_of(variables[i])) {
      sources.push_back(value);
      owners.push_back(i);
    }
  }
  const std::vector<Value> found = gradients(loss, sources, Unconnected::kNone);
  std::vector<Value> sums(variables.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    Value& sum = sums[owners[i]];
    if (found[i]) sum = sum ? sum + found[i] : found[i];
  }
  return sums;
}

/// Gradients of `loss` and the updates that the optimizer makes of them.
std::vector<Value> optimizer_updates(OptimizerBase& optimizer, const std::vector<Weight>& weights,
                                     const std::vector<Variable>& trained, Value loss,
                                     const Trace& trace) {
  if (trained.empty()) return {};
  // The optimizer divides the gradients by the factor again.
  const double scale = optimizer.common().loss_scale_factor.value_or(1);
  std::vector<Value> found = gradients_of(loss * scale, trained, trace);
  const auto missing =
      std::ranges::count_if(found, [](const Value& gradient) { return !gradient; });
  if (missing == std::ssize(found)) {
    throw InvalidArgument(
        "No gradients provided for any variable: the loss depends on no trainable weight");
  }
  if (missing > 0) {
    const std::vector<Value> filled =
        gradients(loss, std::vector<Value>(trained.begin(), trained.end()));
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!found[i]) found[i] = filled[i];  // zeros
    }
  }
  std::vector<Value> of_all;
  std::vector<Value> current;
  for (const Variable& variable : optimizer.trainable()) {
    const auto place = std::ranges::find(trained, variable);
    const bool is_trained = place != trained.end();
    of_all.push_back(is_trained ? found[static_cast<std::size_t>(place - trained.begin())]
                                : Value());
    const std::vector<Value> assigned = trace.values_of(variable);
    current.push_back(is_trained && !assigned.empty() ? assigned.back() : Value(variable));
  }
  return optimizer.apply(of_all, constraints_of(weights, optimizer.trainable()), current);
}

}  // namespace

std::vector<Loss> Model::Impl::losses() const {
  return per_output(compiled().loss, output_names(), "loss", Loss(), true);
}

std::vector<double> Model::Impl::loss_weights() const {
  return per_output(compiled().loss_weights, output_names(), "loss_weights", 1.0, false);
}

bool Model::Impl::takes_targets(const std::vector<ValueType>& types) const {
  if (!target_types || types.size() != target_types->size()) return false;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const ValueType& known = (*target_types)[i];
    if (known.dtype != types[i].dtype || !compatible(known.shape, types[i].shape)) return false;
  }
  return true;
}

void Model::Impl::bind_targets(const std::vector<ValueType>& types) {
  const CompileOptions& settings = compiled();
  if (settings.loss.empty()) {
    throw InvalidArgument("No loss to compute. Provide a `loss` argument in `compile()`.");
  }
  forget_steps();
  LocationScope line(compile_location);
  const std::vector<std::string> names = output_names();
  const Tensor zero = Tensor::scalar(0.0f);
  const std::vector<Loss> of_outputs = losses();
  std::vector<ValueType> bound_types;
  for (std::size_t i = 0; i < types.size(); ++i) {
    Shape shape = types[i].shape;
    shape.set(0, kUnknown);
    bound_types.push_back({types[i].dtype, shape});
    BoundTarget& target = targets.emplace_back();
    target.y_true = graph.placeholder(types[i].dtype, shape, "target");
    if (types.size() == 1 || !of_outputs[i]) continue;
    target.name = names[i] + "_loss";
    target.total = graph.variable(zero, "loss/" + target.name, false);
  }
  bind_metrics(names);
  loss_total = graph.variable(zero, "loss/total", false);
  loss_count = graph.variable(zero, "loss/count", false);

  const auto mean = [this](const Variable& total) {
    return where(greater(loss_count, 0.0), total / loss_count, 0.0);
  };
  std::vector<Value> fetches = {mean(loss_total)};
  for (BoundMetric& bound : metrics) fetches.push_back(bound.metric->result());
  for (const BoundTarget& target : targets) {
    if (target.total) fetches.push_back(mean(target.total));
  }
  results = session->compile({}, fetches);
  std::vector<Value> assignments;
  for (BoundMetric& bound : metrics) {
    const std::vector<Value> own = bound.metric->reset();
    assignments.insert(assignments.end(), own.begin(), own.end());
  }
  if (!assignments.empty()) resets = session->compile({}, {}, assignments);
  target_types = std::move(bound_types);
}

void Model::Impl::bind_metrics(const std::vector<std::string>& names) {
  const CompileOptions& settings = compiled();
  const bool listed = !settings.metrics.empty() || !settings.weighted_metrics.empty();
  if (listed && names.size() > 1) {
    throw InvalidArgument(describe() + " has " + std::to_string(names.size()) +
                          " outputs: metrics are given by the name of their output");
  }
  check_output_names(keys_of(settings.output_metrics), names, "`metrics`");
  check_output_names(keys_of(settings.output_weighted_metrics), names, "`weighted_metrics`");
  std::vector<BoundMetric> chosen;
  std::map<std::string, int> taken = {{"loss", 1}};
  for_each_metric_of_outputs(
      settings, names, [&](const MetricSpec& spec, std::size_t output, bool weighted) {
        const Metric metric = resolved(spec, targets[output].y_true.type(), y[output].type());
        std::string label = spec.metric() ? metric->name() : spec.name();
        if (names.size() > 1) label = names[output] + "_" + label;
        chosen.push_back({metric, unique_metric_name(label, weighted, taken), output, weighted});
      });
  metrics = std::move(chosen);
  for (BoundMetric& bound : metrics) {
    bound.metric->build(graph, targets[bound.output].y_true.type(), y[bound.output].type());
  }
}

Value Model::base_compute_loss(const Values& y, const Values& y_pred,
                               const Values& sample_weight) const {
  const ConstructionLock lock;
  Impl& impl = *impl_;
  const std::vector<Loss> losses = impl.losses();
  const std::vector<double> weights = impl.loss_weights();
  std::vector<Value> terms;
  impl.output_losses.clear();
  for (std::size_t i = 0; i < losses.size(); ++i) {
    Value loss;
    if (losses[i])
      loss = (*losses[i])(y[i], y_pred[i], sample_weight.empty() ? Value() : sample_weight[i]);
    impl.output_losses.push_back(loss);
    if (loss) terms.push_back(weights[i] == 1 ? loss : loss * weights[i]);
  }
  if (const Trace* trace = Trace::computing()) {
    terms.insert(terms.end(), trace->losses().begin(), trace->losses().end());
  }
  for (const Value& penalty : impl.layer->regularization()) terms.push_back(penalty);
  if (terms.empty()) {
    throw InvalidArgument("No loss to compute. Provide a `loss` argument in `compile()`.");
  }
  return total_of(terms);
}

Executable Model::find_step(bool training, const std::vector<Shape>& weight_shapes) {
  const ConstructionLock lock;
  Impl& impl = *impl_;
  std::string weighted;
  for (const Shape& shape : weight_shapes) weighted += shape.to_string();
  const auto found = impl.steps.find({training, weighted});
  if (found != impl.steps.end()) return found->second;

  const CompileOptions& settings = impl.compiled();
  const Building building(impl.builder);
  LocationScope line(impl.compile_location);
  const OpIdScope numbering(impl.graph, impl.first_random_op);
  Trace trace(impl.graph, impl.session);
  const Values y_pred = impl.layer(impl.x, training);
  std::vector<Value> y_true;
  for (const BoundTarget& target : impl.targets) y_true.push_back(target.y_true);
  std::vector<Value> weights;
  for (const Shape& shape : weight_shapes) {
    weights.push_back(impl.graph.placeholder(DType::f32, shape, "sample_weight"));
  }
  const auto& compute_loss = impl.overrides.compute_loss;
  impl.output_losses.clear();
  const Value loss = compute_loss ? compute_loss(impl.x, y_true, y_pred, weights)
                                  : base_compute_loss(y_true, y_pred, weights);
  if (loss.shape().rank() != 0) {
    throw InvalidArgument("the loss is not a scalar but has shape " + shape_text(loss.shape()) +
                          "; training needs a reduction other than \"none\"");
  }

  // In a dtype that holds every count: of bools and small integers none would.
  const Value first = impl.x[0].dtype() == DType::f32 ? impl.x[0] : cast(impl.x[0], DType::f32);
  const Value rows = element_count(first, 0);
  std::vector<Value> targets = {assign_add(impl.loss_total, loss * rows),
                                assign_add(impl.loss_count, rows)};
  for (std::size_t i = 0; i < impl.output_losses.size(); ++i) {
    const Variable& total = impl.targets[i].total;
    if (total) targets.push_back(assign_add(total, impl.output_losses[i] * rows));
  }
  for (BoundMetric& bound : impl.metrics) {
    const std::size_t i = bound.output;
    const Value metric_weight = bound.weighted && !weights.empty() ? weights[i] : Value();
    const UserTerms terms(describe_metric(*bound.metric));
    for (const Value& update : bound.metric->update(y_true[i], y_pred[i], metric_weight)) {
      targets.push_back(update);
    }
  }
  std::vector<Variable> trained;
  if (training) {
    trained = impl.settle_trained(trainable_weights());
    for (const Value& update :
         optimizer_updates(*settings.optimizer, impl.layer->weights(), trained, loss, trace)) {
      targets.push_back(update);
    }
  }
  for (const Value& update : trace.assignments(trained)) targets.push_back(update);
  std::vector<Value> feeds = impl.x.items();
  feeds.insert(feeds.end(), y_true.begin(), y_true.end());
  feeds.insert(feeds.end(), weights.begin(), weights.end());
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
  if (!target_types) return {};
  std::vector<Variable> state = {loss_total, loss_count};
  for (const BoundTarget& target : targets) {
    if (target.total) state.push_back(target.total);
  }
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
  const OptimizerBase& optimizer = *compiled().optimizer;
  session->set(optimizer.averaged(), session->get(optimizer.averages()));
}

Logs Model::Impl::read_metrics() {
  std::optional<Executable> read;
  std::vector<std::string> names;
  {
    const ConstructionLock lock;
    read = results;
    names = metrics_names();
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

std::vector<std::string> Model::Impl::metrics_names() const {
  std::vector<std::string> names = {"loss"};
  for (const BoundMetric& bound : metrics) names.push_back(bound.name);
  for (const BoundTarget& target : targets) {
    if (target.total) names.push_back(target.name);
  }
  return names;
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
