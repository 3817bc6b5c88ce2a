#pragma once
// Graph texts that are equal when the graphs are: for tests of passes.

#include <string>

#include "tegula/graph/graph.hpp"

namespace tegula::test {

/// The text of what fetches and targets need, in depth-first order, all nodes but placeholders and
/// variables renamed to their position.
std::string canonical_text(const Graph& graph);

/// Both texts with the lines that differ marked by `-` and `+`.
std::string difference(const std::string& expected, const std::string& actual);

}  // namespace tegula::test
