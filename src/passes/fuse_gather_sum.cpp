// Sums of rows that are looked up are added without copying the rows first.

#include "src/passes/passes.hpp"
#include "src/passes/patterns.hpp"

namespace tegula::passes {

namespace {

using Integers = std::vector<std::int64_t>;

/// sum(gather(x, indices), last axis of the indices), and the mean, when nothing else reads the
/// rows.
Value sum_of_gathered(GraphRewriter& rewriter, Node& node, const Uses& uses) {
  const Value rows = node.input(0);
  const Node& gather = rows.node();
  const Shape& indices = gather.input(1).shape();
  const bool fits = is_private(rows, uses) && gather.attrs().get<std::int64_t>("axis") == 0 &&
                    indices.rank() > 0 && indices.dim(-1) > 0 &&
                    node.attrs().get<Integers>("axes") == Integers{indices.rank() - 1} &&
                    !node.attrs().get<bool>("keepdims") && is_floating(rows.dtype());
  if (!fits) return {};
  const Value inputs[] = {rewriter.map(gather.input(0)), rewriter.map(gather.input(1))};
  return rewriter
      .build(find_op("gather_sum"), inputs, {{"mean", node.op().name == "mean"}}, node, true)
      .output();
}

constexpr Pattern kPatterns[] = {{"sum", 0, "gather", sum_of_gathered},
                                 {"mean", 0, "gather", sum_of_gathered}};

}  // namespace

Graph fuse_gather_sum(const Graph& graph) { return apply_patterns(graph, kPatterns); }

}  // namespace tegula::passes
