#pragma once
// Values as keys of tables.

#include <utility>

#include "tegula/graph/graph.hpp"

namespace tegula {

/// Where a value comes from: which node, and which output of it.
using Place = std::pair<const Node*, int>;
inline Place place_of(const Value& value) { return {&value.node(), value.index()}; }

}  // namespace tegula
