#include "src/backend/cpu/program.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "src/graph/place.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::cpu {

namespace {

using kernels::ElementwiseOp;

constexpr std::size_t kMaxOpsInText = 6;

/// Ops that only compare or choose: exact on every integer that the computing type can hold.
bool is_exact_on_integers(ElementwiseOp op) {
  switch (op) {
    case ElementwiseOp::equal:
    case ElementwiseOp::not_equal:
    case ElementwiseOp::less:
    case ElementwiseOp::less_equal:
    case ElementwiseOp::greater:
    case ElementwiseOp::greater_equal:
    case ElementwiseOp::maximum:
    case ElementwiseOp::minimum:
    case ElementwiseOp::where:
    case ElementwiseOp::cast:
    case ElementwiseOp::identity:
      return true;
    default:
      return false;
  }
}

/// The immediates that `op` takes, from the attributes of the graph's op.
std::array<double, 2> immediates_of(ElementwiseOp op, const Attrs& attrs) {
  switch (op) {
    case ElementwiseOp::leaky_relu:
    case ElementwiseOp::elu:
      return {attrs.get<double>("alpha"), 0};
    case ElementwiseOp::clip:
      return {attrs.get<double>("min"), attrs.get<double>("max")};
    case ElementwiseOp::dropout:
      return {attrs.get<double>("rate"), 0};
    case ElementwiseOp::cast:
      return {attrs.get<DType>("dtype") == DType::boolean ? 1.0 : 0.0, 0};
    default:
      return {0, 0};
  }
}

/// Follows the types through a cluster and decides how it can be computed.
class Translator {
 public:
  Translator(const Cluster& cluster, std::span<const ValueType> inputs, const Shape& space)
      : cluster_(cluster), space_(space) {
    types_.reserve(inputs.size() + cluster.instructions.size());
    types_.assign(inputs.begin(), inputs.end());
  }

  std::optional<ElementwiseProgram> run() {
    result_.program.inputs = cluster_.input_count;
    result_.program.instructions.reserve(cluster_.instructions.size());
    for (const ClusterInstruction& instruction : cluster_.instructions) {
      if (!add(instruction)) return std::nullopt;
    }
    result_.program.outputs = cluster_.outputs;
    choose_compute();
    if (!intermediates_fit()) return std::nullopt;
    return std::move(result_);
  }

 private:
  const ValueType& type(int operand) const { return types_[static_cast<std::size_t>(operand)]; }

  bool add(const ClusterInstruction& instruction) {
    if (instruction.op->name == "constant") return add_constant(instruction);
    const std::optional<ElementwiseOp> op = kernels::elementwise_op(instruction.op->name);
    if (!op || instruction.operands.empty()) return false;
    operands_.clear();
    std::array<int, 3> numbers = {-1, -1, -1};
    for (std::size_t i = 0; i < instruction.operands.size(); ++i) {
      numbers[i] = instruction.operands[i];
      operands_.push_back(type(instruction.operands[i]));
    }
    const ValueType result = instruction.op->infer({operands_, instruction.attrs}).front();
    if (!accept_integers(*op, operands_, result)) return false;
    std::uint32_t op_id = 0;
    if (instruction.op->random) {
      if (!(result.shape == space_) || !accept_seed(instruction.attrs)) return false;
      op_id = static_cast<std::uint32_t>(instruction.attrs.get<std::int64_t>("op_id"));
    }
    result_.program.append(*op, numbers, immediates_of(*op, instruction.attrs), op_id);
    types_.push_back(result);
    return true;
  }

  bool add_constant(const ClusterInstruction& instruction) {
    const Tensor& value = instruction.attrs.get<Tensor>("value");
    if (value.element_count() != 1) return false;
    result_.program.append(ElementwiseOp::constant, {-1, -1, -1}, {value.item(), 0});
    types_.push_back({value.dtype(), value.shape()});
    return true;
  }

