#pragma once
// Builders of recurrent layers, each of which is one op over all steps. Kernels have Keras's
// layout: one block of `units` columns per gate.
//
// x is [batch, steps, features], kernel [features, gates * units], recurrent_kernel
// [units, gates * units], states [batch, units]; mask is bool and broadcasts to [batch, steps]:
// where it is false, a step keeps the states. All others have one floating dtype.

#include <string>

#include "tegula/graph/operand.hpp"

namespace tegula {

/// Activations are "linear", "relu", "tanh", "sigmoid" or "hard_sigmoid".
struct RecurrentActivations {
  std::string activation = "tanh";
  /// Of the gates.
  std::string recurrent_activation = "sigmoid";
};

struct RecurrentStates {
  /// After each step, [batch, steps, units].
  Value all;
  /// After the last step, [batch, units].
  Value last;
  /// Of an LSTM: the carry after the last step.
  Value last_carry;
};

/// h = activation(x · kernel + h · recurrent_kernel + bias); bias [units].
TEGULA_API RecurrentStates simple_rnn(Operand x, Operand kernel, Operand recurrent_kernel,
                                      Operand bias, Operand mask, Operand h,
                                      const std::string& activation = "tanh");

/// Hochreiter and Schmidhuber, "Long short-term memory", 1997, with forget gates; the gates are
/// input, forget, candidate, output; bias [4 units].
TEGULA_API RecurrentStates lstm(Operand x, Operand kernel, Operand recurrent_kernel, Operand bias,
                                Operand mask, Operand h, Operand carry,
                                const RecurrentActivations& activations = {});

/// Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014; the gates are
/// update, reset, candidate. The reset gate multiplies h · recurrent_kernel, with bias
/// [2, 3 units] (of x and of h), or with `reset_after` false h itself, with bias [3 units].
TEGULA_API RecurrentStates gru(Operand x, Operand kernel, Operand recurrent_kernel, Operand bias,
                               Operand mask, Operand h, bool reset_after = true,
                               const RecurrentActivations& activations = {});

}  // namespace tegula
