#pragma once
// Recurrent layers over all steps, f32: the input's product with the kernel as one matrix product,
// then a small product per step with the gates behind it; and their gradients, with the kernels'
// as matrix products over all steps.
//
// Nothing here allocates, and results are bit-identical for any number of threads.

#include <cstddef>
#include <cstdint>

namespace tegula::kernels {

enum class RecurrentCell : std::uint8_t { simple, lstm, gru, gru_reset_before };
enum class RecurrentActivation : std::uint8_t { linear, relu, tanh, sigmoid, hard_sigmoid };

struct RecurrentProblem {
  RecurrentCell cell = RecurrentCell::lstm;
  RecurrentActivation activation = RecurrentActivation::tanh;
  RecurrentActivation recurrent_activation = RecurrentActivation::sigmoid;
  std::int64_t batch = 0;
  std::int64_t steps = 0;
  std::int64_t features = 0;
  std::int64_t units = 0;
  /// Elements from one sample's mask to the next, and from one step's; 0: the same for all.
  std::int64_t mask_sample_stride = 0;
  std::int64_t mask_step_stride = 0;

  /// Blocks of `units` columns: of the kernels, and of what a step saves.
  std::int64_t gates() const;
  std::int64_t saved() const;
};

/// Row-major, with shapes as those of the ops; carries are null but for LSTM.
struct RecurrentInputs {
  const float* x;
  const float* kernel;
  const float* recurrent_kernel;
  /// Of forward passes only.
  const float* bias;
  const bool* mask;
  const float* h;
  const float* carry;
};
struct RecurrentOutputs {
  float* all;
  float* last;
  float* last_carry;
  float* saved;
};

/// Number of floats of a recurrent kernel packed for `recurrent_forward`.
std::size_t packed_recurrent_size(const RecurrentProblem& problem);
void pack_recurrent(const RecurrentProblem& problem, const float* recurrent_kernel, float* packed);

/// Floats of memory for the input's product.
std::size_t recurrent_workspace_size(const RecurrentProblem& problem);
/// `packed` is what pack_recurrent made of the recurrent kernel, which is not read itself.
void recurrent_forward(const RecurrentProblem& problem, const RecurrentInputs& inputs,
                       const float* packed, const RecurrentOutputs& outputs, float* workspace);

struct RecurrentGradientInputs {
  const float* all;
  const float* saved;
  const float* dall;
  const float* dlast;
  const float* dlast_carry;
};
/// What is null is not computed.
struct RecurrentGradients {
  float* x;
  float* kernel;
  float* recurrent_kernel;
  float* bias;
  float* h;
  float* carry;
};
std::size_t recurrent_gradient_workspace_size(const RecurrentProblem& problem);
void recurrent_backward(const RecurrentProblem& problem, const RecurrentInputs& inputs,
                        const RecurrentGradientInputs& given, const RecurrentGradients& gradients,
                        float* workspace);

}  // namespace tegula::kernels
