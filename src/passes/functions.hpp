#pragma once
// Ops with functions, seen by the passes. Private to src/passes.

#include <vector>

#include "tegula/graph/function.hpp"
#include "tegula/passes/pass_manager.hpp"

namespace tegula::passes {

/// Scans that differ only in which results of one body they give become one: so a scan and what its
/// gradient needs of the forward pass run once.
Graph merge_scans(const Graph& graph);

/// Functions for the known types of their parameters, optimized by all passes, without results that
/// nobody reads and without operands that nothing needs; what is the same in every step of a scan
/// is computed before it.
Graph optimize_functions(const Graph& graph, const PassOptions& options);

/// A scan's body and what it captures.
struct Captures {
  FunctionPointer body;
  std::vector<Value> operands;
};

/// What the body computes of its captures alone, in every step the same, is computed in the graph
/// of `captures` and captured instead. The body's parameters from `first` on are captures.
Captures hoist_invariants(const FunctionPointer& body, std::size_t first, Graph graph,
                          const std::vector<Value>& captures);

/// By parameter: whether a result needs it.
std::vector<bool> used_parameters(const Function& function);

template <typename T>
std::vector<T> those(const std::vector<T>& list, const std::vector<bool>& kept) {
  std::vector<T> result;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (kept[i]) result.push_back(list[i]);
  }
  return result;
}

}  // namespace tegula::passes
