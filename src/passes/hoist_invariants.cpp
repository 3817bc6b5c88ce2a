#include <algorithm>
#include <set>

#include "src/passes/functions.hpp"
#include "src/passes/rewriter.hpp"

namespace tegula::passes {

namespace {

/// Values of a body that no step changes.
class Invariants {
 public:
  Invariants(const Function& body, std::size_t first) : body_(body) {
    invariant_.resize(body.graph.nodes().size(), false);
    for (std::size_t i = first; i < body.parameters.size(); ++i) {
      at(body.parameters[i].node()) = true;
    }
    for (const Node& node : body.graph.nodes()) {
      const auto inputs = node.inputs();
      const bool computed = node.op().name != "placeholder";
      const bool same =
          std::ranges::all_of(inputs, [&](const Value& input) { return at(input.node()); });
      if (computed && same && may_move(node)) at(node) = true;
    }
    for (const Node& node : body.graph.nodes()) {
      if (at(node)) continue;
      for (const Value& input : node.inputs()) consider(input);
    }
  }

  /// What is worth to be computed once: what moves elements only stays where it is read, and is
  /// computed there from these.
  const std::vector<Value>& hoisted() const { return hoisted_; }

 private:
  std::vector<bool>::reference at(const Node& node) {
    return invariant_[static_cast<std::size_t>(node.id())];
  }

  /// Integer ops may fail for some data, which a loop of no steps must not.
  static bool may_move(const Node& node) {
    if (node.op().name == "constant") return true;
    const bool floats = std::ranges::all_of(
        node.outputs(), [](const ValueType& type) { return is_floating(type.dtype); });
    return floats && is_pure(node.op());
  }

  void consider(const Value& value) {
    const Node& node = value.node();
    if (!at(node) || node.op().name == "placeholder" || node.op().name == "constant") return;
    if (!met_.emplace(node.id(), value.index()).second) return;
    if (node.op().fusion == FusionClass::movement) {
      for (const Value& input : node.inputs()) consider(input);
    } else {
      hoisted_.push_back(value);
    }
  }

  const Function& body_;
  std::vector<bool> invariant_;  // by node id
  std::set<std::pair<int, int>> met_;
  std::vector<Value> hoisted_;
};

}  // namespace

Captures hoist_invariants(const FunctionPointer& body, std::size_t first, Graph graph,
                          const std::vector<Value>& captures) {
  const Invariants invariants(*body, first);
  if (invariants.hoisted().empty()) return {body, captures};
  const auto first_capture = body->parameters.begin() + std::ptrdiff_t(first);
  const Function outside{
      body->graph, {first_capture, body->parameters.end()}, invariants.hoisted()};
  std::vector<Value> operands = captures;
  for (const Value& value : inlined(outside, graph, captures)) operands.push_back(value);

  std::vector<Value> parameters = body->parameters;
  parameters.insert(parameters.end(), invariants.hoisted().begin(), invariants.hoisted().end());
  FunctionPointer inside = make_function(parameters, body->results);
  std::vector<bool> used = used_parameters(*inside);
  std::fill_n(used.begin(), first, true);
  inside = make_function(those(inside->parameters, used), inside->results);
  used.erase(used.begin(), used.begin() + std::ptrdiff_t(first));
  return {inside, those(operands, used)};
}

}  // namespace tegula::passes
