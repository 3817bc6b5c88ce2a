#pragma once
// What layers know of a graph that they build in. Private to src/nn.

#include <map>
#include <memory>
#include <unordered_map>

#include "src/graph/place.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula::nn {

struct LayerCall;

/// Lives as long as the graph. Guarded by the ConstructionLock.
struct GraphNotes {
  /// Whether the values are symbols.
  const bool symbolic = false;
  /// The calls of layers that gave symbols, by the nodes of their outputs.
  std::unordered_map<const Node*, std::shared_ptr<const LayerCall>> calls = {};
  std::map<Place, Value> masks = {};
};

/// Null while there is nothing to know.
inline GraphNotes* find_notes(const Graph& graph) {
  return static_cast<GraphNotes*>(graph.attached().get());
}

/// Throws ShapeError for a mask of another batch than its value's, or of more axes.
void check_mask(const Value& value, const Value& mask);
/// Lets the value, as it is, carry the mask.
void note_mask(const Value& value, Value mask);
/// The value in this dtype, with the mask that it carries.
Value cast_with_mask(const Value& value, DType dtype);

}  // namespace tegula::nn
