#pragma once
// What a Graph handle refers to. Private to src/graph.

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tegula/graph/graph.hpp"

namespace tegula::detail {

struct GraphStorage : std::enable_shared_from_this<GraphStorage> {
  /// A deque: addresses of nodes never change.
  std::deque<Node> nodes;
  std::unordered_map<std::string, Node*> by_name;
  /// Next number to try for a base name, so that uniquifying stays linear.
  std::unordered_map<std::string, int> name_counts;
  std::unordered_map<const Node*, Value> initial_values;
  std::vector<Node*> variables;
  std::vector<Value> fetches;
  std::vector<Value> targets;
  std::string scope;
  std::int64_t random_ops = 0;

  Node& append(const OpDef& op, std::span<const Value> inputs, Attrs attrs,
               std::vector<ValueType> outputs, std::string name, SourceLocation location);
  /// `name`, or `name_1`, `name_2` … when taken.
  std::string unique_name(const std::string& name);
  void rename(Node& node, std::string_view name);
};

}  // namespace tegula::detail
