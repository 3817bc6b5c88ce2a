#pragma once
// Ops with functions, seen by the passes. Private to src/passes.

#include "tegula/passes/pass_manager.hpp"

namespace tegula::passes {

/// Scans that differ only in which results of one body they give become one: so a scan and what its
/// gradient needs of the forward pass run once.
Graph merge_scans(const Graph& graph);

/// Functions for the known types of their parameters, optimized by all passes, without results that
/// nobody reads and without operands that nothing needs; what is the same in every step of a scan
/// is computed before it.
Graph optimize_functions(const Graph& graph, const PassOptions& options);

}  // namespace tegula::passes
