// Matrix products.

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

/// Rows and columns of the last two dimensions, after an optional transposition.
struct MatrixShape {
  std::int64_t rows;
  std::int64_t columns;
};

MatrixShape matrix_of(const Shape& shape, bool transposed) {
  const std::int64_t rows = shape.dim(-2);
  const std::int64_t columns = shape.dim(-1);
  return transposed ? MatrixShape{columns, rows} : MatrixShape{rows, columns};
}

Shape batch_of(const Shape& shape) {
  return Shape(shape.dims().first(static_cast<std::size_t>(shape.rank() - 2)));
}

std::vector<ValueType> infer_matmul(const InferContext& context) {
  check_same_dtype(context);
  check_dtype(context.dtype(0), Accepts::floating);
  const Shape& a = context.shape(0);
  const Shape& b = context.shape(1);
  constexpr const char* expected = "; expected a of shape [..., m, k] and b of shape [..., k, n]";
  if (a.rank() < 2 || b.rank() < 2) {
    throw ShapeError("cannot multiply " + a.to_string() + " by " + b.to_string() +
                     ": both need rank 2 or more" + expected);
  }
  const MatrixShape left = matrix_of(a, flag(context.attrs, "transpose_a"));
  const MatrixShape right = matrix_of(b, flag(context.attrs, "transpose_b"));
  if (left.columns != right.rows && left.columns != kUnknown && right.rows != kUnknown) {
    throw ShapeError("cannot multiply " + a.to_string() + " by " + b.to_string() +
                     ": inner dimensions " + std::to_string(left.columns) + " and " +
                     std::to_string(right.rows) + " differ" + expected);
  }
  Shape shape = broadcast_shapes(batch_of(a), batch_of(b));
  shape.append(left.rows);
  shape.append(right.columns);
  return {{context.dtype(0), shape}};
}

std::vector<Value> matmul_gradient(const GradientContext& context) {
  const Value a = context.input(0);
  const Value b = context.input(1);
  const Value dy = context.gradient();
  const bool transpose_a = flag(context.attrs(), "transpose_a");
  const bool transpose_b = flag(context.attrs(), "transpose_b");
  // d(op(a)) = dy · op(b)ᵀ and d(op(b)) = op(a)ᵀ · dy, transposed once more for a transposed
  // operand.
  const Value da =
      transpose_a ? matmul(b, dy, {transpose_b, true}) : matmul(dy, b, {false, !transpose_b});
  const Value db =
      transpose_b ? matmul(dy, a, {true, transpose_a}) : matmul(a, dy, {!transpose_a, false});
  const bool batched = a.shape().rank() > 2 || b.shape().rank() > 2;
  return {batched ? unbroadcast(da, a) : da, batched ? unbroadcast(db, b) : db};
}

std::vector<Tensor> evaluate_matmul(const EvaluateContext& context) {
  const Tensor& a = context.input(0);
  const Tensor& b = context.input(1);
  const bool transpose_a = flag(context.attrs, "transpose_a");
  const bool transpose_b = flag(context.attrs, "transpose_b");
  const auto [m, k] = matrix_of(a.shape(), transpose_a);
  const std::int64_t n = matrix_of(b.shape(), transpose_b).columns;
  Tensor y(context.outputs[0].dtype, context.outputs[0].shape);
  const Shape batch = batch_of(y.shape());
  const BroadcastIndex batch_a(batch_of(a.shape()), batch);
  const BroadcastIndex batch_b(batch_of(b.shape()), batch);
  for (std::int64_t matrix = 0; matrix < batch.element_count(); ++matrix) {
    const std::int64_t base_a = batch_a(matrix) * m * k;
    const std::int64_t base_b = batch_b(matrix) * k * n;
    for (std::int64_t row = 0; row < m; ++row) {
      for (std::int64_t column = 0; column < n; ++column) {
        double total = 0;
        for (std::int64_t i = 0; i < k; ++i) {
          total += a.at(base_a + (transpose_a ? i * m + row : row * k + i)) *
                   b.at(base_b + (transpose_b ? column * k + i : i * n + column));
        }
        y.set((matrix * m + row) * n + column, total);
      }
    }
  }
  return {y};
}

std::vector<Sample> matmul_samples() {
  const auto sample = [](Shape a, Shape b, bool transpose_a, bool transpose_b) {
    return Sample{{{DType::f32, a}, {DType::f32, b}},
                  {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}},
                  ""};
  };
  return {sample({3, 5}, {5, 2}, false, false),       sample({5, 3}, {5, 2}, true, false),
          sample({3, 5}, {2, 5}, false, true),        sample({5, 3}, {2, 5}, true, true),
          sample({1, 7}, {7, 9}, false, false),       sample({1, 1}, {1, 1}, false, false),
          sample({0, 4}, {4, 3}, false, false),       sample({3, 0}, {0, 2}, false, false),
          sample({2, 3, 4}, {2, 4, 5}, false, false), sample({2, 4, 3}, {4, 5}, true, false),
          sample({3, 4}, {2, 4, 5}, false, false),    sample({2, 1, 3, 4}, {3, 5, 4}, false, true),
          sample({17, 33}, {33, 19}, false, false),   sample({70, 131}, {131, 67}, false, false)};
}

}  // namespace

void register_matmul(OpRegistry& registry) {
  OpDef def;
  def.name = "matmul";
  def.doc = "Matrix product of the last two dimensions; leading dimensions broadcast";
  def.inputs = {{"a", "[..., m, k], or [..., k, m] when transposed."},
                {"b", "[..., k, n], or [..., n, k] when transposed."}};
  def.attrs = {{"transpose_a", false, false, "Whether a is given transposed."},
               {"transpose_b", false, false, "Whether b is given transposed."}};
  def.fusion = FusionClass::contraction;
  def.infer = infer_matmul;
  def.gradient = matmul_gradient;
  def.reference = evaluate_matmul;
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs& attrs) {
    const std::int64_t k = matrix_of(inputs[0].shape, flag(attrs, "transpose_a")).columns;
    return Cost{.flops = 2.0 * static_cast<double>(outputs[0].shape.element_count()) *
                         static_cast<double>(k),
                .bytes = operand_bytes(inputs, outputs)};
  };
  def.samples = matmul_samples;
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 3}}, {DType::f32, {4, 5}}}, {}, "inner dimensions 3 and 4 differ"},
        {{{DType::f32, {3}}, {DType::f32, {3, 5}}}, {}, "rank 2 or more"},
        {{{DType::f32, {2, 3, 4}}, {DType::f32, {5, 4, 2}}}, {}, "cannot broadcast"},
        {{{DType::i32, {2, 3}}, {DType::i32, {3, 2}}}, {}, "takes f32 or f64"}};
  };
  registry.add(std::move(def));
}

}  // namespace tegula::ops

namespace tegula {

Value matmul(Operand a, Operand b, MatmulOptions options) {
  return build("matmul", {a, b},
               {{"transpose_a", options.transpose_a}, {"transpose_b", options.transpose_b}});
}

}  // namespace tegula
