// The printed form of a graph: one node a line, readable, and parsed back by parse_text.cpp.

#include "src/graph/text_values.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula {

namespace {

std::string value_text(const Value& value) {
  std::string text = detail::name_text(value.node().name());
  if (value.index() > 0) text += ":" + std::to_string(value.index());
  return text;
}

void append_values(std::string& text, std::span<const Value> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += (i == 0 ? " " : ", ") + value_text(values[i]);
  }
}

void append_node(std::string& text, const Node& node) {
  text += detail::name_text(node.name()) + " = " + node.op().name;
  text += detail::leading_attrs_text(node.op(), node.attrs());
  append_values(text, node.inputs());
  text += detail::attrs_text(node.op(), node.attrs()) + "\n";
}

void append_results(std::string& text, std::string_view keyword, std::span<const Value> values) {
  if (values.empty()) return;
  text += keyword;
  append_values(text, values);
  text += "\n";
}

}  // namespace

std::string Graph::to_text() const {
  std::string text;
  for (const Node& node : nodes()) append_node(text, node);
  for (const Variable& variable : variables()) {
    const Value initial = initial_value(variable);
    if (!initial) continue;
    text += "initial " + value_text(variable) + " = " + value_text(initial) + "\n";
  }
  append_results(text, "fetch", fetches());
  append_results(text, "target", targets());
  return text;
}

}  // namespace tegula
