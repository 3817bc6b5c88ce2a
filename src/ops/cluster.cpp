#include "src/ops/cluster.hpp"

#include <memory>
#include <string>
#include <utility>

#include "tegula/core/error.hpp"

namespace tegula::ops {

namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }

bool is_constant(const OpDef& op) { return op.inputs.empty() && !op.random && op.reference; }

}  // namespace

const Cluster& cluster_of(const Attrs& attrs) {
  const auto& cluster = attrs.get<std::shared_ptr<const Cluster>>("cluster");
  if (cluster == nullptr) throw InvalidArgument("the attribute \"cluster\" is empty");
  return *cluster;
}

AttrDef cluster_definition() {
  return {"cluster", std::shared_ptr<const Cluster>(), true, "What is computed per element."};
}

bool is_elementwise(const OpDef& op) { return op.fusion == FusionClass::elementwise; }

ValueType infer_instruction(const ClusterInstruction& instruction, std::span<const ValueType> types,
                            std::vector<ValueType>& operands, ClusterAccepts accepts) {
  const OpDef& op = *instruction.op;
  if (!accepts(op) && !is_constant(op)) {
    throw InvalidArgument("a cluster holds elementwise ops, not " + op.name);
  }
  if (instruction.operands.size() != op.inputs.size()) {
    throw InvalidArgument(op.name + " in a cluster takes " + std::to_string(op.inputs.size()) +
                          " operands, got " + std::to_string(instruction.operands.size()));
  }
  operands.clear();
  for (const int operand : instruction.operands) {
    if (operand < 0 || operand >= static_cast<int>(types.size())) {
      throw InvalidArgument("operand %" + std::to_string(operand) + " is not defined before %" +
                            std::to_string(types.size()));
    }
    operands.push_back(types[at(operand)]);
  }
  return op.infer({operands, instruction.attrs})[0];
}

std::vector<ValueType> operand_types(const Cluster& cluster, std::span<const ValueType> inputs,
                                     ClusterAccepts accepts) {
  if (cluster.input_count != static_cast<int>(inputs.size())) {
    throw InvalidArgument("the cluster reads " + std::to_string(cluster.input_count) +
                          " inputs, got " + std::to_string(inputs.size()));
  }
  std::vector<ValueType> types;
  types.reserve(inputs.size() + cluster.instructions.size());
  types.assign(inputs.begin(), inputs.end());
  std::vector<ValueType> operands;
  for (const ClusterInstruction& instruction : cluster.instructions) {
    types.push_back(infer_instruction(instruction, types, operands, accepts));
  }
  return types;
}

std::vector<Tensor> evaluate_instructions(const Cluster& cluster, std::span<const Tensor> inputs,
                                          const RandomKey& key, ClusterAccepts accepts) {
  std::vector<Tensor> values(inputs.begin(), inputs.end());
  std::vector<ValueType> types;
  for (const Tensor& input : inputs) types.push_back({input.dtype(), input.shape()});
  std::vector<ValueType> operand_scratch;
  for (const ClusterInstruction& instruction : cluster.instructions) {
    types.push_back(infer_instruction(instruction, types, operand_scratch, accepts));
    std::vector<Tensor> operands;
    for (const int operand : instruction.operands) operands.push_back(values[at(operand)]);
    values.push_back(instruction.op->reference(
        {operands, instruction.attrs, std::span(&types.back(), 1), key})[0]);
  }
  std::vector<Tensor> outputs;
  for (const int output : cluster.outputs) outputs.push_back(values[at(output)]);
  return outputs;
}

ClusterInstruction instruction(std::string_view op, std::vector<int> operands, Attrs attrs) {
  const OpDef* def = try_find_op(op);
  for (const AttrDef& attr : def->attrs) {
    if (!attrs.has(attr.name)) attrs.set(attr.name, attr.value);
  }
  return {def, std::move(operands), std::move(attrs)};
}

AttrValue cluster_attr(int inputs, std::vector<ClusterInstruction> instructions,
                       std::vector<int> outputs) {
  return std::make_shared<const Cluster>(
      Cluster{inputs, std::move(instructions), std::move(outputs)});
}

}  // namespace tegula::ops
