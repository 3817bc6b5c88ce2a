#pragma once
// The same computation on other values.

#include <vector>

#include "tegula/graph/graph.hpp"

namespace tegula {

/// Builds what `outputs` are of `from` (values of one graph) from `to`, one each, in their graph:
/// another one, or the same, where what depends on none of `from` stays. Random ops draw the same
/// numbers again. Throws InvalidArgument when there is no `to`, and for a placeholder or variable
/// of another graph that nothing stands for.
std::vector<Value> rebuilt(const std::vector<Value>& outputs, const std::vector<Value>& from,
                           const std::vector<Value>& to);

}  // namespace tegula
