#include "tegula/runtime/session.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <utility>

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
  std::shared_ptr<Executable::Impl> find(std::span<const Feed> feeds,
                                         std::span<const Value> fetches,
                                         std::span<const Value> targets);
  /// Throws InvalidArgument for no value and for values of other graphs.
  void check_own(const Value& variable) const;
  std::shared_ptr<VariableState> variable(const Value& variable) const;
  std::vector<std::shared_ptr<VariableState>> variables(std::span<const Variable> listed) const;

  std::shared_ptr<SessionState> state;
  detail::BriefMutex mutex;  // guards what follows
  std::vector<Cached> executables;
  std::uint64_t clock = 0;
};

std::shared_ptr<Executable::Impl> Session::Impl::find(std::span<const Feed> feeds,
                                                      std::span<const Value> fetches,
                                                      std::span<const Value> targets) {
  for (Cached& cached : executables) {
    if (!cached.executable->is_for(feeds, fetches, targets)) continue;
    cached.last_use = ++clock;
    return cached.executable;
  }
  return nullptr;
}

std::shared_ptr<Executable::Impl> Session::Impl::executable(std::span<const Feed> feeds,
                                                            std::span<const Value> fetches,
                                                            std::span<const Value> targets) {
  {
    const std::lock_guard guard(mutex);
    if (auto known = find(feeds, fetches, targets)) return known;
  }
  std::vector<Value> fed;
  for (const Feed& feed : feeds) fed.push_back(feed.first);
  auto created = std::make_shared<Executable::Impl>(state, fed, fetches, targets);
  std::shared_ptr<Executable::Impl> dropped;  // without the lock
  const std::lock_guard guard(mutex);
  if (auto known = find(feeds, fetches, targets)) return known;
  if (executables.size() < kMaxExecutables) {
    executables.push_back({created, ++clock});
    return created;
  }
  Cached& oldest =
      *std::min_element(executables.begin(), executables.end(),
                        [](const Cached& a, const Cached& b) { return a.last_use < b.last_use; });
  dropped = std::exchange(oldest.executable, created);
  oldest.last_use = ++clock;
  return created;
}

void Session::Impl::check_own(const Value& variable) const {
  if (!variable) throw InvalidArgument("an empty Value is no variable");
  if (variable.graph() == state->graph) return;
  throw InvalidArgument("\"" + variable.name() + "\" belongs to another graph than the session's");
}

std::shared_ptr<VariableState> Session::Impl::variable(const Value& variable) const {
  check_own(variable);
  return state->variables.state(variable);
}

std::vector<std::shared_ptr<VariableState>> Session::Impl::variables(
    std::span<const Variable> listed) const {
  std::vector<std::shared_ptr<VariableState>> states;
  for (const Variable& one : listed) states.push_back(variable(one));
  return states;
}

Session::Session(Graph graph, SessionOptions options)
    : impl_(std::make_shared<Impl>(std::move(graph), std::move(options))) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Session::Impl& Session::impl() const {
  if (impl_ == nullptr) throw RunError("this session was moved from: use the one it was moved to");
  return *impl_;
}

std::vector<Tensor> Session::run(std::span<const Feed> feeds, std::span<const Value> fetches,
                                 std::span<const Value> targets) {
  return impl().executable(feeds, fetches, targets)->run(TensorRow(feeds));
}

std::vector<Tensor> Session::run(std::initializer_list<Feed> feeds,
                                 std::initializer_list<Value> fetches) {
  return run(std::span(feeds.begin(), feeds.size()), std::span(fetches.begin(), fetches.size()));
}

Tensor Session::run(std::initializer_list<Feed> feeds, Value fetch) {
  const std::span<const Feed> fed(feeds.begin(), feeds.size());
  return impl().executable(fed, {&fetch, 1}, {})->run_one(TensorRow(fed));
}

Executable Session::compile(std::span<const Value> feeds, std::span<const Value> fetches,
                            std::span<const Value> targets) {
  return Executable(std::make_shared<Executable::Impl>(impl().state, feeds, fetches, targets));
}

Executable Session::compile(std::initializer_list<Value> feeds,
                            std::initializer_list<Value> fetches,
                            std::initializer_list<Value> targets) {
  return compile(std::span(feeds.begin(), feeds.size()), std::span(fetches.begin(), fetches.size()),
                 std::span(targets.begin(), targets.size()));
}

void Session::initialize() {
  std::vector<Variable> startable;
  for (const Variable& variable : impl().state->graph.variables()) {
    if (graph().initial_value(variable)) startable.push_back(variable);
  }
  initialize(startable);
}

void Session::initialize(std::span<const Variable> variables) {
  impl().state->initialize(impl().variables(variables));
}

Tensor Session::get(const Value& variable) {
  const Variable one(variable);
  return get(std::span(&one, 1)).front();
}

std::vector<Tensor> Session::get(std::span<const Variable> variables) {
  const auto states = impl().variables(variables);
  impl().state->initialize_missing(states);
  std::vector<Tensor> values;
  values.reserve(states.size());
  const std::shared_lock guard(impl().state->domain);
  for (const auto& state : states) values.push_back(state->value.clone());
  return values;
}

void Session::set(const Value& variable, const Tensor& value) {
  const Variable one(variable);
  set(std::span(&one, 1), std::span(&value, 1));
}

void Session::set(std::span<const Variable> variables, std::span<const Tensor> values) {
  if (variables.size() != values.size()) {
    throw InvalidArgument("there are " + std::to_string(variables.size()) + " variables, but " +
                          std::to_string(values.size()) + " values");
  }
  const auto states = impl().variables(variables);
  for (std::size_t i = 0; i < states.size(); ++i) {
    const ValueType given{values[i].dtype(), values[i].shape()};
    const auto problem = [&] {
      return detail::describe_variable(variables[i]) + " cannot be set to " + given.to_string();
    };
    if (given.dtype != variables[i].dtype()) throw DTypeError(problem());
    if (!(given.shape == variables[i].shape())) throw ShapeError(problem());
  }
  const std::unique_lock guard(impl().state->domain);
  impl().state->domain.count_change();
  for (std::size_t i = 0; i < states.size(); ++i) {
    const Tensor& value = values[i];
    if (value.byte_count() > 0) {
      std::memmove(states[i]->value.raw(), value.raw(), value.byte_count());
    }
    states[i]->initialized = true;
  }
}

void Session::forget(std::span<const Variable> variables) {
  for (const Variable& variable : variables) {
    impl().check_own(variable);
    impl().state->variables.forget(variable);
  }
}

SharedVariable Session::share(const Variable& variable) {
  impl().check_own(variable);
  return impl().state->variables.share(variable, impl().state);
}

void Session::reseed(std::uint64_t seed) {
  const std::unique_lock guard(impl().state->domain);
  impl().state->seed = seed;
  impl().state->step = 0;
}

std::uint64_t Session::step() const { return impl().state->step; }

void Session::set_step(std::uint64_t step) {
  const std::unique_lock guard(impl().state->domain);
  impl().state->step = step;
}

Graph Session::graph() const { return impl().state->graph; }

void Session::set_profiler(Profiler* profiler) {
  // Exclusive: when this returns, no run uses the profiler that was attached before.
  const std::unique_lock guard(impl().state->domain);
  impl().state->profiler = profiler;
}

}  // namespace tegula
