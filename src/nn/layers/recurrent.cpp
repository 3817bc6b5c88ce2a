#include "tegula/nn/layers/recurrent.hpp"

#include <algorithm>
#include <array>

#include "src/nn/shape_text.hpp"
#include "tegula/graph/control_flow.hpp"
#include "tegula/graph/recurrent.hpp"
#include "tegula/graph/sequences.hpp"

namespace tegula::nn {

namespace {

/// What layers and cells of all recurrences have in common.
struct Recurrent {
  Recurrence recurrence;
  std::int64_t units;
  Activation activation;
  Activation recurrent_activation;
  bool use_bias;
  bool unit_forget_bias;
  bool reset_after;
  double dropout;
  double recurrent_dropout;
  std::int64_t seed;

  std::int64_t gates() const {
    return recurrence == Recurrence::simple ? 1 : recurrence == Recurrence::lstm ? 4 : 3;
  }
  std::size_t state_count() const { return recurrence == Recurrence::lstm ? 2 : 1; }
};

template <Recurrence kRecurrence, typename Options>
Recurrent recurrent_of(const Options& options) {
  Recurrent result{.recurrence = kRecurrence,
                   .units = options.units,
                   .activation = options.activation,
                   .recurrent_activation = {},
                   .use_bias = options.use_bias,
                   .unit_forget_bias = false,
                   .reset_after = false,
                   .dropout = options.dropout,
                   .recurrent_dropout = options.recurrent_dropout,
                   .seed = options.seed.value_or(-1)};
  if constexpr (kRecurrence != Recurrence::simple) {
    result.recurrent_activation = options.recurrent_activation;
  }
  if constexpr (kRecurrence == Recurrence::lstm) result.unit_forget_bias = options.unit_forget_bias;
  if constexpr (kRecurrence == Recurrence::gru) result.reset_after = options.reset_after;
  return result;
}

/// The bias of an LSTM whose forget gate starts at 1.
class ForgetBiasInitializer : public InitializerBase {
 public:
  explicit ForgetBiasInitializer(Initializer others) : others_(std::move(others)) {}

  std::string_view class_name() const override { return "ForgetBias"; }
  Config config() const override { return Config::object({}); }
  InitialValue operator()(const ValueType& type) const override {
    const std::int64_t units = type.shape[0] / 4;
    const InitialValue first = (*others_)({type.dtype, {units}});
    const InitialValue last = (*others_)({type.dtype, {2 * units}});
    return {type, [type, units, first, last](Graph& graph) {
              const Value ones = graph.constant(Tensor::full(type.dtype, {units}, 1));
              const Value parts[] = {first.build(graph), ones, last.build(graph)};
              return concat(parts, 0);
            }};
  }

 private:
  Initializer others_;
};

/// Shape of the bias.
Shape bias_shape(const Recurrent& r) {
  const std::int64_t columns = r.gates() * r.units;
  return r.reset_after ? Shape{2, columns} : Shape{columns};
}

/// What an activation builds, as text: the same for equal functions.
std::string text_of(const Activation::Function& function) {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {kUnknown, kUnknown}, "x");
  const Value y = identity(function ? function(x) : x);
  return y.node().graph().to_text();
}

/// The name of the activation among those that the recurrent ops know; empty when it is none of
/// them.
std::string name_in_ops(const Activation& activation) {
  const std::string text = text_of([&](Value x) { return activation(x); });
  for (const ActivationInfo& known : activations()) {
    const bool in_ops = known.name == "linear" || known.name == "relu" || known.name == "tanh" ||
                        known.name == "sigmoid" || known.name == "hard_sigmoid";
    if (in_ops && text_of(known.function) == text) return known.name;
  }
  return "";
}

std::vector<Value> gates_in(const Value& columns, const Recurrent& r, std::int64_t count) {
  return split(columns, std::vector<std::int64_t>(static_cast<std::size_t>(count), r.units), -1);
}

/// x · kernel of some gates. With factors, one for each gate, x is multiplied by the gate's own.
Value product(const Value& x, const Value& kernel, const Recurrent& r,
              std::span<const Value> factors) {
  if (factors.empty()) return matmul(x, kernel);
  const std::vector<Value> columns = gates_in(kernel, r, static_cast<std::int64_t>(factors.size()));
  std::vector<Value> products;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    products.push_back(matmul(x * factors[i], columns[i]));
  }
  return concat(products, -1);
}

