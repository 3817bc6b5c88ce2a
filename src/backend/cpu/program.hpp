#pragma once
// Translates elementwise nodes and clusters into programs of the elementwise kernels. Private to
// src/backend/cpu.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/cpu/elementwise.hpp"
#include "tegula/graph/graph.hpp"
#include "tegula/runtime/backend.hpp"

namespace tegula::cpu {

struct ElementwiseProgram {
  kernels::Program program;
  /// f32 or f64.
  DType compute = DType::f32;
  /// Of its random instructions, when they have one of their own instead of the run's.
  std::optional<std::uint64_t> seed;

  kernels::RandomState random_state(const RandomKey& key) const {
    return {seed.value_or(key.seed), key.step};
  }
};

/// The program of a cluster on inputs of the given types whose iteration space is `space`. Nothing
/// when the kernels would not give the ops' exact semantics: integer arithmetic, which wraps, or
/// intermediate results in types that they do not compute in.
std::optional<ElementwiseProgram> translate(const Cluster& cluster,
                                            std::span<const ValueType> inputs, const Shape& space);

/// A cluster of one instruction: the node itself.
Cluster cluster_of_node(const Node& node);

std::vector<ValueType> input_types(const Node& node);
std::vector<kernels::ElementwiseInput> kernel_inputs(std::span<const ValueType> types);
std::vector<DType> output_dtypes(const Node& node);
/// "add, relu": the ops of a cluster, shortened when there are many.
std::string cluster_text(const Cluster& cluster);

}  // namespace tegula::cpu
