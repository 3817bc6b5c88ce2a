#pragma once
// Runs graphs: holds the variables, compiles what is asked for into plans, and runs them.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tegula/core/tensor.hpp"
#include "tegula/graph/graph.hpp"
#include "tegula/passes/pass_manager.hpp"

namespace tegula {

class Profiler;

struct SessionOptions {
  /// Which passes rewrite the graph; `PassOptions::none()` runs it as it was built.
  PassOptions passes;
  /// Everything random in the session is a function of this.
  std::uint64_t seed = 0;
  /// Whether a variable that is read before it has a value gets its initial one; else reading it
  /// is a RunError until `initialize`, `set` or an assignment has given it a value.
  bool initialize_on_read = true;
  /// Plans kept per executable, one per combination of feed shapes; the least recently used goes.
  int plan_cache_size = 16;
};

using Feed = std::pair<Value, Tensor>;

/// A compiled set of feeds, fetches and targets. A handle; copies share plans. Safe to call from
/// several threads.
class TEGULA_API Executable {
 public:
  /// One tensor per feed, in the order given to `Session::compile`. Returns one per fetch. Where
  /// the processor can, arithmetic takes subnormal floats (below 1.18e-38) for zero: it is many
  /// times slower on them, and what decays, like the moments of an optimizer, passes through them.
  std::vector<Tensor> run(std::span<const Tensor> feeds);
  /// Writes the results into `outputs`, whose dtypes and shapes must fit: allocates nothing after
  /// the first call of a feed shape.
  void run_into(std::span<const Tensor> feeds, std::span<Tensor> outputs);

  /// What was folded, fused and planned for these feed shapes: nodes before and after each pass,
  /// kernels with FLOPs and bytes, arena and variable bytes. Does not run anything.
  std::string explain(std::span<const Shape> feed_shapes);
  /// The optimized graph for these feed shapes.
  Graph optimized(std::span<const Shape> feed_shapes);

  struct Impl;
  explicit Executable(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  /// No moves, after which a handle would be empty.
  Executable(const Executable&) = default;
  Executable& operator=(const Executable&) = default;

 private:
  std::shared_ptr<Impl> impl_;
};

/// Holds the values of a graph's variables. Safe to use from several threads: runs that assign
/// variables exclude all others, runs that only read go side by side.
class TEGULA_API Session {
 public:
  explicit Session(Graph graph, SessionOptions options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Runs what `fetches` need and returns their values. A value that is not a placeholder may be
  /// fed too: it replaces what would be computed. Variables that have an initial value and none
  /// yet are initialized first (`SessionOptions::initialize_on_read`). Throws RunError for a
  /// missing feed, ShapeError and DTypeError for a feed that does not fit; the session stays
  /// usable.
  std::vector<Tensor> run(std::span<const Feed> feeds, std::span<const Value> fetches,
                          std::span<const Value> targets = {});
  std::vector<Tensor> run(std::initializer_list<Feed> feeds, std::initializer_list<Value> fetches);
  Tensor run(std::initializer_list<Feed> feeds, Value fetch);
  Tensor run(Value fetch) { return run({}, fetch); }

  /// For hot loops: checks once, plans per feed shape. `targets` are computed but not returned.
  Executable compile(std::span<const Value> feeds, std::span<const Value> fetches,
                     std::span<const Value> targets = {});
  Executable compile(std::initializer_list<Value> feeds, std::initializer_list<Value> fetches,
                     std::initializer_list<Value> targets = {});

  /// Gives every variable (or those listed) its initial value again.
  void initialize();
  void initialize(std::span<const Variable> variables);
  /// A copy of the variable's value. Throws RunError when it has none.
  Tensor get(const Value& variable);
  /// The values of several at one moment: no run is between them.
  std::vector<Tensor> get(std::span<const Variable> variables);
  /// Throws ShapeError or DTypeError when the value does not fit the variable.
  void set(const Value& variable, const Tensor& value);
  /// Several at once: a run sees all of them or none. Changes nothing when it throws.
  void set(std::span<const Variable> variables, std::span<const Tensor> values);
  /// Frees the memory of variables that are not needed any more; what was compiled with them keeps
  /// it. Who asks for one of them later finds it without a value.
  void forget(std::span<const Variable> variables);
  /// For `Graph::variable`: variables of other graphs that have this one's value. From then on runs
  /// that assign variables of any of the sessions exclude all runs of the others. The value, its
  /// graph and what this session holds live as long as one of them.
  SharedVariable share(const Variable& variable);

  /// Restarts all random streams: the same seed gives the same numbers again.
  void reseed(std::uint64_t seed);
  /// Runs so far that drew random numbers; together with the seed the whole random state.
  std::uint64_t step() const;
  void set_step(std::uint64_t step);

  Graph graph() const;
  /// Records every kernel from now on; null switches off.
  void set_profiler(Profiler* profiler);

  struct Impl;

 private:
  /// Throws RunError where a session that was moved from is used.
  Impl& impl() const;

  std::shared_ptr<Impl> impl_;
};

}  // namespace tegula
