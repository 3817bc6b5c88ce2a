#pragma once
// What a session and its executables share: the variables, the lock on them, the random state.

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/core/fork_safe.hpp"
#include "src/runtime/plan.hpp"
#include "src/runtime/run_lock.hpp"
#include "src/runtime/variables.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::detail {

class SessionState {
 public:
  SessionState(Graph user_graph, SessionOptions session_options)
      : graph(std::move(user_graph)),
        options(std::move(session_options)),
        backend(cpu_backend()),
        seed(options.seed) {}

  /// Runs the instance's plan; takes the lock and initializes variables that the plan reads first.
  void run(PlanInstance& instance, const TensorRow& feeds, std::span<Tensor> outputs);
  /// Gives the variables their initial values, in the order in which those depend on each other,
  /// and the variables that these read, if they have no value. Takes the lock.
  void initialize(std::span<const std::shared_ptr<VariableState>> listed);
  /// The same for those that have no value yet; a RunError where the options forbid it.
  void initialize_missing(std::span<const std::shared_ptr<VariableState>> listed);

  const Graph graph;
  const SessionOptions options;
  const Backend& backend;
  VariableStore variables;
  /// Shared: variables are only read. Exclusive: variables, their version, `seed` and `step` may
  /// change.
  LongLock<RunLock> lock;
  std::uint64_t seed;
  /// Counts the changes of variables.
  std::uint64_t variables_version = 1;
  /// Atomic, because runs that only read variables draw random numbers side by side.
  std::atomic<std::uint64_t> step{0};
  std::atomic<Profiler*> profiler{nullptr};

 private:
  using States = std::vector<std::shared_ptr<VariableState>>;
  void initialize_locked(States listed);
  void compute_initial_values(const States& variables);
  States variables_behind(const Value& initial);
};

}  // namespace tegula::detail