/// Random factors of dropout in the shape of `like`, one for each gate; none where nothing drops.
std::vector<Value> dropout_factors(const Recurrent& r, const Value& like, double rate,
                                   bool training) {
  std::vector<Value> factors;
  if (!training || rate == 0) return factors;
  const Value ones = broadcast_like(1.0, like);
  for (std::int64_t i = 0; i < r.gates(); ++i) factors.push_back(dropout(ones, rate, r.seed));
  return factors;
}

/// x · kernel + bias of all gates; `like` has the shape of a mask for x. Without recurrent dropout
/// all gates share one mask, as in Keras.
Value input_product(const Recurrent& r, const RecurrentWeights& weights, Value x, const Value& like,
                    bool training) {
  std::vector<Value> factors = dropout_factors(r, like, r.dropout, training);
  if (!factors.empty() && r.recurrent_dropout == 0) {
    x = x * factors[0];
    factors.clear();
  }
  const Value y = product(x, weights.kernel, r, factors);
  if (!r.use_bias) return y;
  const Value bias = weights.bias;
  return y + (r.reset_after ? slice(bias, {{.begin = 0, .end = 1}}) : bias);
}

/// One step. `from_x` is the input's product; the states after it.
std::vector<Value> step(const Recurrent& r, const RecurrentWeights& weights, const Value& from_x,
                        const std::vector<Value>& states, std::span<const Value> factors) {
  const Value &h = states[0], recurrent = weights.recurrent_kernel;
  const auto gate = [&](const Value& x) { return r.recurrent_activation(x); };
  if (r.recurrence == Recurrence::simple) {
    return {r.activation(from_x + product(h, recurrent, r, factors))};
  }
  if (r.recurrence == Recurrence::lstm) {
    const auto z = gates_in(from_x + product(h, recurrent, r, factors), r, 4);
    const Value carry = gate(z[1]) * states[1] + gate(z[0]) * r.activation(z[2]);
    return {gate(z[3]) * r.activation(carry), carry};
  }
  const auto x = gates_in(from_x, r, 3);
  Value candidate, update;
  if (r.reset_after) {
    Value from_h = product(h, recurrent, r, factors);
    if (r.use_bias) from_h = from_h + slice(Value(weights.bias), {{.begin = 1}});
    const auto z = gates_in(from_h, r, 3);
    update = gate(x[0] + z[0]);
    candidate = r.activation(x[2] + gate(x[1] + z[1]) * z[2]);
  } else {
    const auto kernels = split(recurrent, {2 * r.units, r.units}, -1);
    const auto z =
        gates_in(product(h, kernels[0], r, factors.empty() ? factors : factors.first(2)), r, 2);
    update = gate(x[0] + z[0]);
    Value reset = gate(x[1] + z[1]) * h;
    if (!factors.empty()) reset = reset * factors[2];
    candidate = r.activation(x[2] + matmul(reset, kernels[1]));
  }
  return {update * h + (1.0 - update) * candidate};
}

struct Sequence {
  /// Of each step, [batch, steps, units].
  Value all;
  std::vector<Value> last;
};

