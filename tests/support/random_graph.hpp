#pragma once
// Random valid graphs with data for them: for tests that compare two ways to compute the same.

#include <cstdint>
#include <utility>
#include <vector>

#include "tegula/core/tensor.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula::test {

struct RandomGraph {
  Graph graph;
  /// Placeholders with data of concrete shapes.
  std::vector<std::pair<Value, Tensor>> feeds;
  /// Variables (which have the same initial values).
  std::vector<std::pair<Value, Tensor>> variables;
  std::vector<Value> fetches;
  /// Assignments, of different variables.
  std::vector<Value> targets;
};

/// A function of `seed`: 10 to 40 ops of all families, forward, and in half of the graphs also
/// gradients and updates of the variables. Values stay moderate and comparisons are not decided by
/// rounding, so that results may be compared with a tolerance.
RandomGraph random_graph(std::uint64_t seed);

}  // namespace tegula::test
