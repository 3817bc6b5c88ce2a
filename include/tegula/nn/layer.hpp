#pragma once
// What a layer is: weights, and a function that builds graph.

#include <map>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "tegula/graph/ops.hpp"
#include "tegula/nn/activation.hpp"
#include "tegula/nn/initializer.hpp"
#include "tegula/nn/object.hpp"
#include "tegula/nn/regularizer.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::nn {

/// A layer builds its weights once, for one input type, and its computation as often as asked: once
/// for training, once for inference. Derive from it to write your own.
class TEGULA_API LayerBase : public Object {
 public:
  static constexpr const char* kKind = "layer";

  /// Unique within the process unless given: "dense", "dense_1".
  const std::string& name() const { return name_; }
  /// Whether `fit` changes the weights.
  bool trainable = true;
  /// The user's line that made the layer; errors while building point at it.
  SourceLocation location;
  /// Shape of one sample, for a first layer without an `Input` before it (Keras's `input_shape`).
  std::optional<Shape> input_shape;

  /// Makes the weights for inputs of this type (batch dimension first, unknown).
  void build(Graph& graph, const ValueType& input);
  bool built() const { return built_; }
  const ValueType& input_type() const { return input_type_; }
  /// Of the last call; known once the layer is built.
  const ValueType& output_type() const { return output_type_; }

  /// The layer's output for `x`; builds the weights first if needed.
  Value operator()(Value x, bool training);
  /// The output for one batch. Throws RunError when the layer is in no living model.
  Tensor evaluate(const Tensor& x, bool training);

  /// Weights in Keras's order.
  const std::vector<Variable>& weights() const { return weights_; }
  /// Copies of the weights' values. Throws RunError when the layer is in no living model.
  std::vector<Tensor> get_weights() const;
  /// Throws InvalidArgument for a wrong number and ShapeError for a wrong shape; changes nothing
  /// then.
  void set_weights(const std::vector<Tensor>& values);
  std::vector<Variable> trainable_weights() const;
  /// Scalar penalties of the weights, built in the weights' graph.
  std::vector<Value> regularization() const;
  /// Scalar penalties of the activations of the last call (`activity_regularizer`), each already
  /// divided by the batch size.
  const std::vector<Value>& activity_penalties() const { return activity_penalties_; }

 protected:
  LayerBase() = default;
  /// `given`, or a unique name from the class name.
  void set_name(std::string_view given, std::string_view class_name);

  /// Override to make weights with `add_weight`.
  virtual void build_weights(const ValueType& /*input*/) {}
  /// Override to build the computation.
  virtual Value call(Value x, bool training) = 0;

  Variable add_weight(std::string_view name, const Shape& shape, const Initializer& initializer,
                      const Regularizer& regularizer = {}, bool trainable_weight = true);
  void add_activity_penalty(const Regularizer& regularizer, Value output);

 private:
  friend class Model;

  std::shared_ptr<Session> living_session() const;

  std::string name_;
  bool built_ = false;
  Graph graph_;
  ValueType input_type_;
  ValueType output_type_;
  std::vector<Variable> weights_;
  std::vector<std::pair<Variable, Regularizer>> penalties_;
  std::vector<Value> activity_penalties_;
  /// Holds the weights' values; set by the model.
  std::weak_ptr<Session> session_;
  /// What `evaluate` compiled, by training and the type of a batch.
  std::map<std::pair<bool, std::string>, Executable> evaluations_;
};

template <>
TEGULA_API const std::vector<ObjectClass<LayerBase>>& object_classes<LayerBase>();

/// Shared by copies: the same layer in two models shares nothing but its options until it is built.
class Layer : public Handle<LayerBase> {
 public:
  Layer() = default;
  Layer(std::shared_ptr<LayerBase> layer,  // NOLINT: implicit by design
        std::source_location location = std::source_location::current())
      : Handle(std::move(layer)) {
    if (!(*this)->location.known()) (*this)->location = location;
  }
  /// A layer that only applies an activation: `Sequential{Dense({.units = 3}),
  /// Activation("tanh")}`.
  TEGULA_API Layer(Activation activation,  // NOLINT: implicit by design
                   std::source_location location = std::source_location::current());
};

/// A layer handle that makes an Impl: `Dense({.units = 10})`.
template <typename Impl>
class MakeLayer : public Layer {
 public:
  using Options = typename Impl::Options;
  MakeLayer(Options options = {},  // NOLINT: implicit by design
            std::source_location location = std::source_location::current())
      : Layer(std::make_shared<Impl>(std::move(options)), location) {}
};

/// "dense", then "dense_1" …, counted per process until `reset_layer_names`.
TEGULA_API std::string unique_layer_name(std::string_view class_name);
TEGULA_API void reset_layer_names();

}  // namespace tegula::nn
