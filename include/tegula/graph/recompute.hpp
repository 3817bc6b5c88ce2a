#pragma once
// Less memory for more computation: values that gradients compute again instead of keeping them.

#include <span>

#include "tegula/graph/operand.hpp"

namespace tegula {

/// `y`, of which gradients keep only `xs`: what lies between these and `y` is computed again, from
/// the same weights and with the same random numbers, once the gradient of `y` is there (gradient
/// checkpointing, Chen et al. 2016, arXiv:1604.06174). `y` itself when it is computed of none of
/// `xs`. Throws DTypeError for a `y` without gradients.
TEGULA_API Value recomputed(Value y, std::span<const Value> xs);

}  // namespace tegula
