// The invariants of a graph, checked in one walk: what every pass must leave true.

#include "src/graph/storage.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace {

[[noreturn]] void fail(const Node& node, const std::string& problem) {
  throw Error("invalid graph: " + problem + "\n  at: " + node.describe());
}

void check_operands(const Graph& graph, const Node& node) {
  const OpDef& op = node.op();
  const std::size_t given = node.inputs().size();
  if (op.variadic ? given < op.inputs.size() : given != op.inputs.size()) {
    fail(node, "the op takes " + std::to_string(op.inputs.size()) + " inputs, the node has " +
                   std::to_string(given));
  }
  for (const Value& input : node.inputs()) {
    if (!input) fail(node, "an input is an empty value");
    const int id = input.node().id();
    const bool present = id >= 0 && id < static_cast<int>(graph.nodes().size());
    if (!present || &graph.node(id) != &input.node()) {
      fail(node, "the input \"" + input.name() + "\" belongs to another graph");
    }
    if (id >= node.id()) fail(node, "the input \"" + input.name() + "\" comes after its use");
    if (input.index() < 0 || input.index() >= input.node().output_count()) {
      fail(node, "the input \"" + input.node().name() + "\" has no output " +
                     std::to_string(input.index()));
    }
  }
  if (op.stateful && node.input(0).node().op().name != "variable") {
    fail(node, "only a variable can be written");
  }
}

void check_attrs(const Node& node) {
  const std::vector<AttrDef>& defs = node.op().attrs;
  for (const AttrDef& def : defs) {
    const AttrValue* value = node.attrs().find(def.name);
    if (value == nullptr) fail(node, "the attribute \"" + def.name + "\" is missing");
    if (value->index() != def.value.index()) {
      fail(node, "the attribute \"" + def.name + "\" has the wrong type: " + to_string(*value));
    }
  }
  if (node.attrs().size() != defs.size()) fail(node, "an attribute is unknown to the op");
}

void check_types(const Node& node) {
  const detail::InputTypes inputs(node.inputs());
  std::vector<ValueType> inferred;
  try {
    inferred = node.op().infer({inputs, node.attrs()});
  } catch (const Error& error) {
    fail(node, error.what());
  }
  const auto types = node.outputs();
  if (inferred.size() != types.size()) fail(node, "the number of outputs is wrong");
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (inferred[i] == types[i]) continue;
    fail(node, "output " + std::to_string(i) + " is " + types[i].to_string() +
                   ", but its op and inputs give " + inferred[i].to_string());
  }
}

void check_results(const Graph& graph, std::span<const Value> values, const std::string& kind) {
  for (const Value& value : values) {
    if (!value) throw Error("invalid graph: a " + kind + " is an empty value");
    const int id = value.node().id();
    const bool present = id >= 0 && id < static_cast<int>(graph.nodes().size());
    if (!present || &graph.node(id) != &value.node()) {
      fail(value.node(), "this " + kind + " belongs to another graph");
    }
    if (value.index() < 0 || value.index() >= value.node().output_count()) {
      fail(value.node(), "this " + kind + " has no output " + std::to_string(value.index()));
    }
  }
}

}  // namespace

void Graph::verify() const {
  int id = 0;
  for (const Node& node : nodes()) {
    if (node.id() != id++) fail(node, "its id is not its position");
    const bool found = [&] {
      const std::lock_guard guard(storage_->mutex);  // no name changes meanwhile
      return storage_->by_name.find(node.name(), node.body().name_hash) == &node;
    }();
    if (!found) fail(node, "another node has its name");
    check_operands(*this, node);
    check_attrs(node);
    check_types(node);
  }
  check_results(*this, fetches(), "fetch");
  check_results(*this, targets(), "target");
}

}  // namespace tegula
