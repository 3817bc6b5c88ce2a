#pragma once
// Products of two values by equations such as "abc,cd->abd". Private to src/nn.

#include <string>

#include "tegula/graph/ops.hpp"

namespace tegula::nn {

/// The axes of both operands and of the result, a letter each.
struct EinsumEquation {
  std::string left;
  std::string right;
  std::string result;
  /// Whether the ellipsis of left operand and result stands before or after their letters.
  bool elided_before = false;
  bool elided_after = false;

  /// Throws InvalidArgument, naming the equation, unless it has the form "X,Y->Z", "...X,Y->...Z"
  /// or "X...,Y->Z...", where each letter stands once per operand, and the result's and the right
  /// operand's letters occur elsewhere.
  static EinsumEquation parse(const std::string& text);

  /// The same without ellipsis, for a left operand of this rank. Throws ShapeError where the rank
  /// is too small, or differs without an ellipsis.
  EinsumEquation for_rank(int rank) const;
};

/// The sum of products over the axes that the result lacks. The equation has no ellipsis.
Value einsum(const EinsumEquation& equation, Value left, Value right);

}  // namespace tegula::nn
