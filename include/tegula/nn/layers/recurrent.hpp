#pragma once
// Recurrent layers and their cells. A layer takes the sequence, or a list of the sequence and the
// states before its first step; it gives its output, with `return_state` followed by the states
// after the last step. A cell takes one step's input and the states, and gives the output and the
// states after the step.

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "tegula/nn/layer_with_options.hpp"

namespace tegula::nn {

enum class Recurrence : std::uint8_t { simple, lstm, gru };

/// Fields of layers and cells, in Keras's order.
template <typename Self>
auto recurrent_size_fields() {
  return std::tuple{
      field<&Self::units>("units", "Size of the output and of each state.", at_least(1))
          .required()
          .fixed_when_built(),
      field<&Self::activation>("activation", "Of the new values; none: linear.")};
}
template <typename Self>
auto recurrent_gate_fields() {
  return std::tuple{
      field<&Self::recurrent_activation>("recurrent_activation", "Of the gates; none: linear.")};
}
template <typename Self>
auto recurrent_initializer_fields() {
  return std::tuple{
      field<&Self::use_bias>("use_bias", "Whether a bias is added.").fixed_when_built(),
      field<&Self::kernel_initializer>("kernel_initializer", "First kernel of the inputs.")
          .fixed_when_built(),
      field<&Self::recurrent_initializer>("recurrent_initializer", "First kernel of the state.")
          .fixed_when_built(),
      field<&Self::bias_initializer>("bias_initializer", "First bias.").fixed_when_built()};
}
template <typename Self>
auto recurrent_regularizer_fields() {
  return std::tuple{
      field<&Self::kernel_regularizer>("kernel_regularizer", "Penalty on the kernel.")
          .fixed_when_built(),
      field<&Self::recurrent_regularizer>("recurrent_regularizer", "Penalty on the state's kernel.")
          .fixed_when_built(),
      field<&Self::bias_regularizer>("bias_regularizer", "Penalty on the bias.")
          .fixed_when_built()};
}
template <typename Self>
auto recurrent_constraint_fields() {
  return std::tuple{
      field<&Self::kernel_constraint>("kernel_constraint", "What the kernel becomes after updates.")
          .fixed_when_built(),
      field<&Self::recurrent_constraint>("recurrent_constraint",
                                         "What the state's kernel becomes after updates.")
          .fixed_when_built(),
      field<&Self::bias_constraint>("bias_constraint", "What the bias becomes after updates.")
          .fixed_when_built(),
      field<&Self::dropout>("dropout",
                            "Fraction of the inputs to zero, the same ones at all steps.",
                            from_to_below(0, 1)),
      field<&Self::recurrent_dropout>("recurrent_dropout",
                                      "Fraction of the state to zero, the same units at all steps.",
                                      from_to_below(0, 1))};
}
template <typename Self>
auto recurrent_seed_fields() {
  return std::tuple{
      field<&Self::seed>("seed", "Replaces the model's seed for this layer.", any_finite)};
}
template <typename Self>
auto sequence_fields() {
  return std::tuple{
      field<&Self::return_sequences>("return_sequences",
                                     "Whether to give the output of every step, not of the last."),
      field<&Self::return_state>("return_state", "Whether to give the last states, too."),
      field<&Self::go_backwards>("go_backwards", "Whether to go from the last step to the first."),
      field<&Self::stateful>("stateful",
                             "Whether a batch goes on with the states that the last one left.")
          .fixed_when_built(),
      field<&Self::unroll>("unroll", "Without effect: the steps are one op.")};
}
template <typename Self>
auto recurrent_last_fields() {
  return std::tuple{field<&Self::zero_output_for_mask>("zero_output_for_mask",
                                                       "Whether the output of masked steps is 0."),
                    field<&Self::name>("name", "Name of the layer.")};
}
template <typename Self>
auto recurrent_name_fields() {
  return std::tuple{field<&Self::name>("name", "Name of the layer.")};
}

template <Recurrence kRecurrence>
struct RecurrentCellOptions;
template <Recurrence kRecurrence>
struct RecurrentOptions;

template <>
struct RecurrentCellOptions<Recurrence::simple> {
  std::int64_t units = 0;
  Activation activation = "tanh";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;
  double recurrent_dropout = 0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = RecurrentCellOptions;
    return std::tuple_cat(recurrent_size_fields<Self>(), recurrent_initializer_fields<Self>(),
                          recurrent_regularizer_fields<Self>(), recurrent_constraint_fields<Self>(),
                          recurrent_seed_fields<Self>(), recurrent_name_fields<Self>());
  }
};

template <>
struct RecurrentCellOptions<Recurrence::lstm> {
  std::int64_t units = 0;
  Activation activation = "tanh";
  Activation recurrent_activation = "sigmoid";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  /// Jozefowicz et al., "An empirical exploration of recurrent network architectures", 2015.
  bool unit_forget_bias = true;
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;
  double recurrent_dropout = 0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = RecurrentCellOptions;
    return std::tuple_cat(
        recurrent_size_fields<Self>(), recurrent_gate_fields<Self>(),
        recurrent_initializer_fields<Self>(),
        std::tuple{field<&Self::unit_forget_bias>("unit_forget_bias",
                                                  "Whether the forget gate's bias starts at 1.")
                       .fixed_when_built()},
        recurrent_regularizer_fields<Self>(), recurrent_constraint_fields<Self>(),
        recurrent_seed_fields<Self>(), recurrent_name_fields<Self>());
  }
};

