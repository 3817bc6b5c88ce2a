#pragma once
// A checked set of feeds, fetches and targets with its plans, one per combination of feed shapes.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/core/fork_safe.hpp"
#include "src/runtime/session_state.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula {

struct Executable::Impl {
 public:
  /// Throws InvalidArgument for values of another graph and RunError for a placeholder that is
  /// needed but not among the feeds.
  Impl(std::shared_ptr<detail::SessionState> state, std::span<const Value> feeds,
       std::span<const Value> fetches, std::span<const Value> targets);

  std::vector<Tensor> run(const detail::TensorRow& feeds);
  /// For exactly one fetch.
  Tensor run_one(const detail::TensorRow& feeds);
  void run_into(const detail::TensorRow& feeds, std::span<Tensor> outputs);
  /// Throws ShapeError and DTypeError for shapes that do not fit the feeds.
  std::shared_ptr<const detail::Plan> plan_for(std::span<const Shape> feed_shapes);

  bool is_for(std::span<const Feed> feeds, std::span<const Value> fetches,
              std::span<const Value> targets) const;

 private:
  struct CachedPlan {
    std::vector<Shape> shapes;
    std::shared_ptr<const detail::Plan> plan;
    /// Instances not in use: at most kMaxIdleInstances.
    std::vector<std::unique_ptr<detail::PlanInstance>> idle;
    std::uint64_t last_use = 0;
  };
  class Lease;

  void check_feed_count(std::size_t given) const;
  void check_feed(std::size_t index, const ValueType& given) const;
  void check_outputs(const detail::Plan& plan, const detail::TensorRow& feeds,
                     std::span<const Tensor> outputs) const;
  Lease acquire(const detail::TensorRow& feeds);
  void give_back(std::unique_ptr<detail::PlanInstance> instance);
  CachedPlan* find(const detail::TensorRow& feeds);
  CachedPlan* find(std::span<const Shape> shapes);
  /// Returns the plan that had to go, for the caller to drop without the lock.
  CachedPlan insert(CachedPlan entry);

  std::shared_ptr<detail::SessionState> state_;
  std::vector<Value> feeds_;
  std::vector<Value> fetches_;
  std::vector<Value> targets_;

  /// Held while a plan is built, so that each is built once; taken before `mutex_`.
  detail::LongLock<std::mutex> build_mutex_;
  detail::BriefMutex mutex_;  // guards what follows
  std::vector<CachedPlan> plans_;
  std::uint64_t clock_ = 0;
};

}  // namespace tegula
