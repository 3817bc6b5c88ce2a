#pragma once
// Builders of ops on positions and sequences, as those of ops.hpp.

#include "tegula/graph/operand.hpp"

namespace tegula {

/// The index of each element of `x` along `axis`, as i64 of x's shape.
TEGULA_API Value positions(Operand x, std::int64_t axis = 0);

/// Per sample, -log of the probability of all alignments of its labels with its logits, where
/// `blank` may stand between any two: infinite without any alignment, and then without a slope.
/// Labels [batch, labels] and logits [batch, time, classes] count up to the lengths [batch].
/// Running labels that are no classes, or lengths out of range, is a RunError.
TEGULA_API Value ctc_loss(Operand labels, Operand logits, Operand label_lengths,
                          Operand logit_lengths, std::int64_t blank = 0);

}  // namespace tegula
