#include "src/ops/matrices.hpp"

#include <algorithm>
#include <utility>

#include "tegula/graph/sequences.hpp"

namespace tegula::ops {

namespace {

std::int64_t matrix_count(const Shape& shape) {
  std::int64_t count = 1;
  for (int axis = 0; axis + 2 < shape.rank(); ++axis) count *= shape[axis];
  return count;
}

/// Rows and columns of one of `leading` dimensions; vectors are columns.
std::pair<std::int64_t, std::int64_t> sizes_of(const Shape& shape, int leading) {
  const int rank = shape.rank() - leading;
  return {rank > 0 ? shape[leading] : 1, rank > 1 ? shape[leading + 1] : 1};
}

Matrix read(const Tensor& tensor, int leading, std::int64_t number) {
  const auto [rows, columns] = sizes_of(tensor.shape(), leading);
  Matrix matrix(rows, columns);
  for (std::int64_t i = 0; i < matrix.size(); ++i) {
    matrix.data()[i] = tensor.at(number * matrix.size() + i);
  }
  return matrix;
}

void write(const Matrix& matrix, Tensor& tensor, std::int64_t number) {
  for (std::int64_t i = 0; i < matrix.size(); ++i) {
    tensor.set(number * matrix.size() + i, matrix.data()[i]);
  }
}

}  // namespace

OpDef matrix_op(const char* name, const char* doc, std::vector<InputDef> inputs) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = std::move(inputs);
  def.cost = [](std::span<const ValueType> types, std::span<const ValueType> outputs,
                const Attrs&) {
    const Shape& shape = types[0].shape;
    const auto size = static_cast<double>(std::max(shape.dim(-1), shape.dim(-2)));
    return Cost{.flops = size * size * size * static_cast<double>(matrix_count(shape)),
                .bytes = operand_bytes(types, outputs)};
  };
  return def;
}

void check_matrices(const InferContext& context, int input) {
  check_dtype(context.dtype(input), Accepts::floating);
  if (context.shape(input).rank() >= 2) return;
  throw ShapeError("takes matrices, got shape " + context.shape(input).to_string());
}

void check_square(const InferContext& context, int input) {
  check_matrices(context, input);
  const Shape& shape = context.shape(input);
  const std::int64_t rows = shape.dim(-2);
  const std::int64_t columns = shape.dim(-1);
  if (rows == columns || rows == kUnknown || columns == kUnknown) return;
  throw ShapeError("takes square matrices, got shape " + shape.to_string());
}

Shape without_last(const Shape& shape, int count) {
  Shape result;
  for (int axis = 0; axis + count < shape.rank(); ++axis) result.append(shape[axis]);
  return result;
}

Shape with_matrix(const Shape& shape, std::int64_t rows, std::int64_t columns) {
  Shape result = without_last(shape, 2);
  result.append(rows);
  result.append(columns);
  return result;
}

std::vector<Sample> square_samples() {
  std::vector<Sample> samples;
  for (const Shape& shape :
       {Shape{2, 2}, Shape{3, 3}, Shape{2, 2, 2}, Shape{1, 1}, Shape{0, 2, 2}}) {
    samples.push_back({{{DType::f32, shape}}, {}, ""});
  }
  return samples;
}

std::vector<Sample> bad_squares() {
  std::vector<Sample> samples = bad_matrices();
  samples.push_back({{{DType::f32, {2, 3}}}, {}, "takes square matrices"});
  return samples;
}

std::vector<Sample> bad_matrices() {
  return {{{{DType::f32, {3}}}, {}, "takes matrices"},
          {{{DType::i32, {2, 2}}}, {}, "takes f32 or f64"}};
}

std::vector<Tensor> map_matrices(const EvaluateContext& context,
                                 const std::function<void(std::span<const Matrix> inputs,
                                                          std::span<Matrix> outputs)>& function) {
  const int leading = context.input(0).rank() - 2;
  std::vector<Tensor> results;
  for (const ValueType& type : context.outputs) results.emplace_back(type.dtype, type.shape);
  const std::int64_t count = matrix_count(context.input(0).shape());
  for (std::int64_t number = 0; number < count; ++number) {
    std::vector<Matrix> inputs;
    for (const Tensor& tensor : context.inputs) inputs.push_back(read(tensor, leading, number));
    std::vector<Matrix> outputs;
    for (const Tensor& tensor : results) {
      const auto [rows, columns] = sizes_of(tensor.shape(), leading);
      outputs.emplace_back(rows, columns);
    }
    function(inputs, outputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) write(outputs[i], results[i], number);
  }
  return results;
}

Value where_matrix_flows(std::initializer_list<Value> gradients, Value product) {
  Value flows;
  for (const Value& gradient : gradients) {
    if (!gradient) continue;
    const Value one = any(cast(gradient, DType::boolean), {-1, -2}, true);
    flows = flows ? logical_or(flows, one) : one;
  }
  return where(flows, product, 0.0);
}

Value transposed(Value x) {
  std::vector<std::int64_t> axes;
  for (int axis = 0; axis < x.shape().rank(); ++axis) axes.push_back(axis);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return transpose(x, Axes(std::move(axes)));
}

Value on_diagonal(Value x) { return equal(positions(x, -1), positions(x, -2)); }

Value strictly_lower(Value x) { return less(positions(x, -1), positions(x, -2)); }

}  // namespace tegula::ops
