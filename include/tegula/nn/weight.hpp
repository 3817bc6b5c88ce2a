#pragma once
// State of a layer: a weight, a moving average, a counter.

#include <memory>
#include <string>
#include <vector>

#include "tegula/graph/operand.hpp"
#include "tegula/nn/constraint.hpp"
#include "tegula/nn/regularizer.hpp"

namespace tegula::nn {

/// State of a layer, in every graph that the layer is called in: all share one value, which lives
/// as long as the weight. Copies are the same weight; default constructed: none.
///
/// In `call` it stands for the value that it has at that point of the computation: what it held
/// before the step, or what was assigned last.
class TEGULA_API Weight {
 public:
  Weight() = default;

  explicit operator bool() const { return state_ != nullptr; }
  bool operator==(const Weight&) const = default;
  /// The same for copies, and for no other weight while one of them lives.
  const void* id() const { return state_.get(); }

  /// "kernel", and with the scopes around it: "dense/kernel".
  const std::string& name() const;
  std::string path() const;
  Shape shape() const;
  DType dtype() const;
  /// Whether an optimizer changes it, unless its layer is frozen.
  bool trainable() const;
  void set_trainable(bool trainable) const;
  /// What it becomes after every update of an optimizer's; empty: what the update made of it.
  Constraint constraint() const;
  /// The variable that stands for it in this graph; made when there is none yet.
  Variable variable_in(const Graph& graph) const;
  /// In the graph that is being built on this thread, or else that of its layer.
  Variable variable() const;

  /// A copy of the value between steps.
  Tensor get() const;
  /// Throws ShapeError when the shape differs.
  void set(const Tensor& value) const;

  operator Value() const;    // NOLINT: implicit by design
  operator Operand() const;  // NOLINT: implicit by design
  /// In `call`: what the step leaves in it, in training and inference alike; of a trained weight,
  /// what the optimizer's update starts from. Returns the new value, which is also what later uses
  /// of the weight see; gradients do not flow on to what it was computed of. Throws ShapeError when
  /// the shape differs, and InvalidArgument outside of a layer's `call`.
  Value assign(Value value) const;
  Value assign_add(Operand value) const;
  Value assign_sub(Operand value) const;

 private:
  friend class LayerBase;
  friend TEGULA_API std::vector<Tensor> get_values(const std::vector<Weight>& weights);
  friend TEGULA_API void set_values(const std::vector<Weight>& weights,
                                    const std::vector<Tensor>& values);
  struct State;
  struct Holder;
  static std::vector<Holder> holders_of(const std::vector<Weight>& weights);
  explicit Weight(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

/// The values of several weights: of those that one session holds at one moment, between steps.
TEGULA_API std::vector<Tensor> get_values(const std::vector<Weight>& weights);
/// Sets them in the same way. Throws InvalidArgument unless there is a value of its shape for each.
TEGULA_API void set_values(const std::vector<Weight>& weights, const std::vector<Tensor>& values);

}  // namespace tegula::nn
