// With concrete shapes, ops that take a shape from another value become ops with attributes, or
// nothing; counts and shapes become constants. Frees the values whose shape alone was used.

#include <algorithm>

#include "src/core/made_before_fork.hpp"
#include "src/passes/passes.hpp"
#include "src/passes/rewriter.hpp"

namespace tegula::passes {

namespace {

using Integers = std::vector<std::int64_t>;

Integers dims_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

/// The name of the op that takes as an attribute what "<name>_like" takes from a value.
std::string_view without_like(const Node& node) {
  constexpr std::string_view kLike = "_like";
  const std::string_view name = node.op().name;
  return name.substr(0, name.size() - kLike.size());
}

/// What stands for the first output of `node`, given its inputs in the new graph, with the outputs
/// that follow it standing for the others; no value: the node stays.
using Specialization = Value (*)(GraphRewriter& rewriter, const Node& node,
                                 std::span<const Value> inputs);

Value broadcast_like(GraphRewriter& rewriter, const Node& node, std::span<const Value> inputs) {
  const Shape& shape = inputs[1].shape();
  if (!shape.is_known()) return {};
  if (inputs[0].shape() == shape) return inputs[0];
  return rewriter.build(find_op("broadcast_to"), inputs.first(1), {{"shape", shape}}, node, true)
      .output();
}

Value reshape_like(GraphRewriter& rewriter, const Node& node, std::span<const Value> inputs) {
  const Shape& shape = inputs[1].shape();
  if (!shape.is_known()) return {};
  if (inputs[0].shape() == shape) return inputs[0];
  return rewriter
      .build(find_op("reshape"), inputs.first(1), {{"shape", dims_of(shape)}}, node, true)
      .output();
}

/// -1 becomes the dimension that it means.
Value reshape(GraphRewriter& rewriter, const Node& node, std::span<const Value> inputs) {
  const auto& given = node.attrs().get<Integers>("shape");
  const Attrs attrs = node.attrs();
  if (std::ranges::find(given, kUnknown) == given.end()) return {};
  const Shape shape = node.op().infer({std::span(&inputs[0].type(), 1), attrs})[0].shape;
  if (!shape.is_known()) return {};
  return rewriter.build(node.op(), inputs, {{"shape", dims_of(shape)}}, node, true).output();
}

Value sum_like(GraphRewriter& rewriter, const Node& node, std::span<const Value> inputs) {
  const Shape& from = inputs[0].shape();
  const Shape& to = inputs[1].shape();
  if (!from.is_known() || !to.is_known()) return {};
  if (from == to) return inputs[0];
  const int added = from.rank() - to.rank();
  Integers axes;
  for (int axis = 0; axis < from.rank(); ++axis) {
    const bool repeated = axis < added || to[axis - added] == 1;
    if (repeated && from[axis] != 1) axes.push_back(axis);
  }
  Value value = inputs[0];
  if (!axes.empty()) {
    const Attrs attrs = {{"axes", axes}, {"keepdims", false}};
    // The name goes to the last node made here.
    const Shape summed = find_op("sum").infer({std::span(&value.type(), 1), attrs})[0].shape;
    value =
        rewriter.build(find_op("sum"), std::span(&value, 1), attrs, node, summed == to).output();
    if (summed == to) return value;
  }
  return rewriter
      .build(find_op("reshape"), std::span(&value, 1), {{"shape", dims_of(to)}}, node, true)
      .output();
}

/// The result depends on the input's shape alone.
Value shape_to_constant(GraphRewriter& rewriter, const Node& node, std::span<const Value> inputs) {
  const ValueType& type = inputs[0].type();
  if (!type.shape.is_known()) return {};
  // The reference evaluation reads no elements: a tensor on no memory is enough.
  const Tensor like = Tensor::borrow(type.dtype, type.shape, nullptr, nullptr);
  const std::vector<Tensor> results =
      node.op().reference({std::span(&like, 1), node.attrs(), node.outputs(), RandomKey{}});
  return rewriter.build(find_op("constant"), {}, {{"value", results[0]}}, node, true).output();
}

/// With the sizes of its pieces as an attribute: split.
Value split_like(GraphRewriter& rewriter, const Node& node, std::span<const Value> inputs) {
  const int rank = inputs[0].shape().rank();
  const int axis = normalize_axis(node.attrs().get<std::int64_t>("axis"), rank);
  Integers sizes;
  for (const Value& like : inputs.subspan(1)) sizes.push_back(like.shape()[axis]);
  if (std::ranges::find(sizes, kUnknown) != sizes.end()) return {};
  const Attrs attrs = {{"axis", std::int64_t{axis}}, {"sizes", sizes}};
  return rewriter.build(find_op("split"), inputs.first(1), attrs, node, true).output();
}

/// Random numbers in the shape of a value: of a shape.
Value random_like(GraphRewriter& rewriter, const Node& node, std::span<const Value> inputs) {
  const auto& [dtype, shape] = inputs[0].type();
  if (!shape.is_known()) return {};
  Attrs attrs = node.attrs();
  attrs.set("shape", shape);
  attrs.set("dtype", dtype);
  return rewriter.build(find_op(without_like(node)), {}, attrs, node, true).output();
}

/// An op "<name>_like" whose last input gives the sizes between its first and last axes: op
/// "<name>" with these as an attribute.
Value spatial_like(GraphRewriter& rewriter, const Node& node, std::span<const Value> inputs) {
  const Shape& shape = inputs.back().shape();
  if (!shape.is_known()) return {};
  Attrs attrs = node.attrs();
  attrs.set("spatial", Integers(shape.begin() + 1, shape.end() - 1));
  return rewriter
      .build(find_op(without_like(node)), inputs.first(inputs.size() - 1), attrs, node, true)
      .output();
}

struct Row {
  std::string_view op;
  Specialization specialize;
};

constexpr Row kTable[] = {
    {"average_pool_gradient_like", spatial_like},
    {"broadcast_like", broadcast_like},
    {"convolution_input_gradient_like", spatial_like},
    {"element_count", shape_to_constant},
    {"random_normal_like", random_like},
    {"random_uniform_like", random_like},
    {"reshape", reshape},
    {"reshape_like", reshape_like},
    {"shape_of", shape_to_constant},
    {"split_like", split_like},
    {"sum_like", sum_like},
    {"truncated_normal_like", random_like},
};

Specialization find_specialization(const OpDef& op) {
  static const auto table = [] {
    std::unordered_map<const OpDef*, Specialization> rows;
    for (const Row& row : kTable) rows.emplace(&find_op(row.op), row.specialize);
    return rows;
  }();
  const auto row = table.find(&op);
  return row != table.end() ? row->second : nullptr;
}

const detail::MadeBeforeFork kMadeBeforeFork([] { find_specialization(find_op("add")); });

}  // namespace

Graph specialize_shapes(const Graph& graph) {
  const bool idle = std::ranges::none_of(
      graph.nodes(), [](const Node& node) { return find_specialization(node.op()) != nullptr; });
  if (idle) return graph;
  GraphRewriter rewriter(graph);
  std::vector<Value> inputs;
  for (const Node& node : graph.nodes()) {
    rewriter.map(node.inputs(), inputs);
    const Specialization specialize = find_specialization(node.op());
    const Value special = specialize ? specialize(rewriter, node, inputs) : Value();
    if (special) {
      Node& old = graph.node(node.id());
      for (int i = 0; i < old.output_count(); ++i) {
        rewriter.replace(old.output(i), {&special.node(), special.index() + i});
      }
    } else {
      rewriter.copy_with(node, inputs);
    }
  }
  return rewriter.finish();
}

}  // namespace tegula::passes
