// Decompositions of matrices: Cholesky, LU, QR, eigenvalues and singular values.

#include <Eigen/Dense>
#include <limits>

#include "src/ops/matrices.hpp"
#include "tegula/graph/linear_algebra.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula::ops {

namespace {

using Values = std::vector<Value>;

/// Half of x and its transpose: what a function of a symmetric matrix depends on.
Value symmetric(Value x) { return (x + transposed(x)) * 0.5; }

Value column(Value x) { return expand_dims(x, -1); }
Value row(Value x) { return expand_dims(x, -2); }

/// Gradients of outputs that nothing depends on are zeros.
Value or_zeros(Value gradient, Value like) { return gradient ? gradient : zeros_like(like); }

/// 1 / (b - a) for all pairs of the elements of a vector, and 0 on the diagonal.
Value reciprocal_differences(Value values) {
  const Value differences = row(values) - column(values);
  const Value same = on_diagonal(differences);
  return where(same, 0.0, reciprocal(where(same, 1.0, differences)));
}

// Cholesky.

std::vector<Tensor> evaluate_cholesky(const EvaluateContext& context) {
  return map_matrices(context, [](std::span<const Matrix> x, std::span<Matrix> y) {
    const Eigen::LLT<Matrix> factors(symmetric_part(x[0]));
    if (factors.info() != Eigen::Success) {
      throw RunError("the matrix is not positive definite");
    }
    y[0] = factors.matrixL();
  });
}

/// L⁻ᵀ · phi(Lᵀ · dL) · L⁻¹, where phi keeps the lower triangle and half of the diagonal (Murray,
/// "Differentiation of the Cholesky decomposition", 2016).
Values cholesky_gradient(const GradientContext& context) {
  const Value l = context.output();
  const Value product = matmul(l, context.gradient(), {.transpose_a = true});
  const Value half =
      where(strictly_lower(product), product, where(on_diagonal(product), product * 0.5, 0.0));
  const Value left = solve_triangular(l, half, true, true);
  const Value dx = transposed(solve_triangular(l, transposed(left), true, true));
  return {where_matrix_flows({context.gradient()}, symmetric(dx))};
}

void register_cholesky(OpRegistry& registry) {
  OpDef def = matrix_op("cholesky", "Lower triangular L of (x + xᵀ) / 2 = L · Lᵀ",
                        {{"x", "Square matrices, positive definite."}});
  def.infer = [](const InferContext& context) {
    check_square(context, 0);
    return std::vector<ValueType>{context.inputs[0]};
  };
  def.gradient = cholesky_gradient;
  def.reference = evaluate_cholesky;
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Shape& shape : {Shape{1, 1}, Shape{3, 1, 1}, Shape{0, 2, 2}}) {
      samples.push_back({{{DType::f32, shape, 0.5, 2}}, {}, ""});
    }
    return samples;
  };
  def.bad_samples = bad_squares;
  registry.add(std::move(def));
}

// LU.

std::vector<Tensor> evaluate_lu(const EvaluateContext& context) {
  return map_matrices(context, [](std::span<const Matrix> x, std::span<Matrix> y) {
    const Eigen::PartialPivLU<Matrix> factors(x[0]);
    y[0] = factors.matrixLU();
    const Eigen::VectorXi places = Eigen::VectorXi::LinSpaced(static_cast<int>(x[0].rows()), 0,
                                                              static_cast<int>(x[0].rows()) - 1);
    y[1] = (factors.permutationP() * places).cast<double>();
  });
}

void register_lu(OpRegistry& registry) {
  OpDef def = matrix_op("lu_factor", "L and U of P · x = L · U in one matrix, and P as row numbers",
                        {{"x", "Square matrices."}});
  def.infer = [](const InferContext& context) {
    check_square(context, 0);
    return std::vector<ValueType>{context.inputs[0],
                                  {DType::i64, without_last(context.shape(0), 1)}};
  };
  def.reference = evaluate_lu;
  def.samples = square_samples;
  def.bad_samples = bad_squares;
  registry.add(std::move(def));
}

// QR.

std::vector<Tensor> evaluate_qr(const EvaluateContext& context) {
  return map_matrices(context, [](std::span<const Matrix> x, std::span<Matrix> y) {
    const Eigen::HouseholderQR<Matrix> factors(x[0]);
    y[0] = factors.householderQ() * Matrix::Identity(y[0].rows(), y[0].cols());
    y[1] = factors.matrixQR().topRows(y[1].rows()).triangularView<Eigen::Upper>();
  });
}

/// Of the thin factors of x with at least as many rows as columns (Seeger et al.,
/// "Auto-differentiating linear algebra", 2017); of wider x by that of its square left part.
Value thin_qr_gradient(Value q, Value r, Value dq, Value dr) {
  const Value m = matmul(r, dr, {.transpose_b = true}) - matmul(dq, q, {.transpose_a = true});
  const Value lower = where(strictly_lower(m), m, 0.0);
  const Value copied = lower + transposed(lower) + where(on_diagonal(m), m, 0.0);
  const Value right = dq + matmul(q, copied);
  return transposed(solve_triangular(r, transposed(right), false, false));
}

