// Systems of linear equations and determinants.

#include <Eigen/LU>
#include <cmath>

#include "src/ops/matrices.hpp"
#include "tegula/graph/linear_algebra.hpp"

namespace tegula::ops {

namespace {

using Values = std::vector<Value>;

std::vector<ValueType> infer_solution(const InferContext& context) {
  check_square(context, 0);
  check_matrices(context, 1);
  check_same_dtype(context);
  const Shape& a = context.shape(0);
  const Shape& b = context.shape(1);
  const Shape expected = a.rank() == b.rank() ? with_matrix(a, a.dim(-1), b.dim(-1)) : a;
  if (!compatible(expected, b)) {
    throw ShapeError("a has shape " + a.to_string() + " and b " + b.to_string() +
                     "; all but the last dimension must agree");
  }
  return {{context.dtype(0), b}};
}

std::vector<Sample> solution_samples(double low, double high) {
  std::vector<Sample> samples;
  const auto add = [&](const Shape& a, const Shape& b) {
    samples.push_back({{{DType::f32, a, low, high}, {DType::f32, b}}, {}, ""});
  };
  add({2, 2}, {2, 3});
  add({3, 3}, {3, 1});
  add({2, 2, 2}, {2, 2, 1});
  add({1, 1}, {1, 1});
  add({0, 2, 2}, {0, 2, 1});
  return samples;
}

std::vector<Sample> bad_systems() {
  return {{{{DType::f32, {2, 3}}, {DType::f32, {2, 1}}}, {}, "takes square matrices"},
          {{{DType::f32, {2, 2}}, {DType::f32, {3, 1}}}, {}, "must agree"},
          {{{DType::f32, {2, 2}}, {DType::f64, {2, 1}}}, {}, "one dtype"}};
}

void register_solve(OpRegistry& registry) {
  OpDef def = matrix_op("solve", "a⁻¹ · b; a RunError for a singular a",
                        {{"a", "Square matrices."}, {"b", "Matrices of as many rows."}});
  def.infer = infer_solution;
  def.gradient = [](const GradientContext& context) {
    const Value db = solve(transposed(context.input(0)), context.gradient());
    const Value da = -matmul(db, context.output(), {.transpose_b = true});
    return Values{where_matrix_flows({context.gradient()}, da),
                  where_matrix_flows({context.gradient()}, db)};
  };
  def.reference = [](const EvaluateContext& context) {
    return map_matrices(context, [](std::span<const Matrix> inputs, std::span<Matrix> outputs) {
      const Eigen::PartialPivLU<Matrix> factors(inputs[0]);
      if ((factors.matrixLU().diagonal().array() == 0).any()) {
        throw RunError("the matrix is singular");
      }
      outputs[0] = factors.solve(inputs[1]);
    });
  };
  def.samples = [] { return solution_samples(-2, 2); };
  def.bad_samples = bad_systems;
  registry.add(std::move(def));
}

Matrix triangular_solution(const Matrix& a, const Matrix& b, bool lower, bool transposed) {
  if ((a.diagonal().array() == 0).any()) throw RunError("the triangular matrix is singular");
  const auto solved = [&](const auto& view) -> Matrix {
    if (transposed) return view.transpose().solve(b);
    return view.solve(b);
  };
  return lower ? solved(a.triangularView<Eigen::Lower>())
               : solved(a.triangularView<Eigen::Upper>());
}

Values triangular_gradient(const GradientContext& context) {
  const bool lower = flag(context.attrs(), "lower");
  const bool transposed_a = flag(context.attrs(), "transposed");
  const Value a = context.input(0);
  const Value y = context.output();
  const Value db = solve_triangular(a, context.gradient(), lower, !transposed_a);
  const Value da =
      transposed_a ? -matmul(y, db, {.transpose_b = true}) : -matmul(db, y, {.transpose_b = true});
  const Value not_read =
      lower ? logical_not(logical_or(strictly_lower(a), on_diagonal(a))) : strictly_lower(a);
  return {where_matrix_flows({context.gradient()}, where(not_read, 0.0, da)),
          where_matrix_flows({context.gradient()}, db)};
}

void register_solve_triangular(OpRegistry& registry) {
  OpDef def = matrix_op("solve_triangular",
                        "a⁻¹ · b for a triangle of a; a RunError for a 0 on its diagonal",
                        {{"a", "Square matrices, of which one triangle is read."},
                         {"b", "Matrices of as many rows."}});
  def.attrs = {{"lower", true, false, "The lower triangle."},
               {"transposed", false, false, "Of the transposed triangle."}};
  def.infer = infer_solution;
  def.gradient = triangular_gradient;
  def.reference = [](const EvaluateContext& context) {
    const bool lower = flag(context.attrs, "lower");
    const bool transposed = flag(context.attrs, "transposed");
    return map_matrices(context, [=](std::span<const Matrix> inputs, std::span<Matrix> outputs) {
      outputs[0] = triangular_solution(inputs[0], inputs[1], lower, transposed);
    });
  };
  def.samples = [] {
    std::vector<Sample> samples;
    for (const bool lower : {true, false}) {
      for (const bool transposed : {true, false}) {
        for (Sample sample : solution_samples(0.5, 2)) {
          sample.attrs = {{"lower", lower}, {"transposed", transposed}};
          samples.push_back(std::move(sample));
        }
      }
    }
    return samples;
  };
  def.bad_samples = bad_systems;
  registry.add(std::move(def));
}

void register_slogdet(OpRegistry& registry) {
  OpDef def = matrix_op("slogdet", "Sign of a determinant, and logarithm of its absolute value",
                        {{"x", "Square matrices."}});
  def.infer = [](const InferContext& context) {
    check_square(context, 0);
    const ValueType type{context.dtype(0), without_last(context.shape(0), 2)};
    return std::vector<ValueType>{type, type};
  };
  def.gradient = [](const GradientContext& context) {
    const Value x = context.input(0);
    if (!context.gradient(1)) return Values{zeros_like(x)};
    const Value one = where(on_diagonal(x), zeros_like(x) + 1.0, 0.0);
    const Value scale = expand_dims(expand_dims(context.gradient(1), -1), -1);
    return Values{where_matrix_flows({scale}, scale * solve(transposed(x), one))};
  };
  def.reference = [](const EvaluateContext& context) {
    return map_matrices(context, [](std::span<const Matrix> inputs, std::span<Matrix> outputs) {
      const Eigen::PartialPivLU<Matrix> factors(inputs[0]);
      double sign = factors.permutationP().determinant();
      double logarithm = 0;
      for (const double pivot : factors.matrixLU().diagonal()) {
        sign *= pivot > 0 ? 1 : pivot < 0 ? -1 : 0;
        logarithm += std::log(std::abs(pivot));
      }
      outputs[0](0, 0) = sign;
      outputs[1](0, 0) = logarithm;
    });
  };
  def.samples = square_samples;
  def.bad_samples = bad_squares;
  registry.add(std::move(def));
}

}  // namespace

void register_solving(OpRegistry& registry);

void register_solving(OpRegistry& registry) {
  register_solve(registry);
  register_solve_triangular(registry);
  register_slogdet(registry);
}

}  // namespace tegula::ops

namespace tegula {

Value solve(Operand a, Operand b) { return build("solve", {a, b}); }

Value solve_triangular(Operand a, Operand b, bool lower, bool transposed) {
  return build("solve_triangular", {a, b}, {{"lower", lower}, {"transposed", transposed}});
}

SignAndLogarithm slogdet(Operand x) {
  Node& node = build_node("slogdet", std::span(&x, 1));
  return {node.output(0), node.output(1)};
}

}  // namespace tegula
