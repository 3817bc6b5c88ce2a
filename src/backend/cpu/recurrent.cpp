// Lowering of recurrent layers.

#include "kernels/cpu/recurrent.hpp"

#include <memory>
#include <string>
#include <utility>

#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "src/backend/cpu/packed_weights.hpp"

namespace tegula::cpu {

namespace {

using kernels::RecurrentActivation;
using kernels::RecurrentCell;
using kernels::RecurrentProblem;

RecurrentActivation activation_of(const Node& node, std::string_view name) {
  if (!node.attrs().has(name)) return RecurrentActivation::linear;
  const std::string& activation = node.attrs().get<std::string>(name);
  if (activation == "relu") return RecurrentActivation::relu;
  if (activation == "tanh") return RecurrentActivation::tanh;
  if (activation == "sigmoid") return RecurrentActivation::sigmoid;
  if (activation == "hard_sigmoid") return RecurrentActivation::hard_sigmoid;
  return RecurrentActivation::linear;
}

RecurrentCell cell_of(const Node& node) {
  const std::string& name = node.op().name;
  if (name.starts_with("lstm")) return RecurrentCell::lstm;
  if (name.starts_with("simple")) return RecurrentCell::simple;
  return node.attrs().get<bool>("reset_after") ? RecurrentCell::gru
                                               : RecurrentCell::gru_reset_before;
}

RecurrentProblem problem_of(const Node& node, int mask_input) {
  const Shape& x = node.input(0).shape();
  const Shape& mask = node.input(mask_input).shape();
  return {.cell = cell_of(node),
          .activation = activation_of(node, "activation"),
          .recurrent_activation = activation_of(node, "recurrent_activation"),
          .batch = x[0],
          .steps = x[1],
          .features = x[2],
          .units = node.input(2).shape()[0],
          .mask_sample_stride = mask[0] == 1 ? 0 : mask[1],
          .mask_step_stride = mask[1] == 1 ? 0 : 1};
}

std::string text_of(const Node& node) {
  return node.op().name + " of " + node.input(0).type().to_string() + ", " +
         std::to_string(node.input(2).shape()[0]) + " units";
}

/// Packs the recurrent kernel in each run, or once where it is a variable that stays.
class LayerKernel final : public Kernel {
 public:
  explicit LayerKernel(const Node& node)
      : text_(text_of(node)),
        problem_(problem_of(node, 4)),
        packed_size_(kernels::packed_recurrent_size(problem_)) {
    if (node.input(2).node().op().name != "variable") return;
    weights_ = std::make_unique<PackedWeights>(
        packed_size_, [problem = problem_](const float* weights, float* packed) {
          kernels::pack_recurrent(problem, weights, packed);
          return true;
        });
  }

  void run(const KernelArguments& arguments) const override {
    const bool lstm = problem_.cell == RecurrentCell::lstm;
    float* const workspace = static_cast<float*>(arguments.workspace);
    const float* const recurrent_kernel = input<float>(arguments, 2);
    const float* packed = weights_ == nullptr
                              ? nullptr
                              : weights_->find(recurrent_kernel, arguments.variables_version);
    if (packed == nullptr) {
      kernels::pack_recurrent(problem_, recurrent_kernel, workspace);
      packed = workspace;
    }
    kernels::recurrent_forward(problem_,
                               {.x = input<float>(arguments, 0),
                                .kernel = input<float>(arguments, 1),
                                .recurrent_kernel = recurrent_kernel,
                                .bias = input<float>(arguments, 3),
                                .mask = input<bool>(arguments, 4),
                                .h = input<float>(arguments, 5),
                                .carry = lstm ? input<float>(arguments, 6) : nullptr},
                               packed,
                               {.all = output<float>(arguments, 0),
                                .last = output<float>(arguments, 1),
                                .last_carry = lstm ? output<float>(arguments, 2) : nullptr,
                                .saved = output<float>(arguments, lstm ? 3 : 2)},
                               workspace + packed_size_);
  }
  std::string description() const override { return text_; }
  std::size_t workspace_bytes() const override {
    return (packed_size_ + kernels::recurrent_workspace_size(problem_)) * sizeof(float);
  }
  bool skips_null_outputs() const override { return false; }

 private:
  std::string text_;
  RecurrentProblem problem_;
  std::size_t packed_size_;
  std::unique_ptr<PackedWeights> weights_;
};

class GradientKernel final : public Kernel {
 public:
  explicit GradientKernel(const Node& node) : text_(text_of(node)), problem_(problem_of(node, 3)) {}

  void run(const KernelArguments& arguments) const override {
    const bool lstm = problem_.cell == RecurrentCell::lstm;
    int next = 0;
    const auto take = [&] { return input<float>(arguments, next++); };
    kernels::RecurrentInputs inputs{};
    inputs.x = take();
    inputs.kernel = take();
    inputs.recurrent_kernel = take();
    inputs.mask = input<bool>(arguments, next++);
    inputs.h = take();
    if (lstm) inputs.carry = take();
    kernels::RecurrentGradientInputs given{};
    given.all = take();
    given.saved = take();
    given.dall = take();
    given.dlast = take();
    if (lstm) given.dlast_carry = take();
    kernels::recurrent_backward(problem_, inputs, given,
                                {.x = output<float>(arguments, 0),
                                 .kernel = output<float>(arguments, 1),
                                 .recurrent_kernel = output<float>(arguments, 2),
                                 .bias = output<float>(arguments, 3),
                                 .h = output<float>(arguments, 4),
                                 .carry = lstm ? output<float>(arguments, 5) : nullptr},
                                static_cast<float*>(arguments.workspace));
  }
  std::string description() const override { return text_; }
  std::size_t workspace_bytes() const override {
    return kernels::recurrent_gradient_workspace_size(problem_) * sizeof(float);
  }

 private:
  std::string text_;
  RecurrentProblem problem_;
};

template <typename Kernel>
KernelPointer lower(const Node& node) {
  if (node.input(0).dtype() != DType::f32) return nullptr;
  return std::make_unique<Kernel>(node);
}

constexpr Lowering kLowerings[] = {
    {"simple_rnn", lower<LayerKernel>}, {"simple_rnn_gradient", lower<GradientKernel>},
    {"lstm", lower<LayerKernel>},       {"lstm_gradient", lower<GradientKernel>},
    {"gru", lower<LayerKernel>},        {"gru_gradient", lower<GradientKernel>}};

}  // namespace

std::span<const Lowering> recurrent_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
