#include "src/backend/cpu/product.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "src/backend/cpu/program.hpp"

namespace tegula::cpu {

namespace {

using kernels::GemmEpilogue;

template <typename T>
class ProductKernel final : public Kernel {
 public:
  explicit ProductKernel(std::unique_ptr<Product<T>> product) : product_(std::move(product)) {}

  void run(const KernelArguments& arguments) const override {
    product_->run(arguments, static_cast<T*>(arguments.outputs[0]), {});
  }
  std::size_t workspace_bytes() const override { return product_->workspace_bytes(false); }
  std::string description() const override { return product_->text(); }
  bool skips_null_outputs() const override { return false; }

 private:
  std::unique_ptr<Product<T>> product_;
};

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
class FusedProductKernel final : public Kernel {
 public:
  FusedProductKernel(const Node& node, std::unique_ptr<Product<T>> product,
                     ElementwiseProgram program, kernels::ElementwisePlan plan, bool by_blocks,
                     bool consumed)
      : product_(std::move(product)),
        program_(std::move(program)),
        plan_(std::move(plan)),
        by_blocks_(by_blocks),
        consumed_(consumed),
        operands_(node.inputs().size() - 2) {
    const Cluster& cluster = *node.attrs().get<std::shared_ptr<const Cluster>>("cluster");
    text_ = product_->text() + " + " + cluster_text(cluster);
    in_place_ = pairs_in_place(node);
    workspace_ = product_->workspace_bytes(consumed_);
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
    product_->run(arguments, static_cast<T*>(memory),
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
    product_->run(arguments, nullptr, {.consumer = &consumer});
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

  std::unique_ptr<Product<T>> product_;
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

}  // namespace

template <typename T>
KernelPointer product_kernel(std::unique_ptr<Product<T>> product) {
  return std::make_unique<ProductKernel<T>>(std::move(product));
}

template <typename T>
KernelPointer fused_product_kernel(const Node& node, std::unique_ptr<Product<T>> product) {
  const Shape& space = node.outputs()[0].shape;
  std::vector<ValueType> operands = {{dtype_of<T>, space}};
  bool by_blocks = product->calls_epilogue();
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
  const bool consumed = by_blocks && product->consumable();
  inputs[0].block_only = consumed;
  kernels::ElementwisePlan plan =
      make_plan(program->program, program->compute, inputs, space, output_dtypes(node));
  return std::make_unique<FusedProductKernel<T>>(node, std::move(product), std::move(*program),
                                                 std::move(plan), by_blocks, consumed);
}

template KernelPointer product_kernel(std::unique_ptr<Product<float>>);
template KernelPointer product_kernel(std::unique_ptr<Product<double>>);
template KernelPointer fused_product_kernel(const Node&, std::unique_ptr<Product<float>>);
template KernelPointer fused_product_kernel(const Node&, std::unique_ptr<Product<double>>);

}  // namespace tegula::cpu
