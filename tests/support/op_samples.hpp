#pragma once
// The samples of the op registry as graphs and tensors.

#include <cstddef>
#include <string>
#include <vector>

#include "tegula/graph/op_def.hpp"

namespace tegula::test {

/// Whether placeholders tell the sizes of their dimensions.
enum class Dims { known, unknown };

/// A graph of one node: the op applied to placeholders, or, for an op that changes state, to a
/// variable first.
struct SampleGraph {
  Graph graph;
  std::vector<Value> inputs;
  Node* node = nullptr;
};
SampleGraph build_sample(const OpDef& op, const Sample& sample, Dims dims);

/// The node's outputs, but for what only the op's own gradient reads: that has none itself.
std::vector<Value> differentiable_outputs(Node& node);

/// Elements uniform within the sample's bounds, the same in every call.
std::vector<Tensor> tensors_of(const Sample& sample);

/// The sample with every f32, of inputs and attributes, replaced.
Sample with_floats(Sample sample, DType dtype);

/// Total number of elements of the inputs.
std::int64_t element_count_of(const Sample& sample);

/// "matmul #3 (f32[3,4], f32[4,5]) {transpose_a=false}", for messages.
std::string describe(const OpDef& op, const Sample& sample, std::size_t number);

}  // namespace tegula::test
