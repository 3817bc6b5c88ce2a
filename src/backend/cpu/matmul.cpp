// Lowering of matrix products, alone or with what is computed from their result while it is in
// cache.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/cpu/gemm.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "src/backend/cpu/packed_weights.hpp"
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
void run_product(const Product& product, GemmImplementation implementation, const T* a, const T* b,
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
std::size_t product_workspace(const Product& product, GemmImplementation implementation,
                              bool consumed) {
  if (!std::is_same_v<T, float> || product.batch.count != 1) return 0;
  return kernels::gemm_workspace_size(implementation, product.problem, consumed) * sizeof(T);
}

/// Memory for the packed weights of a product whose B is a variable, or null where that is no gain.
template <typename T>
std::unique_ptr<PackedWeights> packed_weights(const Node& node, const Product& product,
                                              GemmImplementation implementation) {
  const bool packs = std::is_same_v<T, float> && product.batch.count == 1 &&
                     node.input(1).node().op().name == "variable" &&
                     kernels::gemm_worth_packing(implementation, product.problem);
  return packs ? std::make_unique<PackedWeights>(product.problem) : nullptr;
}

/// As run_product; with the packed form of B when there is one.
template <typename T>
void run_product(const Product& product, GemmImplementation implementation,
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
bool can_consume(const Product& product, GemmImplementation implementation) {
  return std::is_same_v<T, float> && product.batch.count == 1 &&
         kernels::gemm_consumable(implementation, product.problem);
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
  MatmulKernel(const Node& node, Product product)
      : product_(std::move(product)),
        implementation_(kernels::choose_gemm(product_.problem)),
        weights_(packed_weights<T>(node, product_, implementation_)) {}

  void run(const KernelArguments& arguments) const override {
    run_product<T>(product_, implementation_, weights_.get(), arguments,
                   static_cast<T*>(arguments.outputs[0]), {});
  }
  std::size_t workspace_bytes() const override {
    return product_workspace<T>(product_, implementation_, false);
  }
  std::string description() const override {
    return product_text(product_, dtype_of<T>, implementation_);
  }
  bool skips_null_outputs() const override { return false; }

 private:
  Product product_;
  GemmImplementation implementation_;
  std::unique_ptr<PackedWeights> weights_;
};

Product product_of(const Node& node) {
  return make_product(node.input(0).shape(), node.input(1).shape(), node.outputs()[0].shape,
                      node.attrs().get<bool>("transpose_a"), node.attrs().get<bool>("transpose_b"));
}

KernelPointer lower_matmul(const Node& node) {
  Product product = product_of(node);
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      return std::make_unique<MatmulKernel<float>>(node, std::move(product));
    case DType::f64:
      return std::make_unique<MatmulKernel<double>>(node, std::move(product));
    default:
      return nullptr;
  }
}

/// How an operand of the epilogue lies over a product seen as [rows, columns].
bool fits_blocks(const Shape& operand, const Shape& product) {
  if (operand == product || operand.element_count() == 1) return true;
  const std::int64_t rows = product.element_count() / std::max<std::int64_t>(1, product.dim(-1));
  const std::int64_t last = operand.dim(-1);
  const bool row = last == product.dim(-1) && operand.element_count() == last;
  const bool column =
      last == 1 && operand.element_count() == rows && operand.rank() == product.rank();
  return row || column;
}

/// A product and a cluster on it: applied block by block where its operands allow, else after the
/// whole product. The product itself is only stored where it has to be: in an output that the
/// cluster then overwrites, or in the workspace when outputs may lie over operands.
template <typename T>
class FusedMatmulKernel final : public Kernel {
 public:
  FusedMatmulKernel(const Node& node, Product product, ElementwiseProgram program,
                    kernels::ElementwisePlan plan, bool by_blocks, bool consumed)
      : product_(std::move(product)),
        implementation_(kernels::choose_gemm(product_.problem)),
        weights_(packed_weights<T>(node, product_, implementation_)),
        program_(std::move(program)),
        plan_(std::move(plan)),
        by_blocks_(by_blocks),
        consumed_(consumed),
        operands_(node.inputs().size() - 2) {
    const Cluster& cluster = *node.attrs().get<std::shared_ptr<const Cluster>>("cluster");
    text_ = product_text(product_, dtype_of<T>, implementation_) + " + " + cluster_text(cluster);
    in_place_ = pairs_in_place(node);
    workspace_ = product_workspace<T>(product_, implementation_, consumed_);
    if (consumed_) return;
    for (int i = node.output_count() - 1; i >= 0 && in_place_.empty(); --i) {
      if (node.outputs()[static_cast<std::size_t>(i)].dtype == dtype_of<T>) product_output_ = i;
    }
    if (product_output_ < 0) {
      stored_at_ = workspace_;
      workspace_ += static_cast<std::size_t>(node.outputs()[0].shape.element_count()) * sizeof(T);
    }
  }

  void run(const KernelArguments& arguments) const override {
    Operands operands;
    std::copy_n(arguments.inputs + 2, operands_, operands.begin() + 1);
    const kernels::RandomState random = program_.random_state(arguments.key);
    if (consumed_) return run_consumed(arguments, operands, random);
    void* const memory = product_output_ < 0
                             ? static_cast<std::byte*>(arguments.workspace) + stored_at_
                             : arguments.outputs[product_output_];
    operands[0] = memory;
    const auto finish = [&](std::int64_t row, std::int64_t column, std::int64_t rows,
                            std::int64_t columns) {
      plan_.run_block({row, rows, column, columns}, operands.data(), arguments.outputs, random);
    };
    const GemmEpilogue epilogue(finish);
    run_product<T>(product_, implementation_, weights_.get(), arguments, static_cast<T*>(memory),
                   {.epilogue = by_blocks_ ? &epilogue : nullptr});
    if (!by_blocks_) plan_.run(operands.data(), arguments.outputs, random);
  }
  std::string description() const override { return text_; }
  std::size_t workspace_bytes() const override { return workspace_; }
  std::vector<InPlace> in_place() const override { return in_place_; }
  bool skips_null_outputs() const override { return false; }

 private:
  using Operands = std::array<const void*, kernels::kMaxTileBuffers + kernels::kMaxScalars>;

  void run_consumed(const KernelArguments& arguments, const Operands& operands,
                    kernels::RandomState random) const {
    const auto consume = [&](std::int64_t row, std::int64_t column, std::int64_t rows,
                             std::int64_t columns, const T* block) {
      Operands local;
      local[0] = block;
      std::copy_n(operands.begin() + 1, operands_, local.begin() + 1);
      plan_.run_block({row, rows, column, columns}, local.data(), arguments.outputs, random);
    };
    const kernels::GemmConsumer<T> consumer(consume);
    run_product<T>(product_, implementation_, weights_.get(), arguments, nullptr,
                   {.consumer = &consumer});
  }

  /// Operands of the cluster that are full: each element is read before it is written.
  static std::vector<InPlace> pairs_in_place(const Node& node) {
    std::vector<InPlace> pairs;
    for (int input = 2; input < static_cast<int>(node.inputs().size()); ++input) {
      const ValueType& type = node.input(input).type();
      for (int output = 0; output < node.output_count(); ++output) {
        const ValueType& result = node.outputs()[static_cast<std::size_t>(output)];
        const bool fits =
            type.shape == result.shape && size_of(type.dtype) == size_of(result.dtype);
        if (fits) pairs.push_back({input, output});
      }
    }
    return pairs;
  }

  Product product_;
  GemmImplementation implementation_;
  std::unique_ptr<PackedWeights> weights_;
  ElementwiseProgram program_;
  kernels::ElementwisePlan plan_;
  bool by_blocks_;
  bool consumed_;
  std::size_t operands_;
  std::string text_;
  int product_output_ = -1;
  /// First the product's own, then the stored product, if it has no output to lie in.
  std::size_t workspace_ = 0;
  std::size_t stored_at_ = 0;
  std::vector<InPlace> in_place_;
};

template <typename T>
KernelPointer lower_fused_as(const Node& node, Product product) {
  const Shape& space = node.outputs()[0].shape;
  std::vector<ValueType> operands = {{dtype_of<T>, space}};
  bool by_blocks = true;
  for (std::size_t i = 2; i < node.inputs().size(); ++i) {
    operands.push_back(node.inputs()[i].type());
    by_blocks = by_blocks && fits_blocks(operands.back().shape, space);
  }
  if (operands.size() > kernels::kMaxTileBuffers) return nullptr;
  const Cluster& cluster = *node.attrs().get<std::shared_ptr<const Cluster>>("cluster");
  std::optional<ElementwiseProgram> program = translate(cluster, operands, space);
  if (!program) return nullptr;
  const auto make_plan =
      by_blocks ? kernels::ElementwisePlan::blocks : kernels::ElementwisePlan::whole;
  std::vector<kernels::ElementwiseInput> inputs = kernel_inputs(operands);
  const bool consumed = by_blocks && can_consume<T>(product, kernels::choose_gemm(product.problem));
  inputs[0].block_only = consumed;
  kernels::ElementwisePlan plan =
      make_plan(program->program, program->compute, inputs, space, output_dtypes(node));
  return std::make_unique<FusedMatmulKernel<T>>(node, std::move(product), std::move(*program),
                                                std::move(plan), by_blocks, consumed);
}

KernelPointer lower_fused_matmul(const Node& node) {
  Product product = product_of(node);
  switch (node.input(0).dtype()) {
    case DType::f32:
      return lower_fused_as<float>(node, std::move(product));
    case DType::f64:
      return lower_fused_as<double>(node, std::move(product));
    default:
      return nullptr;
  }
}

constexpr Lowering kLowerings[] = {{"matmul", lower_matmul}, {"fused_matmul", lower_fused_matmul}};

}  // namespace

std::span<const Lowering> matmul_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
