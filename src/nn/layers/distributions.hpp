#pragma once
// Random numbers of further distributions. Private to src/nn.

#include "tegula/nn/layers/augmentation.hpp"

namespace tegula::nn {

/// Logarithms of numbers of the gamma distribution of this shape (a positive value or number) and
/// scale 1; they do not overflow for the smallest shapes. Weights of a Dirichlet distribution are
/// their softmax.
Value log_gamma_numbers(const Draws& draw, const Operand& shape);

/// Of the beta distribution whose parameters are both `alpha`.
Value beta_numbers(const Draws& draw, const Operand& alpha);

}  // namespace tegula::nn
