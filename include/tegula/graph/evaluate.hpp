#pragma once
// Values of a graph by the ops' reference evaluation: slow and obvious, without passes, plans or
// backends. For tests, constant folding and numeric checks; use a Session to run models.

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "tegula/core/random.hpp"
#include "tegula/core/tensor.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula {

/// The values of `fetches`. A fed value (placeholder, variable or any other) is not computed;
/// variables that are not fed have their initial values; assignments give the assigned value and
/// change nothing. Random numbers are those of the run that `key` names. Throws RunError for a
/// placeholder or variable without a value, ShapeError and DTypeError for a feed that does not fit.
TEGULA_API std::vector<Tensor> evaluate(std::span<const Value> fetches,
                                        std::span<const std::pair<Value, Tensor>> feeds,
                                        const RandomKey& key = {});
TEGULA_API Tensor evaluate(Value fetch, std::initializer_list<std::pair<Value, Tensor>> feeds = {},
                           const RandomKey& key = {});

/// All outputs of one node for the given inputs, whose types may be more precise than the node's.
TEGULA_API std::vector<Tensor> evaluate_node(const Node& node, std::span<const Tensor> inputs,
                                             const RandomKey& key = {});

}  // namespace tegula
