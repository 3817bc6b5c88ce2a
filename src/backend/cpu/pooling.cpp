// Lowering of pools and their gradients.

#include "kernels/cpu/pooling.hpp"

#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "src/ops/pooling.hpp"

namespace tegula::cpu {

namespace {

using kernels::PoolProblem;

/// Of a node whose windows slide over a value of the shape x.
PoolProblem problem_of(const Node& node, const Shape& x) {
  return {ops::pool_grid(x, node.attrs()), x.dim(-1)};
}

std::string text_of(const Node& node) {
  return node.op().name + " " + node.input(0).type().to_string();
}

/// A kernel for f32 or f64 that takes the problem and the operands' pointers.
template <typename T>
using OneInput = void (*)(const PoolProblem& problem, const T* x, T* y);
template <typename T>
using TwoInputs = void (*)(const PoolProblem& problem, const T* x, const T* other, T* y);

template <typename T>
KernelPointer make_pool(const Node& node, const PoolProblem& problem, OneInput<T> function) {
  return make_kernel(text_of(node), [=](const KernelArguments& arguments) {
    function(problem, input<T>(arguments, 0), output<T>(arguments));
  });
}

template <typename T>
KernelPointer make_pool(const Node& node, const PoolProblem& problem, TwoInputs<T> function) {
  return make_kernel(text_of(node), [=](const KernelArguments& arguments) {
    function(problem, input<T>(arguments, 0), input<T>(arguments, 1), output<T>(arguments));
  });
}

template <template <typename> typename Function>
KernelPointer lower(const Node& node, const Shape& x, Function<float> f32, Function<double> f64) {
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      return make_pool<float>(node, problem_of(node, x), f32);
    case DType::f64:
      return make_pool<double>(node, problem_of(node, x), f64);
    default:
      return nullptr;
  }
}

KernelPointer lower_max(const Node& node) {
  return lower<OneInput>(node, node.input(0).shape(), kernels::max_pool<float>,
                         kernels::max_pool<double>);
}
KernelPointer lower_max_take(const Node& node) {
  return lower<TwoInputs>(node, node.input(0).shape(), kernels::max_pool_take<float>,
                          kernels::max_pool_take<double>);
}
KernelPointer lower_max_gradient(const Node& node) {
  return lower<TwoInputs>(node, node.input(0).shape(), kernels::max_pool_gradient<float>,
                          kernels::max_pool_gradient<double>);
}
KernelPointer lower_average(const Node& node) {
  return lower<OneInput>(node, node.input(0).shape(), kernels::average_pool<float>,
                         kernels::average_pool<double>);
}
/// Also of the op that gets the shape from `like`, which its result has.
KernelPointer lower_average_gradient(const Node& node) {
  return lower<OneInput>(node, node.outputs()[0].shape, kernels::average_pool_gradient<float>,
                         kernels::average_pool_gradient<double>);
}

constexpr Lowering kLowerings[] = {
    {"average_pool", lower_average},
    {"average_pool_gradient", lower_average_gradient},
    {"average_pool_gradient_like", lower_average_gradient},
    {"max_pool", lower_max},
    {"max_pool_gradient", lower_max_gradient},
    {"max_pool_take", lower_max_take},
};

}  // namespace

std::span<const Lowering> pooling_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
