#include "tegula/nn/layer.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>

#include "src/core/fork_safe.hpp"
#include "src/nn/random_seed.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/trace.hpp"
#include "src/nn/weight_state.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::nn {

namespace {

struct NameCounts {
  detail::BriefMutex mutex;
  std::map<std::string, int, std::less<>> next;
};

NameCounts& name_counts() {
  static NameCounts counts;
  return counts;
}

/// Assignment nodes that a `call` builds take part in no step: their effect would be lost.
void refuse_assignments(const Graph& graph, std::size_t first_node, const std::string& layer) {
  for (std::size_t i = first_node; i < graph.nodes().size(); ++i) {
    const Node& node = graph.node(static_cast<int>(i));
    if (node.op().name != "assign") continue;
    throw InvalidArgument(
        layer + " builds an assignment in `call`, which no step would run: " + node.describe() +
        "; make the state with add_weight and use the weight's own assign");
  }
}

}  // namespace

std::string unique_layer_name(std::string_view class_name) {
  const std::string base = snake_case(class_name);
  NameCounts& counts = name_counts();
  std::lock_guard lock(counts.mutex);
  const int count = counts.next[base]++;
  return count == 0 ? base : base + "_" + std::to_string(count);
}

void reset_layer_names() {
  NameCounts& counts = name_counts();
  std::lock_guard lock(counts.mutex);
  counts.next.clear();
}

void LayerBase::set_name(std::string_view given, std::string_view class_name) {
  name_ = given.empty() ? unique_layer_name(class_name) : std::string(given);
}

bool LayerBase::built() const {
  return constructing([this] { return built_; });
}

ValueType LayerBase::input_type() const {
  return constructing([this] { return input_type_; });
}

ValueType LayerBase::output_type() const {
  return constructing([this] { return output_type_; });
}

std::vector<std::shared_ptr<LayerBase>> LayerBase::sublayers() const {
  return constructing([this] { return sublayers_; });
}

std::vector<Value> LayerBase::call_losses() const {
  return constructing([this] { return call_losses_; });
}

std::vector<Tensor> LayerBase::evaluated_losses() const {
  return constructing([this] { return evaluated_losses_; });
}

void LayerBase::build(Graph& graph, const ValueType& input) {
  const ConstructionLock lock;
  enter(graph);
  if (built_) return;
  LocationScope line(location);
  NameScope scope(graph, name_);
  std::optional<Trace> alone;
  if (Trace::enclosing() == nullptr) alone.emplace(graph, session_, model_);
  const Setting building(Trace::enclosing()->building_weights, true);
  const Setting inside(scoped_, true);
  const std::size_t known = weights_.size();
  try {
    overrides_.build ? overrides_.build(input) : build_weights(input);
  } catch (...) {
    weights_.resize(known);
    throw;
  }
  input_type_ = input;
  built_ = true;
}

void LayerBase::build(const ValueType& input) {
  const ConstructionLock lock;
  Trace* trace = Trace::enclosing();
  if (trace == nullptr && !graph_) live_alone();
  build(trace != nullptr ? trace->graph : *graph_, input);
}

Value LayerBase::operator()(Value x, bool training) { return call_with(x, training, {}); }

Value LayerBase::call_with(Value x, bool training, const CallFunction& function) {
  const ConstructionLock lock;
  Graph graph = x.graph();
  std::optional<Trace> alone;
  if (Trace::enclosing() == nullptr) alone.emplace(graph);
  build(graph, x.type());
  Trace& trace = *Trace::enclosing();
  if (call_losses_of_ != trace.id) call_losses_.clear();
  call_losses_of_ = trace.id;
  LocationScope line(location);
  NameScope scope(graph, name_);
  const Setting mode(trace.training, training);
  const Setting inside(scoped_, true);
  const std::size_t first_node = graph.nodes().size();
  const Value y = function          ? function(x, training)
                  : overrides_.call ? overrides_.call(x, training)
                                    : call(x, training);
  refuse_assignments(graph, first_node, describe());
  if (const Regularizer penalty = activity_regularizer()) {
    add_loss(y.shape().rank() == 0 ? (*penalty)(y) : (*penalty)(y) / element_count(y, 0));
  }
  output_type_ = y.type();
  if (alone && alone->has_updates()) {
    throw InvalidArgument(describe() + " assigns weight " + alone->first_updated().path() +
                          " in `call`: that takes effect in the steps of a model, and this graph "
                          "is none's; put the layer into a model, or call it on arrays");
  }
  return y;
}

Tensor LayerBase::evaluate(const Tensor& x, bool training, const CallFunction& function,
                           const std::string& key) {
  const Tensor input = x.cast(DType::f32);
  std::vector<Tensor> results =
      find_evaluation(input, training, function, key).run(std::span(&input, 1));
  const ConstructionLock lock;
  evaluated_losses_.assign(results.begin() + 1, results.end());
  return results.front();
}