/// The layer as one op.
Sequence run_fused(const Recurrent& r, const RecurrentWeights& weights, const Value& x,
                   const Value& mask, const std::vector<Value>& states,
                   const RecurrentActivations& names) {
  Graph graph = x.graph();
  const Value bias =
      r.use_bias ? Value(weights.bias) : graph.constant(Tensor::zeros(DType::f32, bias_shape(r)));
  const Value counts = mask ? mask : graph.constant(Tensor::full(DType::boolean, {1, 1}, 1));
  const Value kernel = weights.kernel, recurrent = weights.recurrent_kernel;
  switch (r.recurrence) {
    case Recurrence::simple: {
      const RecurrentStates found =
          simple_rnn(x, kernel, recurrent, bias, counts, states[0], names.activation);
      return {found.all, {found.last}};
    }
    case Recurrence::gru: {
      const RecurrentStates found =
          gru(x, kernel, recurrent, bias, counts, states[0], r.reset_after, names);
      return {found.all, {found.last}};
    }
    case Recurrence::lstm:
      break;
  }
  const RecurrentStates found =
      lstm(x, kernel, recurrent, bias, counts, states[0], states[1], names);
  return {found.all, {found.last, found.last_carry}};
}

/// Steps first, or back: [batch, steps, ...] and [steps, batch, ...].
Value with_steps_first(const Value& x) { return transpose(x, {1, 0, 2}); }

/// The layer step by step.
Sequence run_steps(const Recurrent& r, const RecurrentWeights& weights, const Value& x,
                   const Value& mask, const std::vector<Value>& states, bool training) {
  const Value first = slice(x, {{}, {.begin = 0, .end = 1}});
  const std::vector<Value> factors = dropout_factors(r, states[0], r.recurrent_dropout, training);
  std::vector<Value> sequences = {with_steps_first(input_product(r, weights, x, first, training))};
  if (mask) sequences.push_back(with_steps_first(expand_dims(mask, -1)));
  const ScanResult found = scan(
      [&](std::span<const Value> before, std::span<const Value> elements) {
        const std::vector<Value> previous(before.begin(), before.end());
        std::vector<Value> next = step(r, weights, elements[0], previous, factors);
        for (std::size_t i = 0; mask && i < next.size(); ++i) {
          next[i] = where(elements[1], next[i], previous[i]);
        }
        return ScanResult{next, {next[0]}};
      },
      states, sequences);
  return {with_steps_first(found.outputs[0]), found.states};
}

Sequence run(const Recurrent& r, const RecurrentWeights& weights, Value x, const Value& mask,
             const std::vector<Value>& states, bool training) {
  const RecurrentActivations names = {name_in_ops(r.activation),
                                      name_in_ops(r.recurrent_activation)};
  const bool drops_state = training && r.recurrent_dropout > 0;
  if (drops_state || names.activation.empty() || names.recurrent_activation.empty()) {
    return run_steps(r, weights, x, mask, states, training);
  }
  if (training && r.dropout > 0) {
    const Value ones = broadcast_like(1.0, slice(x, {{}, {.begin = 0, .end = 1}}));
    x = x * dropout(ones, r.dropout, r.seed);
  }
  return run_fused(r, weights, x, mask, states, names);
}

/// 0 for each sample of x and each unit.
Value zero_state(const Value& x, std::int64_t units) {
  Axes others;
  others.emplace();
  for (int axis = 1; axis < x.shape().rank(); ++axis) others->push_back(axis);
  const Value column = expand_dims(sum(x, others), 1);
  return broadcast_like(0.0, column) + Tensor::zeros(x.dtype(), {1, units});
}

Value from_last_to_first(const Value& x) { return slice(x, {{}, {.step = -1}}); }

/// The output of each step, where a masked step repeats the one before it, the first ones 0.
Value masked_outputs(const Value& all, const Value& mask, bool zero_output) {
  if (zero_output) return where(expand_dims(mask, -1), all, 0.0);
  const Value first = expand_dims(argmax(cast(mask, DType::f32), 1), 1);
  const Value begun = logical_and(any(mask, 1, true), greater_equal(positions(mask, 1), first));
  return where(expand_dims(begun, -1), all, 0.0);
}

/// What a layer keeps between batches.
class KeptStates : public LayerBase {
 public:
  KeptStates(std::size_t count, Shape shape) : count_(count), shape_(std::move(shape)) {
    set_name("", "KeptStates");
  }
  std::string_view class_name() const override { return "KeptStates"; }
  Config config() const override { return Config::object({}); }

