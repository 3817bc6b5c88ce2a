// Joining tensors along an axis, and cutting them.

#include <algorithm>
#include <numeric>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

using Integers = std::vector<std::int64_t>;

OpDef movement(const char* name, const char* doc) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = {{"x", "Any dtype."}};
  def.fusion = FusionClass::movement;
  return def;
}

std::vector<ValueType> infer_concat(const InferContext& context) {
  check_same_dtype(context);
  Shape shape = context.shape(0);
  const int axis = normalize_axis(integer(context.attrs, "axis"), shape.rank());
  for (std::size_t i = 1; i < context.inputs.size(); ++i) {
    const Shape& other = context.inputs[i].shape;
    Shape same = other;
    if (other.rank() == shape.rank()) same.set(axis, shape[axis]);
    if (!compatible(same, shape)) {
      throw ShapeError("cannot join " + other.to_string() + " to " + context.shape(0).to_string() +
                       " along axis " + std::to_string(axis) + ": other dimensions differ");
    }
    for (int d = 0; d < shape.rank(); ++d) {
      if (d != axis && shape[d] == kUnknown) shape.set(d, other[d]);
    }
    const bool unknown = shape[axis] == kUnknown || other[axis] == kUnknown;
    shape.set(axis, unknown ? kUnknown : shape[axis] + other[axis]);
  }
  return {{context.dtype(0), shape}};
}

std::vector<Value> concat_gradient(const GradientContext& context) {
  const int axis =
      normalize_axis(integer(context.attrs(), "axis"), context.output().shape().rank());
  const auto inputs = context.node.inputs();
  Integers sizes;
  for (const Value& input : inputs) sizes.push_back(input.shape()[axis]);
  if (std::find(sizes.begin(), sizes.end(), kUnknown) == sizes.end()) {
    return split(context.gradient(), sizes, axis);
  }
  std::vector<Operand> operands = {context.gradient()};
  operands.insert(operands.end(), inputs.begin(), inputs.end());
  Node& pieces = build_node("split_like", operands, context.attrs());
  std::vector<Value> gradients;
  for (int i = 0; i < pieces.output_count(); ++i) gradients.push_back(pieces.output(i));
  return gradients;
}

/// Copies `part`, a piece of `whole` that begins at `begin` along `axis`, in or out.
void copy_piece(const Tensor& from, Tensor& to, int axis, std::int64_t begin, bool into) {
  const Shape& piece = into ? from.shape() : to.shape();
  const Shape& whole = into ? to.shape() : from.shape();
  const std::int64_t inner = strides_of(piece)[static_cast<std::size_t>(axis)];
  const std::int64_t length = piece[axis] * inner;
  const std::int64_t stride = whole[axis] * inner;
  if (length == 0) return;
  for (std::int64_t row = 0; row < piece.element_count() / length; ++row) {
    for (std::int64_t i = 0; i < length; ++i) {
      const std::int64_t in_whole = row * stride + begin * inner + i;
      const std::int64_t in_piece = row * length + i;
      copy_element(from, into ? in_piece : in_whole, to, into ? in_whole : in_piece);
    }
  }
}

void register_concat(OpRegistry& registry) {
  OpDef def = movement("concat", "Joins tensors along an axis");
  def.inputs = {{"values", "Equal but for the size of the axis."}};
  def.variadic = true;
  def.attrs = {{"axis", std::int64_t{0}, true, "Axis along which they are joined."}};
  def.infer = infer_concat;
  def.gradient = concat_gradient;
  def.reference = [](const EvaluateContext& context) {
    Tensor y(context.outputs[0].dtype, context.outputs[0].shape);
    const int axis = normalize_axis(integer(context.attrs, "axis"), y.rank());
    std::int64_t begin = 0;
    for (const Tensor& piece : context.inputs) {
      copy_piece(piece, y, axis, begin, true);
      begin += piece.shape()[axis];
    }
    return std::vector<Tensor>{y};
  };
  def.samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 3}}, {DType::f32, {4, 3}}}, {{"axis", std::int64_t{0}}}, ""},
        {{{DType::f32, {2, 3}}, {DType::f32, {2, 1}}, {DType::f32, {2, 5}}},
         {{"axis", std::int64_t{-1}}},
         ""},
        {{{DType::i32, {2}}}, {{"axis", std::int64_t{0}}}, ""},
        {{{DType::f32, {0, 3}}, {DType::f32, {2, 3}}}, {{"axis", std::int64_t{0}}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 3}}, {DType::f32, {2, 4}}}, {{"axis", std::int64_t{0}}}, "cannot join"},
        {{{DType::f32, {2}}, {DType::i32, {2}}}, {{"axis", std::int64_t{0}}}, "one dtype"},
        {{{DType::f32, {2}}}, {{"axis", std::int64_t{1}}}, "out of range"}};
  };
  registry.add(std::move(def));
}

/// The pieces' gradients side by side; zeros for pieces on which nothing depends.
Value joined_gradient(const GradientContext& context) {
  std::vector<Value> pieces;
  for (int i = 0; i < context.node.output_count(); ++i) {
    Value dy = context.gradient(i);
    if (!dy) {
      const Value piece = context.output(i);
      const Value zero = piece.graph().constant(Tensor::zeros(piece.dtype(), {}));
      dy = broadcast_like(zero, piece);
    }
    pieces.push_back(dy);
  }
  return concat(pieces, integer(context.attrs(), "axis"));
}

