// The graph for Graphviz: a box per node with op, name and types; constants and state stand out.

#include "tegula/graph/graph.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result;
}

const Cluster* cluster_of(const Node& node) {
  for (const auto& [name, value] : node.attrs()) {
    if (const auto* cluster = std::get_if<std::shared_ptr<const Cluster>>(&value)) {
      return cluster->get();
    }
  }
  return nullptr;
}

std::string label(const Node& node) {
  std::string text = escaped(node.op().name) + "\\n" + escaped(node.name());
  if (const Cluster* cluster = cluster_of(node)) {
    text += "\\n";
    for (const ClusterInstruction& instruction : cluster->instructions) {
      text += " " + instruction.op->name;
    }
  }
  for (const ValueType& type : node.outputs()) text += "\\n" + type.to_string();
  return text;
}

std::string_view style(const Node& node) {
  if (node.op().stateful) return ", style=filled, fillcolor=\"#f4cccc\"";
  switch (node.op().fusion) {
    case FusionClass::source:
      return ", style=filled, fillcolor=\"#eeeeee\"";
    case FusionClass::contraction:
      return ", style=filled, fillcolor=\"#cfe2f3\"";
    case FusionClass::reduction:
      return ", style=filled, fillcolor=\"#fff2cc\"";
    default:
      return "";
  }
}

void append_result(std::string& text, std::string_view kind, std::size_t index,
                   const Value& value) {
  const std::string id = std::string(kind) + std::to_string(index);
  text += "  " + id + " [label=\"" + std::string(kind) + "\", shape=plaintext];\n";
  text += "  n" + std::to_string(value.node().id()) + " -> " + id + ";\n";
}

}  // namespace

std::string Graph::to_dot() const {
  std::string text = "digraph tegula {\n  node [shape=box, fontname=\"Helvetica\"];\n";
  for (const Node& node : nodes()) {
    const std::string id = "n" + std::to_string(node.id());
    text += "  " + id + " [label=\"" + label(node) + "\"" + std::string(style(node)) + "];\n";
    for (const Value& input : node.inputs()) {
      text += "  n" + std::to_string(input.node().id()) + " -> " + id;
      if (input.node().output_count() > 1) {
        text += " [label=\"" + std::to_string(input.index()) + "\"]";
      }
      text += ";\n";
    }
  }
  for (std::size_t i = 0; i < fetches().size(); ++i) append_result(text, "fetch", i, fetches()[i]);
  for (std::size_t i = 0; i < targets().size(); ++i) {
    append_result(text, "target", i, targets()[i]);
  }
  return text + "}\n";
}

}  // namespace tegula
