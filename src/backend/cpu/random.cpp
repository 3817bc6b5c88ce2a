// Lowering of random fills.

#include "kernels/cpu/random.hpp"

#include <string>

#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"

namespace tegula::cpu {

namespace {

template <typename T>
using Fill = void (*)(const RandomKey&, T*, std::int64_t, T, T);

template <typename T>
KernelPointer make_fill(const Node& node, Fill<T> fill, std::string_view first,
                        std::string_view second) {
  const auto a = static_cast<T>(node.attrs().get<double>(first));
  const auto b = static_cast<T>(node.attrs().get<double>(second));
  const std::int64_t count = node.outputs()[0].shape.element_count();
  return make_kernel(node.op().name + " " + node.outputs()[0].to_string(),
                     [=, attrs = node.attrs()](const KernelArguments& arguments) {
                       fill(random_key(attrs, arguments.key), output<T>(arguments), count, a, b);
                     });
}

template <typename T>
KernelPointer lower_as(const Node& node) {
  const std::string& op = node.op().name;
  if (op.starts_with("random_uniform"))
    return make_fill<T>(node, kernels::fill_uniform<T>, "low", "high");
  if (op.starts_with("random_normal"))
    return make_fill<T>(node, kernels::fill_normal<T>, "mean", "stddev");
  return make_fill<T>(node, kernels::fill_truncated_normal<T>, "mean", "stddev");
}

KernelPointer lower_random(const Node& node) {
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      return lower_as<float>(node);
    case DType::f64:
      return lower_as<double>(node);
    default:
      return nullptr;
  }
}

constexpr Lowering kLowerings[] = {
    {"random_uniform", lower_random},     {"random_normal", lower_random},
    {"truncated_normal", lower_random},   {"random_uniform_like", lower_random},
    {"random_normal_like", lower_random}, {"truncated_normal_like", lower_random},
};

}  // namespace

std::span<const Lowering> random_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
