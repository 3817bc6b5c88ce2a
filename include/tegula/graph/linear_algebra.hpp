#pragma once
// Builders of ops of matrices beyond the product, as those of ops.hpp. They take f32 and f64 of any
// leading dimensions, each of which is a matrix of its own.

#include "tegula/graph/operand.hpp"

namespace tegula {

/// The lower triangular L of (x + xᵀ) / 2 = L · Lᵀ. A RunError unless that is positive definite.
TEGULA_API Value cholesky(Operand x);
/// a⁻¹ · b for a square a. A RunError when a is singular.
TEGULA_API Value solve(Operand a, Operand b);
/// a⁻¹ · b for the lower or upper triangle of a, or of aᵀ with `transposed`; the other triangle is
/// not read. A RunError for a 0 on the diagonal.
TEGULA_API Value solve_triangular(Operand a, Operand b, bool lower = true, bool transposed = false);

struct SignAndLogarithm {
  Value sign;
  Value logarithm;
};
/// Sign and logarithm of the absolute value of a determinant: 0 and -infinity for singular
/// matrices.
TEGULA_API SignAndLogarithm slogdet(Operand x);

struct LuFactors {
  /// U, and below the diagonal L without the ones on its own.
  Value lu;
  /// Row i of L · U is row permutation[i] of x; i64.
  Value permutation;
};
/// By Gauss's elimination with partial pivoting; not differentiable.
TEGULA_API LuFactors lu_factor(Operand x);

struct QrFactors {
  Value q;
  Value r;
};
/// x = Q · R by Householder's reflections. With `complete` Q is square and R of x's shape, which is
/// differentiable for square x only; else both have min(m, n) columns or rows.
TEGULA_API QrFactors qr(Operand x, bool complete = false);

struct EigenFactors {
  Value values;
  /// Columns.
  Value vectors;
};
/// Eigenvalues of a symmetric x, of which the lower triangle is read, increasing, and orthonormal
/// vectors.
TEGULA_API EigenFactors eigh(Operand x);

struct SingularFactors {
  Value u;
  Value values;
  /// Rows are the right singular vectors.
  Value v_transposed;
};
/// x = U · diag(values) · Vᵀ with decreasing values. `full`: square U and V, which have gradients
/// only for square x.
TEGULA_API SingularFactors svd(Operand x, bool full = false);

}  // namespace tegula