template <>
struct RecurrentCellOptions<Recurrence::gru> {
  std::int64_t units = 0;
  Activation activation = "tanh";
  Activation recurrent_activation = "sigmoid";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;
  double recurrent_dropout = 0;
  bool reset_after = true;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = RecurrentCellOptions;
    return std::tuple_cat(
        recurrent_size_fields<Self>(), recurrent_gate_fields<Self>(),
        recurrent_initializer_fields<Self>(), recurrent_regularizer_fields<Self>(),
        recurrent_constraint_fields<Self>(),
        std::tuple{field<&Self::reset_after>("reset_after",
                                             "Whether the reset gate comes after the product.")
                       .fixed_when_built()},
        recurrent_seed_fields<Self>(), recurrent_name_fields<Self>());
  }
};

template <>
struct RecurrentOptions<Recurrence::simple> {
  std::int64_t units = 0;
  Activation activation = "tanh";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;
  double recurrent_dropout = 0;
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool unroll = false;
  std::optional<std::int64_t> seed = {};
  bool zero_output_for_mask = false;
  std::string name = {};
  static auto fields() {
    using Self = RecurrentOptions;
    return std::tuple_cat(recurrent_size_fields<Self>(), recurrent_initializer_fields<Self>(),
                          recurrent_regularizer_fields<Self>(),
                          std::tuple{field<&Self::activity_regularizer>("activity_regularizer",
                                                                        "Penalty on the output.")},
                          recurrent_constraint_fields<Self>(), sequence_fields<Self>(),
                          recurrent_seed_fields<Self>(), recurrent_last_fields<Self>());
  }
};

template <>
struct RecurrentOptions<Recurrence::lstm> {
  std::int64_t units = 0;
  Activation activation = "tanh";
  Activation recurrent_activation = "sigmoid";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  bool unit_forget_bias = true;
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;
  double recurrent_dropout = 0;
  std::optional<std::int64_t> seed = {};
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool unroll = false;
  bool zero_output_for_mask = false;
  std::string name = {};
  static auto fields() {
    using Self = RecurrentOptions;
    return std::tuple_cat(
        recurrent_size_fields<Self>(), recurrent_gate_fields<Self>(),
        recurrent_initializer_fields<Self>(),
        std::tuple{field<&Self::unit_forget_bias>("unit_forget_bias",
                                                  "Whether the forget gate's bias starts at 1.")
                       .fixed_when_built()},
        recurrent_regularizer_fields<Self>(),
        std::tuple{
            field<&Self::activity_regularizer>("activity_regularizer", "Penalty on the output.")},
        recurrent_constraint_fields<Self>(), recurrent_seed_fields<Self>(), sequence_fields<Self>(),
        recurrent_last_fields<Self>());
  }
};

template <>
struct RecurrentOptions<Recurrence::gru> {
  std::int64_t units = 0;
  Activation activation = "tanh";
  Activation recurrent_activation = "sigmoid";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;
  double recurrent_dropout = 0;
  std::optional<std::int64_t> seed = {};
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool unroll = false;
  bool reset_after = true;
  bool zero_output_for_mask = false;
  std::string name = {};
  static auto fields() {
    using Self = RecurrentOptions;
    return std::tuple_cat(
        recurrent_size_fields<Self>(), recurrent_gate_fields<Self>(),
        recurrent_initializer_fields<Self>(), recurrent_regularizer_fields<Self>(),
        std::tuple{
            field<&Self::activity_regularizer>("activity_regularizer", "Penalty on the output.")},
        recurrent_constraint_fields<Self>(), recurrent_seed_fields<Self>(), sequence_fields<Self>(),
        std::tuple{field<&Self::reset_after>("reset_after",
                                             "Whether the reset gate comes after the product.")
                       .fixed_when_built()},
        recurrent_last_fields<Self>());
  }
};

/// A layer that goes on with the states that a batch left.
class TEGULA_API StatefulLayer {
 public:
  virtual ~StatefulLayer() = default;
  /// Whether a batch goes on with the states that the last one left.
  virtual bool is_stateful() const = 0;
  /// Zeros in the place of what batches left; nothing where nothing is kept.
  virtual void reset_state() = 0;
  /// What the last batch left; empty where nothing is kept, or before the layer is built.
  virtual std::vector<Weight> kept_states() const = 0;
};

struct RecurrentWeights {
  Weight kernel;
  Weight recurrent_kernel;
  /// None without `use_bias`.
  Weight bias;
};

