// Lowering of matrix products, alone or with what is computed from their result while it is in
// cache.

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cpu/gemm.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "src/backend/cpu/program.hpp"

namespace tegula::cpu {

namespace {

using kernels::GemmBatch;
using kernels::GemmEpilogue;
using kernels::GemmFinish;
using kernels::GemmImplementation;
using kernels::GemmProblem;

/// Shape of a product a[..., m, k] · b[..., k, n].
struct Product {
  GemmProblem problem;
  GemmBatch batch;
  /// Per item the elements before its matrices, where broadcasting makes no constant stride.
  std::vector<std::int64_t> offsets_a;
  std::vector<std::int64_t> offsets_b;
};

/// Elements of the last two dimensions.
std::int64_t matrix_size(const Shape& shape) { return shape.dim(-1) * shape.dim(-2); }

/// Number of the operand's matrix that item `index` of the result uses.
std::int64_t matrix_of_item(std::int64_t index, const Shape& result, const Shape& operand) {
  std::int64_t number = 0;
  std::int64_t stride = 1;
  for (int axis = 3; axis <= result.rank(); ++axis) {
    const std::int64_t extent = result.dim(-axis);
    const std::int64_t position = index % extent;
    index /= extent;
    if (axis > operand.rank()) continue;
    const std::int64_t own = operand.dim(-axis);
    if (own != 1) number += position * stride;
    stride *= own;
  }
  return number;
}

/// Number of matrices in a stack.
std::int64_t stack_size(const Shape& shape) {
  std::int64_t size = 1;
  for (int axis = 0; axis < shape.rank() - 2; ++axis) size *= shape[axis];
  return size;
}

Product make_product(const Shape& a, const Shape& b, const Shape& result, bool transpose_a,
                     bool transpose_b) {
  Product product;
  std::int64_t m = result.dim(-2);
  const std::int64_t k = a.dim(transpose_a ? -2 : -1);
  std::int64_t count = stack_size(result);
  if (stack_size(b) == 1 && !transpose_a) {
    m *= count;  // one tall product
    count = 1;
  }
  product.problem = GemmProblem::dense(m, result.dim(-1), k, transpose_a, transpose_b);
  product.batch.count = count;
  product.batch.stride_c = m * result.dim(-1);
  if (count == 1) return product;
  const auto uniform = [&](const Shape& operand) {
    return stack_size(operand) == count || stack_size(operand) == 1;
  };
  if (uniform(a) && uniform(b)) {
    product.batch.stride_a = stack_size(a) == 1 ? 0 : matrix_size(a);
    product.batch.stride_b = stack_size(b) == 1 ? 0 : matrix_size(b);
    return product;
  }
  for (std::int64_t item = 0; item < count; ++item) {
    product.offsets_a.push_back(matrix_of_item(item, result, a) * matrix_size(a));
    product.offsets_b.push_back(matrix_of_item(item, result, b) * matrix_size(b));
  }
  return product;
}

void multiply(GemmImplementation implementation, const GemmProblem& problem, const GemmBatch& batch,
              const float* a, const float* b, float* c, const GemmFinish<float>& finish) {
  if (batch.count == 1) {
    kernels::gemm_f32(implementation, problem, a, b, c, finish);
  } else {
    kernels::gemm_batched_f32(implementation, problem, batch, a, b, c, finish);
  }
}

void multiply(GemmImplementation, const GemmProblem& problem, const GemmBatch& batch,
              const double* a, const double* b, double* c, const GemmFinish<double>& finish) {
  kernels::gemm_batched_f64(problem, batch, a, b, c, finish);
}

/// The product, then `finish` per block.
template <typename T>
void run_product(const Product& product, GemmImplementation implementation, const T* a, const T* b,
                 T* c, const T* bias, const GemmEpilogue* epilogue) {
  if (product.offsets_a.empty()) {
    multiply(implementation, product.problem, product.batch, a, b, c, {bias, epilogue});
    return;
  }
  for (std::int64_t item = 0; item < product.batch.count; ++item) {
    const std::size_t i = static_cast<std::size_t>(item);
    const auto in_item = [&](std::int64_t row, std::int64_t column, std::int64_t rows,
                             std::int64_t columns) {
      (*epilogue)(item * product.problem.m + row, column, rows, columns);
    };
    const GemmEpilogue shifted(in_item);
    multiply(implementation, product.problem, {}, a + product.offsets_a[i],
             b + product.offsets_b[i], c + item * product.batch.stride_c,
             {bias, epilogue == nullptr ? nullptr : &shifted});
  }
}

std::string product_text(const Product& product, DType dtype, GemmImplementation implementation) {
  const GemmProblem& problem = product.problem;
  std::string text = "gemm ";
  text += dtype == DType::f32 ? kernels::to_string(implementation) : "eigen f64";
  text += " " + (product.batch.count == 1 ? "" : std::to_string(product.batch.count) + "x ");
  text +=
      std::to_string(problem.m) + "x" + std::to_string(problem.n) + "x" + std::to_string(problem.k);
  if (problem.transpose_a) text += " a^T";
  if (problem.transpose_b) text += " b^T";
  return text;
}

template <typename T>
class MatmulKernel final : public Kernel {
 public:
  explicit MatmulKernel(Product product)
      : product_(std::move(product)), implementation_(kernels::choose_gemm(product_.problem)) {}

  void run(const KernelArguments& arguments) const override {
    run_product<T>(product_, implementation_, static_cast<const T*>(arguments.inputs[0]),
                   static_cast<const T*>(arguments.inputs[1]),
                   static_cast<T*>(arguments.outputs[0]), nullptr, nullptr);
  }
  std::string description() const override {
    return product_text(product_, dtype_of<T>, implementation_);
  }
  bool skips_null_outputs() const override { return false; }

 private:
  Product product_;
  GemmImplementation implementation_;
};

KernelPointer lower_matmul(const Node& node) {
  Product product =
      make_product(node.input(0).shape(), node.input(1).shape(), node.outputs()[0].shape,
                   node.attrs().get<bool>("transpose_a"), node.attrs().get<bool>("transpose_b"));
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      return std::make_unique<MatmulKernel<float>>(std::move(product));
    case DType::f64:
      return std::make_unique<MatmulKernel<double>>(std::move(product));
    default:
      return nullptr;
  }
}

constexpr auto kLowerings = std::to_array<Lowering>({{"matmul", lower_matmul}});

}  // namespace

std::span<const Lowering> matmul_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
