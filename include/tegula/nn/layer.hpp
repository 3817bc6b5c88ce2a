#pragma once
// What a layer is: weights, sublayers, and a function that builds graph.

#include <atomic>
#include <functional>
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
#include "tegula/nn/values.hpp"
#include "tegula/nn/weight.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::nn {

class LayerBase;
struct LayerCall;

/// What a subclass replaces of a layer without being C++; what is empty stays the layer's own.
struct LayerOverrides {
  std::string class_name;
  std::function<Config()> config;
  std::function<std::string()> registered_name;
  std::function<void(const ValueTypes& inputs)> build;
  std::function<Values(const Values& x, bool training)> call;
  std::function<Masks(const Values& x, const Masks& masks)> compute_mask;
};

/// A batch, and the masks of its values where they have one: as many as values, or none.
struct MaskedTensors {
  Tensors values;
  std::vector<std::optional<Tensor>> masks = {};
};

/// A layer builds its weights once, for one input type, and its computation as often as asked: once
/// for training, once for inference. Derive from it to write your own.
///
/// It may be called several times, in one model and in several: all share its weights, which live
/// as long as the layer.
///
/// Safe to use from several threads at once, like everything that is configurable here.
class TEGULA_API LayerBase : public Object, public std::enable_shared_from_this<LayerBase> {
 public:
  static constexpr const char* kKind = "layer";
  using CallFunction = std::function<Values(const Values& x, bool training)>;

  /// Unique within the process unless given: "dense", "dense_1".
  const std::string& name() const { return name_; }
  /// Whether training changes the weights; what holds when the first training step after `compile`
  /// is built counts until the next `compile`. False freezes the sublayers' weights, too.
  std::atomic<bool> trainable = true;
  /// Whether outputs carry masks, which `compute_mask` makes of those of the inputs. A layer that
  /// does not support masks drops them, with a warning.
  std::atomic<bool> supports_masking = false;
  /// Whether training keeps only the layer's inputs and output, and computes what lies between
  /// again for the gradient: less memory for one more forward pass. A stack or graph of layers is
  /// cut into parts, of which all but the last are treated so. It is not saved. A layer of several
  /// outputs cannot have it.
  bool remat() const { return remat_; }
  void set_remat(bool value) {
    const ConstructionLock lock;
    remat_ = value;
    changed();
  }
  /// The user's line that made the layer; errors while building point at it.
  SourceLocation location;
  /// Shape of one sample, for a first layer without an `Input` before it (Keras's `input_shape`).
  std::optional<Shape> input_shape;
  /// Penalty on the output, per sample of the batch.
  virtual Regularizer activity_regularizer() const { return activity_regularizer_; }
  void set_activity_regularizer(Regularizer regularizer) {
    const ConstructionLock lock;
    activity_regularizer_ = std::move(regularizer);
  }

  /// Makes the weights for inputs of this type (batch dimension first, unknown): in the model that
  /// is being built, or else alone.
  void build(const ValueTypes& inputs);
  bool built() const;
  ValueTypes input_types() const;
  /// Of the last call; known once the layer is called.
  ValueTypes output_types() const;
  /// The dtype that data given as `given` become, as input number `input`.
  virtual DType input_dtype(std::size_t /*input*/, DType /*given*/) const { return DType::f32; }
  /// What inputs of these types give; builds nothing.
  ValueTypes compute_output_types(const ValueTypes& inputs) const;

