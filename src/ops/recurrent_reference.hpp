#pragma once
// Recurrent layers as plain loops in double precision. Private to src/ops.

#include <string>
#include <string_view>
#include <vector>

#include "tegula/graph/op_def.hpp"

namespace tegula::ops {

/// One of the layers; what they have in common is stated by these numbers.
struct RecurrentCell {
  std::string_view name;
  /// Blocks of `units` columns in the kernels.
  int gates;
  /// What a step saves for the gradient, in blocks of `units`. LSTM: the gates and the carry. GRU:
  /// the gates, then h · recurrent_kernel of the candidate, or reset * h. Simple: the activation.
  int saved;
  bool has_carry;
};
inline constexpr RecurrentCell kSimpleCell = {"simple_rnn", 1, 1, false};
inline constexpr RecurrentCell kLstmCell = {"lstm", 4, 5, true};
inline constexpr RecurrentCell kGruCell = {"gru", 3, 4, false};

/// The names of activations that the layers know.
inline constexpr std::string_view kRecurrentActivations[] = {"linear", "relu", "tanh", "sigmoid",
                                                             "hard_sigmoid"};

/// all, last, [last carry,] saved.
std::vector<Tensor> evaluate_recurrent(const RecurrentCell& cell, const EvaluateContext& context);
/// dx, dkernel, drecurrent_kernel, dbias, dh[, dcarry].
std::vector<Tensor> evaluate_recurrent_gradient(const RecurrentCell& cell,
                                                const EvaluateContext& context);

}  // namespace tegula::ops
