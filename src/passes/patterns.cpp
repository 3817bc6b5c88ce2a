#include "src/passes/patterns.hpp"

#include <algorithm>

namespace tegula::passes {

Graph apply_patterns(const Graph& graph, std::span<const Pattern> patterns) {
  const auto pattern_of = [patterns](const Node& node) -> const Pattern* {
    for (const Pattern& pattern : patterns) {
      if (node.op().name == pattern.op && is_op(node.input(pattern.input), pattern.producer)) {
        return &pattern;
      }
    }
    return nullptr;
  };
  if (std::ranges::none_of(graph.nodes(), pattern_of)) return graph;
  const Uses uses(graph);
  GraphRewriter rewriter(graph);
  for (const Node& it : graph.nodes()) {
    Node& node = graph.node(it.id());
    const Pattern* pattern = pattern_of(node);
    const Value value = pattern != nullptr ? pattern->apply(rewriter, node, uses) : Value();
    if (value) {
      rewriter.replace(node.output(), value);
    } else {
      rewriter.copy(node);
    }
  }
  return rewriter.finish();
}

}  // namespace tegula::passes
