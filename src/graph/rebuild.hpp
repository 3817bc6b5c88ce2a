#pragma once
// The same computation on other values.

#include <map>
#include <span>
#include <vector>

#include "src/graph/place.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula {

/// Builds what `outputs` are of `from` (values of one graph) from `to`, one each, in their graph:
/// another one, or the same, where what depends on none of `from` stays. Random ops draw the same
/// numbers again. Throws InvalidArgument when there is no `to`, and for a placeholder or variable
/// of another graph that nothing stands for.
std::vector<Value> rebuilt(const std::vector<Value>& outputs, const std::vector<Value>& from,
                           const std::vector<Value>& to);

/// The same in `graph`, where `known` says what stands for which value, and learns it of all that
/// is built.
std::vector<Value> rebuilt(std::span<const Value> outputs, Graph graph,
                           std::map<Place, Value>& known);

}  // namespace tegula
