#include "tegula/nn/layer.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>

#include "src/core/fork_safe.hpp"
#include "src/core/made_before_fork.hpp"
#include "src/nn/batch_type.hpp"
#include "src/nn/graph_notes.hpp"
#include "src/nn/random_seed.hpp"
#include "src/nn/remat.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/symbols.hpp"
#include "src/nn/trace.hpp"
#include "src/nn/user_terms.hpp"
#include "src/nn/weight_state.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/nn/callback.hpp"
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

const detail::MadeBeforeFork kMadeBeforeFork([] { name_counts(); });

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

/// Integers and bools in the dtypes that the layer takes data in.
Values in_dtypes_of_data(const LayerBase& layer, const Values& x) {
  std::size_t number = 0;
  return x.map([&](const Value& value) {
    const std::size_t input = number++;
    if (is_floating(value.dtype())) return value;
    return cast_with_mask(value, layer.input_dtype(input, value.dtype()));
  });
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

ValueTypes LayerBase::input_types() const {
  return constructing([this] { return input_types_; });
}

ValueTypes LayerBase::output_types() const {
  return constructing([this] { return output_types_; });
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

void LayerBase::build_all(const ValueTypes& inputs) {
  if (inputs.size() == 1) build_weights(inputs.one());
}

Value LayerBase::call(Value /*x*/, bool /*training*/) {
  throw InvalidArgument(describe() + " defines neither `call` nor `call_all`");
}

Values LayerBase::call_all(const Values& x, bool training) {
  if (x.size() != 1) {
    throw InvalidArgument(describe() + " takes one input, got " + std::to_string(x.size()));
  }
  return call(x.one(), training);
}

void LayerBase::build(const ValueTypes& inputs) {
  const ConstructionLock lock;
  if (built_) return;
  settle();
  LocationScope line(location);
  const UserTerms terms(short_description());
  std::optional<NameScope> scope;
  if (names_scope()) scope.emplace(*graph_, name_);
  Trace trace(*graph_, session_);
  trace.building_weights = true;
  const Setting inside(scoped_, true);
  const std::size_t known = weights_.size();
  try {
    overrides_.build ? overrides_.build(inputs) : build_all(inputs);
  } catch (...) {
    weights_.resize(known);
    throw;
  }
  input_types_ = inputs;
  built_ = true;
}

Values LayerBase::operator()(const Values& x, std::optional<bool> training) {
  return call_with(x, training, {});
}

Values LayerBase::call_with(const Values& x, std::optional<bool> given,
                            const CallFunction& function) {
  const ConstructionLock lock;
  if (x.empty()) throw InvalidArgument(describe() + " is called without an input");
  Graph graph = x[0].graph();
  if (is_symbolic(graph)) return call_symbols(x, given, function);
  const bool training = given.value_or(enclosing_training().value_or(trains_alone()));
  std::optional<Trace> alone;
  if (Trace::enclosing() == nullptr) alone.emplace(graph);
  build(types_of(x));
  Trace& trace = *Trace::enclosing();
  if (call_losses_of_ != trace.id) call_losses_.clear();
  call_losses_of_ = trace.id;
  LocationScope line(location);
  const UserTerms terms(short_description());
  std::optional<NameScope> scope;
  if (names_scope()) scope.emplace(graph, name_);
  const Setting mode(trace.training, training);
  const Setting inside(scoped_, true);
  const std::size_t first_node = graph.nodes().size();
  Values y =
      with_masks(x, function ? function(x, training)
                    : overrides_.call
                        ? overrides_.call(x, training)
                        : call_all(weights_.empty() ? x : in_dtypes_of_data(*this, x), training));
  if (remat_ && training && !cuts_itself()) y = recomputed_from(x, y);
  refuse_assignments(graph, first_node, describe());
  if (const Regularizer penalty = activity_regularizer()) {
    for (const Value& output : y) {
      add_loss(output.shape().rank() == 0 ? (*penalty)(output)
                                          : (*penalty)(output) / element_count(output, 0));
    }
  }
  output_types_ = types_of(y);
  if (alone && alone->has_updates()) {
    throw InvalidArgument(describe() + " assigns weight " + alone->first_updated().path() +
                          " in `call`: that takes effect in the steps of a model, and this graph "
                          "is none's; put the layer into a model, or call it on arrays");
  }
  return y;
}

Masks LayerBase::compute_mask(const Values& /*x*/, const Masks& masks) { return masks; }

Values LayerBase::with_masks(const Values& x, const Values& y) {
  const auto is_masked = [](const Value& value) { return static_cast<bool>(mask_of(value)); };
  if (!names_scope() || std::ranges::all_of(y, is_masked)) return y;
  Masks given;
  for (const Value& value : x) given.push_back(mask_of(value));
  if (!supports_masking) {
    if (!warned_of_mask_ && std::ranges::any_of(x, is_masked)) {
      warned_of_mask_ = true;
      warn(describe() + " was passed an input with a mask attached to it. However, this layer " +
           "does not support masking and will therefore destroy the mask information. Downstream " +
           "layers will not see the mask.");
    }
    return y;
  }
  const Masks masks =
      overrides_.compute_mask ? overrides_.compute_mask(x, given) : compute_mask(x, given);
  std::vector<Value> outputs = y.items();
  for (std::size_t i = 0; i < std::min(masks.size(), outputs.size()); ++i) {
    if (!masks[i] || is_masked(outputs[i])) continue;
    if (std::ranges::find(x, outputs[i]) != x.end()) {
      outputs[i] = with_mask(outputs[i], masks[i]);
    } else {
      note_mask(outputs[i], masks[i]);
    }
  }
  return y.with(std::move(outputs));
}

Values LayerBase::call_symbols(const Values& x, std::optional<bool> training,
                               const CallFunction& function) {
  Graph scratch;
  const auto stand_in = [](Graph graph, const Value& value) {
    return graph.placeholder(value.dtype(), value.shape());
  };
  const Values fed = x.map([&](const Value& symbol) {
    const Value value = stand_in(scratch, symbol);
    if (const Value mask = mask_of(symbol)) note_mask(value, stand_in(scratch, mask));
    return value;
  });
  Trace trace(scratch);
  const Values computed = call_with(fed, training, function);
  const Values symbols = add_call({.layer = shared_from_this(),
                                   .inputs = x,
                                   .training = training,
                                   .function = function,
                                   .outputs = {}},
                                  types_of(computed));
  // Which symbols carry masks is known; the masks are made when a model computes.
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const Value mask = mask_of(computed[i]);
    if (mask) note_mask(symbols[i], stand_in(symbols[i].graph(), mask));
  }
  return symbols;
}

MaskedTensors LayerBase::evaluate_masked(const MaskedTensors& x, bool training,
                                         const CallFunction& function, const std::string& key) {
  std::size_t number = 0;
  const Tensors inputs = x.values.map(
      [&](const Tensor& tensor) { return tensor.cast(input_dtype(number++, tensor.dtype())); });
  Evaluation evaluation = find_evaluation({inputs, x.masks}, training, function, key);
  std::vector<Tensor> feeds = inputs.items();
  for (const std::optional<Tensor>& mask : x.masks) {
    if (mask) feeds.push_back(mask->cast(DType::boolean));
  }
  std::vector<Tensor> results =
      running_in_user_terms([&] { return evaluation.executable.run(feeds); });
  MaskedTensors found;
  auto next = results.begin() + std::ssize(evaluation.outputs.items());
  for (const bool masked : evaluation.masked) {
    found.masks.push_back(masked ? std::optional(std::move(*next++)) : std::nullopt);
  }
  {
    const ConstructionLock lock;
    evaluated_losses_.assign(next, results.end());
  }
  results.resize(evaluation.outputs.size());
  found.values = evaluation.outputs.with(std::move(results));
  return found;
}

LayerBase::Evaluation LayerBase::find_evaluation(const MaskedTensors& inputs, bool training,
                                                 const CallFunction& function,
                                                 const std::string& key) {
  const ConstructionLock lock;
  settle();
  if (revision() != evaluated_revision_) evaluations_.clear();
  evaluated_revision_ = revision();
  const ValueTypes types = inputs.values.map(batch_type);
  std::string place = key;
  for (const ValueType& type : types) place += type.to_string();
  for (const std::string& name : types.names()) place += " " + name;
  for (const std::optional<Tensor>& mask : inputs.masks) {
    place += mask ? " mask" + batch_type(*mask).to_string() : " no mask";
  }
  const bool kept = !function || !key.empty();
  const auto found = evaluations_.find({training, place});
  if (kept && found != evaluations_.end()) return found->second;
  const Values fed = types.map(
      [this](const ValueType& type) { return graph_->placeholder(type.dtype, type.shape); });
  std::vector<Value> feeds = fed.items();
  for (std::size_t i = 0; i < inputs.masks.size(); ++i) {
    if (!inputs.masks[i]) continue;
    feeds.push_back(graph_->placeholder(DType::boolean, batch_type(*inputs.masks[i]).shape));
    check_mask(fed[i], feeds.back());
    note_mask(fed[i], feeds.back());
  }
  const ValueTypes usual = output_types_;
  Trace trace(*graph_, session_);
  const Values outputs = call_with(fed, training, function);
  if (!usual.empty()) output_types_ = usual;
  std::vector<Value> fetches = outputs.items();
  std::vector<bool> masked;
  for (const Value& output : outputs) {
    const Value mask = mask_of(output);
    masked.push_back(static_cast<bool>(mask));
    if (mask) fetches.push_back(mask);
  }
  if (std::ranges::find(masked, true) == masked.end()) masked.clear();
  fetches.insert(fetches.end(), trace.losses().begin(), trace.losses().end());
  const Evaluation evaluation{session_->compile(feeds, fetches, trace.assignments()),
                              types_of(outputs), std::move(masked)};
  if (kept) evaluations_.emplace(std::pair(training, place), evaluation);
  return evaluation;
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

ValueTypes LayerBase::compute_output_types(const ValueTypes& inputs) const {
  const ConstructionLock lock;
  const std::shared_ptr<LayerBase> equal = find_class<LayerBase>(class_name())->make(base_config());
  equal->location = location;
  Graph scratch;
  return types_of((*equal)(inputs.map(
      [&scratch](const ValueType& type) { return scratch.placeholder(type.dtype, type.shape); })));
}

std::vector<Weight> LayerBase::weights() const {
  const ConstructionLock lock;
  std::vector<Weight> result;
  const auto add = [&result](const Weight& weight) {
    if (std::ranges::find(result, weight) == result.end()) result.push_back(weight);
  };
  std::ranges::for_each(listed_first_, add);
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
  settle();
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

void LayerBase::set_sublayers(std::vector<std::shared_ptr<LayerBase>> layers) {
  const ConstructionLock lock;
  for (const auto& layer : layers) {
    if (layer->contains(*this)) {
      throw InvalidArgument(describe() + " cannot be part of itself");
    }
  }
  sublayers_ = std::move(layers);
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

std::string LayerBase::short_description() const {
  return std::string(class_name()) + " layer \"" + name_ + "\"";
}

std::string LayerBase::describe() const {
  std::string text = short_description();
  if (location.known()) text += " (built at " + location.to_string() + ")";
  return text;
}

/// Chooses where the weights are made, once: in the model or layer that is being built, or else a
/// graph and session of the layer's own.
void LayerBase::settle() {
  if (graph_) return;
  const Trace* trace = Trace::enclosing();
  if (trace != nullptr && trace->session != nullptr) {
    graph_ = trace->graph;
    session_ = trace->session;
    return;
  }
  const Graph graph;
  session_ =
      std::make_shared<Session>(graph, SessionOptions{.passes = {}, .seed = next_random_seed()});
  graph_ = graph;
}

Layer::Layer(Activation activation, std::source_location location)
    : Layer(std::make_shared<ActivationLayer>(ActivationOptions{.activation = activation}),
            location) {}

}  // namespace tegula::nn
