// Lowering of reductions.

#include "kernels/cpu/reduce.hpp"

#include <string>

#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"

namespace tegula::cpu {

namespace {

KernelPointer make_reduction(kernels::ReduceOp op, const ValueType& type, std::uint32_t axis_mask) {
  std::string axes;
  for (int axis = 0; axis < type.shape.rank(); ++axis) {
    if ((axis_mask >> axis & 1) != 0) axes += (axes.empty() ? "" : ",") + std::to_string(axis);
  }
  return make_kernel("reduce " + std::string(kernels::to_string(op)) + " " + type.to_string() +
                         " over (" + axes + ")",
                     [=](const KernelArguments& arguments) {
                       kernels::reduce_axes(op, type.dtype, arguments.inputs[0],
                                            arguments.outputs[0], type.shape, axis_mask);
                     });
}

std::uint32_t axis_mask_of(const Node& node) {
  std::uint32_t mask = 0;
  for (const std::int64_t axis : node.attrs().get<std::vector<std::int64_t>>("axes")) {
    mask |= std::uint32_t{1} << axis;
  }
  return mask;
}

KernelPointer lower_axes(const Node& node) {
  const auto op = kernels::reduce_op(node.op().name);
  const ValueType& type = node.input(0).type();
  if (!op || !kernels::reduce_supports(*op, type.dtype)) return nullptr;
  return make_reduction(*op, type, axis_mask_of(node));
}

KernelPointer lower_axis(const Node& node) {
  const auto op = kernels::reduce_op(node.op().name);
  const ValueType& type = node.input(0).type();
  if (!op || !kernels::reduce_supports(*op, type.dtype)) return nullptr;
  const int axis = normalize_axis(node.attrs().get<std::int64_t>("axis"), type.shape.rank());
  return make_reduction(*op, type, std::uint32_t{1} << axis);
}

/// Sums the axes that the result lacks or has as 1 where x has more.
KernelPointer lower_sum_like(const Node& node) {
  const ValueType& type = node.input(0).type();
  const Shape& result = node.outputs()[0].shape;
  if (!kernels::reduce_supports(kernels::ReduceOp::sum, type.dtype)) return nullptr;
  std::uint32_t mask = 0;
  const int added = type.shape.rank() - result.rank();
  for (int axis = 0; axis < type.shape.rank(); ++axis) {
    if (axis < added || result[axis - added] != type.shape[axis]) mask |= std::uint32_t{1} << axis;
  }
  return make_reduction(kernels::ReduceOp::sum, type, mask);
}

constexpr Lowering kLowerings[] = {
    {"sum", lower_axes},    {"mean", lower_axes},         {"max", lower_axes},
    {"min", lower_axes},    {"prod", lower_axes},         {"any", lower_axes},
    {"all", lower_axes},    {"logsumexp", lower_axes},    {"argmax", lower_axis},
    {"argmin", lower_axis}, {"sum_like", lower_sum_like}, {"norm", lower_axes},
};

}  // namespace

std::span<const Lowering> reduce_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
