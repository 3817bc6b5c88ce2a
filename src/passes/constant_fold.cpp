// Constant folding: nodes of constants are computed now, by their reference evaluation.

#include <algorithm>

#include "src/passes/passes.hpp"
#include "src/passes/rewriter.hpp"

namespace tegula::passes {

namespace {

constexpr double kMaxFlops = 1e6;
/// Results of this size are kept even when their inputs were smaller.
constexpr double kSmallBytes = 4096;

double bytes_of(std::span<const ValueType> types) {
  double bytes = 0;
  for (const ValueType& type : types) {
    bytes +=
        static_cast<double>(type.shape.element_count()) * static_cast<double>(size_of(type.dtype));
  }
  return bytes;
}

/// Whether the results are worth keeping instead of computing: a broadcast of a scalar is not, and
/// the ops that read it can broadcast themselves.
bool is_small(const OpDef& op, std::span<const ValueType> inputs,
              std::span<const ValueType> outputs) {
  for (const ValueType& type : outputs) {
    if (!type.shape.is_known()) return false;
  }
  const double bytes = bytes_of(outputs);
  const bool moves = op.fusion == FusionClass::movement;
  return bytes <= bytes_of(inputs) || (!moves && bytes <= kSmallBytes);
}

bool reads_only_constants(const OpDef& op, std::span<const Value> inputs) {
  return !inputs.empty() && std::ranges::all_of(inputs, is_constant) && is_pure(op);
}

}  // namespace

std::vector<Tensor> try_fold(const OpDef& op, std::span<const Value> inputs, const Attrs& attrs,
                             std::span<const ValueType> outputs) {
  if (!reads_only_constants(op, inputs)) return {};
  std::vector<ValueType> types;
  std::vector<Tensor> values;
  for (const Value& input : inputs) {
    types.push_back(input.type());
    values.push_back(constant_value(input));
  }
  if (!is_small(op, types, outputs)) return {};
  if (op.cost && op.cost(types, outputs, attrs).flops > kMaxFlops) return {};
  try {
    return op.reference({values, attrs, outputs, RandomKey{}});
  } catch (const RunError&) {
    return {};  // bad data (an index out of range): reported by the run that needs it
  }
}

Graph constant_fold(const Graph& graph) {
  const bool idle = std::ranges::none_of(graph.nodes(), [](const Node& node) {
    return reads_only_constants(node.op(), node.inputs());
  });
  if (idle) return graph;
  const OpDef& constant = find_op("constant");
  GraphRewriter rewriter(graph);
  std::vector<Value> inputs;
  for (const Node& node : graph.nodes()) {
    rewriter.map(node.inputs(), inputs);
    const std::vector<Tensor> results = try_fold(node.op(), inputs, node.attrs(), node.outputs());
    if (results.empty()) {
      rewriter.copy_with(node, inputs);
      continue;
    }
    Node& original = graph.node(node.id());
    for (int i = 0; i < node.output_count(); ++i) {
      Node& folded = rewriter.build(constant, {}, {{"value", results[static_cast<std::size_t>(i)]}},
                                    node, node.output_count() == 1);
      rewriter.replace(original.output(i), folded.output());
    }
  }
  return rewriter.finish();
}

}  // namespace tegula::passes
