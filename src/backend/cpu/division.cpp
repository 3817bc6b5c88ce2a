// Integer division, and divisions rounded down of every dtype. Element by element on the scalar
// functions of the reference evaluation: exact, and the same bits.

#include "src/core/division.hpp"

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::cpu {

namespace {

/// Elements that are worth a parallel task.
constexpr std::int64_t kTaskElements = 4096;

struct TruncatedQuotient {
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    return detail::truncated_quotient(a, b);
  }
};
struct FloorQuotient {
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    return detail::floor_quotient(a, b);
  }
  double operator()(double a, double b) const { return detail::floor_quotient(a, b); }
};
struct FloorRemainder {
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    return detail::floor_remainder(a, b);
  }
  double operator()(double a, double b) const { return detail::floor_remainder(a, b); }
};

template <typename T, typename Function>
KernelPointer make_loop(const Node& node) {
  using Wide = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;
  const Shape& shape = node.outputs()[0].shape;
  const std::int64_t count = shape.element_count();
  // Operands advance by one element, or by none when they are scalars.
  const std::int64_t step_a = node.input(0).shape() == shape ? 1 : 0;
  const std::int64_t step_b = node.input(1).shape() == shape ? 1 : 0;
  std::vector<InPlace> in_place;
  if (step_a == 1) in_place.push_back({0, 0});
  if (step_b == 1) in_place.push_back({1, 0});
  return make_kernel(
      "division " + node.op().name + " " + node.outputs()[0].to_string(),
      [=](const KernelArguments& arguments) {
        const T* a = input<T>(arguments, 0);
        const T* b = input<T>(arguments, 1);
        T* result = output<T>(arguments);
        parallel_for((count + kTaskElements - 1) / kTaskElements, [&](std::int64_t task) {
          const std::int64_t end = std::min(count, (task + 1) * kTaskElements);
          for (std::int64_t i = task * kTaskElements; i < end; ++i) {
            result[i] = static_cast<T>(
                Function()(static_cast<Wide>(a[i * step_a]), static_cast<Wide>(b[i * step_b])));
          }
        });
      },
      in_place);
}

template <typename Function>
KernelPointer lower_as(const Node& node) {
  for (const Value& input : node.inputs()) {
    const bool scalar = input.shape().rank() == 0;
    if (!scalar && !(input.shape() == node.outputs()[0].shape)) return nullptr;
  }
  switch (node.input(0).dtype()) {
    case DType::i32:
      return make_loop<std::int32_t, Function>(node);
    case DType::i64:
      return make_loop<std::int64_t, Function>(node);
    case DType::f32:
      if constexpr (!std::is_same_v<Function, TruncatedQuotient>) {
        return make_loop<float, Function>(node);
      }
      return nullptr;
    case DType::f64:
      if constexpr (!std::is_same_v<Function, TruncatedQuotient>) {
        return make_loop<double, Function>(node);
      }
      return nullptr;
    default:
      return nullptr;
  }
}

constexpr Lowering kLowerings[] = {
    {"div", lower_as<TruncatedQuotient>},
    {"floordiv", lower_as<FloorQuotient>},
    {"floormod", lower_as<FloorRemainder>},
};

}  // namespace

std::span<const Lowering> division_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
