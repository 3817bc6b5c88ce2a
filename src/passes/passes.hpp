#pragma once
// The passes, one per file of the same name. Private to src/passes.

#include "tegula/graph/graph.hpp"

namespace tegula::passes {

Graph specialize_shapes(const Graph& graph);
Graph constant_fold(const Graph& graph);
Graph simplify(const Graph& graph);
Graph fuse_softmax_cross_entropy(const Graph& graph);
Graph fuse_gather_sum(const Graph& graph);
Graph cse(const Graph& graph);
Graph dce(const Graph& graph);
Graph fuse_elementwise(const Graph& graph);
Graph fuse_updates(const Graph& graph);
Graph fuse_matmul(const Graph& graph);
Graph fuse_rows(const Graph& graph);

}  // namespace tegula::passes
