#include "tegula/runtime/session.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <shared_mutex>

#include "src/runtime/executable.hpp"
#include "src/runtime/explain.hpp"
#include "src/runtime/session_state.hpp"
#include "tegula/core/error.hpp"

namespace tegula {

using detail::SessionState;
using detail::TensorRow;
using detail::VariableState;

namespace {

/// Sets of feeds, fetches and targets that `Session::run` keeps compiled.
constexpr std::size_t kMaxExecutables = 64;

}  // namespace

std::vector<Tensor> Executable::run(std::span<const Tensor> feeds) {
  return impl_->run(TensorRow(feeds));
}

void Executable::run_into(std::span<const Tensor> feeds, std::span<Tensor> outputs) {
  impl_->run_into(TensorRow(feeds), outputs);
}

std::string Executable::explain(std::span<const Shape> feed_shapes) {
  return detail::explain(*impl_->plan_for(feed_shapes));
}

Graph Executable::optimized(std::span<const Shape> feed_shapes) {
  return impl_->plan_for(feed_shapes)->graph;
}

struct Session::Impl {
  struct Cached {
    std::shared_ptr<Executable::Impl> executable;
    std::uint64_t last_use = 0;
  };

  Impl(Graph graph, SessionOptions options)
      : state(std::make_shared<SessionState>(std::move(graph), std::move(options))) {}

  /// The compiled form of a call, made on first use.
  std::shared_ptr<Executable::Impl> executable(std::span<const Feed> feeds,
                                               std::span<const Value> fetches,
                                               std::span<const Value> targets);
  VariableState& variable(const Value& variable);

  std::shared_ptr<SessionState> state;
  std::mutex mutex;  // guards what follows
  std::vector<Cached> executables;
  std::uint64_t clock = 0;
};

std::shared_ptr<Executable::Impl> Session::Impl::executable(std::span<const Feed> feeds,
                                                            std::span<const Value> fetches,
                                                            std::span<const Value> targets) {
  const std::lock_guard guard(mutex);
  for (Cached& cached : executables) {
    if (!cached.executable->is_for(feeds, fetches, targets)) continue;
    cached.last_use = ++clock;
    return cached.executable;
  }
  std::vector<Value> fed;
  for (const Feed& feed : feeds) fed.push_back(feed.first);
  auto created = std::make_shared<Executable::Impl>(state, fed, fetches, targets);
  if (executables.size() >= kMaxExecutables) {
    executables.erase(
        std::min_element(executables.begin(), executables.end(),
                         [](const Cached& a, const Cached& b) { return a.last_use < b.last_use; }));
  }
  executables.push_back({created, ++clock});
  return created;
}

VariableState& Session::Impl::variable(const Value& variable) {
  if (!variable) throw InvalidArgument("an empty Value is no variable");
  if (!(variable.graph() == state->graph)) {
    throw InvalidArgument("\"" + variable.name() +
                          "\" belongs to another graph than the session's");
  }
  return state->variables.state(variable);
}

Session::Session(Graph graph, SessionOptions options)
    : impl_(std::make_shared<Impl>(std::move(graph), std::move(options))) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

std::vector<Tensor> Session::run(std::span<const Feed> feeds, std::span<const Value> fetches,
                                 std::span<const Value> targets) {
  return impl_->executable(feeds, fetches, targets)->run(TensorRow(feeds));
}

std::vector<Tensor> Session::run(std::initializer_list<Feed> feeds,
                                 std::initializer_list<Value> fetches) {
  return run(std::span(feeds.begin(), feeds.size()), std::span(fetches.begin(), fetches.size()));
}

Tensor Session::run(std::initializer_list<Feed> feeds, Value fetch) {
  const std::span<const Feed> fed(feeds.begin(), feeds.size());
  return impl_->executable(fed, {&fetch, 1}, {})->run_one(TensorRow(fed));
}

Executable Session::compile(std::span<const Value> feeds, std::span<const Value> fetches,
                            std::span<const Value> targets) {
  return Executable(std::make_shared<Executable::Impl>(impl_->state, feeds, fetches, targets));
}

Executable Session::compile(std::initializer_list<Value> feeds,
                            std::initializer_list<Value> fetches,
                            std::initializer_list<Value> targets) {
  return compile(std::span(feeds.begin(), feeds.size()), std::span(fetches.begin(), fetches.size()),
                 std::span(targets.begin(), targets.size()));
}

void Session::initialize() {
  std::vector<VariableState*> states;
  for (const Variable& variable : impl_->state->graph.variables()) {
    if (graph().initial_value(variable)) states.push_back(&impl_->state->variables.state(variable));
  }
  impl_->state->initialize(states);
}

void Session::initialize(std::span<const Variable> variables) {
  std::vector<VariableState*> states;
  for (const Variable& variable : variables) states.push_back(&impl_->variable(variable));
  impl_->state->initialize(states);
}

Tensor Session::get(const Value& variable) {
  VariableState* const state = &impl_->variable(variable);
  impl_->state->initialize_missing({&state, 1});
  const std::shared_lock guard(impl_->state->lock);
  return state->value.clone();
}

void Session::set(const Value& variable, const Tensor& value) {
  VariableState& state = impl_->variable(variable);
  const ValueType given{value.dtype(), value.shape()};
  const std::string problem =
      detail::describe_variable(variable) + " cannot be set to " + given.to_string();
  if (given.dtype != variable.dtype()) throw DTypeError(problem);
  if (!(given.shape == variable.shape())) throw ShapeError(problem);
  const std::unique_lock guard(impl_->state->lock);
  ++impl_->state->variables_version;
  if (value.byte_count() > 0) std::memmove(state.value.raw(), value.raw(), value.byte_count());
  state.initialized = true;
}

void Session::reseed(std::uint64_t seed) {
  const std::unique_lock guard(impl_->state->lock);
  impl_->state->seed = seed;
  impl_->state->step = 0;
}

std::uint64_t Session::step() const { return impl_->state->step; }

void Session::set_step(std::uint64_t step) {
  const std::unique_lock guard(impl_->state->lock);
  impl_->state->step = step;
}

Graph Session::graph() const { return impl_->state->graph; }

void Session::set_profiler(Profiler* profiler) {
  // Exclusive: when this returns, no run uses the profiler that was attached before.
  const std::unique_lock guard(impl_->state->lock);
  impl_->state->profiler = profiler;
}

}  // namespace tegula