 protected:
  void build_all(const ValueTypes& /*inputs*/) override {
    for (std::size_t i = 0; i < count_; ++i) {
      add_weight("rnn_state", shape_, "zeros", {}, {}, false);
    }
  }
  bool names_scope() const override { return false; }

 private:
  std::size_t count_;
  Shape shape_;
};

void check_input(const Value& x, int rank, const RecurrentWeights& weights,
                 const std::string& layer) {
  const Shape& shape = x.shape();
  const std::int64_t width = weights.kernel.shape()[0];
  if (shape.rank() == rank && (shape[rank - 1] == width || shape[rank - 1] == kUnknown)) return;
  throw ShapeError(layer + " is incompatible with its input: expected ndim=" +
                   std::to_string(rank) + " and a last axis of " + std::to_string(width) +
                   ". Full shape received: " + shape_text(shape));
}

/// Throws ShapeError unless inputs of this type have the rank and a known number of features.
std::int64_t features_of(const ValueType& input, int rank, const std::string& layer) {
  const Shape& shape = input.shape;
  if (shape.rank() != rank) {
    throw ShapeError(layer + " is incompatible with its input: expected ndim=" +
                     std::to_string(rank) + ", found ndim=" + std::to_string(shape.rank()) +
                     ". Full shape received: " + shape_text(shape));
  }
  if (shape[rank - 1] != kUnknown) return shape[rank - 1];
  throw ShapeError(layer + " needs a known number of features, got inputs of shape " +
                   shape_text(shape));
}

/// The weights of inputs with so many features; `add` is the layer's add_weight.
template <typename Options, typename Add>
RecurrentWeights make_weights(const Recurrent& r, const Options& options, std::int64_t features,
                              const Add& add) {
  const std::int64_t columns = r.gates() * r.units;
  RecurrentWeights weights;
  weights.kernel = add("kernel", Shape{features, columns}, options.kernel_initializer,
                       options.kernel_regularizer, options.kernel_constraint);
  weights.recurrent_kernel =
      add("recurrent_kernel", Shape{r.units, columns}, options.recurrent_initializer,
          options.recurrent_regularizer, options.recurrent_constraint);
  if (!r.use_bias) return weights;
  const Initializer bias =
      r.unit_forget_bias
          ? Initializer(std::make_shared<ForgetBiasInitializer>(options.bias_initializer))
          : options.bias_initializer;
  weights.bias =
      add("bias", bias_shape(r), bias, options.bias_regularizer, options.bias_constraint);
  return weights;
}

/// The states that a call gives behind its first input; none where it gives none.
std::vector<Value> given_states(const Recurrent& r, const Values& x, const std::string& layer) {
  std::vector<Value> states(x.begin() + 1, x.end());
  for (const Value& state : states) {
    const Shape& shape = state.shape();
    if (shape.rank() == 2 && (shape[1] == r.units || shape[1] == kUnknown)) continue;
    throw ShapeError(layer + " takes states of shape (batch, " + std::to_string(r.units) +
                     "), got " + shape_text(shape));
  }
  if (states.empty() || states.size() == r.state_count()) return states;
  throw InvalidArgument(layer + " has " + std::to_string(r.state_count()) + " state" +
                        (r.state_count() == 1 ? "" : "s") + ", got " +
                        std::to_string(states.size()) + " of them");
}

Value checked_mask(const Value& x, const std::string& layer) {
  const Value mask = mask_of(x);
  if (!mask || mask.shape().rank() == 2) return mask;
  throw ShapeError(layer + " takes a mask of shape (batch, steps), got " +
                   shape_text(mask.shape()));
}

}  // namespace

template <Recurrence kRecurrence>
void RecurrentLayer<kRecurrence>::build_all(const ValueTypes& inputs) {
  const Recurrent r = recurrent_of<kRecurrence>(this->options_);
  const Shape& shape = inputs[0].shape;
  weights_ = make_weights(r, this->options_, features_of(inputs[0], 3, this->describe()),
                          [this](const auto&... given) { return this->add_weight(given...); });
  if (!this->options_.stateful) return;
  if (shape[0] == kUnknown) {
    throw ShapeError(
        "When using `stateful=True` in a RNN, the batch size must be static. Found "
        "dynamic batch size: sequence.shape=" +
        shape_text(shape) + "; " + this->describe());
  }
  kept_ = std::make_shared<KeptStates>(r.state_count(), Shape{shape[0], r.units});
  kept_->build(inputs);
}