  /// The layer's output for `x`; builds the weights first if needed. `training` is by default that
  /// of the enclosing call, or else false. For symbols (what `Input` gives, and what layers make of
  /// it) the output is symbols: what a Model of them computes.
  Values operator()(const Values& x, std::optional<bool> training = {});
  /// As `operator()`, with another function instead of `call`.
  Values call_with(const Values& x, std::optional<bool> training, const CallFunction& function);
  /// The output for one batch, of a layer in a model or alone. `function` is called instead of
  /// `call`; what it computes is kept under `key`, or not at all without one. The
  /// inputs are cast to the layer's dtype.
  Tensors evaluate(const Tensors& x, bool training, const CallFunction& function = {},
                   const std::string& key = "") {
    return evaluate_masked({x}, training, function, key).values;
  }
  /// The same of values that carry masks.
  MaskedTensors evaluate_masked(const MaskedTensors& x, bool training,
                                const CallFunction& function = {}, const std::string& key = "");
  /// The training flag of the call that is being built on this thread; no value outside of any.
  static std::optional<bool> enclosing_training();
  /// Whether it trains where it is called outside of models and other layers, unless told
  /// otherwise.
  virtual bool trains_alone() const { return false; }

  /// Weights in Keras's order: own trainable ones, own others, those of the sublayers.
  std::vector<Weight> weights() const;
  /// Those that training changes.
  std::vector<Weight> trainable_weights() const;
  /// Copies of the weights' values.
  std::vector<Tensor> get_weights() const;
  /// Throws InvalidArgument for a wrong number and ShapeError for a wrong shape; changes nothing
  /// then.
  void set_weights(const std::vector<Tensor>& values);
  /// Sets `trainable` here, in the weights that were declared trainable, and in all sublayers.
  void set_trainable(bool value);
  std::vector<std::shared_ptr<LayerBase>> sublayers() const;
  /// The sublayers' included.
  std::uint64_t revision() const override;

  /// Scalar penalties of the weights, in the graph that is being built or else the layer's.
  std::vector<Value> regularization() const;
  /// What the last call added: `add_loss` and the penalty on the output, sublayers' not included.
  std::vector<Value> call_losses() const;
  /// Values of the losses of the last `evaluate`, sublayers' included.
  std::vector<Tensor> evaluated_losses() const;

  /// Makes this object behave as a subclass of its class.
  void override_with(LayerOverrides overrides) {
    const ConstructionLock lock;
    overrides_ = std::move(overrides);
    changed();
  }
  const LayerOverrides& overrides() const { return overrides_; }
  std::string registered_name() const override {
    return overrides_.registered_name ? overrides_.registered_name() : "";
  }
  /// The class's own methods, for overrides to call.
  void base_build(const ValueTypes& inputs) { build_all(inputs); }
  Values base_call(const Values& x, bool training) { return call_all(x, training); }
  Masks base_compute_mask(const Values& x, Masks masks) {
    masks.resize(x.size());
    return compute_mask(x, masks);
  }
  virtual Config base_config() const { return config(); }

 protected:
  LayerBase() = default;
  /// `given`, or a unique name from the class name.
  void set_name(std::string_view given, std::string_view class_name);

  /// Override to make weights with `add_weight`.
  virtual void build_weights(const ValueType& /*input*/) {}
  /// Override to build the computation.
  virtual Value call(Value x, bool training);
  /// Override these instead where the layer takes or gives several values.
  virtual void build_all(const ValueTypes& inputs);
  virtual Values call_all(const Values& x, bool training);
  /// Override where the outputs' masks are not those of the inputs: one for each output, or none.
  /// Masks that `call` gave its outputs stay.
  virtual Masks compute_mask(const Values& x, const Masks& masks);
  /// Whether what the layer builds is named after it: "dense/kernel".
  virtual bool names_scope() const { return true; }
  /// Whether `call_all` itself sees to `remat`.
  virtual bool cuts_itself() const { return false; }
  /// Puts these in the place of all sublayers, also when the layer is built: for containers.
  void set_sublayers(std::vector<std::shared_ptr<LayerBase>> layers);

