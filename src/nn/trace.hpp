#pragma once
// What layers leave behind while a computation is built of them. Private to src/nn.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tegula/nn/weight.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::nn {

/// Open on this thread while layers build in a graph. It knows whose session holds the values of
/// the weights that are made meanwhile, and collects state updates and losses.
class Trace {
 public:
  /// `session` is null when the graph is the user's own.
  explicit Trace(const Graph& graph, std::shared_ptr<Session> session = nullptr);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// The innermost trace; null outside of any.
  static Trace* enclosing();
  /// The innermost trace, but null while a layer makes its weights: then nothing is computed.
  static Trace* computing();

  Graph graph;
  std::shared_ptr<Session> session;
  /// Of the innermost call of a layer.
  bool training = false;
  bool building_weights = false;
  /// Tells traces apart.
  const std::uint64_t id;

  /// What `weight` holds at this point.
  Value read(const Weight& weight) const;
  /// Makes a value that is read from now on; gradients do not flow through it, as they do not
  /// through a variable.
  Value write(const Weight& weight, const Value& value);
  void add_loss(Value loss) { losses_.push_back(loss); }

  /// In order of calls.
  const std::vector<Value>& losses() const { return losses_; }
  /// What the variable was made to hold, in order of assignments.
  std::vector<Value> values_of(const Variable& variable) const;
  /// Of all weights.
  std::vector<Value> written() const;
  bool has_updates() const { return !updates_.empty(); }
  const Weight& first_updated() const { return updates_.front().weight; }
  /// One node for each weight that was assigned, but for these variables.
  std::vector<Value> assignments(std::span<const Variable> except = {}) const;

 private:
  struct Update {
    Weight weight;
    std::vector<Value> values;
  };

  Trace* outer_;
  std::vector<Update> updates_;
  std::vector<Value> losses_;
};

/// While alive, a member of the trace has another value.
template <typename T>
class Setting {
 public:
  Setting(T& place, T value) : place_(place), previous_(place) { place_ = value; }
  ~Setting() { place_ = previous_; }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  T& place_;
  T previous_;
};

}  // namespace tegula::nn
