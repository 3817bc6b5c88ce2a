#include "src/runtime/executable.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "tegula/core/error.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

using detail::Plan;
using detail::PlanInstance;
using detail::TensorRow;

namespace {

/// Idle arenas kept per plan; runs beyond that at the same time make and drop one.
constexpr std::size_t kMaxIdleInstances = 8;

std::string built_at(const Node& node) {
  const SourceLocation& location = node.location();
  return location.known() ? "\n  built at: " + location.to_string() : "";
}

std::string quoted(const Value& value) {
  return value.node().op().name + " \"" + value.node().name() + "\"";
}

void check_belongs(const Graph& graph, const Value& value, std::string_view role) {
  if (!value) throw InvalidArgument("a " + std::string(role) + " is an empty Value");
  if (value.graph() == graph) return;
  throw InvalidArgument("the " + std::string(role) + " \"" + value.name() +
                        "\" belongs to another graph than the session's" + built_at(value.node()));
}

void check_distinct(std::span<const Value> feeds) {
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (feeds[i] == feeds[j]) {
        throw InvalidArgument("\"" + feeds[i].name() + "\" is fed twice");
      }
    }
  }
}

/// Throws unless every placeholder that `wanted` depend on is among the feeds.
void check_all_fed(const Graph& graph, std::span<const Value> feeds,
                   std::span<const Value> wanted) {
  std::vector<bool> needed(graph.nodes().size(), false);
  const auto need = [&](const Value& value) {
    if (std::find(feeds.begin(), feeds.end(), value) != feeds.end()) return;
    needed[static_cast<std::size_t>(value.node().id())] = true;
  };
  for (const Value& value : wanted) need(value);
  for (std::size_t id = needed.size(); id-- > 0;) {  // inputs come before what reads them
    if (!needed[id]) continue;
    const Node& node = graph.node(static_cast<int>(id));
    if (node.op().name == "placeholder") {
      throw RunError("placeholder \"" + node.name() + "\" (" + node.outputs()[0].to_string() +
                     ") is needed but not fed" + built_at(node));
    }
    for (const Value& input : node.inputs()) need(input);
  }
}

bool overlap(const Tensor& a, const Tensor& b) {
  const auto* a_begin = static_cast<const std::byte*>(a.raw());
  const auto* b_begin = static_cast<const std::byte*>(b.raw());
  return a_begin < b_begin + b.byte_count() && b_begin < a_begin + a.byte_count();
}

bool same_shapes(std::span<const Shape> shapes, const TensorRow& tensors) {
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (!(shapes[i] == tensors[i].shape())) return false;
  }
  return true;
}

}  // namespace