/// Keras's names of classes and what they are documented as.
struct RecurrentClass {
  const char* layer;
  const char* cell;
  const char* layer_doc;
  const char* cell_doc;
};
inline constexpr RecurrentClass kRecurrentClasses[] = {
    {"SimpleRNN", "SimpleRNNCell",
     "h = activation(x · kernel + h · recurrent_kernel + bias) over steps.",
     "One step of SimpleRNN."},
    {"LSTM", "LSTMCell", "Long short-term memory over steps (Hochreiter and Schmidhuber 1997).",
     "One step of LSTM."},
    {"GRU", "GRUCell", "Gated recurrent units over steps (Cho et al. 2014).", "One step of GRU."}};

template <Recurrence kRecurrence>
class TEGULA_API RecurrentLayer
    : public LayerWithOptions<RecurrentLayer<kRecurrence>, RecurrentOptions<kRecurrence>>,
      public StatefulLayer {
 public:
  static constexpr const char* kName = kRecurrentClasses[static_cast<int>(kRecurrence)].layer;
  static constexpr const char* kDoc = kRecurrentClasses[static_cast<int>(kRecurrence)].layer_doc;
  static constexpr bool kSupportsMasking = true;
  using Base = LayerWithOptions<RecurrentLayer<kRecurrence>, RecurrentOptions<kRecurrence>>;
  using Base::Base;
  Regularizer activity_regularizer() const override { return this->options_.activity_regularizer; }
  bool is_stateful() const override { return this->options_.stateful; }
  void reset_state() override;
  std::vector<Weight> kept_states() const override;

 protected:
  void build_all(const ValueTypes& inputs) override;
  Values call_all(const Values& x, bool training) override;
  Masks compute_mask(const Values& x, const Masks& masks) override;

 private:
  RecurrentWeights weights_;
  /// Holds the states where they are kept, which are no weights of the layer's: neither listed nor
  /// saved.
  std::shared_ptr<LayerBase> kept_;
};

template <Recurrence kRecurrence>
class TEGULA_API RecurrentCellLayer
    : public LayerWithOptions<RecurrentCellLayer<kRecurrence>, RecurrentCellOptions<kRecurrence>> {
 public:
  static constexpr const char* kName = kRecurrentClasses[static_cast<int>(kRecurrence)].cell;
  static constexpr const char* kDoc = kRecurrentClasses[static_cast<int>(kRecurrence)].cell_doc;
  using Base = LayerWithOptions<RecurrentCellLayer<kRecurrence>, RecurrentCellOptions<kRecurrence>>;
  using Base::Base;

 protected:
  void build_all(const ValueTypes& inputs) override;
  Values call_all(const Values& x, bool training) override;

 private:
  RecurrentWeights weights_;
};

using SimpleRNN = MakeLayer<RecurrentLayer<Recurrence::simple>>;
using LSTM = MakeLayer<RecurrentLayer<Recurrence::lstm>>;
using GRU = MakeLayer<RecurrentLayer<Recurrence::gru>>;
using SimpleRNNCell = MakeLayer<RecurrentCellLayer<Recurrence::simple>>;
using LSTMCell = MakeLayer<RecurrentCellLayer<Recurrence::lstm>>;
using GRUCell = MakeLayer<RecurrentCellLayer<Recurrence::gru>>;

/// A sequence through two layers, one from the first step to the last and one back, whose outputs
/// are merged; of the backward one's outputs the order is that of the steps.
class TEGULA_API BidirectionalLayer : public LayerBase, public StatefulLayer {
 public:
  static constexpr const char* kName = "Bidirectional";

  /// The merge mode is "concat", "sum", "mul", "ave", or empty: both outputs. Throws
  /// InvalidArgument for another one, and for layers that do not fit each other.
  BidirectionalLayer(const Layer& forward, const Layer& backward, std::string merge_mode,
                     std::string_view name);

  std::string_view class_name() const override;
  Config config() const override;
  Config base_config() const override;
  static std::shared_ptr<BidirectionalLayer> from_config(const Config& config);

  const Layer& forward_layer() const { return forward_; }
  const Layer& backward_layer() const { return backward_; }
  const std::string& merge_mode() const { return merge_mode_; }
  bool is_stateful() const override { return option("stateful"); }
  void reset_state() override;
  std::vector<Weight> kept_states() const override;

 protected:
  void build_all(const ValueTypes& inputs) override;
  Values call_all(const Values& x, bool training) override;
  Masks compute_mask(const Values& x, const Masks& masks) override;

 private:
  Value merged(const Value& forward, const Value& backward) const;
  bool option(const char* name) const;

  Layer forward_;
  Layer backward_;
  std::string merge_mode_;
};
/// Makes a forward and a backward layer with the options of `layer`, or takes a backward layer that
/// is given: `Bidirectional(LSTM({.units = 8}))`.
class Bidirectional : public Layer {
 public:
  explicit TEGULA_API Bidirectional(
      const Layer& layer, const std::string& merge_mode = "concat",
      const Layer& backward_layer = {}, std::string_view name = "",
      std::source_location location = std::source_location::current());
};

}  // namespace tegula::nn
