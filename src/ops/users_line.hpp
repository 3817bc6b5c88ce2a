#pragma once
// The line that nodes of a composed builder report. Private to src/ops.

#include "tegula/graph/graph.hpp"

namespace tegula::ops {

/// The line of the scope around the builder, such as a layer's; outside of any, where the builder
/// is called.
inline SourceLocation users_line(const SourceLocation& called_at) {
  const SourceLocation outer = LocationScope::current();
  return outer.known() ? outer : called_at;
}

}  // namespace tegula::ops
