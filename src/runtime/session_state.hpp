#pragma once
// What a session and its executables share: the variables, the lock on them, the random state.

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/core/fork_safe.hpp"
#include "src/runtime/plan.hpp"
#include "src/runtime/variable_domain.hpp"
#include "src/runtime/variables.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::detail {

class SessionState {
 public:
  SessionState(Graph user_graph, SessionOptions session_options)
      : graph(std::move(user_graph)),
        options(std::move(session_options)),
        backend(cpu_backend()),
        variables(*this),
        seed(options.seed) {}
  SessionState(const SessionState&) = delete;
  SessionState& operator=(const SessionState&) = delete;

  /// Runs the instance's plan; takes the lock and initializes variables that the plan reads first.
  void run(PlanInstance& instance, const TensorRow& feeds, std::span<Tensor> outputs);
  /// Gives the variables their initial values, in the order in which those depend on each other,
  /// and the variables that these read, if they have no value. Takes the lock. What is shared gets
  /// its value from its home.
  void initialize(std::span<const std::shared_ptr<VariableState>> listed);
  /// The same for those that have no value yet; a RunError where the options of their home forbid
  /// it.
  void initialize_missing(std::span<const std::shared_ptr<VariableState>> listed);

  const Graph graph;
  const SessionOptions options;
  const Backend& backend;
  VariableStore variables;
  /// Exclusive: `seed` and `step` may change, too.
  VariableDomain domain;
  std::uint64_t seed;
  /// Atomic, because runs that only read variables draw random numbers side by side.
  std::atomic<std::uint64_t> step{0};
  std::atomic<Profiler*> profiler{nullptr};

 private:
  using States = std::vector<std::shared_ptr<VariableState>>;
  void initialize_own(States listed, bool missing_only);
  /// Other sessions' variables behind the initial values of `listed` get theirs: before the lock is
  /// taken, because domains may be united.
  void initialize_behind(const States& listed);
  void initialize_locked(States listed);
  void compute_initial_values(const States& variables);
  States variables_behind(const Value& initial);
};

}  // namespace tegula::detail
