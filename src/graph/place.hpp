#pragma once
// Values as keys of tables, those of a node, and their types.

#include <span>
#include <utility>
#include <vector>

#include "tegula/graph/graph.hpp"

namespace tegula {

/// Where a value comes from: which node, and which output of it.
using Place = std::pair<const Node*, int>;
inline Place place_of(const Value& value) { return {&value.node(), value.index()}; }

inline std::vector<ValueType> types_of(std::span<const Value> values) {
  std::vector<ValueType> types;
  types.reserve(values.size());
  for (const Value& value : values) types.push_back(value.type());
  return types;
}

inline std::vector<Value> outputs_of(Node& node) {
  std::vector<Value> outputs;
  for (int i = 0; i < node.output_count(); ++i) outputs.push_back(node.output(i));
  return outputs;
}

}  // namespace tegula
