// Lowering of sorted orders and of running sums and products.

#include "kernels/cpu/order.hpp"

#include "src/backend/cpu/axis_view.hpp"
#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"

namespace tegula::cpu {

namespace {

kernels::Lines lines_of(const Node& node) {
  const AxisView view = view_along(node.input(0).shape(), node.attrs().get<std::int64_t>("axis"));
  return {.outer = view.outer, .size = view.size, .inner = view.inner};
}

std::string text_of(const Node& node) {
  return node.op().name + " " + node.input(0).type().to_string();
}

template <typename T>
KernelPointer make_argsort(const Node& node) {
  const kernels::Lines lines = lines_of(node);
  return make_kernel(
      text_of(node),
      [lines, descending = node.attrs().get<bool>("descending")](const KernelArguments& arguments) {
        kernels::argsort(lines, descending, input<T>(arguments, 0), output<std::int64_t>(arguments),
                         arguments.workspace);
      },
      {}, kernels::argsort_scratch_bytes(lines));
}

template <typename T>
KernelPointer make_running(const Node& node) {
  const auto operation =
      node.op().name == "cumsum" ? kernels::Running::sum : kernels::Running::product;
  const bool exclusive = node.attrs().get<bool>("exclusive");
  const bool reverse = node.attrs().get<bool>("reverse");
  return make_kernel(text_of(node),
                     [=, lines = lines_of(node)](const KernelArguments& arguments) {
                       kernels::running(lines, operation, exclusive, reverse,
                                        input<T>(arguments, 0), output<T>(arguments));
                     },
                     {{0, 0}});
}

KernelPointer lower_argsort(const Node& node) {
  switch (node.input(0).dtype()) {
    case DType::f32:
      return make_argsort<float>(node);
    case DType::f64:
      return make_argsort<double>(node);
    case DType::i8:
      return make_argsort<std::int8_t>(node);
    case DType::u8:
      return make_argsort<std::uint8_t>(node);
    case DType::i32:
      return make_argsort<std::int32_t>(node);
    case DType::i64:
      return make_argsort<std::int64_t>(node);
    case DType::boolean:
      return make_argsort<bool>(node);
    default:
      return nullptr;
  }
}

KernelPointer lower_running(const Node& node) {
  switch (node.input(0).dtype()) {
    case DType::f32:
      return make_running<float>(node);
    case DType::f64:
      return make_running<double>(node);
    case DType::i8:
      return make_running<std::int8_t>(node);
    case DType::u8:
      return make_running<std::uint8_t>(node);
    case DType::i32:
      return make_running<std::int32_t>(node);
    case DType::i64:
      return make_running<std::int64_t>(node);
    default:
      return nullptr;
  }
}

constexpr Lowering kLowerings[] = {
    {"argsort", lower_argsort}, {"cumsum", lower_running}, {"cumprod", lower_running}};

}  // namespace

std::span<const Lowering> order_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
