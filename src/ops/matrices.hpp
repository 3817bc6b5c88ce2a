#pragma once
// What ops of matrices share: their types, their values as matrices of double, their masks.

#include <Eigen/Core>
#include <functional>
#include <initializer_list>
#include <span>

#include "src/ops/family.hpp"

namespace tegula::ops {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A definition with the cost of n³ operations for the larger size n of its first input.
OpDef matrix_op(const char* name, const char* doc, std::vector<InputDef> inputs);

/// Throw ShapeError or DTypeError unless the input is of matrices, or of square ones.
void check_matrices(const InferContext& context, int input);
void check_square(const InferContext& context, int input);

/// The shape without its last `count` dimensions.
Shape without_last(const Shape& shape, int count);
/// The shape with other last two dimensions.
Shape with_matrix(const Shape& shape, std::int64_t rows, std::int64_t columns);

std::vector<Sample> square_samples();
std::vector<Sample> bad_squares();
std::vector<Sample> bad_matrices();

/// The outputs of `function(inputs, outputs)` for each matrix of the inputs, which all have the
/// leading dimensions of the first; outputs have the sizes of their types, vectors are columns.
std::vector<Tensor> map_matrices(
    const EvaluateContext& context,
    const std::function<void(std::span<const Matrix> inputs, std::span<Matrix> outputs)>& function);

/// (x + xᵀ) / 2
inline Matrix symmetric_part(const Matrix& x) { return (x + x.transpose()) / 2; }

/// `product` for matrices into which a gradient flows, and 0 where all of it is 0: `where_flows`
/// for what depends on whole matrices. The gradients are matrices, or no values.
Value where_matrix_flows(std::initializer_list<Value> gradients, Value product);

/// The last two axes exchanged.
Value transposed(Value x);
/// Where an element of the matrices lies: booleans of x's shape.
Value on_diagonal(Value x);
Value strictly_lower(Value x);

}  // namespace tegula::ops
