#include "src/runtime/session_state.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_set>

#include "tegula/core/error.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

namespace {

/// Initial values have a step of their own: they do not depend on how many runs came before.
constexpr std::uint64_t kInitializationStep = std::numeric_limits<std::uint64_t>::max();

void check_initial_type(const VariableState& state, const ValueType& type) {
  if (type == state.variable.type()) return;
  throw ShapeError("the initial value of " + describe_variable(state.variable) + " is " +
                   type.to_string());
}

/// False when the initial value is none that is there already. Metrics begin anew at each call of
/// a model, from constants, which need no plan.
bool set_to_constant(VariableState& state, const Value& initial) {
  if (initial.node().op().name != "constant") return false;
  check_initial_type(state, initial.type());
  const auto& value = initial.node().attrs().get<Tensor>("value");
  if (value.byte_count() > 0) std::memcpy(state.value.raw(), value.raw(), value.byte_count());
  state.initialized = true;
  return true;
}

/// The states of each session, in the order in which these come first.
std::vector<std::pair<SessionState*, std::vector<std::shared_ptr<VariableState>>>> by_home(
    std::span<const std::shared_ptr<VariableState>> listed) {
  std::vector<std::pair<SessionState*, std::vector<std::shared_ptr<VariableState>>>> groups;
  for (const auto& state : listed) {
    auto group = std::ranges::find_if(
        groups, [&state](const auto& known) { return known.first == state->home; });
    if (group == groups.end()) group = groups.insert(group, {state->home, {}});
    group->second.push_back(state);
  }
  return groups;
}

}  // namespace

void SessionState::run(PlanInstance& instance, const TensorRow& feeds, std::span<Tensor> outputs) {
  const Plan& plan = instance.plan();
  if (!plan.variables_ready.load(std::memory_order_acquire)) {
    States read;
    for (const int index : plan.reads)
      read.push_back(plan.variables[static_cast<std::size_t>(index)]);
    initialize_missing(read);
    plan.variables_ready.store(true, std::memory_order_release);
  }
  const auto run_locked = [&] {
    RandomKey key{.seed = seed};
    if (plan.random) key.step = step.fetch_add(1, std::memory_order_relaxed);
    instance.run(feeds, outputs,
                 {.key = key,
                  .variables_version = plan.writes.empty() ? domain.version() : 0,
                  .profiler = profiler.load(std::memory_order_acquire)});
  };
  if (plan.writes.empty()) {
    const std::shared_lock guard(domain);
    run_locked();
  } else {
    const std::unique_lock guard(domain);
    domain.count_change();
    run_locked();
    for (const int variable : plan.writes) {
      plan.variables[static_cast<std::size_t>(variable)]->initialized = true;
    }
  }
}

void SessionState::initialize(std::span<const std::shared_ptr<VariableState>> listed) {
  for (const auto& [home, states] : by_home(listed)) home->initialize_own(states, false);
}

void SessionState::initialize_missing(std::span<const std::shared_ptr<VariableState>> listed) {
  for (const auto& [home, states] : by_home(listed)) home->initialize_own(states, true);
}

void SessionState::initialize_own(States listed, bool missing_only) {
  initialize_behind(listed);
  const std::unique_lock guard(domain);
  if (missing_only) {
    std::erase_if(listed, [](const auto& state) { return state->initialized; });
    if (!listed.empty() && !options.initialize_on_read) {
      throw RunError(describe_variable(listed.front()->variable) +
                     " is not initialized: run its initializer or set it before it is read");
    }
  }
  initialize_locked(std::move(listed));
}

void SessionState::initialize_behind(const States& listed) {
  std::set<const VariableState*> met;
  States waiting = listed;
  States shared;
  while (!waiting.empty()) {
    const std::shared_ptr<VariableState> state = std::move(waiting.back());
    waiting.pop_back();
    if (!met.insert(state.get()).second) continue;
    if (state->home != this) {
      shared.push_back(state);
    } else if (const Value initial = graph.initial_value(state->variable)) {
      std::ranges::move(variables_behind(initial), std::back_inserter(waiting));
    }
  }
  initialize_missing(shared);
}

/// All variables that the computation of `initial` reads.
SessionState::States SessionState::variables_behind(const Value& initial) {
  States found;
  std::unordered_set<const Node*> seen;
  std::vector<Value> stack = {initial};
  while (!stack.empty()) {
    const Value value = stack.back();
    stack.pop_back();
    if (!seen.insert(&value.node()).second) continue;
    if (value.node().op().name == "variable") found.push_back(variables.state(value));
    stack.insert(stack.end(), value.node().inputs().begin(), value.node().inputs().end());
  }
  return found;
}

void SessionState::initialize_locked(States listed) {
  struct Waiting {
    std::shared_ptr<VariableState> state;
    States needs;
  };
  std::vector<Waiting> waiting;
  std::set<std::shared_ptr<VariableState>> pending(listed.begin(), listed.end());
  for (std::size_t i = 0; i < listed.size(); ++i) {  // grows while it is walked
    const std::shared_ptr<VariableState> state = listed[i];
    const Value initial = graph.initial_value(state->variable);
    if (!initial) {
      throw RunError(describe_variable(state->variable) +
                     " has no value: give it an initial one, or set it before it is read");
    }
    waiting.push_back({state, variables_behind(initial)});
    for (const auto& needed : waiting.back().needs) {
      if (needed->home == this && !needed->initialized && pending.insert(needed).second)
        listed.push_back(needed);
    }
  }
  while (!waiting.empty()) {
    States now;
    std::vector<Waiting> later;
    for (Waiting& candidate : waiting) {
      const bool must_wait = std::ranges::any_of(
          candidate.needs, [&](const auto& needed) { return pending.contains(needed); });
      if (must_wait) {
        later.push_back(std::move(candidate));
      } else {
        now.push_back(candidate.state);
      }
    }
    if (now.empty()) {
      throw RunError("the initial value of " + describe_variable(later.front().state->variable) +
                     " depends on itself");
    }
    compute_initial_values(now);
    for (const auto& state : now) pending.erase(state);
    waiting = std::move(later);
  }
}

void SessionState::compute_initial_values(const States& states) {
  domain.count_change();
  States computed;
  for (const auto& state : states) {
    if (!set_to_constant(*state, graph.initial_value(state->variable))) computed.push_back(state);
  }
  if (computed.empty()) return;
  std::vector<Value> fetches;
  std::vector<Tensor> outputs;
  for (const auto& state : computed) {
    fetches.push_back(graph.initial_value(state->variable));
    outputs.push_back(state->value);  // shares the variable's memory
  }
  const auto plan = build_plan(
      {.graph = graph, .feeds = {}, .feed_shapes = {}, .fetches = fetches, .targets = {}},
      options.passes, variables, backend);
  for (std::size_t i = 0; i < computed.size(); ++i) {
    check_initial_type(*computed[i], plan->fetch_types[i]);
  }
  const RandomKey key{.seed = seed, .op_id = 0, .step = kInitializationStep};
  PlanInstance(plan).run(TensorRow(std::span<const Tensor>()), outputs, {.key = key});
  for (const auto& state : computed) state->initialized = true;
}

}  // namespace tegula::detail
