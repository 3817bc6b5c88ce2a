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

Session& session_of(const std::shared_ptr<Session>& session, const Weight& weight) {
  if (session != nullptr) return *session;
  throw RunError("weight " + weight.path() +
                 " was built in a graph of your own: the session that runs it holds the value");
}

[[noreturn]] void throw_shapes_differ(const Weight& weight, const Shape& given) {
  throw ShapeError(
      "The shape of the target variable and the shape of the target value in "
      "`variable.assign(value)` must match. variable.shape=" +
      shape_text(weight.shape()) + ", Received: value.shape=" + shape_text(given) +
      ". Target variable: " + weight.path());
}

}  // namespace

Trace::Trace(const Graph& owner, std::shared_ptr<Session> holder, std::weak_ptr<const void> token)
    : graph(owner),
      session(std::move(holder)),
      model(std::move(token)),
      id(++traces),
      outer_(innermost) {
  innermost = this;
}

Trace::~Trace() { innermost = outer_; }

Trace* Trace::enclosing() { return innermost; }

Trace* Trace::computing() {
  return innermost == nullptr || innermost->building_weights ? nullptr : innermost;
}

Value Trace::read(const Weight& weight) const {
  for (const auto& [updated, value] : updates_) {
    if (updated == weight) return value;
  }
  return weight.variable();
}

void Trace::write(const Weight& weight, Value value) {
  const auto found = std::ranges::find(updates_, weight, &std::pair<Weight, Value>::first);
  if (found == updates_.end()) {
    updates_.emplace_back(weight, value);
  } else {
    found->second = value;
  }
}

bool Trace::writes(const Variable& variable) const {
  return std::ranges::any_of(
      updates_, [&](const auto& update) { return update.first.variable() == variable; });
}

std::vector<Value> Trace::assignments() const {
  std::vector<Value> nodes;
  for (const auto& [weight, value] : updates_) {
    nodes.push_back(tegula::assign(weight.variable(), value));
  }
  return nodes;
}

const std::string& Weight::name() const { return state_->name; }
const std::string& Weight::path() const { return state_->variable.node().name(); }
bool Weight::trainable() const { return state_->trainable; }
void Weight::set_trainable(bool trainable) const { state_->trainable = trainable; }
const Variable& Weight::variable() const { return state_->variable; }

Tensor Weight::get() const { return session_of(state_->session, *this).get(variable()); }

void Weight::set(const Tensor& value) const {
  Session& session = session_of(state_->session, *this);
  if (value.shape() != shape()) throw_shapes_differ(*this, value.shape());
  session.set(variable(), value.cast(dtype()));
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
  trace->write(*this, converted);
  return converted;
}

Value Weight::assign_add(Operand value) const { return assign(Value(*this) + value); }
Value Weight::assign_sub(Operand value) const { return assign(Value(*this) - value); }

}  // namespace tegula::nn
