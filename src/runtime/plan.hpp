#pragma once
// A plan: one set of fetches for one set of feed shapes, as a flat list of kernels whose operands
// have their places in memory.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/core/fork_safe.hpp"
#include "src/runtime/tensor_row.hpp"
#include "src/runtime/variables.hpp"
#include "tegula/graph/function.hpp"
#include "tegula/graph/graph.hpp"
#include "tegula/passes/pass_manager.hpp"
#include "tegula/runtime/backend.hpp"
#include "tegula/runtime/profiler.hpp"

namespace tegula::detail {

/// Of a value whose shape is known.
inline std::size_t byte_count(const ValueType& type) {
  return static_cast<std::size_t>(type.shape.element_count()) * size_of(type.dtype);
}

/// Which memory an operand is in.
enum class Storage : std::uint8_t {
  none,      ///< nobody reads it: a null pointer
  arena,     ///< of the plan instance, at `offset`
  feed,      ///< the caller's tensor `index`
  fetch,     ///< the result `index`
  variable,  ///< `Plan::variables[index]`
  constant,  ///< `Plan::constants[index]`
};

struct Place {
  Storage storage = Storage::none;
  int index = 0;
  std::size_t offset = 0;
};

/// One kernel and where its operands are: `inputs` places from `first_place` on, then `outputs`.
struct Step {
  std::unique_ptr<const Kernel> kernel;
  /// Null for a copy that the planner added.
  const Node* node = nullptr;
  std::size_t first_place = 0;
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::size_t workspace_bytes = 0;
  std::size_t workspace_offset = 0;
};

/// What the arena holds at the step where it is fullest.
struct ArenaUse {
  std::size_t activations = 0;
  std::size_t gradients = 0;
  std::size_t workspace = 0;

  /// What no placement can do with less than.
  std::size_t total() const { return activations + gradients + workspace; }
};

/// Immutable once built; shared by all its instances.
struct Plan {
  Graph extracted;
  Graph graph;
  std::vector<PassReport> reports;

  std::vector<Step> steps;
  std::vector<Place> places;
  /// All variables that the plan touches; `reads` and `writes` are indices into it.
  std::vector<std::shared_ptr<VariableState>> variables;
  std::vector<int> reads;
  std::vector<int> writes;
  std::vector<const void*> constants;
  std::vector<ValueType> fetch_types;
  std::size_t arena_bytes = 0;
  /// What the arena would take if no two results shared memory.
  std::size_t unshared_bytes = 0;
  ArenaUse fullest;
  /// Whether any kernel draws random numbers.
  bool random = false;
  /// Set once every variable in `reads` has a value; it never loses it again.
  mutable std::atomic<bool> variables_ready{false};

  /// Where the place is; null for a feed or a fetch.
  void* pointer(const Place& place, std::byte* arena) const;
  /// One entry per step, made when first asked for.
  std::shared_ptr<const std::vector<KernelInfo>> kernel_infos() const;

 private:
  mutable BriefMutex mutex_;  // guards what follows
  mutable std::shared_ptr<const std::vector<KernelInfo>> infos_;
};

/// Rethrows the exception in flight; errors of the library keep their class and gain the node.
[[noreturn]] void rethrow_for(const Node* node);

/// What a plan is made for. Names of `feeds` are those of the placeholders in the extracted graph.
struct PlanRequest {
  Graph graph;
  std::span<const Value> feeds;
  std::span<const Shape> feed_shapes;
  std::span<const Value> fetches;
  std::span<const Value> targets;
};

/// Extracts, optimizes, lowers, schedules and places.
std::shared_ptr<const Plan> build_plan(const PlanRequest& request, const PassOptions& passes,
                                       VariableStore& variables, const Backend& backend);

/// The plan of a function whose parameters' types are known, as it is: passes have run before.
std::shared_ptr<const Plan> build_plan(const Function& function, const Backend& backend);

/// A plan with an arena of its own: what one run at a time uses.
class PlanInstance {
 public:
  explicit PlanInstance(std::shared_ptr<const Plan> plan);

  const Plan& plan() const { return *plan_; }
  /// What a run depends on beside its feeds.
  struct Context {
    RandomKey key;
    std::uint64_t variables_version = 0;  ///< as in KernelArguments
    Profiler* profiler = nullptr;
  };

  /// Feeds and outputs have the plan's types. Errors of a kernel name its node. Allocates nothing
  /// unless a profiler is given.
  void run(const TensorRow& feeds, std::span<Tensor> outputs, const Context& context);

 private:
  struct BoundStep {
    const Kernel* kernel;
    const void* const* inputs;
    void* const* outputs;
    void* workspace;
  };
  struct Patch {
    std::size_t place;
    std::size_t index;
  };

  void bind();
  void run_profiled(const Context& context);

  std::shared_ptr<const Plan> plan_;
  Tensor arena_;
  std::vector<void*> pointers_;
  std::vector<BoundStep> steps_;
  std::vector<Patch> feeds_;
  std::vector<Patch> fetches_;
  std::vector<std::int64_t> times_;
};

}  // namespace tegula::detail
