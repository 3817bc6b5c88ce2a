// Lowering of softmax and the cross-entropies computed from logits, along the last axis.

#include "kernels/cpu/softmax.hpp"

#include <string>

#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "tegula/core/error.hpp"

namespace tegula::cpu {

namespace {

struct Rows {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

Rows rows_of(const Shape& shape) {
  Rows result{1, shape.dim(-1)};
  for (int axis = 0; axis < shape.rank() - 1; ++axis) result.rows *= shape[axis];
  return result;
}

std::string text_of(const Node& node) {
  return node.op().name + " " + node.input(0).type().to_string();
}

template <typename T>
using RowFunction = void (*)(const T*, T*, std::int64_t, std::int64_t);

template <typename T>
KernelPointer make_rows(const Node& node, RowFunction<T> function) {
  const Rows size = rows_of(node.input(0).shape());
  return make_kernel(text_of(node),
                     [=](const KernelArguments& arguments) {
                       function(input<T>(arguments, 0), output<T>(arguments), size.rows,
                                size.columns);
                     },
                     {{0, 0}});
}

KernelPointer lower_softmax(const Node& node) {
  const ValueType& type = node.input(0).type();
  const int axis = normalize_axis(node.attrs().get<std::int64_t>("axis"), type.shape.rank());
  if (axis != type.shape.rank() - 1) return nullptr;
  const bool logarithm = node.op().name == "log_softmax";
  switch (type.dtype) {
    case DType::f32:
      return make_rows<float>(node,
                              logarithm ? kernels::log_softmax<float> : kernels::softmax<float>);
    case DType::f64:
      return make_rows<double>(node,
                               logarithm ? kernels::log_softmax<double> : kernels::softmax<double>);
    default:
      return nullptr;
  }
}

/// Losses and the gradient of each row's loss; outputs that nobody reads are not computed.
template <typename Run>
class CrossEntropyKernel final : public Kernel {
 public:
  CrossEntropyKernel(std::string description, Run run)
      : description_(std::move(description)), run_(std::move(run)) {}

  void run(const KernelArguments& arguments) const override { run_(arguments); }
  std::string description() const override { return description_; }
  std::vector<InPlace> in_place() const override { return {{0, 1}}; }

 private:
  std::string description_;
  Run run_;
};

template <typename Run>
KernelPointer make_cross_entropy(const Node& node, Run run) {
  return std::make_unique<CrossEntropyKernel<Run>>(text_of(node), std::move(run));
}

template <typename T>
KernelPointer make_dense(const Node& node) {
  const Rows size = rows_of(node.input(0).shape());
  return make_cross_entropy(node, [=](const KernelArguments& arguments) {
    kernels::softmax_cross_entropy<T>(input<T>(arguments, 0), input<T>(arguments, 1),
                                      output<T>(arguments, 0), output<T>(arguments, 1), nullptr, 0,
                                      size.rows, size.columns);
  });
}

template <typename T, typename Label>
KernelPointer make_sparse(const Node& node) {
  const Rows size = rows_of(node.input(0).shape());
  return make_cross_entropy(node, [=](const KernelArguments& arguments) {
    const Label* labels = input<Label>(arguments, 1);
    const std::int64_t wrong = kernels::sparse_softmax_cross_entropy<T, Label>(
        input<T>(arguments, 0), labels, output<T>(arguments, 0), output<T>(arguments, 1), nullptr,
        0, size.rows, size.columns);
    if (wrong < 0) return;
    throw RunError("label " + std::to_string(labels[wrong]) + " of row " + std::to_string(wrong) +
                   " is outside the " + std::to_string(size.columns) + " classes 0 to " +
                   std::to_string(size.columns - 1));
  });
}

KernelPointer lower_dense(const Node& node) {
  switch (node.input(0).dtype()) {
    case DType::f32:
      return make_dense<float>(node);
    case DType::f64:
      return make_dense<double>(node);
    default:
      return nullptr;
  }
}

template <typename T>
KernelPointer lower_sparse_as(const Node& node) {
  switch (node.input(1).dtype()) {
    case DType::i32:
      return make_sparse<T, std::int32_t>(node);
    case DType::i64:
      return make_sparse<T, std::int64_t>(node);
    case DType::u8:
      return make_sparse<T, std::uint8_t>(node);
    default:
      return nullptr;
  }
}

KernelPointer lower_sparse(const Node& node) {
  switch (node.input(0).dtype()) {
    case DType::f32:
      return lower_sparse_as<float>(node);
    case DType::f64:
      return lower_sparse_as<double>(node);
    default:
      return nullptr;
  }
}

constexpr Lowering kLowerings[] = {
    {"softmax", lower_softmax},
    {"log_softmax", lower_softmax},
    {"softmax_cross_entropy", lower_dense},
    {"sparse_softmax_cross_entropy", lower_sparse},
};

}  // namespace

std::span<const Lowering> softmax_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