Executable LayerBase::find_evaluation(const Tensor& input, bool training,
                                      const CallFunction& function, const std::string& key) {
  const ConstructionLock lock;
  if (!graph_) live_alone();
  if (session_ == nullptr) {
    throw RunError(describe() +
                   " was built in a graph of your own: run what it gave in your session");
  }
  Shape batch = input.shape();
  if (batch.rank() > 0) batch.set(0, kUnknown);
  if (revision() != evaluated_revision_) evaluations_.clear();
  evaluated_revision_ = revision();
  const auto place = std::pair(training, batch.to_string() + key);
  const auto found = evaluations_.find(place);
  if (found != evaluations_.end()) return found->second;
  const Value fed = graph_->placeholder(input.dtype(), batch);
  const ValueType usual = output_type_;
  Trace trace(*graph_, session_, model_);
  std::vector<Value> fetches = {call_with(fed, training, function)};
  if (usual != ValueType{}) output_type_ = usual;
  fetches.insert(fetches.end(), trace.losses().begin(), trace.losses().end());
  Executable compiled = session_->compile(std::span(&fed, 1), fetches, trace.assignments());
  if (!function || !key.empty()) evaluations_.emplace(place, compiled);
  return compiled;
}

std::uint64_t LayerBase::revision() const {
  const ConstructionLock lock;
  std::uint64_t latest = Object::revision();
  for (const auto& layer : sublayers_) latest = std::max(latest, layer->revision());
  return latest;
}

std::optional<bool> LayerBase::enclosing_training() {
  const Trace* trace = Trace::computing();
  return trace == nullptr ? std::nullopt : std::optional(trace->training);
}

Shape LayerBase::compute_output_shape(const Shape& input) const {
  const ConstructionLock lock;
  const std::shared_ptr<LayerBase> equal = find_class<LayerBase>(class_name())->make(base_config());
  Graph scratch;
  return (*equal)(scratch.placeholder(DType::f32, input), false).shape();
}

std::vector<Weight> LayerBase::weights() const {
  const ConstructionLock lock;
  std::vector<Weight> result;
  const auto add = [&result](const Weight& weight) {
    if (std::ranges::find(result, weight) == result.end()) result.push_back(weight);
  };
  for (const bool trainable_ones : {true, false}) {
    for (const Weight& weight : weights_) {
      if (weight.state_->declared_trainable == trainable_ones) add(weight);
    }
  }
  for (const auto& layer : sublayers_) std::ranges::for_each(layer->weights(), add);
  return result;
}

std::vector<Weight> LayerBase::trainable_weights() const {
  const ConstructionLock lock;
  std::vector<Weight> result;
  if (!trainable) return result;
  const auto add = [&result](const Weight& weight) {
    if (std::ranges::find(result, weight) == result.end()) result.push_back(weight);
  };
  for (const Weight& weight : weights_) {
    if (weight.trainable()) add(weight);
  }
  for (const auto& layer : sublayers_) std::ranges::for_each(layer->trainable_weights(), add);
  return result;
}

std::vector<Tensor> LayerBase::get_weights() const { return get_values(weights()); }

void LayerBase::set_weights(const std::vector<Tensor>& values) {
  const std::vector<Weight> targets = weights();
  if (values.size() != targets.size()) {
    throw InvalidArgument("You called `set_weights(weights)` on layer '" + name_ +
                          "' with a weight list of length " + std::to_string(values.size()) +
                          ", but the layer was expecting " + std::to_string(targets.size()) +
                          " weights.");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].shape() != targets[i].shape()) {
      throw ShapeError("Layer " + name_ + " weight shape " + shape_text(targets[i].shape()) +
                       " is not compatible with provided weight shape " +
                       shape_text(values[i].shape()) + ".");
    }
  }
  set_values(targets, values);
}

void LayerBase::set_trainable(bool value) {
  const ConstructionLock lock;
  trainable = value;
  for (const Weight& weight : weights_) {
    if (weight.state_->declared_trainable) weight.set_trainable(value);
  }
  for (const auto& layer : sublayers_) layer->set_trainable(value);
}

std::vector<Value> LayerBase::regularization() const {
  const ConstructionLock lock;
  std::vector<Value> result;
  if (!trainable) return result;
  for (const Weight& weight : weights_) {
    const Regularizer& regularizer = weight.state_->regularizer;
    if (regularizer && weight.trainable()) result.push_back((*regularizer)(weight));
  }
  for (const auto& layer : sublayers_) {
    std::ranges::copy(layer->regularization(), std::back_inserter(result));
  }
  return result;
}

