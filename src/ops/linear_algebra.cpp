// Linear algebra beyond the matrix product.

#include <cmath>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

std::vector<ValueType> infer_orthonormalize(const InferContext& context) {
  check_dtype(context.dtype(0), Accepts::floating);
  const Shape& shape = context.shape(0);
  if (shape.rank() != 2) {
    throw ShapeError("takes a matrix, got shape " + shape.to_string());
  }
  const bool wide = shape.is_known() && shape[0] < shape[1];
  if (wide) {
    throw ShapeError("the columns of a matrix of shape " + shape.to_string() +
                     " cannot be independent; transpose it");
  }
  return {{context.dtype(0), shape}};
}

/// Gram and Schmidt's method with every projection done twice, which keeps the columns orthogonal
/// to working precision (Giraud, Langou, Rozloznik, "The loss of orthogonality in the Gram-Schmidt
/// orthogonalization process", 2005). `q` holds columns, each `rows` long.
void orthonormalize_columns(std::vector<double>& q, std::size_t rows, std::size_t columns) {
  const auto dot = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t i = 0; i < rows; ++i) sum += q[a * rows + i] * q[b * rows + i];
    return sum;
  };
  for (std::size_t column = 0; column < columns; ++column) {
    const double length_before = std::sqrt(dot(column, column));
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t earlier = 0; earlier < column; ++earlier) {
        const double share = dot(column, earlier);
        for (std::size_t i = 0; i < rows; ++i)
          q[column * rows + i] -= share * q[earlier * rows + i];
      }
    }
    const double length = std::sqrt(dot(column, column));
    if (!(length > 1e-12 * length_before)) {
      throw RunError("column " + std::to_string(column) +
                     " of the matrix depends linearly on those before it");
    }
    for (std::size_t i = 0; i < rows; ++i) q[column * rows + i] /= length;
  }
}

std::vector<Tensor> evaluate_orthonormalize(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const auto rows = static_cast<std::size_t>(x.shape()[0]);
  const auto columns = static_cast<std::size_t>(x.shape()[1]);
  std::vector<double> q(rows * columns);
  for (std::size_t i = 0; i < q.size(); ++i) {
    q[i % columns * rows + i / columns] = x.at(static_cast<std::int64_t>(i));
  }
  orthonormalize_columns(q, rows, columns);
  Tensor y(x.dtype(), x.shape());
  for (std::size_t i = 0; i < q.size(); ++i) {
    y.set(static_cast<std::int64_t>(i), q[i % columns * rows + i / columns]);
  }
  return {y};
}

}  // namespace

void register_linear_algebra(OpRegistry& registry) {
  OpDef def;
  def.name = "orthonormalize";
  def.doc =
      "Q of x = QR, with orthonormal columns and a positive diagonal of R: Gram and Schmidt's "
      "method";
  def.inputs = {{"x", "A matrix of at least as many rows as columns, which are independent."}};
  def.infer = infer_orthonormalize;
  def.reference = evaluate_orthonormalize;
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs&) {
    const auto columns = static_cast<double>(inputs[0].shape[1]);
    return Cost{.flops = 4 * columns * static_cast<double>(inputs[0].shape.element_count()),
                .bytes = operand_bytes(inputs, outputs)};
  };
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Shape& shape : {Shape{3, 3}, Shape{7, 2}, Shape{1, 1}, Shape{5, 0}, Shape{0, 0}}) {
      samples.push_back({{{DType::f32, shape}}, {}, ""});
    }
    return samples;
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3}}}, {}, "takes a matrix"},
                               {{{DType::f32, {2, 3}}}, {}, "transpose"},
                               {{{DType::i32, {3, 2}}}, {}, "takes f32 or f64"}};
  };
  registry.add(std::move(def));
}

}  // namespace tegula::ops

namespace tegula {

Value orthonormalize(Operand x) { return build("orthonormalize", {x}); }

}  // namespace tegula
