// Dead-code elimination: keeps what fetches and targets need.

#include <algorithm>

#include "src/passes/passes.hpp"
#include "src/passes/rewriter.hpp"

namespace tegula::passes {

Graph dce(const Graph& graph) {
  const std::vector<bool> live = live_nodes(graph);
  if (std::ranges::find(live, false) == live.end()) return graph;
  GraphRewriter rewriter(graph);
  for (const Node& node : graph.nodes()) {
    if (live[static_cast<std::size_t>(node.id())]) rewriter.copy(node);
  }
  return rewriter.finish();
}

}  // namespace tegula::passes
