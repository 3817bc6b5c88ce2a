// Lowering of ops that write or sum rows by their indices.

#include "kernels/cpu/rows_by_index.hpp"

#include <string>

#include "kernels/cpu/movement.hpp"
#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "tegula/core/error.hpp"

namespace tegula::cpu {

namespace {

/// The rows that the node's second input indexes; `matrix` is the shape they are rows of.
template <typename Index>
kernels::RowsByIndex<Index> rows_of(const Node& node, const Shape& matrix) {
  kernels::RowsByIndex<Index> rows{
      .count = node.input(1).shape().element_count(), .size = matrix[0], .inner = 1};
  for (int axis = 1; axis < matrix.rank(); ++axis) rows.inner *= matrix[axis];
  return rows;
}

template <typename Index>
kernels::RowsByIndex<Index> with_indices(kernels::RowsByIndex<Index> rows,
                                         const KernelArguments& arguments,
                                         const std::string& op = "scatter") {
  rows.indices = input<Index>(arguments, 1);
  const std::int64_t wrong = kernels::first_out_of_range(rows.indices, rows.count, rows.size);
  if (wrong == kernels::kAllInRange) return rows;
  throw RunError(op + ": index " + std::to_string(rows.indices[wrong]) + " at position " +
                 std::to_string(wrong) + " is outside of the " + std::to_string(rows.size) +
                 " rows");
}

std::string text_of(const Node& node) {
  return node.op().name + " " + node.input(1).type().to_string() + " of " +
         node.outputs()[0].to_string();
}

template <typename Index>
KernelPointer make_replacement(const Node& node) {
  const auto rows = rows_of<Index>(node, node.outputs()[0].shape);
  return make_kernel(
      text_of(node),
      [rows, size = size_of(node.outputs()[0].dtype)](const KernelArguments& arguments) {
        kernels::replace_rows(with_indices(rows, arguments), arguments.inputs[0],
                              arguments.inputs[2], arguments.outputs[0], size);
      },
      {{0, 0}});
}

template <typename T, typename Index>
KernelPointer make_combination(const Node& node, kernels::RowReduction reduction) {
  const auto rows = rows_of<Index>(node, node.outputs()[0].shape);
  return make_kernel(text_of(node),
                     [=](const KernelArguments& arguments) {
                       kernels::combine_rows(with_indices(rows, arguments), reduction,
                                             input<T>(arguments, 0), input<T>(arguments, 2),
                                             output<T>(arguments));
                     },
                     {{0, 0}});
}

kernels::RowReduction reduction_of(const std::string& name) {
  if (name == "add") return kernels::RowReduction::add;
  if (name == "mul") return kernels::RowReduction::mul;
  return name == "max" ? kernels::RowReduction::max : kernels::RowReduction::min;
}

template <typename Index>
KernelPointer lower_scatter_by(const Node& node) {
  const std::string& reduction = node.attrs().get<std::string>("reduction");
  if (reduction == "replace") return make_replacement<Index>(node);
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      return make_combination<float, Index>(node, reduction_of(reduction));
    case DType::f64:
      return make_combination<double, Index>(node, reduction_of(reduction));
    default:
      return nullptr;
  }
}

KernelPointer lower_scatter(const Node& node) {
  return node.input(1).dtype() == DType::i32 ? lower_scatter_by<std::int32_t>(node)
                                             : lower_scatter_by<std::int64_t>(node);
}

template <typename T, typename Index>
KernelPointer make_row_sums(const Node& node) {
  const auto rows = rows_of<Index>(node, node.outputs()[0].shape);
  if (rows.count > std::int64_t{1} << 30) return nullptr;
  return make_kernel(
      text_of(node),
      [rows](const KernelArguments& arguments) {
        auto given = rows;
        given.indices = input<Index>(arguments, 1);
        kernels::sum_rows_by_index(given, input<T>(arguments, 0), output<T>(arguments),
                                   arguments.workspace);
      },
      {{0, 0}}, kernels::row_sums_scratch_bytes(rows.count));
}

KernelPointer lower_sum_rows_by_index(const Node& node) {
  const bool narrow = node.input(1).dtype() == DType::i32;
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      return narrow ? make_row_sums<float, std::int32_t>(node)
                    : make_row_sums<float, std::int64_t>(node);
    case DType::f64:
      return narrow ? make_row_sums<double, std::int32_t>(node)
                    : make_row_sums<double, std::int64_t>(node);
    default:
      return nullptr;
  }
}

template <typename T, typename Index>
KernelPointer make_gathered_sums(const Node& node) {
  const auto rows = rows_of<Index>(node, node.input(0).shape());
  const std::int64_t per_sum = node.input(1).shape().dim(-1);
  if (per_sum == 0) return nullptr;
  return make_kernel(
      text_of(node), [=, mean = node.attrs().get<bool>("mean")](const KernelArguments& arguments) {
        kernels::sum_gathered_rows(with_indices(rows, arguments, "gather"), per_sum, mean,
                                   input<T>(arguments, 0), output<T>(arguments));
      });
}

KernelPointer lower_gather_sum(const Node& node) {
  const bool narrow = node.input(1).dtype() == DType::i32;
  if (node.outputs()[0].dtype == DType::f32) {
    return narrow ? make_gathered_sums<float, std::int32_t>(node)
                  : make_gathered_sums<float, std::int64_t>(node);
  }
  return narrow ? make_gathered_sums<double, std::int32_t>(node)
                : make_gathered_sums<double, std::int64_t>(node);
}

constexpr Lowering kLowerings[] = {{"gather_sum", lower_gather_sum},
                                   {"scatter", lower_scatter},
                                   {"sum_rows_by_index", lower_sum_rows_by_index}};

}  // namespace

std::span<const Lowering> rows_by_index_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
