// What the pass fuse_rows builds: elementwise ops and reductions of rows in one node, computed a
// few rows at a time.

#include <algorithm>
#include <string>
#include <utility>

#include "src/ops/cluster.hpp"
#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

using Axes = std::vector<std::int64_t>;

/// A reshape only adds or drops the axis that a reduction left as size 1.
bool is_accepted(const OpDef& op) {
  return is_elementwise(op) || op.fusion == FusionClass::reduction || op.name == "reshape";
}

void check_reduction(const ClusterInstruction& instruction, const Shape& x) {
  const Axes* axes = std::get_if<Axes>(instruction.attrs.find("axes"));
  const int rank = x.rank();
  const bool last = axes != nullptr && axes->size() == 1 && axes->front() == rank - 1;
  const bool all = axes != nullptr && static_cast<int>(axes->size()) == rank && rank > 0;
  if (last || all) return;
  throw InvalidArgument(instruction.op->name +
                        " in a row cluster must be over the last axis or over all axes of " +
                        x.to_string());
}

std::vector<ValueType> row_types(const Cluster& cluster, std::span<const ValueType> inputs) {
  const std::vector<ValueType> types = operand_types(cluster, inputs, is_accepted);
  for (const ClusterInstruction& instruction : cluster.instructions) {
    if (instruction.op->fusion != FusionClass::reduction) continue;
    check_reduction(instruction, types[static_cast<std::size_t>(instruction.operands[0])].shape);
  }
  for (const int output : cluster.outputs) {
    if (output < 0 || output >= static_cast<int>(types.size())) {
      throw InvalidArgument("output %" + std::to_string(output) + " is not defined");
    }
  }
  return types;
}

double row_flops(const Cluster& cluster, std::span<const ValueType> inputs) {
  const std::vector<ValueType> types = row_types(cluster, inputs);
  double flops = 0;
  std::size_t result = inputs.size();
  for (const ClusterInstruction& instruction : cluster.instructions) {
    const ValueType& type = types[result++];
    if (!instruction.op->cost || instruction.operands.empty()) continue;
    std::vector<ValueType> operands;
    for (const int operand : instruction.operands) {
      operands.push_back(types[static_cast<std::size_t>(operand)]);
    }
    flops += instruction.op->cost(operands, std::span(&type, 1), instruction.attrs).flops;
  }
  return flops;
}

Attrs over_last(int rank, bool keepdims = true) {
  return {{"axes", Axes{rank - 1}}, {"keepdims", keepdims}};
}

/// %0 / max(norm, 1e-3), and the norm of %0 - 1.
AttrValue unit_vectors(int rank) {
  return cluster_attr(
      1,
      {instruction("norm", {0}, over_last(rank)),
       instruction("constant", {}, {{"value", Tensor::scalar(1e-3f)}}),
       instruction("maximum", {1, 2}), instruction("div", {0, 3}),
       instruction("constant", {}, {{"value", Tensor::scalar(1.f)}}), instruction("sub", {0, 5}),
       instruction("norm", {6}, over_last(rank, false))},
      {4, 7});
}

/// exp(%0 - max) / sum
AttrValue softmax_by_hand(int rank) {
  return cluster_attr(1,
                      {instruction("max", {0}, over_last(rank)), instruction("sub", {0, 1}),
                       instruction("exp", {2}), instruction("sum", {3}, over_last(rank)),
                       instruction("div", {3, 4})},
                      {5});
}

/// (%0 - mean) / sqrt(variance + 1e-3) * %1 + %2, the mean and the root of the variance.
AttrValue layer_norm(int rank) {
  return cluster_attr(
      3,
      {instruction("mean", {0}, over_last(rank)), instruction("sub", {0, 3}),
       instruction("square", {4}), instruction("mean", {5}, over_last(rank)),
       instruction("constant", {}, {{"value", Tensor::scalar(1e-3f)}}), instruction("add", {6, 7}),
       instruction("sqrt", {8}), instruction("div", {4, 9}), instruction("mul", {10, 1}),
       instruction("add", {11, 2})},
      {12, 3, 9});
}

/// y * %1 for y = %0 / sqrt(mean(%0 * %0) + 0.5), and the sum and the maximum of y's squares.
AttrValue rms_norm(int rank) {
  return cluster_attr(
      2,
      {instruction("mul", {0, 0}), instruction("mean", {2}, over_last(rank)),
       instruction("constant", {}, {{"value", Tensor::scalar(0.5f)}}), instruction("add", {3, 4}),
       instruction("rsqrt", {5}), instruction("mul", {0, 6}), instruction("mul", {7, 1}),
       instruction("square", {7}), instruction("sum", {9}, over_last(rank)),
       instruction("max", {9}, over_last(rank))},
      {8, 10, 11});
}

