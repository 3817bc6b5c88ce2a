#pragma once
// What the ops that hold a cluster share: its types and its evaluation, one instruction after the
// other, each in its own (broadcast) shape. Private to src/ops.

#include <span>
#include <string_view>
#include <vector>

#include "tegula/graph/op_def.hpp"

namespace tegula::ops {

/// The attribute "cluster"; throws InvalidArgument when it is empty.
const Cluster& cluster_of(const Attrs& attrs);
AttrDef cluster_definition();

/// Which ops a cluster may hold beside constants.
using ClusterAccepts = bool (*)(const OpDef& op);
bool is_elementwise(const OpDef& op);

/// Result type of an instruction on operands of the given types. Throws InvalidArgument for an op
/// that is not accepted or an operand that is not there, and what the op itself throws; `operands`
/// is scratch.
ValueType infer_instruction(const ClusterInstruction& instruction, std::span<const ValueType> types,
                            std::vector<ValueType>& operands,
                            ClusterAccepts accepts = is_elementwise);

/// Types of all operands of the cluster: inputs, then results.
std::vector<ValueType> operand_types(const Cluster& cluster, std::span<const ValueType> inputs,
                                     ClusterAccepts accepts = is_elementwise);

/// The values of the cluster's outputs.
std::vector<Tensor> evaluate_instructions(const Cluster& cluster, std::span<const Tensor> inputs,
                                          const RandomKey& key,
                                          ClusterAccepts accepts = is_elementwise);

/// For samples: an instruction with the op's default attributes, and a cluster as an attribute.
ClusterInstruction instruction(std::string_view op, std::vector<int> operands, Attrs attrs = {});
AttrValue cluster_attr(int inputs, std::vector<ClusterInstruction> instructions,
                       std::vector<int> outputs);

}  // namespace tegula::ops
