#include "tegula/nn/layer.hpp"

#include <map>
#include <mutex>

#include "tegula/nn/layers.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::nn {

namespace {

struct NameCounts {
  std::mutex mutex;
  std::map<std::string, int, std::less<>> next;
};

NameCounts& name_counts() {
  static NameCounts counts;
  return counts;
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

void LayerBase::build(Graph& graph, const ValueType& input) {
  if (built_) {
    if (graph == graph_) return;
    throw InvalidArgument("layer \"" + name_ +
                          "\" already belongs to another model; make a new layer with the same "
                          "options, or copy the weights with get_weights and set_weights");
  }
  LocationScope line(location);
  NameScope scope(graph, name_);
  graph_ = graph;
  weights_.clear();
  penalties_.clear();
  evaluations_.clear();
  build_weights(input);
  input_type_ = input;
  built_ = true;
}

Value LayerBase::operator()(Value x, bool training) {
  Graph graph = x.graph();
  build(graph, x.type());
  LocationScope line(location);
  NameScope scope(graph, name_);
  activity_penalties_.clear();
  const Value y = call(x, training);
  output_type_ = y.type();
  return y;
}

Tensor LayerBase::evaluate(const Tensor& x, bool training) {
  const auto session = living_session();
  const Tensor input = x.cast(DType::f32);
  Shape batch = input.shape();
  if (batch.rank() > 0) batch.set(0, kUnknown);
  const auto key = std::pair(training, batch.to_string());
  auto found = evaluations_.find(key);
  if (found == evaluations_.end()) {
    const Value fed = graph_.placeholder(input.dtype(), batch);
    const ValueType usual = output_type_;
    const Value output = (*this)(fed, training);
    output_type_ = usual;
    found = evaluations_.emplace(key, session->compile({fed}, {output})).first;
  }
  return found->second.run(std::span(&input, 1)).front();
}

std::vector<Variable> LayerBase::trainable_weights() const {
  std::vector<Variable> result;
  if (!trainable) return result;
  for (const Variable& weight : weights_) {
    if (weight.node().attrs().get<bool>("trainable")) result.push_back(weight);
  }
  return result;
}

std::vector<Tensor> LayerBase::get_weights() const {
  std::vector<Tensor> values;
  if (weights_.empty()) return values;
  const auto session = living_session();
  for (const Variable& weight : weights_) values.push_back(session->get(weight));
  return values;
}

void LayerBase::set_weights(const std::vector<Tensor>& values) {
  if (values.size() != weights_.size()) {
    throw InvalidArgument("You called `set_weights(weights)` on layer '" + name_ +
                          "' with a weight list of length " + std::to_string(values.size()) +
                          ", but the layer was expecting " + std::to_string(weights_.size()) +
                          " weights.");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].shape() != weights_[i].shape()) {
      throw ShapeError("Layer " + name_ + " weight shape " + weights_[i].shape().to_string() +
                       " is not compatible with provided weight shape " +
                       values[i].shape().to_string() + ".");
    }
  }
  if (weights_.empty()) return;
  const auto session = living_session();
  for (std::size_t i = 0; i < values.size(); ++i) {
    session->set(weights_[i], values[i].cast(weights_[i].dtype()));
  }
}

std::shared_ptr<Session> LayerBase::living_session() const {
  auto session = session_.lock();
  if (session == nullptr) {
    throw RunError("layer \"" + name_ + "\" has no weights' values: it is in no living model");
  }
  return session;
}

std::vector<Value> LayerBase::regularization() const {
  std::vector<Value> result;
  if (!trainable) return result;
  for (const auto& [weight, regularizer] : penalties_) result.push_back((*regularizer)(weight));
  return result;
}

Variable LayerBase::add_weight(std::string_view name, const Shape& shape,
                               const Initializer& initializer, const Regularizer& regularizer,
                               bool trainable_weight) {
  if (!initializer) {
    throw InvalidArgument("layer \"" + name_ + "\": weight \"" + std::string(name) +
                          "\" needs an initializer");
  }
  const Variable weight =
      graph_.variable((*initializer)({DType::f32, shape}), name, trainable_weight);
  weights_.push_back(weight);
  if (regularizer) penalties_.emplace_back(weight, regularizer);
  return weight;
}

void LayerBase::add_activity_penalty(const Regularizer& regularizer, Value output) {
  if (!regularizer) return;
  const Value batch = element_count(output, 0);
  activity_penalties_.push_back((*regularizer)(output) / batch);
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
