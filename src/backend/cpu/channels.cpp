// Lowering of statistics of channels.

#include "kernels/cpu/channels.hpp"

#include <string>

#include "src/backend/cpu/axis_view.hpp"
#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"

namespace tegula::cpu {

namespace {

kernels::ChannelProblem problem_of(const Node& node) {
  const AxisView view = view_along(node.input(0).shape(), node.attrs().get<std::int64_t>("axis"));
  return {.outer = view.outer, .channels = view.size, .inner = view.inner};
}

std::string text_of(const Node& node) {
  return node.op().name + " of " + node.input(0).type().to_string();
}

template <typename T>
KernelPointer make_moments(const Node& node) {
  const kernels::ChannelProblem problem = problem_of(node);
  return make_kernel(
      text_of(node),
      [problem](const KernelArguments& arguments) {
        kernels::channel_moments(problem, input<T>(arguments, 0), output<T>(arguments, 0),
                                 output<T>(arguments, 1), static_cast<T*>(arguments.workspace));
      },
      {}, kernels::channel_scratch_size(problem) * sizeof(T));
}

template <typename T>
KernelPointer make_sums(const Node& node) {
  const kernels::ChannelProblem problem = problem_of(node);
  return make_kernel(
      text_of(node),
      [problem](const KernelArguments& arguments) {
        kernels::channel_sums(problem, input<T>(arguments, 0), input<T>(arguments, 1),
                              input<T>(arguments, 2), output<T>(arguments, 0),
                              output<T>(arguments, 1), static_cast<T*>(arguments.workspace));
      },
      {}, kernels::channel_scratch_size(problem) * sizeof(T));
}

KernelPointer lower_moments(const Node& node) {
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      return make_moments<float>(node);
    case DType::f64:
      return make_moments<double>(node);
    default:
      return nullptr;
  }
}

KernelPointer lower_sums(const Node& node) {
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      return make_sums<float>(node);
    case DType::f64:
      return make_sums<double>(node);
    default:
      return nullptr;
  }
}

constexpr Lowering kLowerings[] = {{"channel_moments", lower_moments},
                                   {"channel_sums", lower_sums}};

}  // namespace

std::span<const Lowering> channels_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
