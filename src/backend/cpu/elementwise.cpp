// Lowering of elementwise ops and of clusters of them.

#include <array>
#include <memory>
#include <utility>

#include "src/backend/cpu/lowering.hpp"
#include "src/backend/cpu/program.hpp"

namespace tegula::cpu {

namespace {

class ElementwiseKernel final : public Kernel {
 public:
  ElementwiseKernel(ElementwiseProgram program, kernels::ElementwisePlan plan, const Node& node,
                    std::string ops)
      : program_(std::move(program)), plan_(std::move(plan)), ops_(std::move(ops)) {
    const ValueType& result = node.outputs().front();
    shape_ = result.to_string();
    for (int input = 0; input < static_cast<int>(node.inputs().size()); ++input) {
      const ValueType& type = node.input(input).type();
      for (int output = 0; output < node.output_count(); ++output) {
        const DType dtype = node.outputs()[static_cast<std::size_t>(output)].dtype;
        if (type.shape == result.shape && size_of(type.dtype) == size_of(dtype)) {
          in_place_.push_back({input, output});
        }
      }
    }
  }

  void run(const KernelArguments& arguments) const override {
    plan_.run(arguments.inputs, arguments.outputs, program_.random_state(arguments.key));
  }
  std::string description() const override { return "elementwise " + shape_ + " (" + ops_ + ")"; }
  std::vector<InPlace> in_place() const override { return in_place_; }
  bool skips_null_outputs() const override { return false; }

 private:
  ElementwiseProgram program_;
  kernels::ElementwisePlan plan_;
  std::string ops_;
  std::string shape_;
  std::vector<InPlace> in_place_;
};

KernelPointer lower_to_elementwise(const Cluster& cluster, const Node& node) {
  const std::vector<ValueType> inputs = input_types(node);
  const Shape& space = node.outputs().front().shape;
  std::optional<ElementwiseProgram> program = translate(cluster, inputs, space);
  if (!program) return nullptr;
  auto plan = kernels::ElementwisePlan::whole(program->program, program->compute,
                                              kernel_inputs(inputs), space, output_dtypes(node));
  return std::make_unique<ElementwiseKernel>(std::move(*program), std::move(plan), node,
                                             cluster_text(cluster));
}

KernelPointer lower_single(const Node& node) {
  return lower_to_elementwise(cluster_of_node(node), node);
}

KernelPointer lower_cluster(const Node& node) {
  return lower_to_elementwise(*node.attrs().get<std::shared_ptr<const Cluster>>("cluster"), node);
}

constexpr auto kLowerings = std::to_array<Lowering>({
    {"add", lower_single},           {"sub", lower_single},         {"mul", lower_single},
    {"div", lower_single},           {"pow", lower_single},         {"maximum", lower_single},
    {"minimum", lower_single},       {"equal", lower_single},       {"not_equal", lower_single},
    {"less", lower_single},          {"less_equal", lower_single},  {"greater", lower_single},
    {"greater_equal", lower_single}, {"logical_and", lower_single}, {"logical_or", lower_single},
    {"logical_xor", lower_single},   {"neg", lower_single},         {"abs", lower_single},
    {"sign", lower_single},          {"exp", lower_single},         {"log", lower_single},
    {"log1p", lower_single},         {"expm1", lower_single},       {"sqrt", lower_single},
    {"rsqrt", lower_single},         {"square", lower_single},      {"reciprocal", lower_single},
    {"tanh", lower_single},          {"sigmoid", lower_single},     {"relu", lower_single},
    {"leaky_relu", lower_single},    {"elu", lower_single},         {"gelu", lower_single},
    {"gelu_tanh", lower_single},     {"silu", lower_single},        {"softplus", lower_single},
    {"erf", lower_single},           {"sin", lower_single},         {"cos", lower_single},
    {"floor", lower_single},         {"ceil", lower_single},        {"round", lower_single},
    {"clip", lower_single},          {"logical_not", lower_single}, {"is_nan", lower_single},
    {"is_finite", lower_single},     {"dropout", lower_single},     {"where", lower_single},
    {"cluster", lower_cluster},
});

}  // namespace

std::span<const Lowering> elementwise_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
