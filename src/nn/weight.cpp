#include "tegula/nn/weight.hpp"

#include <algorithm>
#include <atomic>

#include "src/nn/shape_text.hpp"
#include "src/nn/trace.hpp"
#include "src/nn/weight_state.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula::nn {

namespace {

thread_local Trace* innermost = nullptr;
std::atomic<std::uint64_t> traces{0};

[[noreturn]] void throw_shapes_differ(const Weight& weight, const Shape& given) {
  throw ShapeError(
      "The shape of the target variable and the shape of the target value in "
      "`variable.assign(value)` must match. variable.shape=" +
      shape_text(weight.shape()) + ", Received: value.shape=" + shape_text(given) +
      ". Target variable: " + weight.path());
}

}  // namespace

Trace::Trace(const Graph& owner, std::shared_ptr<Session> holder)
    : graph(owner), session(std::move(holder)), id(++traces), outer_(innermost) {
  innermost = this;
}

Trace::~Trace() { innermost = outer_; }

Trace* Trace::enclosing() { return innermost; }

Trace* Trace::computing() {
  return innermost == nullptr || innermost->building_weights ? nullptr : innermost;
}

Value Trace::read(const Weight& weight) const {
  const auto found = std::ranges::find(updates_, weight, &Update::weight);
  return found == updates_.end() ? Value(weight.variable_in(graph)) : found->values.back();
}

Value Trace::write(const Weight& weight, const Value& value) {
  const Value held = stop_gradient(value);
  auto found = std::ranges::find(updates_, weight, &Update::weight);
  if (found == updates_.end()) found = updates_.insert(found, {weight, {}});
  found->values.push_back(held);
  return held;
}

std::vector<Value> Trace::values_of(const Variable& variable) const {
  for (const Update& update : updates_) {
    if (update.weight.variable_in(graph) == variable) return update.values;
  }
  return {};
}

std::vector<Value> Trace::written() const {
  std::vector<Value> all;
  for (const Update& update : updates_) {
    all.insert(all.end(), update.values.begin(), update.values.end());
  }
  return all;
}

std::vector<Value> Trace::assignments(std::span<const Variable> except) const {
  std::vector<Value> nodes;
  for (const auto& [weight, values] : updates_) {
    const Variable variable = weight.variable_in(graph);
    if (std::ranges::find(except, variable) != except.end()) continue;
    nodes.push_back(tegula::assign(variable, values.back()));
  }
  return nodes;
}

const std::string& Weight::name() const { return state_->name; }
std::string Weight::path() const { return state_->variable.node().name(); }
Shape Weight::shape() const { return state_->variable.shape(); }
DType Weight::dtype() const { return state_->variable.dtype(); }

bool Weight::trainable() const {
  return constructing([this] { return state_->trainable; });
}

void Weight::set_trainable(bool trainable) const {
  const ConstructionLock lock;
  state_->trainable = trainable;
}

Constraint Weight::constraint() const {
  return constructing([this] { return state_->constraint; });
}

Variable Weight::variable_in(const Graph& graph) const {
  const ConstructionLock lock;
  if (graph == state_->graph) return state_->variable;
  Graph other = graph;
  return other.variable(state_->session->share(state_->variable), path(),
                        state_->declared_trainable);
}

Variable Weight::variable() const {
  const Trace* trace = Trace::enclosing();
  return variable_in(trace != nullptr ? trace->graph : state_->graph);
}

Tensor Weight::get() const { return get_values({*this}).front(); }
void Weight::set(const Tensor& value) const { set_values({*this}, {value}); }

/// A session, the variables of weights that it holds, and the places of these in a list.
struct Weight::Holder {
  std::shared_ptr<Session> session;
  std::vector<Variable> variables;
  std::vector<std::size_t> places;
};

std::vector<Weight::Holder> Weight::holders_of(const std::vector<Weight>& weights) {
  const ConstructionLock lock;
  std::vector<Holder> holders;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const State& state = *weights[i].state_;
    auto found = std::ranges::find(holders, state.session, &Holder::session);
    if (found == holders.end()) found = holders.insert(holders.end(), {state.session, {}, {}});
    found->variables.push_back(state.variable);
    found->places.push_back(i);
  }
  return holders;
}

Weight::operator Value() const {
  const Trace* trace = Trace::computing();
  return trace == nullptr ? Value(variable()) : trace->read(*this);
}

Weight::operator Operand() const { return Value(*this); }

Value Weight::assign(Value value) const {
  Trace* trace = Trace::computing();
  if (trace == nullptr) {
    throw InvalidArgument("weight " + path() +
                          ": a value of a graph is assigned in a layer's `call`; elsewhere, assign "
                          "numbers");
  }
  if (!compatible(value.shape(), shape())) throw_shapes_differ(*this, value.shape());
  const Value converted = value.dtype() == dtype() ? value : cast(value, dtype());
  return trace->write(*this, converted);
}

std::vector<Tensor> get_values(const std::vector<Weight>& weights) {
  std::vector<Tensor> values(weights.size());
  for (const Weight::Holder& holder : Weight::holders_of(weights)) {
    const std::vector<Tensor> found = holder.session->get(holder.variables);
    for (std::size_t i = 0; i < found.size(); ++i) values[holder.places[i]] = found[i];
  }
  return values;
}

void set_values(const std::vector<Weight>& weights, const std::vector<Tensor>& values) {
  if (weights.size() != values.size()) {
    throw InvalidArgument("there are " + std::to_string(weights.size()) + " weights, but " +
                          std::to_string(values.size()) + " values");
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (values[i].shape() != weights[i].shape()) {
      throw_shapes_differ(weights[i], values[i].shape());
    }
  }
  for (const Weight::Holder& holder : Weight::holders_of(weights)) {
    std::vector<Tensor> converted;
    for (std::size_t i = 0; i < holder.places.size(); ++i) {
      converted.push_back(values[holder.places[i]].cast(holder.variables[i].dtype()));
    }
    holder.session->set(holder.variables, converted);
  }
}

Value Weight::assign_add(Operand value) const { return assign(Value(*this) + value); }
Value Weight::assign_sub(Operand value) const { return assign(Value(*this) - value); }

}  // namespace tegula::nn
