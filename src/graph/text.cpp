// The printed form of a graph: one node a line, readable, and parsed back by parse_text.cpp.

#include "src/graph/text_values.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula {

namespace {

void append_results(std::string& text, std::string_view keyword, std::span<const Value> values) {
  if (values.empty()) return;
  text += std::string(keyword) + detail::values_text(values) + "\n";
}

}  // namespace

std::string Graph::to_text() const {
  std::string text;
  for (const Node& node : nodes()) text += detail::node_text(node) + "\n";
  for (const Variable& variable : variables()) {
    const Value initial = initial_value(variable);
    if (!initial) continue;
    text += "initial" + detail::values_text(std::vector<Value>{variable}) + " =" +
            detail::values_text(std::vector<Value>{initial}) + "\n";
  }
  append_results(text, "fetch", fetches());
  append_results(text, "target", targets());
  return text;
}

}  // namespace tegula