Values qr_gradient(const GradientContext& context) {
  const Value q = context.output(0);
  const Value r = context.output(1);
  const Value dq = or_zeros(context.gradient(0), q);
  const Value dr = or_zeros(context.gradient(1), r);
  // Unknown sizes are checked by the solution below, when they are known.
  const std::int64_t r_rows = r.shape().dim(-2);
  const std::int64_t r_columns = r.shape().dim(-1);
  if (r_rows != kUnknown && r_columns != kUnknown && r_rows != r_columns) {
    throw ShapeError("the gradient of qr takes square factors R, got " + r.shape().to_string());
  }
  return {where_matrix_flows({dq, dr}, thin_qr_gradient(q, r, dq, dr))};
}

void register_qr(OpRegistry& registry) {
  OpDef def = matrix_op("qr", "x = Q · R with orthonormal columns of Q and an upper triangular R",
                        {{"x", "Matrices."}});
  def.attrs = {{"complete", false, false, "A square Q."}};
  def.infer = [](const InferContext& context) {
    check_matrices(context, 0);
    const Shape& shape = context.shape(0);
    const std::int64_t rows = shape.dim(-2);
    const std::int64_t columns = shape.dim(-1);
    const bool known = rows != kUnknown && columns != kUnknown;
    const std::int64_t inner = flag(context.attrs, "complete") ? rows
                               : known                         ? std::min(rows, columns)
                                                               : kUnknown;
    return std::vector<ValueType>{{context.dtype(0), with_matrix(shape, rows, inner)},
                                  {context.dtype(0), with_matrix(shape, inner, columns)}};
  };
  def.gradient = qr_gradient;
  def.reference = evaluate_qr;
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Shape& shape : {Shape{2, 2}, Shape{4, 2}, Shape{2, 3, 3}, Shape{1, 1}}) {
      samples.push_back({{{DType::f32, shape}}, {}, ""});
    }
    samples.push_back({{{DType::f32, {3, 3}}}, {{"complete", true}}, ""});
    return samples;
  };
  def.bad_samples = bad_matrices;
  registry.add(std::move(def));
}

/// Whether x has factors; where it is not finite they are NaN.
bool has_factors(const Matrix& x, std::span<Matrix> factors) {
  if (x.allFinite()) return true;
  for (Matrix& factor : factors) factor.setConstant(std::numeric_limits<double>::quiet_NaN());
  return false;
}

// Eigenvalues of symmetric matrices.

std::vector<Tensor> evaluate_eigh(const EvaluateContext& context) {
  return map_matrices(context, [](std::span<const Matrix> x, std::span<Matrix> y) {
    if (!has_factors(x[0], y)) return;
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(x[0]);
    if (solver.info() != Eigen::Success) throw RunError("the eigenvalues do not converge");
    y[0] = solver.eigenvalues();
    y[1] = solver.eigenvectors();
  });
}

Values eigh_gradient(const GradientContext& context) {
  const Value values = context.output(0);
  const Value v = context.output(1);
  const Value dvalues = column(or_zeros(context.gradient(0), values));
  Value middle = where(on_diagonal(v), dvalues, 0.0);
  if (context.gradient(1)) {
    middle = middle +
             reciprocal_differences(values) * matmul(v, context.gradient(1), {.transpose_a = true});
  }
  const Value dx = matmul(matmul(v, middle), v, {.transpose_b = true});
  // Of the triangle that is read: an element below the diagonal stands for two.
  const Value both = where(strictly_lower(dx), dx + transposed(dx), 0.0);
  return {where_matrix_flows({dvalues, context.gradient(1)}, where(on_diagonal(dx), dx, both))};
}

void register_eigh(OpRegistry& registry) {
  OpDef def = matrix_op("eigh", "Increasing eigenvalues and orthonormal vectors of a symmetric x",
                        {{"x", "Square matrices, of which the lower triangle is read."}});
  def.infer = [](const InferContext& context) {
    check_square(context, 0);
    return std::vector<ValueType>{{context.dtype(0), without_last(context.shape(0), 1)},
                                  context.inputs[0]};
  };
  def.gradient = eigh_gradient;
  def.reference = evaluate_eigh;
  def.samples = square_samples;
  def.bad_samples = bad_squares;
  registry.add(std::move(def));
}

// Singular values.

