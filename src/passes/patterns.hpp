#pragma once
// Passes that are a table: small trees of ops, and what stands for them. Private to src/passes.

#include <span>
#include <string_view>

#include "src/passes/rewriter.hpp"

namespace tegula::passes {

/// A pattern is tried where input `input` of a node of `op` comes from a node of `producer`.
struct Pattern {
  std::string_view op;
  int input;
  std::string_view producer;
  /// Old values in, the new value that stands for the node's output out; no value: no match.
  Value (*apply)(GraphRewriter& rewriter, Node& node, const Uses& uses);
};

/// Whether `value` is read by one node only and not a result.
inline bool is_private(const Value& value, const Uses& uses) {
  return uses.readers(value).size() == 1 && !uses.is_result(value);
}

/// One walk: patterns look at the old graph, so that each level of nesting takes a walk of its own.
Graph apply_patterns(const Graph& graph, std::span<const Pattern> patterns);

}  // namespace tegula::passes
