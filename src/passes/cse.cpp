// Common-subexpression elimination: nodes with equal op, inputs and attributes become one. So do
// random ones: what they draw is a function of the run and of the stream that an attribute names.

#include <algorithm>
#include <functional>

#include "src/passes/passes.hpp"
#include "src/passes/rewriter.hpp"

namespace tegula::passes {

namespace {

void mix(std::size_t& hash, std::size_t value) {
  hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
}

/// Large tensors count by their type and first bytes: equality is checked exactly afterwards.
std::size_t hash_of(const Tensor& tensor) {
  constexpr std::size_t kBytes = 256;
  std::size_t hash =
      std::hash<std::string>()(ValueType{tensor.dtype(), tensor.shape()}.to_string());
  const std::string_view bytes(static_cast<const char*>(tensor.raw()),
                               std::min(tensor.byte_count(), kBytes));
  mix(hash, std::hash<std::string_view>()(bytes));
  return hash;
}

std::size_t hash_of(const Node& node, std::span<const Value> inputs) {
  std::size_t hash = std::hash<const OpDef*>()(&node.op());
  for (const Value& input : inputs) {
    mix(hash, static_cast<std::size_t>(input.node().id()));
    mix(hash, static_cast<std::size_t>(input.index()));
  }
  for (const auto& [name, value] : node.attrs()) {
    const Tensor* tensor = std::get_if<Tensor>(&value);
    mix(hash, tensor != nullptr ? hash_of(*tensor) : std::hash<std::string>()(to_string(value)));
  }
  return hash;
}

bool value_less(const Value& a, const Value& b) {
  return std::pair(a.node().id(), a.index()) < std::pair(b.node().id(), b.index());
}

/// Inputs as they are compared: in one order where the op allows either.
std::vector<Value> comparable_inputs(const OpDef& op, std::span<const Value> inputs) {
  std::vector<Value> values(inputs.begin(), inputs.end());
  if (op.commutative) std::sort(values.begin(), values.end(), value_less);
  return values;
}

bool same(const Node& a, const Node& b, std::span<const Value> inputs_of_b) {
  return &a.op() == &b.op() &&
         std::ranges::equal(comparable_inputs(a.op(), a.inputs()), inputs_of_b) &&
         a.attrs() == b.attrs();
}

}  // namespace

Graph cse(const Graph& graph) {
  GraphRewriter rewriter(graph);
  std::unordered_multimap<std::size_t, Node*> known;
  for (const Node& node : graph.nodes()) {
    if (!node.op().reference || node.op().stateful) {
      rewriter.copy(node);
      continue;
    }
    const std::vector<Value> inputs = comparable_inputs(node.op(), rewriter.map(node.inputs()));
    const std::size_t hash = hash_of(node, inputs);
    const auto [begin, end] = known.equal_range(hash);
    const auto match = std::find_if(
        begin, end, [&](const auto& entry) { return same(*entry.second, node, inputs); });
    if (match == end) {
      known.emplace(hash, &rewriter.copy(node));
      continue;
    }
    Node& original = graph.node(node.id());
    for (int i = 0; i < node.output_count(); ++i) {
      rewriter.replace(original.output(i), match->second->output(i));
    }
  }
  return rewriter.finish();
}

}  // namespace tegula::passes