std::vector<Tensor> evaluate_svd(const EvaluateContext& context) {
  const bool full = flag(context.attrs, "full");
  return map_matrices(context, [full](std::span<const Matrix> x, std::span<Matrix> y) {
    if (!has_factors(x[0], y)) return;
    const unsigned options = full ? Eigen::ComputeFullU | Eigen::ComputeFullV
                                  : Eigen::ComputeThinU | Eigen::ComputeThinV;
    const Eigen::JacobiSVD<Eigen::MatrixXd> factors(x[0], options);
    y[0] = factors.matrixU();
    y[1] = factors.singularValues();
    y[2] = factors.matrixV().transpose();
  });
}

/// Townsend, "Differentiating the singular value decomposition", 2016.
Values svd_gradient(const GradientContext& context) {
  const Value x = context.input(0);
  const Value u = context.output(0);
  const Value values = context.output(1);
  const Value vt = context.output(2);
  const bool vectors = context.gradient(0) || context.gradient(2);
  const std::int64_t rows = x.shape().dim(-2);
  const std::int64_t columns = x.shape().dim(-1);
  const bool known = rows != kUnknown && columns != kUnknown;
  if (flag(context.attrs(), "full") && known && rows != columns) {
    throw ShapeError("the gradient of svd takes square matrices or thin factors, got " +
                     x.shape().to_string());
  }
  const Value dvalues = or_zeros(context.gradient(1), values);
  if (!vectors) return {where_matrix_flows({row(dvalues)}, matmul(u * row(dvalues), vt))};
  const Value du = or_zeros(context.gradient(0), u);
  const Value dv = transposed(or_zeros(context.gradient(2), vt));
  const Value f = reciprocal_differences(square(values));
  const auto skew = [&](Value a, Value da) {
    const Value product = matmul(a, da, {.transpose_a = true});
    return f * (product - transposed(product));
  };
  const Value v = transposed(vt);
  const Value middle = where(on_diagonal(f), column(dvalues), 0.0) + skew(u, du) * row(values) +
                       column(values) * skew(v, dv);
  // What of dU and dV is orthogonal to thin U and V.
  const auto beyond = [](Value a, Value da) {
    return da - matmul(a, matmul(a, da, {.transpose_a = true}));
  };
  const Value dx = matmul(matmul(u, middle), vt) + matmul(beyond(u, du) / row(values), vt) +
                   matmul(u / row(values), beyond(v, dv), {.transpose_b = true});
  return {where_matrix_flows({row(dvalues), du, dv}, dx)};
}

void register_svd(OpRegistry& registry) {
  OpDef def = matrix_op("svd", "x = U · diag(values) · Vᵀ with decreasing values; gives Vᵀ",
                        {{"x", "Matrices."}});
  def.attrs = {{"full", false, false, "Square U and V."}};
  def.infer = [](const InferContext& context) {
    check_matrices(context, 0);
    const Shape& shape = context.shape(0);
    const std::int64_t rows = shape.dim(-2);
    const std::int64_t columns = shape.dim(-1);
    const bool known = rows != kUnknown && columns != kUnknown;
    const std::int64_t inner = known ? std::min(rows, columns) : kUnknown;
    const bool full = flag(context.attrs, "full");
    Shape values = without_last(shape, 2);
    values.append(inner);
    return std::vector<ValueType>{
        {context.dtype(0), with_matrix(shape, rows, full ? rows : inner)},
        {context.dtype(0), values},
        {context.dtype(0), with_matrix(shape, full ? columns : inner, columns)}};
  };
  def.gradient = svd_gradient;
  def.reference = evaluate_svd;
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Shape& shape : {Shape{2, 2}, Shape{3, 2}, Shape{2, 2, 3}, Shape{1, 1}}) {
      samples.push_back({{{DType::f32, shape}}, {}, ""});
    }
    samples.push_back({{{DType::f32, {2, 2}}}, {{"full", true}}, ""});
    return samples;
  };
  def.bad_samples = bad_matrices;
  registry.add(std::move(def));
}

}  // namespace

void register_decompositions(OpRegistry& registry);

void register_decompositions(OpRegistry& registry) {
  register_cholesky(registry);
  register_lu(registry);
  register_qr(registry);
  register_eigh(registry);
  register_svd(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

Node& decomposed(std::string_view op, Operand x, Attrs attrs = {}) {
  return build_node(op, std::span(&x, 1), std::move(attrs));
}

}  // namespace

Value cholesky(Operand x) { return build("cholesky", {x}); }

LuFactors lu_factor(Operand x) {
  Node& node = decomposed("lu_factor", x);
  return {node.output(0), node.output(1)};
}

QrFactors qr(Operand x, bool complete) {
  Node& node = decomposed("qr", x, {{"complete", complete}});
  return {node.output(0), node.output(1)};
}

EigenFactors eigh(Operand x) {
  Node& node = decomposed("eigh", x);
  return {node.output(0), node.output(1)};
}

SingularFactors svd(Operand x, bool full) {
  Node& node = decomposed("svd", x, {{"full", full}});
  return {node.output(0), node.output(1), node.output(2)};
}

}  // namespace tegula