/// An instance on loan; goes back to its cache on destruction.
class Executable::Impl::Lease {
 public:
  Lease(Impl& owner, std::unique_ptr<PlanInstance> instance)
      : owner_(owner), instance_(std::move(instance)) {}
  ~Lease() { owner_.give_back(std::move(instance_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  PlanInstance& operator*() { return *instance_; }
  const Plan& plan() const { return instance_->plan(); }

 private:
  Impl& owner_;
  std::unique_ptr<PlanInstance> instance_;
};

Executable::Impl::Impl(std::shared_ptr<detail::SessionState> state, std::span<const Value> feeds,
                       std::span<const Value> fetches, std::span<const Value> targets)
    : state_(std::move(state)),
      feeds_(feeds.begin(), feeds.end()),
      fetches_(fetches.begin(), fetches.end()),
      targets_(targets.begin(), targets.end()) {
  for (const Value& feed : feeds_) check_belongs(state_->graph, feed, "feed");
  for (const Value& fetch : fetches_) check_belongs(state_->graph, fetch, "fetch");
  for (const Value& target : targets_) check_belongs(state_->graph, target, "target");
  check_distinct(feeds_);
  std::vector<Value> wanted = fetches_;
  wanted.insert(wanted.end(), targets_.begin(), targets_.end());
  check_all_fed(state_->graph, feeds_, wanted);
}

bool Executable::Impl::is_for(std::span<const Feed> feeds, std::span<const Value> fetches,
                              std::span<const Value> targets) const {
  return std::equal(feeds.begin(), feeds.end(), feeds_.begin(), feeds_.end(),
                    [](const Feed& feed, const Value& value) { return feed.first == value; }) &&
         std::equal(fetches.begin(), fetches.end(), fetches_.begin(), fetches_.end()) &&
         std::equal(targets.begin(), targets.end(), targets_.begin(), targets_.end());
}

void Executable::Impl::check_feed_count(std::size_t given) const {
  if (given == feeds_.size()) return;
  throw InvalidArgument("the executable takes " + std::to_string(feeds_.size()) + " feeds, got " +
                        std::to_string(given));
}

void Executable::Impl::check_feed(std::size_t index, const ValueType& given) const {
  const ValueType& expected = feeds_[index].type();
  const auto problem = [&] {
    return quoted(feeds_[index]) + " takes " + expected.to_string() + ", got " + given.to_string() +
           built_at(feeds_[index].node());
  };
  if (given.dtype != expected.dtype) throw DTypeError(problem());
  if (!compatible(given.shape, expected.shape)) throw ShapeError(problem());
}

void Executable::Impl::check_outputs(const Plan& plan, const TensorRow& feeds,
                                     std::span<const Tensor> outputs) const {
  if (outputs.size() != plan.fetch_types.size()) {
    throw InvalidArgument("there are " + std::to_string(plan.fetch_types.size()) +
                          " fetches, but " + std::to_string(outputs.size()) + " output tensors");
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const ValueType& expected = plan.fetch_types[i];
    if (outputs[i].dtype() != expected.dtype || !(outputs[i].shape() == expected.shape)) {
      throw ShapeError("the result \"" + fetches_[i].name() + "\" is " + expected.to_string() +
                       ", but its output tensor is " +
                       ValueType{outputs[i].dtype(), outputs[i].shape()}.to_string());
    }
    bool shared = false;
    for (std::size_t j = 0; j < i; ++j) shared = shared || overlap(outputs[i], outputs[j]);
    for (std::size_t j = 0; j < feeds.size(); ++j) shared = shared || overlap(outputs[i], feeds[j]);
    if (shared) {
      throw InvalidArgument("the output tensor for \"" + fetches_[i].name() +
                            "\" shares memory with a feed or another output");
    }
  }
}

Executable::Impl::CachedPlan* Executable::Impl::find(const TensorRow& feeds) {
  if (feeds.size() != feeds_.size()) return nullptr;
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    if (feeds[i].dtype() != feeds_[i].dtype()) return nullptr;
  }
  for (CachedPlan& entry : plans_) {
    if (same_shapes(entry.shapes, feeds)) return &entry;
  }
  return nullptr;
}

Executable::Impl::CachedPlan* Executable::Impl::find(std::span<const Shape> shapes) {
  for (CachedPlan& entry : plans_) {
    if (std::equal(shapes.begin(), shapes.end(), entry.shapes.begin(), entry.shapes.end())) {
      return &entry;
    }
  }
  return nullptr;
}

Executable::Impl::CachedPlan Executable::Impl::insert(CachedPlan entry) {
  CachedPlan dropped;
  const auto limit = static_cast<std::size_t>(std::max(1, state_->options.plan_cache_size));
  if (plans_.size() >= limit) {
    const auto oldest = std::min_element(
        plans_.begin(), plans_.end(),
        [](const CachedPlan& a, const CachedPlan& b) { return a.last_use < b.last_use; });
    dropped = std::exchange(*oldest, std::move(entry));
  } else {
    plans_.push_back(std::move(entry));
  }
  return dropped;
}

std::shared_ptr<const Plan> Executable::Impl::plan_for(std::span<const Shape> feed_shapes) {
  check_feed_count(feed_shapes.size());
  for (std::size_t i = 0; i < feed_shapes.size(); ++i) {
    check_feed(i, {feeds_[i].dtype(), feed_shapes[i]});
    if (!feed_shapes[i].is_known()) {
      throw ShapeError("a plan is made for concrete shapes; the one for " + quoted(feeds_[i]) +
                       " is " + feed_shapes[i].to_string());
    }
  }
  const std::lock_guard building(build_mutex_);
  {
    const std::lock_guard guard(mutex_);
    if (CachedPlan* entry = find(feed_shapes)) return entry->plan;
  }
  CachedPlan entry;
  entry.shapes.assign(feed_shapes.begin(), feed_shapes.end());
  entry.plan = detail::build_plan({.graph = state_->graph,
                                   .feeds = feeds_,
                                   .feed_shapes = feed_shapes,
                                   .fetches = fetches_,
                                   .targets = targets_},
                                  state_->options.passes, state_->variables, state_->backend);
  entry.idle.reserve(kMaxIdleInstances);
  std::shared_ptr<const Plan> plan = entry.plan;
  CachedPlan dropped;
  const std::lock_guard guard(mutex_);
  entry.last_use = ++clock_;
  dropped = insert(std::move(entry));
  return plan;
}

Executable::Impl::Lease Executable::Impl::acquire(const TensorRow& feeds) {
  std::shared_ptr<const Plan> plan;
  {
    const std::lock_guard guard(mutex_);
    if (CachedPlan* entry = find(feeds)) {
      entry->last_use = ++clock_;
      if (!entry->idle.empty()) {
        std::unique_ptr<PlanInstance> instance = std::move(entry->idle.back());
        entry->idle.pop_back();
        return {*this, std::move(instance)};
      }
      plan = entry->plan;
    }
  }
  if (!plan) {
    check_feed_count(feeds.size());
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i < feeds.size(); ++i) {
      check_feed(i, {feeds[i].dtype(), feeds[i].shape()});
      shapes.push_back(feeds[i].shape());
    }
    plan = plan_for(shapes);
  }
  return {*this, std::make_unique<PlanInstance>(std::move(plan))};
}

void Executable::Impl::give_back(std::unique_ptr<PlanInstance> instance) {
  const std::lock_guard guard(mutex_);
  for (CachedPlan& entry : plans_) {
    if (entry.plan.get() != &instance->plan()) continue;
    if (entry.idle.size() < kMaxIdleInstances) entry.idle.push_back(std::move(instance));
    return;
  }
}

std::vector<Tensor> Executable::Impl::run(const TensorRow& feeds) {
  Lease lease = acquire(feeds);
  std::vector<Tensor> outputs;
  outputs.reserve(lease.plan().fetch_types.size());
  for (const ValueType& type : lease.plan().fetch_types) {
    outputs.emplace_back(type.dtype, type.shape);
  }
  state_->run(*lease, feeds, outputs);
  return outputs;
}

Tensor Executable::Impl::run_one(const TensorRow& feeds) {
  Lease lease = acquire(feeds);
  const ValueType& type = lease.plan().fetch_types.front();
  Tensor output(type.dtype, type.shape);
  state_->run(*lease, feeds, {&output, 1});
  return output;
}

void Executable::Impl::run_into(const TensorRow& feeds, std::span<Tensor> outputs) {
  Lease lease = acquire(feeds);
  check_outputs(lease.plan(), feeds, outputs);
  state_->run(*lease, feeds, outputs);
}

}  // namespace tegula
