#pragma once
// The vector parts of recurrent layers. Internal to recurrent.cpp.

#include <cstdint>

#include "kernels/cpu/recurrent.hpp"

namespace tegula::kernels::detail {

/// Columns of a panel of a packed matrix, at most, and its alignment in floats.
inline constexpr std::int64_t kPanelColumns = 64;

/// A sample at a step. All point to `units` elements, or to as many per block.
struct RecurrentRow {
  /// Before the step.
  const float* h;
  const float* carry;
  float* saved;
  /// The second row of the bias of a GRU that resets after the product.
  const float* bias_of_h;
  /// After the step.
  float* all;
  /// Whether the step changes the states.
  bool counts;
};

struct RecurrentGradientRow {
  /// Before the step; becomes 0 where no gradient flows through the step, as 0 times infinity is no
  /// part of one.
  float* h;
  const float* carry;
  const float* saved;
  const float* dall;
  bool counts;
  /// Gradients of the states after the step; become those before it, without what flows through
  /// the product with the recurrent kernel.
  float* dh;
  float* dcarry;
  /// Of a GRU that resets before the product: reset * h and its gradient.
  float* reset_h;
  const float* dreset;
  /// Gradients of what enters the gates, and where they differ of its part that comes from h.
  float* dgates;
  float* dgates_of_h;
};

/// Functions of one instruction set. `phase` counts the products of a step: two where a GRU resets
/// before the product, else one.
struct RecurrentSteps {
  /// C[rows, width] = A[rows, k] · panel[k, width], or adds that to C; a width of 48 or 64.
  void (*multiply)(const float* a, std::int64_t lda, std::int64_t rows, std::int64_t k,
                   const float* panel, std::int64_t width, float* c, std::int64_t ldc,
                   bool accumulate);
  /// The units [first, first + count) of a row. Their products with the recurrent kernel are in
  /// `block`, those of each gate `gate_stride` after the one before.
  void (*forward)(const RecurrentProblem& problem, int phase, const RecurrentRow& row,
                  std::int64_t first, std::int64_t count, const float* block,
                  std::int64_t gate_stride);
  /// All units of a row.
  void (*backward)(const RecurrentProblem& problem, int phase, const RecurrentGradientRow& row);
  /// sums[column] of x[rows, columns].
  void (*column_sums)(const float* x, std::int64_t ldx, std::int64_t rows, std::int64_t columns,
                      float* sums);
};

const RecurrentSteps& recurrent_steps();

}  // namespace tegula::kernels::detail