  /// Here or in a constructor. Throws InvalidArgument without an initializer.
  Weight add_weight(std::string_view name, const Shape& shape, const Initializer& initializer,
                    const Regularizer& regularizer = {}, const Constraint& constraint = {},
                    bool trainable_weight = true);
  /// Makes the layer's weights part of this one: trained, counted, saved and loaded with it. A
  /// layer that is there already stays where it is.
  void add_sublayer(std::shared_ptr<LayerBase> layer);
  /// Lists a sublayer's weight before the layer's own ones, as Keras does with a weight that an
  /// attribute holds.
  void list_first(const Weight& weight) { listed_first_.push_back(weight); }
  /// In `call`: adds to what training minimizes; the sum when it is not a scalar.
  void add_loss(Value loss);
  /// "Dense layer "dense" (built at model.cpp:12)", for messages.
  std::string describe() const;
  std::string short_description() const;

 private:
  friend class Model;
  friend struct SymbolicCalls;

  struct Evaluation {
    Executable executable;
    /// The outputs' structure; the masks of those that have one and the losses follow.
    ValueTypes outputs;
    /// Which outputs have a mask; empty when none has.
    std::vector<bool> masked;
  };
  Evaluation find_evaluation(const MaskedTensors& inputs, bool training,
                             const CallFunction& function, const std::string& key);
  Values with_masks(const Values& x, const Values& y);
  Values call_symbols(const Values& x, std::optional<bool> training, const CallFunction& function);
  void settle();
  bool contains(const LayerBase& layer) const;
  [[noreturn]] void refuse_new_state(const std::string& what) const;

  std::string name_;
  bool built_ = false;
  /// While the layer builds, names are within its scope.
  bool scoped_ = false;
  bool warned_of_mask_ = false;
  std::atomic<bool> remat_ = false;
  Regularizer activity_regularizer_;
  LayerOverrides overrides_;
  ValueTypes input_types_;
  ValueTypes output_types_;
  std::vector<Weight> weights_;
  std::vector<Weight> listed_first_;
  std::vector<std::shared_ptr<LayerBase>> sublayers_;
  /// Where the weights are made, and its session; none before there is need.
  std::optional<Graph> graph_;
  std::shared_ptr<Session> session_;
  std::vector<Value> call_losses_;
  std::uint64_t call_losses_of_ = 0;
  std::vector<Tensor> evaluated_losses_;
  /// On symbols, while these live.
  std::vector<std::weak_ptr<const LayerCall>> symbolic_calls_;
  /// What `evaluate` compiled, by training, the type of a batch and the caller's key.
  std::map<std::pair<bool, std::string>, Evaluation> evaluations_;
  /// `revision` that they were compiled at.
  std::uint64_t evaluated_revision_ = 0;
};

template <>
TEGULA_API const std::vector<ObjectClass<LayerBase>>& object_classes<LayerBase>();
/// From the start it holds what models are made as: stacks, and graphs of calls.
template <>
TEGULA_API std::deque<std::shared_ptr<const ObjectClass<LayerBase>>>& user_classes<LayerBase>();

/// Copies are the same layer.
class Layer : public Handle<LayerBase> {
 public:
  Layer() = default;
  Layer(std::shared_ptr<LayerBase> layer,  // NOLINT: implicit by design
        std::source_location location = std::source_location::current())
      : Handle(std::move(layer)) {
    const ConstructionLock lock;
    if (!(*this)->location.known()) (*this)->location = location;
  }
  /// A layer that only applies an activation: `Sequential{Dense({.units = 3}),
  /// Activation("tanh")}`.
  TEGULA_API Layer(Activation activation,  // NOLINT: implicit by design
                   std::source_location location = std::source_location::current());

  /// The layer's output for one value, which is one value: `Dense({.units = 3})(x)`.
  template <typename From>
  requires(std::convertible_to<const From&, Value>) Value operator()(
      const From& x, std::optional<bool> training = {}) const {
    return (**this)(static_cast<Value>(x), training);
  }
  /// For several values: `Add()({a, b})`.
  Values operator()(const Values& x, std::optional<bool> training = {}) const {
    return (**this)(x, training);
  }
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
