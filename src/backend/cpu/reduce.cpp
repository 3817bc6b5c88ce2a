// Lowering of reductions.

#include "kernels/cpu/reduce.hpp"

#include <array>
#include <string>

#include "src/backend/cpu/lowering.hpp"

namespace tegula::cpu {

namespace {

class ReduceKernel final : public Kernel {
 public:
  ReduceKernel(kernels::ReduceOp op, const ValueType& input, std::uint32_t axis_mask)
      : op_(op), input_(input), axis_mask_(axis_mask) {}

  void run(const KernelArguments& arguments) const override {
    if (arguments.outputs[0] == nullptr) return;
    kernels::reduce_axes(op_, input_.dtype, arguments.inputs[0], arguments.outputs[0],
                         input_.shape, axis_mask_);
  }

  std::string description() const override {
    std::string axes;
    for (int axis = 0; axis < input_.shape.rank(); ++axis) {
      if ((axis_mask_ >> axis & 1) == 0) continue;
      axes += (axes.empty() ? "" : ",") + std::to_string(axis);
    }
    return "reduce " + std::string(kernels::to_string(op_)) + " " + input_.to_string() + " over (" +
           axes + ")";
  }

 private:
  kernels::ReduceOp op_;
  ValueType input_;
  std::uint32_t axis_mask_;
};

std::uint32_t axis_mask(const Node& node) {
  std::uint32_t mask = 0;
  if (const AttrValue* axis = node.attrs().find("axis")) {
    const int rank = node.input(0).shape().rank();
    mask = std::uint32_t{1} << normalize_axis(std::get<std::int64_t>(*axis), rank);
  } else {
    for (const std::int64_t reduced : node.attrs().get<std::vector<std::int64_t>>("axes")) {
      mask |= std::uint32_t{1} << reduced;
    }
  }
  return mask;
}

KernelPointer lower_reduction(const Node& node) {
  const auto op = kernels::reduce_op(node.op().name);
  const ValueType& input = node.input(0).type();
  if (!op || !kernels::reduce_supports(*op, input.dtype)) return nullptr;
  return std::make_unique<ReduceKernel>(*op, input, axis_mask(node));
}

constexpr auto kLowerings = std::to_array<Lowering>({{"sum", lower_reduction},
                                                     {"mean", lower_reduction},
                                                     {"max", lower_reduction},
                                                     {"min", lower_reduction},
                                                     {"prod", lower_reduction},
                                                     {"any", lower_reduction},
                                                     {"all", lower_reduction},
                                                     {"logsumexp", lower_reduction},
                                                     {"argmax", lower_reduction},
                                                     {"argmin", lower_reduction}});

}  // namespace

std::span<const Lowering> reduce_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
