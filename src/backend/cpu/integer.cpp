// Arithmetic, comparisons, choices and places of 32- and 64-bit integers, which the elementwise
// kernels, computing in floating point, leave out: counters and class indices.

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "src/backend/cpu/axis_view.hpp"
#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"

namespace tegula::cpu {

namespace {

struct WrappingAdd {
  template <typename T>
  T operator()(T a, T b) const {
    using U = std::make_unsigned_t<T>;  // overflow wraps instead of being undefined
    return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
  }
};
struct WrappingSub {
  template <typename T>
  T operator()(T a, T b) const {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
  }
};
struct WrappingMul {
  template <typename T>
  T operator()(T a, T b) const {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
  }
};

template <typename T, typename Function>
KernelPointer make_binary(const Node& node) {
  using Result = std::invoke_result_t<Function, T, T>;
  const Shape& shape = node.outputs()[0].shape;
  const std::int64_t count = shape.element_count();
  // Operands advance by one element, or by none when they are scalars.
  const std::int64_t step_a = node.input(0).shape() == shape ? 1 : 0;
  const std::int64_t step_b = node.input(1).shape() == shape ? 1 : 0;
  std::vector<InPlace> in_place;
  if (sizeof(Result) == sizeof(T) && step_a == 1) in_place.push_back({0, 0});
  if (sizeof(Result) == sizeof(T) && step_b == 1) in_place.push_back({1, 0});
  return make_kernel(
      "integer " + node.op().name + " " + node.outputs()[0].to_string(),
      [=](const KernelArguments& arguments) {
        const T* a = input<T>(arguments, 0);
        const T* b = input<T>(arguments, 1);
        Result* result = output<Result>(arguments);
        for (std::int64_t i = 0; i < count; ++i) {
          result[i] = Function()(a[i * step_a], b[i * step_b]);
        }
      },
      in_place);
}

/// Whether every operand has the result's shape or is a scalar.
bool elementwise_or_scalar(const Node& node) {
  return std::ranges::all_of(node.inputs(), [&](const Value& input) {
    return input.shape().rank() == 0 || input.shape() == node.outputs()[0].shape;
  });
}

template <typename Function>
KernelPointer lower_as(const Node& node) {
  if (!elementwise_or_scalar(node)) return nullptr;
  switch (node.input(0).dtype()) {
    case DType::i32:
      return make_binary<std::int32_t, Function>(node);
    case DType::i64:
      return make_binary<std::int64_t, Function>(node);
    default:
      return nullptr;
  }
}

template <typename T>
KernelPointer make_where(const Node& node) {
  const Shape& shape = node.outputs()[0].shape;
  std::array<std::int64_t, 3> steps;
  for (int i = 0; i < 3; ++i) {
    steps[static_cast<std::size_t>(i)] = node.input(i).shape() == shape ? 1 : 0;
  }
  return make_kernel("where " + node.outputs()[0].to_string(),
                     [steps, count = shape.element_count()](const KernelArguments& arguments) {
                       const bool* condition = input<bool>(arguments, 0);
                       const T* a = input<T>(arguments, 1);
                       const T* b = input<T>(arguments, 2);
                       T* result = output<T>(arguments);
                       for (std::int64_t i = 0; i < count; ++i) {
                         result[i] = condition[i * steps[0]] ? a[i * steps[1]] : b[i * steps[2]];
                       }
                     });
}

KernelPointer lower_where(const Node& node) {
  if (!elementwise_or_scalar(node)) return nullptr;
  switch (node.outputs()[0].dtype) {
    case DType::i32:
      return make_where<std::int32_t>(node);
    case DType::i64:
      return make_where<std::int64_t>(node);
    case DType::boolean:
      return make_where<bool>(node);
    default:
      return nullptr;
  }
}

KernelPointer lower_positions(const Node& node) {
  const AxisView view = view_along(node.input(0).shape(), node.attrs().get<std::int64_t>("axis"));
  return make_kernel("positions " + node.outputs()[0].to_string(),
                     [view](const KernelArguments& arguments) {
                       std::int64_t* to = output<std::int64_t>(arguments);
                       for (std::int64_t block = 0; block < view.outer; ++block) {
                         for (std::int64_t i = 0; i < view.size; ++i) {
                           to = std::fill_n(to, view.inner, i);
                         }
                       }
                     });
}

constexpr Lowering kLowerings[] = {
    {"add", lower_as<WrappingAdd>},
    {"sub", lower_as<WrappingSub>},
    {"mul", lower_as<WrappingMul>},
    {"equal", lower_as<std::equal_to<>>},
    {"not_equal", lower_as<std::not_equal_to<>>},
    {"less", lower_as<std::less<>>},
    {"less_equal", lower_as<std::less_equal<>>},
    {"greater", lower_as<std::greater<>>},
    {"greater_equal", lower_as<std::greater_equal<>>},
    {"where", lower_where},
    {"positions", lower_positions},
};

}  // namespace

std::span<const Lowering> integer_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
