#pragma once
// Reverse-mode differentiation: adds nodes to the same graph, so derivatives can be differentiated.

#include <functional>
#include <span>
#include <vector>

#include "tegula/graph/graph.hpp"

namespace tegula {

/// Gradients of the sum of `y`'s elements with respect to each of `xs`; zeros where `y` does not
/// depend on an x (`kZeros`), or no value (`kNone`, as TensorFlow gives None).
enum class Unconnected { kZeros, kNone };

/// Throws InvalidArgument for an op on the path that is not differentiable, naming it and its line,
/// and DTypeError when `y` is not floating.
TEGULA_API std::vector<Value> gradients(Value y, std::span<const Value> xs,
                                        Unconnected unconnected = Unconnected::kZeros);
TEGULA_API std::vector<Value> gradients(Value y, std::initializer_list<Value> xs,
                                        Unconnected unconnected = Unconnected::kZeros);
/// For several ys with given output gradients (no value: ones): the gradients of the weighted sum.
/// Nothing flows through the values in `stops`: what they depend on counts as constant.
TEGULA_API std::vector<Value> gradients(std::span<const Value> ys, std::span<const Value> xs,
                                        std::span<const Value> output_gradients,
                                        Unconnected unconnected, std::span<const Value> stops = {});

}  // namespace tegula
