// Algebraic simplification: applies the tables of rules to every node, and lets elementwise ops
// broadcast themselves. Keeps IEEE semantics of infinities and NaN (x * 0 stays); the sign of a
// zero may change.

#include <algorithm>
#include <cstring>

#include "src/core/made_before_fork.hpp"
#include "src/graph/place.hpp"
#include "src/passes/passes.hpp"
#include "src/passes/simplify_rules.hpp"

namespace tegula::passes {

namespace {

using RuleTable = std::unordered_map<const OpDef*, std::vector<const Rule*>>;

const RuleTable& rule_table() {
  static const RuleTable table = [] {
    RuleTable rules;
    for (const std::span<const Rule> list : {arithmetic_rules(), shape_rules()}) {
      for (const Rule& rule : list) rules[&find_op(rule.op)].push_back(&rule);
    }
    return rules;
  }();
  return table;
}

const detail::MadeBeforeFork kMadeBeforeFork([] { rule_table(); });

bool is_broadcast(const Value& value) {
  return is_op(value, "broadcast_to") || (value.shape().rank() > 0 && uniform_value(value));
}

/// The smallest value that broadcasts to `value`: what broadcast_to reads, a scalar for a constant
/// of equal elements.
Value without_broadcast(const Value& value, TermBuilder& builder) {
  if (!is_broadcast(value)) return value;
  if (!is_constant(value)) return without_broadcast(value.node().input(0), builder);
  return builder.constant(
      constant_value(value).reshaped({value.shape().element_count()}).rows(0, 1).reshaped({}));
}

/// op(broadcast(x), y) is op(x, y), broadcast afterwards if it is smaller now.
Value compute_before_broadcast(const Term& term, TermBuilder& builder) {
  const bool elementwise = term.op.fusion == FusionClass::elementwise && !term.op.random;
  if (!elementwise || !term.type.shape.is_known()) return {};
  if (std::ranges::none_of(term.inputs, is_broadcast)) return {};
  std::vector<Value> inputs;
  for (const Value& input : term.inputs) inputs.push_back(without_broadcast(input, builder));
  const Value value = builder.make(term.op, inputs, term.attrs);
  if (term.has_type_of(value)) return value;
  return builder.make("broadcast_to", {value}, {{"shape", term.type.shape}});
}

Value apply_rules(const Term& term, TermBuilder& builder) {
  const auto rules = rule_table().find(&term.op);
  if (rules != rule_table().end()) {
    for (const Rule* rule : rules->second) {
      if (const Value value = rule->apply(term, builder)) return value;
    }
  }
  return compute_before_broadcast(term, builder);
}

}  // namespace

std::optional<double> uniform_value(const Value& value) {
  if (!is_constant(value)) return std::nullopt;
  const Tensor& tensor = constant_value(value);
  if (tensor.element_count() == 0) return std::nullopt;
  const std::size_t size = size_of(tensor.dtype());
  const auto* first = static_cast<const char*>(tensor.raw());
  if (std::memcmp(first, first + size, tensor.byte_count() - size) != 0) return std::nullopt;
  return tensor.at(0);
}

Value TermBuilder::make(const OpDef& op, std::span<const Value> inputs, Attrs attrs) {
  const std::vector<ValueType> types = types_of(inputs);
  for (const AttrDef& def : op.attrs) {
    if (!attrs.has(def.name)) attrs.set(def.name, def.value);
  }
  const std::vector<ValueType> outputs = op.infer({types, attrs});
  if (const Value value = apply_rules({op, inputs, attrs, outputs[0]}, *this)) return value;
  const std::vector<Tensor> folded = try_fold(op, inputs, attrs, outputs);
  if (!folded.empty()) return constant(folded[0]);
  return rewriter_.build(op, inputs, std::move(attrs), origin_).output();
}

Value TermBuilder::constant(const Tensor& value) {
  return rewriter_.build(find_op("constant"), {}, {{"value", value}}, origin_).output();
}

Graph simplify(const Graph& graph) {
  GraphRewriter rewriter(graph);
  std::vector<Value> inputs;
  for (const Node& node : graph.nodes()) {
    rewriter.map(node.inputs(), inputs);
    const std::size_t before = rewriter.result().nodes().size();
    Value value;
    if (node.output_count() == 1 && !inputs.empty()) {
      TermBuilder builder(rewriter, node);
      value = apply_rules({node.op(), inputs, node.attrs(), node.outputs()[0]}, builder);
    }
    if (!value) {
      rewriter.copy_with(node, inputs);
      continue;
    }
    // A node that was made for this one takes its name.
    if (static_cast<std::size_t>(value.node().id()) >= before) value.named(node.name());
    rewriter.replace(graph.node(node.id()).output(), value);
  }
  return rewriter.finish();
}

}  // namespace tegula::passes
