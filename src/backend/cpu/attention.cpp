// Lowering of attention and its gradient.

#include "kernels/cpu/attention.hpp"

#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "src/ops/attention.hpp"

namespace tegula::cpu {

namespace {

/// Of a mask that is broadcast to `weights`.
void set_mask_strides(const Shape& mask, const Shape& weights, std::int64_t (&strides)[4]) {
  std::int64_t stride = 1;
  for (int i = 1; i <= mask.rank(); ++i) {
    strides[4 - i] = mask.dim(-i) == 1 && weights.dim(-i) != 1 ? 0 : stride;
    stride *= mask.dim(-i);
  }
  for (int axis = 0; axis < 4; ++axis) {
    if (weights[axis] == 1) strides[axis] = 0;
  }
}

kernels::AttentionProblem problem_of(const Node& node) {
  const ops::AttentionSizes sizes(node.input(0).shape(), node.input(1).shape(),
                                  node.input(2).shape());
  kernels::AttentionProblem problem;
  problem.batch = sizes.batch;
  problem.queries = sizes.queries;
  problem.keys = sizes.keys;
  problem.heads = sizes.heads;
  problem.key_heads = sizes.key_heads;
  problem.width = sizes.width;
  problem.value_width = sizes.value_width;
  problem.scale = static_cast<float>(node.attrs().get<double>("scale"));
  problem.causal = node.attrs().get<bool>("causal");
  problem.window = node.attrs().get<std::int64_t>("window");
  set_mask_strides(node.input(3).shape(), sizes.weights(), problem.mask_strides);
  return problem;
}

kernels::AttentionOperands operands_of(const KernelArguments& arguments, bool adds_mask) {
  kernels::AttentionOperands operands;
  operands.query = input<float>(arguments, 0);
  operands.key = input<float>(arguments, 1);
  operands.value = input<float>(arguments, 2);
  if (adds_mask) {
    operands.mask.added = input<float>(arguments, 3);
  } else {
    operands.mask.seen = input<std::uint8_t>(arguments, 3);
  }
  operands.offset = *input<std::int64_t>(arguments, 4);
  return operands;
}

std::string text_of(const Node& node, const kernels::AttentionProblem& problem) {
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  return node.op().name + " " + number(problem.batch) + "x" + number(problem.heads) + " heads, " +
         number(problem.queries) + " of " + number(problem.keys) + ", width " +
         number(problem.width);
}

KernelPointer lower_attention(const Node& node) {
  if (node.input(0).dtype() != DType::f32) return nullptr;
  const kernels::AttentionProblem problem = problem_of(node);
  const bool adds_mask = node.input(3).dtype() != DType::boolean;
  return make_kernel(
      text_of(node, problem),
      [=](const KernelArguments& arguments) {
        kernels::attention_f32(problem, operands_of(arguments, adds_mask), output<float>(arguments),
                               output<float>(arguments, 1),
                               static_cast<float*>(arguments.workspace));
      },
      {}, kernels::attention_workspace_size(problem) * sizeof(float));
}

KernelPointer lower_attention_gradient(const Node& node) {
  if (node.input(0).dtype() != DType::f32) return nullptr;
  const kernels::AttentionProblem problem = problem_of(node);
  const bool adds_mask = node.input(3).dtype() != DType::boolean;
  return make_kernel(
      text_of(node, problem),
      [=](const KernelArguments& arguments) {
        const kernels::AttentionSlopes slopes{
            input<float>(arguments, 5), input<float>(arguments, 6), input<float>(arguments, 7)};
        kernels::attention_gradient_f32(problem, operands_of(arguments, adds_mask), slopes,
                                        output<float>(arguments), output<float>(arguments, 1),
                                        output<float>(arguments, 2),
                                        static_cast<float*>(arguments.workspace));
      },
      {}, kernels::attention_gradient_workspace_size(problem) * sizeof(float));
}

constexpr Lowering kLowerings[] = {
    {"attention", lower_attention},
    {"attention_gradient", lower_attention_gradient},
};

}  // namespace

std::span<const Lowering> attention_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