template <Recurrence kRecurrence>
Values RecurrentLayer<kRecurrence>::call_all(const Values& inputs, bool training) {
  const Recurrent r = recurrent_of<kRecurrence>(this->options_);
  const std::string layer = this->describe();
  Value x = inputs[0];
  Value mask = checked_mask(x, layer);
  check_input(x, 3, weights_, layer);
  std::vector<Value> states = given_states(r, inputs, layer);
  const std::vector<Weight> kept = kept_states();
  if (states.empty()) states.assign(kept.begin(), kept.end());
  const bool starts_at_zero = states.empty();
  if (starts_at_zero) states.assign(r.state_count(), zero_state(x, r.units));
  if (this->options_.go_backwards) {
    x = from_last_to_first(x);
    if (mask) mask = from_last_to_first(mask);
  }
  Sequence found = run(r, weights_, x, mask, states, training);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    kept[i].assign(reshape_like(found.last[i], Value(kept[i])));
  }
  const bool zero_output = this->options_.zero_output_for_mask;
  Value output = found.last[0];
  if (mask && (zero_output || !starts_at_zero)) {
    found.all = masked_outputs(found.all, mask, zero_output);
    output = squeeze(slice(found.all, {{}, {.begin = -1}}), 1);
  }
  if (this->options_.return_sequences) output = found.all;
  if (!this->options_.return_state) return output;
  std::vector<Value> results = {output};
  results.insert(results.end(), found.last.begin(), found.last.end());
  return results;
}

template <Recurrence kRecurrence>
Masks RecurrentLayer<kRecurrence>::compute_mask(const Values& /*x*/, const Masks& masks) {
  if (!this->options_.return_sequences || masks.empty()) return {};
  return {masks[0]};
}

template <Recurrence kRecurrence>
std::vector<Weight> RecurrentLayer<kRecurrence>::kept_states() const {
  return kept_ == nullptr ? std::vector<Weight>() : kept_->weights();
}

template <Recurrence kRecurrence>
void RecurrentLayer<kRecurrence>::reset_state() {
  for (const Weight& state : kept_states()) {
    state.set(Tensor::zeros(state.dtype(), state.shape()));
  }
}

template <Recurrence kRecurrence>
void RecurrentCellLayer<kRecurrence>::build_all(const ValueTypes& inputs) {
  weights_ = make_weights(recurrent_of<kRecurrence>(this->options_), this->options_,
                          features_of(inputs[0], 2, this->describe()),
                          [this](const auto&... given) { return this->add_weight(given...); });
}

template <Recurrence kRecurrence>
Values RecurrentCellLayer<kRecurrence>::call_all(const Values& inputs, bool training) {
  const Recurrent r = recurrent_of<kRecurrence>(this->options_);
  const std::string layer = this->describe();
  const Value x = inputs[0];
  check_input(x, 2, weights_, layer);
  std::vector<Value> states = given_states(r, inputs, layer);
  if (states.empty()) states.assign(r.state_count(), zero_state(x, r.units));
  const Value from_x = input_product(r, weights_, x, x, training);
  const std::vector<Value> factors = dropout_factors(r, states[0], r.recurrent_dropout, training);
  states = step(r, weights_, from_x, states, factors);
  std::vector<Value> results = {states[0]};
  results.insert(results.end(), states.begin(), states.end());
  return results;
}

template class RecurrentLayer<Recurrence::simple>;
template class RecurrentLayer<Recurrence::lstm>;
template class RecurrentLayer<Recurrence::gru>;
template class RecurrentCellLayer<Recurrence::simple>;
template class RecurrentCellLayer<Recurrence::lstm>;
template class RecurrentCellLayer<Recurrence::gru>;

}  // namespace tegula::nn