  bool accept_integers(ElementwiseOp op, std::span<const ValueType> operands,
                       const ValueType& result) {
    const bool from_or_to_integer =
        is_integer(result.dtype) ||
        std::any_of(operands.begin(), operands.end(),
                    [](const ValueType& operand) { return is_integer(operand.dtype); });
    if (!from_or_to_integer) return true;
    if (!is_exact_on_integers(op)) return false;
    if (op == ElementwiseOp::cast) return true;
    for (const ValueType& operand : operands) {
      if (operand.dtype == DType::i64) return false;  // f64 holds integers up to 2^53 only
      if (operand.dtype == DType::i32) needs_f64_ = true;
    }
    return true;
  }

  /// A program has one seed for all its random instructions.
  bool accept_seed(const Attrs& attrs) {
    const std::int64_t seed = attrs.get<std::int64_t>("seed");
    if (seed_seen_ && seed != seed_) return false;
    seed_seen_ = true;
    seed_ = seed;
    if (seed >= 0) result_.seed = static_cast<std::uint64_t>(seed);
    return true;
  }

  void choose_compute() {
    const bool f64 = std::any_of(types_.begin(), types_.end(),
                                 [](const ValueType& each) { return each.dtype == DType::f64; });
    result_.compute = f64 || needs_f64_ ? DType::f64 : DType::f32;
  }

  bool is_used(int operand) const {
    return std::any_of(cluster_.instructions.begin(), cluster_.instructions.end(),
                       [&](const ClusterInstruction& instruction) {
                         return std::find(instruction.operands.begin(), instruction.operands.end(),
                                          operand) != instruction.operands.end();
                       });
  }

  /// Rounding to another type happens only when an output is stored, so a result that other
  /// instructions use must be of the computing type. (Where f64 only serves to compare 32-bit
  /// integers, f32 results just keep more digits.)
  bool intermediates_fit() const {
    for (std::size_t i = 0; i < cluster_.instructions.size(); ++i) {
      const int operand = cluster_.input_count + static_cast<int>(i);
      const DType dtype = type(operand).dtype;
      const bool fits = dtype == result_.compute || dtype == DType::boolean ||
                        (needs_f64_ && dtype == DType::f32);
      if (!fits && is_used(operand)) return false;
    }
    return true;
  }

  const Cluster& cluster_;
  const Shape& space_;
  std::vector<ValueType> types_;
  std::vector<ValueType> operands_;  // of one instruction
  ElementwiseProgram result_;
  bool needs_f64_ = false;
  bool seed_seen_ = false;
  std::int64_t seed_ = -1;
};

}  // namespace

std::optional<ElementwiseProgram> translate(const Cluster& cluster,
                                            std::span<const ValueType> inputs, const Shape& space) {
  return Translator(cluster, inputs, space).run();
}

Cluster cluster_of_node(const Node& node) {
  Cluster cluster;
  cluster.input_count = static_cast<int>(node.inputs().size());
  ClusterInstruction& instruction = cluster.instructions.emplace_back();
  instruction.op = &node.op();
  instruction.attrs = node.attrs();
  for (int i = 0; i < cluster.input_count; ++i) instruction.operands.push_back(i);
  cluster.outputs = {cluster.input_count};
  return cluster;
}

std::vector<ValueType> input_types(const Node& node) { return types_of(node.inputs()); }

std::vector<kernels::ElementwiseInput> kernel_inputs(std::span<const ValueType> types) {
  std::vector<kernels::ElementwiseInput> inputs;
  for (const ValueType& type : types) inputs.push_back({type.dtype, type.shape});
  return inputs;
}

std::vector<DType> output_dtypes(const Node& node) {
  std::vector<DType> dtypes;
  for (const ValueType& type : node.outputs()) dtypes.push_back(type.dtype);
  return dtypes;
}

std::string cluster_text(const Cluster& cluster) {
  std::string text;
  std::size_t ops = 0;
  for (const ClusterInstruction& instruction : cluster.instructions) {
    if (instruction.op->name == "constant") continue;
    if (ops++ < kMaxOpsInText) text += (text.empty() ? "" : ", ") + instruction.op->name;
  }
  return ops <= kMaxOpsInText ? text
                              : text + " and " + std::to_string(ops - kMaxOpsInText) + " more";
}

}  // namespace tegula::cpu
