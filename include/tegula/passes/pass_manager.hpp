#pragma once
// Graph-to-graph rewrites, and the order in which they run.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/graph/graph.hpp"

namespace tegula {

/// A pass takes a graph with fetches and targets and returns a new one that computes the same, or
/// the graph itself when there is nothing to do.
struct Pass {
  std::string_view name;
  std::string_view doc;
  Graph (*run)(const Graph& graph);
};

/// All passes in the order in which they run.
TEGULA_API std::span<const Pass> all_passes();

struct PassOptions {
  /// Names of passes that do not run. Throws NotFound for an unknown one when the graph is
  /// optimized.
  std::vector<std::string> disabled;
  bool enabled = true;

  static PassOptions none() { return {.disabled = {}, .enabled = false}; }
};

/// What one pass did.
struct PassReport {
  std::string_view pass;
  int nodes_before = 0;
  int nodes_after = 0;
};

struct OptimizedGraph {
  Graph graph;
  std::vector<PassReport> reports;
};

/// Runs the enabled passes and verifies what they made. With TEGULA_DUMP=dir in the environment,
/// the graph before and after each pass is written there as text and DOT.
TEGULA_API OptimizedGraph optimize(const Graph& graph, const PassOptions& options = {});

/// The part of `graph` that fetches and targets need, as a new graph; each fed value becomes a
/// placeholder of the given concrete shape (same name), and all types are inferred anew.
TEGULA_API Graph extract(std::span<const Value> feeds, std::span<const Shape> feed_shapes,
                         std::span<const Value> fetches, std::span<const Value> targets);

}  // namespace tegula
