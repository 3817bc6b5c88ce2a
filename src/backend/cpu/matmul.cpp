// Lowering of matrix products.

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/cpu/gemm.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "src/backend/cpu/packed_weights.hpp"
#include "src/backend/cpu/product.hpp"

namespace tegula::cpu {

namespace {

using kernels::GemmBatch;
using kernels::GemmEpilogue;
using kernels::GemmFinish;
using kernels::GemmImplementation;
using kernels::GemmProblem;

/// Shape of a product a[..., m, k] · b[..., k, n].
struct Matrices {
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

Matrices make_matrices(const Shape& a, const Shape& b, const Shape& result, bool transpose_a,
                       bool transpose_b) {
  Matrices product;
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
              const float* a, const float* b, float* c, const GemmFinish<float>& finish,
              float* workspace) {
  if (batch.count == 1) {
    kernels::gemm_f32(implementation, problem, a, b, c, finish, workspace);
  } else {
    kernels::gemm_batched_f32(implementation, problem, batch, a, b, c, finish);
  }
}

void multiply(GemmImplementation, const GemmProblem& problem, const GemmBatch& batch,
              const double* a, const double* b, double* c, const GemmFinish<double>& finish,
              double*) {
  kernels::gemm_batched_f64(problem, batch, a, b, c, finish);
}

/// The product, then `finish` per block.
template <typename T>
void run_product(const Matrices& product, GemmImplementation implementation, const T* a, const T* b,
                 T* c, const GemmFinish<T>& finish, T* workspace) {
  if (product.offsets_a.empty()) {
    multiply(implementation, product.problem, product.batch, a, b, c, finish, workspace);
    return;
  }
  for (std::int64_t item = 0; item < product.batch.count; ++item) {
    const std::size_t i = static_cast<std::size_t>(item);
    const auto in_item = [&](std::int64_t row, std::int64_t column, std::int64_t rows,
                             std::int64_t columns) {
      (*finish.epilogue)(item * product.problem.m + row, column, rows, columns);
    };
    const GemmEpilogue shifted(in_item);
    multiply(implementation, product.problem, {}, a + product.offsets_a[i],
             b + product.offsets_b[i], c + item * product.batch.stride_c,
             {.bias = finish.bias, .epilogue = finish.epilogue == nullptr ? nullptr : &shifted},
             nullptr);
  }
}

/// Bytes of workspace that the product itself uses.
template <typename T>
std::size_t product_workspace(const Matrices& product, GemmImplementation implementation,
                              bool consumed) {
  if (!std::is_same_v<T, float> || product.batch.count != 1) return 0;
  return kernels::gemm_workspace_size(implementation, product.problem, consumed) * sizeof(T);
}

/// Memory for the packed weights of a product whose B is a variable, or null where that is no gain.
template <typename T>
std::unique_ptr<PackedWeights> packed_weights(const Node& node, const Matrices& product,
                                              GemmImplementation implementation) {
  const bool packs = std::is_same_v<T, float> && product.batch.count == 1 &&
                     node.input(1).node().op().name == "variable" &&
                     kernels::gemm_worth_packing(implementation, product.problem);
  if (!packs) return nullptr;
  return std::make_unique<PackedWeights>(
      kernels::packed_b_size(product.problem.k, product.problem.n),
      [problem = product.problem](const float* weights, float* packed) {
        return kernels::pack_b_f32(problem, weights, packed);
      });
}

/// As run_product; with the packed form of B when there is one.
template <typename T>
void run_product(const Matrices& product, GemmImplementation implementation,
                 const PackedWeights* weights, const KernelArguments& arguments, T* c,
                 const GemmFinish<T>& finish) {
  const T* const a = static_cast<const T*>(arguments.inputs[0]);
  const T* const b = static_cast<const T*>(arguments.inputs[1]);
  if constexpr (std::is_same_v<T, float>) {
    const float* packed =
        weights == nullptr ? nullptr : weights->find(b, arguments.variables_version);
    if (packed != nullptr) {
      return kernels::gemm_packed_f32(product.problem, a, packed, weights->finite(), c, finish);
    }
  }
  run_product<T>(product, implementation, a, b, c, finish, static_cast<T*>(arguments.workspace));
}

/// Whether the product's blocks can go to the cluster without being stored.
template <typename T>
bool can_consume(const Matrices& product, GemmImplementation implementation) {
  return std::is_same_v<T, float> && product.batch.count == 1 &&
         kernels::gemm_consumable(implementation, product.problem);
}

std::string product_text(const Matrices& product, DType dtype, GemmImplementation implementation) {
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
class MatmulProduct final : public Product<T> {
 public:
  MatmulProduct(const Node& node, Matrices matrices)
      : matrices_(std::move(matrices)),
        implementation_(kernels::choose_gemm(matrices_.problem)),
        weights_(packed_weights<T>(node, matrices_, implementation_)) {}

  void run(const KernelArguments& arguments, T* c, const GemmFinish<T>& finish) const override {
    run_product<T>(matrices_, implementation_, weights_.get(), arguments, c, finish);
  }
  std::size_t workspace_bytes(bool consumed) const override {
    return product_workspace<T>(matrices_, implementation_, consumed);
  }
  bool calls_epilogue() const override { return true; }
  bool consumable() const override { return can_consume<T>(matrices_, implementation_); }
  std::string text() const override {
    return product_text(matrices_, dtype_of<T>, implementation_);
  }

 private:
  Matrices matrices_;
  GemmImplementation implementation_;
  std::unique_ptr<PackedWeights> weights_;
};

template <typename T>
std::unique_ptr<Product<T>> make_product(const Node& node) {
  return std::make_unique<MatmulProduct<T>>(
      node,
      make_matrices(node.input(0).shape(), node.input(1).shape(), node.outputs()[0].shape,
                    node.attrs().get<bool>("transpose_a"), node.attrs().get<bool>("transpose_b")));
}

KernelPointer lower_matmul(const Node& node) {
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      return product_kernel(make_product<float>(node));
    case DType::f64:
      return product_kernel(make_product<double>(node));
    default:
      return nullptr;
  }
}

KernelPointer lower_fused_matmul(const Node& node) {
  switch (node.input(0).dtype()) {
    case DType::f32:
      return fused_product_kernel(node, make_product<float>(node));
    case DType::f64:
      return fused_product_kernel(node, make_product<double>(node));
    default:
      return nullptr;
  }
}

constexpr Lowering kLowerings[] = {{"matmul", lower_matmul}, {"fused_matmul", lower_fused_matmul}};

}  // namespace

template <typename T>
std::unique_ptr<Product<T>> matrix_product(const Node& node, const GemmProblem& problem) {
  return std::make_unique<MatmulProduct<T>>(node, Matrices{problem, {}, {}, {}});
}

template std::unique_ptr<Product<float>> matrix_product(const Node&, const GemmProblem&);
template std::unique_ptr<Product<double>> matrix_product(const Node&, const GemmProblem&);

std::span<const Lowering> matmul_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