Weight LayerBase::add_weight(std::string_view name, const Shape& shape,
                             const Initializer& initializer, const Regularizer& regularizer,
                             const Constraint& constraint, bool trainable_weight) {
  const ConstructionLock lock;
  if (!initializer) {
    throw InvalidArgument("layer \"" + name_ + "\": weight \"" + std::string(name) +
                          "\" needs an initializer");
  }
  if (built_) refuse_new_state("weight \"" + std::string(name) + "\"");
  if (!graph_) {
    Trace* trace = Trace::enclosing();
    trace != nullptr ? enter(trace->graph) : live_alone();
  }
  std::optional<NameScope> scope;
  if (!scoped_) scope.emplace(*graph_, name_);
  auto state = std::make_shared<Weight::State>();
  state->name = name;
  state->graph = *graph_;
  state->variable = graph_->variable((*initializer)({DType::f32, shape}), name, trainable_weight);
  state->regularizer = regularizer;
  state->constraint = constraint;
  state->declared_trainable = state->trainable = trainable_weight;
  state->session = session_;
  weights_.push_back(Weight(std::move(state)));
  return weights_.back();
}

void LayerBase::add_sublayer(std::shared_ptr<LayerBase> layer) {
  const ConstructionLock lock;
  if (layer == nullptr) throw InvalidArgument("layer \"" + name_ + "\": the sublayer is empty");
  if (layer->contains(*this)) {
    throw InvalidArgument("layer \"" + name_ + "\" cannot be part of itself, as it would be with " +
                          "sublayer \"" + layer->name() + "\"");
  }
  if (std::ranges::find(sublayers_, layer) != sublayers_.end()) return;
  if (built_) refuse_new_state("sublayer \"" + layer->name() + "\"");
  sublayers_.push_back(std::move(layer));
}

void LayerBase::refuse_new_state(const std::string& what) const {
  throw InvalidArgument(
      "You cannot add new elements of state (variables or sub-layers) to a layer that is already "
      "built. All state must be created in the constructor or while the weights are built; " +
      describe() + " got " + what);
}

bool LayerBase::contains(const LayerBase& layer) const {
  return this == &layer || std::ranges::any_of(sublayers_, [&layer](const auto& sublayer) {
           return sublayer->contains(layer);
         });
}

void LayerBase::add_loss(Value loss) {
  Trace* trace = Trace::computing();
  if (trace == nullptr) {
    throw InvalidArgument(describe() + ": losses are added in `call`");
  }
  if (loss.shape().rank() > 0) loss = sum(loss);
  call_losses_.push_back(loss);
  trace->add_loss(loss);
}

std::string LayerBase::describe() const {
  std::string text = std::string(class_name()) + " layer \"" + name_ + "\"";
  if (location.known()) text += " (built at " + location.to_string() + ")";
  return text;
}

/// Makes `graph` the one that the layer builds in; weights that it has come along.
void LayerBase::enter(const Graph& graph) {
  if (graph_ && *graph_ == graph) return;
  const bool movable = session_ != nullptr && model_.expired();
  if (graph_ && !movable && !weights().empty()) {
    throw InvalidArgument("layer \"" + name_ +
                          "\" already belongs to another model; make a new layer with the same "
                          "options, or copy the weights with get_weights and set_weights");
  }
  graph_ = graph;
  evaluations_.clear();
  NameScope scope(graph, name_);
  for (const Weight& weight : weights_) {
    Weight::State& state = *weight.state_;
    const Tensor value = weight.get();
    state.graph = graph;
    state.variable = graph_->variable(value, state.name, state.declared_trainable);
  }
  for (const auto& layer : sublayers_) {
    if (layer->graph_) layer->enter(graph);
  }
  const Trace* trace = Trace::enclosing();
  if (trace != nullptr && trace->graph == graph) {
    settle(trace->session, trace->model);
  } else {
    settle(nullptr, {});
  }
}

/// A graph and a session of the layer's own, until it comes into a model.
void LayerBase::live_alone() {
  const Graph graph;
  const auto session =
      std::make_shared<Session>(graph, SessionOptions{.passes = {}, .seed = next_random_seed()});
  graph_ = graph;
  settle(session, {});
}

/// Says who holds the values of the weights in the layer's graph.
void LayerBase::settle(const std::shared_ptr<Session>& session,
                       const std::weak_ptr<const void>& model) {
  session_ = session;
  model_ = model;
  for (const Weight& weight : weights_) weight.state_->session = session;
  for (const auto& layer : sublayers_) {
    if (layer->graph_ && *layer->graph_ == *graph_) layer->settle(session, model);
  }
}

Layer::Layer(Activation activation, std::source_location location)
    : Layer(std::make_shared<ActivationLayer>(ActivationOptions{.activation = activation}),
            location) {}

template <>
const std::vector<ObjectClass<LayerBase>>& object_classes<LayerBase>() {
  static const std::vector<ObjectClass<LayerBase>> classes = {
      object_class<LayerBase, InputLayer>({"Input"}), object_class<LayerBase, DenseLayer>({}),
      object_class<LayerBase, DropoutLayer>({}),      object_class<LayerBase, ActivationLayer>({}),
      object_class<LayerBase, FlattenLayer>({}),      object_class<LayerBase, ReshapeLayer>({}),
  };
  return classes;
}

}  // namespace tegula::nn