/// The sum and the maximum of %0 * %1, the latter without its axis, and a column added to %0.
AttrValue sums_of_products(int rank) {
  return cluster_attr(3,
                      {instruction("mul", {0, 1}), instruction("sum", {3}, over_last(rank)),
                       instruction("max", {3}, over_last(rank, false)), instruction("add", {0, 2}),
                       instruction("logsumexp", {6}, over_last(rank))},
                      {5, 4, 6, 7});
}

/// The sum of %0 * %1 and its largest term.
AttrValue dot_of_rows(int rank) {
  return cluster_attr(2,
                      {instruction("mul", {0, 1}), instruction("sum", {2}, over_last(rank, false)),
                       instruction("max", {2}, over_last(rank))},
                      {3, 4});
}

/// mean(square(%0 - %1)) over everything, and the differences.
AttrValue squared_error(int rank) {
  Axes all;
  for (int axis = 0; axis < rank; ++axis) all.push_back(axis);
  return cluster_attr(2,
                      {instruction("sub", {0, 1}), instruction("square", {2}),
                       instruction("mean", {3}, {{"axes", all}, {"keepdims", false}}),
                       instruction("min", {0}, {{"axes", all}, {"keepdims", true}})},
                      {4, 2, 5});
}

/// The norm and the logsumexp of %0 + %0.
AttrValue norm_of_sums(int rank) {
  return cluster_attr(1,
                      {instruction("add", {0, 0}), instruction("norm", {1}, over_last(rank)),
                       instruction("logsumexp", {1}, over_last(rank))},
                      {2, 3});
}

std::vector<Sample> samples() {
  std::vector<Sample> result;
  const auto of = [](const Shape& shape) { return SampleInput{DType::f32, shape}; };
  const auto add = [&](std::vector<SampleInput> inputs, AttrValue cluster) {
    result.push_back({std::move(inputs), {{"cluster", std::move(cluster)}}, ""});
  };
  for (const Shape& shape :
       {Shape{3, 5}, Shape{37, 19}, Shape{2, 3, 300}, Shape{7}, Shape{0, 3}, Shape{5, 4100}}) {
    const int rank = shape.rank();
    const Shape row = {shape[rank - 1]};
    Shape column = shape;
    column.set(rank - 1, 1);
    add({of(shape)}, softmax_by_hand(rank));
    add({of(shape), of(row), of({})}, layer_norm(rank));
    add({of(shape), of(row)}, rms_norm(rank));
    add({of(shape), of(row), of(column)}, sums_of_products(rank));
    add({of(shape)}, unit_vectors(rank));
    if (shape.element_count() > 0) add({of(shape), of(shape)}, squared_error(rank));
  }
  // Long enough to be cut into chunks.
  add({of({2, 70001}), of({2, 70001})}, squared_error(2));
  add({of({2, 70001}), of({70001})}, dot_of_rows(2));
  // Too long for one block, and not to be cut.
  add({of({2, 20001})}, norm_of_sums(2));
  return result;
}

}  // namespace

void register_row_cluster(OpRegistry& registry) {
  OpDef def;
  def.name = "row_cluster";
  def.doc =
      "Elementwise ops and reductions of the last axis (or of all axes) computed row by row; built "
      "by fusion passes";
  def.inputs = {{"inputs", "Operands of the cluster."}};
  def.variadic = true;
  def.attrs = {cluster_definition()};
  def.infer = [](const InferContext& context) {
    const Cluster& cluster = cluster_of(context.attrs);
    const std::vector<ValueType> types = row_types(cluster, context.inputs);
    std::vector<ValueType> outputs;
    for (const int output : cluster.outputs) {
      outputs.push_back(types[static_cast<std::size_t>(output)]);
    }
    return outputs;
  };
  def.reference = [](const EvaluateContext& context) {
    return evaluate_instructions(cluster_of(context.attrs), context.inputs, context.key,
                                 is_accepted);
  };
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs& attrs) {
    return Cost{.flops = row_flops(cluster_of(attrs), inputs),
                .bytes = operand_bytes(inputs, outputs)};
  };
  def.samples = samples;
  def.bad_samples = [] {
    const AttrValue first_axis =
        cluster_attr(1, {instruction("sum", {0}, {{"axes", Axes{0}}, {"keepdims", true}})}, {1});
    const AttrValue product = cluster_attr(1, {instruction("matmul", {0, 0})}, {1});
    return std::vector<Sample>{
        {{{DType::f32, {3, 4}}}, {{"cluster", first_axis}}, "must be over the last axis"},
        {{{DType::f32, {3, 3}}}, {{"cluster", product}}, "not matmul"},
        {{{DType::f32, {3, 3}}}, {{"cluster", squared_error(2)}}, "reads 2 inputs"}};
  };
  registry.add(std::move(def));
}

}  // namespace tegula::ops
