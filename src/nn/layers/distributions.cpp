#include "src/nn/layers/distributions.hpp"

namespace tegula::nn {

/// Marsaglia and Tsang, "A simple method for generating gamma variables", 2000, for shape + 1, of
/// which less than one in 20 proposals is refused: of six, the last that is not.
Value log_gamma_numbers(const Draws& draw, const Operand& shape) {
  constexpr int kProposals = 6;
  // Uniform numbers are multiples of 2^-24 below 1.
  const auto log_uniform = [&draw] { return log(1.0 - draw.uniform(0, 1)); };
  const Value alpha = broadcast_like(shape, draw.like);
  const Value d = alpha + 2.0 / 3;
  Value log_cube = draw.like * 0.0;
  for (int i = 0; i < kProposals; ++i) {
    const Value normal = random_normal_like(draw.like, 0, 1, draw.seed);
    const Value root = 1.0 + rsqrt(9.0 * d) * normal;
    const Value proposed = 3.0 * log(maximum(root, 1e-6));
    const Value bound = 0.5 * square(normal) + d * (1.0 - root * root * root + proposed);
    const Value taken = logical_and(greater(root, 0.0), less(log_uniform(), bound));
    log_cube = where(taken, proposed, log_cube);
  }
  return log(d) + log_cube + log_uniform() / alpha;
}

Value beta_numbers(const Draws& draw, const Operand& alpha) {
  return sigmoid(log_gamma_numbers(draw, alpha) - log_gamma_numbers(draw, alpha));
}

}  // namespace tegula::nn