std::vector<Tensor> evaluate_split(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const int axis = normalize_axis(integer(context.attrs, "axis"), x.rank());
  std::vector<Tensor> pieces;
  std::int64_t begin = 0;
  for (const ValueType& type : context.outputs) {
    copy_piece(x, pieces.emplace_back(type.dtype, type.shape), axis, begin, false);
    begin += type.shape[axis];
  }
  return pieces;
}

void register_split(OpRegistry& registry) {
  OpDef def = movement("split", "Cuts a tensor into pieces along an axis; one output per piece");
  def.attrs = {{"axis", std::int64_t{0}, true, "Axis that is cut."},
               {"sizes", Integers{}, true, "Sizes of the pieces; they add up to the axis."}};
  def.infer = [](const InferContext& context) {
    const Shape& from = context.shape(0);
    const int axis = normalize_axis(integer(context.attrs, "axis"), from.rank());
    const Integers& sizes = integers(context.attrs, "sizes");
    const std::int64_t total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    const bool negative = std::any_of(sizes.begin(), sizes.end(), [](auto s) { return s < 0; });
    if (sizes.empty() || negative || (from[axis] != kUnknown && total != from[axis])) {
      throw ShapeError("cannot split axis " + std::to_string(axis) + " of " + from.to_string() +
                       " into pieces of sizes " + to_string(AttrValue(sizes)));
    }
    std::vector<ValueType> types;
    for (const std::int64_t size : sizes) {
      Shape piece = from;
      piece.set(axis, size);
      types.push_back({context.dtype(0), piece});
    }
    return types;
  };
  def.gradient = [](const GradientContext& context) {
    return std::vector<Value>{joined_gradient(context)};
  };
  def.reference = evaluate_split;
  def.samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {6, 3}}}, {{"axis", std::int64_t{0}}, {"sizes", Integers{2, 4}}}, ""},
        {{{DType::f32, {2, 7}}}, {{"axis", std::int64_t{-1}}, {"sizes", Integers{1, 0, 6}}}, ""},
        {{{DType::i64, {3}}}, {{"axis", std::int64_t{0}}, {"sizes", Integers{3}}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {6}}},
         {{"axis", std::int64_t{0}}, {"sizes", Integers{2, 2}}},
         "cannot split"},
        {{{DType::f32, {6}}}, {{"axis", std::int64_t{0}}, {"sizes", Integers{}}}, "cannot split"}};
  };
  registry.add(std::move(def));
}

std::vector<ValueType> infer_split_like(const InferContext& context) {
  const Attrs axis = {{"axis", integer(context.attrs, "axis")}};
  std::vector<ValueType> likes;
  for (const ValueType& like : context.inputs.subspan(1)) {
    likes.push_back({context.dtype(0), like.shape});
  }
  const Shape joined = infer_concat({likes, axis})[0].shape;
  if (!compatible(joined, context.shape(0))) {
    throw ShapeError("cannot cut " + context.shape(0).to_string() +
                     " into pieces that would join to " + joined.to_string());
  }
  return likes;
}

/// The gradient of concat where the sizes of the pieces are not known before the run.
void register_split_like(OpRegistry& registry) {
  OpDef def = movement("split_like", "Cuts x into pieces of the shapes of `likes`, along an axis");
  def.inputs = {{"x", "Any dtype."}, {"likes", "Give the shapes; their elements are not read."}};
  def.variadic = true;
  def.attrs = {{"axis", std::int64_t{0}, true, "Axis that is cut."}};
  def.infer = infer_split_like;
  def.gradient = [](const GradientContext& context) {
    std::vector<Value> gradients(context.node.inputs().size());
    gradients[0] = joined_gradient(context);
    return gradients;
  };
  def.reference = evaluate_split;
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {5, 3}}, {DType::f32, {2, 3}}, {DType::f32, {3, 3}}},
                                {{"axis", std::int64_t{0}}},
                                ""},
                               {{{DType::f32, {2, 4}}, {DType::i32, {2, 4}}, {DType::i32, {2, 0}}},
                                {{"axis", std::int64_t{-1}}},
                                ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {5}}, {DType::f32, {2}}, {DType::f32, {2}}},
                                {{"axis", std::int64_t{0}}},
                                "would join to [4]"}};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_joining(OpRegistry& registry) {
  register_concat(registry);
  register_split(registry);
  register_split_like(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

std::vector<Operand> operands_of(std::span<const Value> values, std::source_location location) {
  std::vector<Operand> operands;
  for (const Value& value : values) operands.emplace_back(value, location);
  return operands;
}

}  // namespace

Value concat(std::span<const Value> values, std::int64_t axis, std::source_location location) {
  if (values.empty()) throw InvalidArgument("concat: there are no values to join");
  return build_node("concat", operands_of(values, location), {{"axis", axis}}).output();
}

Value stack(std::span<const Value> values, std::int64_t axis, std::source_location location) {
  if (values.empty()) throw InvalidArgument("stack: there are no values to join");
  std::vector<Value> expanded;
  for (const Value& value : values) expanded.push_back(expand_dims(Operand(value, location), axis));
  return concat(expanded, axis, location);
}

std::vector<Value> split(Operand x, const std::vector<std::int64_t>& sizes, std::int64_t axis) {
  Node& node = build_node("split", std::span(&x, 1), {{"axis", axis}, {"sizes", sizes}});
  std::vector<Value> pieces;
  for (int i = 0; i < node.output_count(); ++i) pieces.push_back(node.output(i));
  return pieces;
}

}  // namespace tegula
