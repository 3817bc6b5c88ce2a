// Ops that change a shape without moving elements, and those that take their shape from another
// value at run time.

#include <algorithm>
#include <numeric>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

using Integers = std::vector<std::int64_t>;

/// Same elements, the inferred shape.
std::vector<Tensor> evaluate_copy(const EvaluateContext& context) {
  return {context.input(0).clone().reshaped(context.outputs[0].shape)};
}

Value reshaped_back(const GradientContext& context) {
  return reshape_like(context.gradient(), context.input(0));
}

OpDef reshaping(const char* name, const char* doc) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = {{"x", "Any dtype."}};
  def.fusion = FusionClass::movement;
  def.gradient = [](const GradientContext& context) {
    return std::vector<Value>{reshaped_back(context)};
  };
  def.reference = evaluate_copy;
  return def;
}

std::vector<ValueType> infer_reshape(const InferContext& context) {
  const Shape& from = context.shape(0);
  const Integers& dims = integers(context.attrs, "shape");
  const auto fail = [&](const std::string& why) {
    throw ShapeError("cannot reshape " + from.to_string() + " to " + to_string(AttrValue(dims)) +
                     ": " + why);
  };
  Shape to;
  Shape stated;
  int inferred = -1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == -1) {
      if (inferred >= 0) fail("only one dimension may be -1");
      inferred = static_cast<int>(i);
    } else {
      stated.append(dims[i]);
    }
    to.append(dims[i]);
  }
  const std::int64_t known = stated.element_count();
  if (!from.is_known()) return {{context.dtype(0), to}};
  const std::int64_t count = from.element_count();
  if (inferred >= 0) {
    if (known == 0 || count % known != 0) {
      fail(std::to_string(count) + " elements are no multiple of " + std::to_string(known));
    }
    to.set(inferred, count / known);
  } else if (known != count) {
    fail(std::to_string(count) + " elements are not " + std::to_string(known));
  }
  return {{context.dtype(0), to}};
}

void register_reshape(OpRegistry& registry) {
  OpDef def = reshaping("reshape", "The same elements in another shape; one dimension may be -1");
  def.attrs = {{"shape", Integers{}, true, "New dimensions."}};
  def.infer = infer_reshape;
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3, 4}}}, {{"shape", Integers{2, 6}}}, ""},
                               {{{DType::f32, {3, 4}}}, {{"shape", Integers{-1, 2}}}, ""},
                               {{{DType::f32, {}}}, {{"shape", Integers{1, 1}}}, ""},
                               {{{DType::i32, {0, 3}}}, {{"shape", Integers{3, -1}}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3, 4}}}, {{"shape", Integers{5, 2}}}, "12 elements are not 10"},
        {{{DType::f32, {3, 4}}}, {{"shape", Integers{-1, -1}}}, "only one dimension"},
        {{{DType::f32, {3, 4}}}, {{"shape", Integers{-1, 5}}}, "no multiple"}};
  };
  registry.add(std::move(def));
}

void register_squeeze_and_expand(OpRegistry& registry) {
  OpDef squeeze = reshaping("squeeze", "Removes axes of size 1");
  squeeze.attrs = {{"axes", Integers{}, true, "Axes to remove, increasing."}};
  squeeze.infer = [](const InferContext& context) {
    const Shape& from = context.shape(0);
    const Integers& axes = integers(context.attrs, "axes");
    Shape to;
    for (const std::int64_t axis : axes) {
      if (from.dim(static_cast<int>(axis)) > 1 || from.dim(static_cast<int>(axis)) == 0) {
        throw ShapeError("cannot squeeze axis " + std::to_string(axis) + " of " + from.to_string() +
                         ": its size is not 1");
      }
    }
    for (int axis = 0; axis < from.rank(); ++axis) {
      if (std::find(axes.begin(), axes.end(), axis) == axes.end()) to.append(from[axis]);
    }
    return std::vector<ValueType>{{context.dtype(0), to}};
  };
  squeeze.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {1, 3, 1}}}, {{"axes", Integers{0, 2}}}, ""},
                               {{{DType::f32, {1}}}, {{"axes", Integers{0}}}, ""}};
  };
  squeeze.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 3}}}, {{"axes", Integers{0}}}, "not 1"}};
  };
  registry.add(std::move(squeeze));

  OpDef expand = reshaping("expand_dims", "Adds an axis of size 1");
  expand.attrs = {{"axis", std::int64_t{0}, true, "Position of the new axis in the result."}};
  expand.infer = [](const InferContext& context) {
    const Shape& from = context.shape(0);
    const int axis = normalize_axis(integer(context.attrs, "axis"), from.rank() + 1);
    Shape to;
    for (int i = 0; i <= from.rank(); ++i) to.append(i == axis ? 1 : from[i < axis ? i : i - 1]);
    return std::vector<ValueType>{{context.dtype(0), to}};
  };
  expand.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3, 4}}}, {{"axis", std::int64_t{1}}}, ""},
                               {{{DType::f32, {3}}}, {{"axis", std::int64_t{-1}}}, ""},
                               {{{DType::f32, {}}}, {{"axis", std::int64_t{0}}}, ""}};
  };
  expand.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3}}}, {{"axis", std::int64_t{3}}}, "out of range"}};
  };
  registry.add(std::move(expand));
}

/// The shape of the second input; its elements do not matter.
OpDef shaped_like(const char* name, const char* doc) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = {{"x", "Any dtype."}, {"like", "Gives the shape; its elements are not read."}};
  def.fusion = FusionClass::movement;
  def.infer = [](const InferContext& context) {
    return std::vector<ValueType>{{context.dtype(0), context.shape(1)}};
  };
  return def;
}

std::vector<Tensor> evaluate_broadcast(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  Tensor y(x.dtype(), context.outputs[0].shape);
  const BroadcastIndex index(x.shape(), y.shape());
  for (std::int64_t i = 0; i < y.element_count(); ++i) copy_element(x, index(i), y, i);
  return {y};
}

void check_broadcasts(const Shape& from, const Shape& to) {
  const Shape result = broadcast_shapes(from, to);
  if (!compatible(result, to)) {
    throw ShapeError("cannot broadcast " + from.to_string() + " to " + to.to_string());
  }
}

void register_broadcast(OpRegistry& registry) {
  OpDef def;
  def.name = "broadcast_to";
  def.doc = "Repeats axes of size 1 up to the given shape";
  def.inputs = {{"x", "Any dtype."}};
  def.attrs = {{"shape", Shape{}, true, "Shape of the result."}};
  def.fusion = FusionClass::movement;
  def.infer = [](const InferContext& context) {
    const Shape& to = context.attrs.get<Shape>("shape");
    check_broadcasts(context.shape(0), to);
    return std::vector<ValueType>{{context.dtype(0), to}};
  };
  def.gradient = [](const GradientContext& context) {
    return std::vector<Value>{unbroadcast(context.gradient(), context.input(0))};
  };
  def.reference = evaluate_broadcast;
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3, 1}}}, {{"shape", Shape{2, 3, 4}}}, ""},
                               {{{DType::f32, {}}}, {{"shape", Shape{5}}}, ""},
                               {{{DType::i64, {1}}}, {{"shape", Shape{0}}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3}}}, {{"shape", Shape{4}}}, "cannot broadcast"},
                               {{{DType::f32, {3, 2}}}, {{"shape", Shape{2}}}, "cannot broadcast"}};
  };
  registry.add(std::move(def));

  OpDef like = shaped_like("broadcast_like", "Repeats axes of size 1 up to the shape of `like`");
  like.infer = [](const InferContext& context) {
    check_broadcasts(context.shape(0), context.shape(1));
    return std::vector<ValueType>{{context.dtype(0), context.shape(1)}};
  };
  like.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {unbroadcast(context.gradient(), context.input(0)), Value()};
  };
  like.reference = evaluate_broadcast;
  like.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3, 1}}, {DType::f32, {2, 3, 4}}}, {}, ""},
                               {{{DType::f32, {}}, {DType::i32, {5}}}, {}, ""}};
  };
  like.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3}}, {DType::f32, {4}}}, {}, "cannot broadcast"}};
  };
  registry.add(std::move(like));
}

void register_reshape_like(OpRegistry& registry) {
  OpDef def = shaped_like("reshape_like", "The same elements in the shape of `like`");
  def.infer = [](const InferContext& context) {
    const Shape& from = context.shape(0);
    const Shape& to = context.shape(1);
    if (from.is_known() && to.is_known() && from.element_count() != to.element_count()) {
      throw ShapeError("cannot reshape " + from.to_string() + " to " + to.to_string() +
                       ": the element counts differ");
    }
    return std::vector<ValueType>{{context.dtype(0), to}};
  };
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {reshaped_back(context), Value()};
  };
  def.reference = evaluate_copy;
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3, 4}}, {DType::f32, {2, 6}}}, {}, ""},
                               {{{DType::f32, {1}}, {DType::f32, {}}}, {}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3}}, {DType::f32, {4}}}, {}, "element counts differ"}};
  };
  registry.add(std::move(def));
}

std::vector<Tensor> evaluate_sum_like(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const Shape& to = context.outputs[0].shape;
  std::vector<double> totals(static_cast<std::size_t>(to.element_count()));
  const BroadcastIndex index(to, x.shape());
  for (std::int64_t i = 0; i < x.element_count(); ++i) {
    totals[static_cast<std::size_t>(index(i))] += x.at(i);
  }
  Tensor y(x.dtype(), to);
  for (std::int64_t i = 0; i < y.element_count(); ++i)
    y.set(i, totals[static_cast<std::size_t>(i)]);
  return {y};
}

void register_sum_like(OpRegistry& registry) {
  OpDef def = shaped_like("sum_like", "Sums the axes along which `like` would repeat to x's shape");
  def.fusion = FusionClass::reduction;
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::numbers);
    check_broadcasts(context.shape(1), context.shape(0));
    return std::vector<ValueType>{{context.dtype(0), context.shape(1)}};
  };
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {broadcast_like(context.gradient(), context.input(0)), Value()};
  };
  def.reference = evaluate_sum_like;
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 3, 4}}, {DType::f32, {3, 1}}}, {}, ""},
                               {{{DType::f32, {5}}, {DType::f32, {}}}, {}, ""},
                               {{{DType::f32, {2, 3}}, {DType::f32, {2, 3}}}, {}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3}}, {DType::f32, {4}}}, {}, "cannot broadcast"}};
  };
  registry.add(std::move(def));
}

/// The number of elements of `x` along `axes`.
void register_element_count(OpRegistry& registry) {
  OpDef def;
  def.name = "element_count";
  def.doc = "Number of elements along axes, as a scalar of x's dtype";
  def.inputs = {{"x", "Its elements are not read."}};
  def.attrs = {{"axes", Integers{}, true, "Axes that are counted."}};
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::numbers);
    for (const std::int64_t axis : integers(context.attrs, "axes")) {
      normalize_axis(axis, context.shape(0).rank());
    }
    return std::vector<ValueType>{{context.dtype(0), {}}};
  };
  def.gradient = [](const GradientContext&) { return std::vector<Value>{Value()}; };
  def.reference = [](const EvaluateContext& context) {
    double count = 1;
    for (const std::int64_t axis : integers(context.attrs, "axes")) {
      count *= static_cast<double>(context.input(0).shape().dim(static_cast<int>(axis)));
    }
    return std::vector<Tensor>{Tensor::full(context.outputs[0].dtype, {}, count)};
  };
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3, 4}}}, {{"axes", Integers{0, 1}}}, ""},
                               {{{DType::f32, {3, 4}}}, {{"axes", Integers{}}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3}}}, {{"axes", Integers{1}}}, "out of range"}};
  };
  registry.add(std::move(def));
}

void register_shape_of(OpRegistry& registry) {
  OpDef def;
  def.name = "shape_of";
  def.doc = "The concrete shape, as a vector";
  def.inputs = {{"x", "Its elements are not read."}};
  def.infer = [](const InferContext& context) {
    return std::vector<ValueType>{{DType::i64, {context.shape(0).rank()}}};
  };
  def.gradient = [](const GradientContext&) { return std::vector<Value>{Value()}; };
  def.reference = [](const EvaluateContext& context) {
    const Shape& shape = context.input(0).shape();
    return std::vector<Tensor>{Tensor::from(shape.dims(), {shape.rank()})};
  };
  def.samples = [] { return std::vector<Sample>{{{{DType::f32, {3, 4}}}, {}, ""}}; };
  registry.add(std::move(def));
}

}  // namespace

void register_shape(OpRegistry& registry) {
  register_reshape(registry);
  register_squeeze_and_expand(registry);
  register_broadcast(registry);
  register_reshape_like(registry);
  register_sum_like(registry);
  register_element_count(registry);
  register_shape_of(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

const Shape& shape_of_operand(const Operand& x) {
  const Value* value = x.value();
  if (value == nullptr || !*value) throw InvalidArgument("expected a value of a graph");
  return value->shape();
}

}  // namespace

Value reshape(Operand x, const std::vector<std::int64_t>& shape) {
  return build("reshape", {x}, {{"shape", shape}});
}

Value squeeze(Operand x, Axes axes) {
  const Shape& shape = shape_of_operand(x);
  std::vector<std::int64_t> removed;
  if (axes) {
    for (const std::int64_t axis : *axes) removed.push_back(normalize_axis(axis, shape.rank()));
    std::sort(removed.begin(), removed.end());
  } else {
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (shape[axis] == 1) removed.push_back(axis);
    }
  }
  return build("squeeze", {x}, {{"axes", removed}});
}

Value expand_dims(Operand x, std::int64_t axis) {
  return build("expand_dims", {x}, {{"axis", axis}});
}
Value broadcast_to(Operand x, const Shape& shape) {
  return build("broadcast_to", {x}, {{"shape", shape}});
}
Value broadcast_like(Operand x, Operand like) { return build("broadcast_like", {x, like}); }
Value reshape_like(Operand x, Operand like) { return build("reshape_like", {x, like}); }
Value sum_like(Operand x, Operand like) { return build("sum_like", {x, like}); }
Value shape_of(Operand x) { return build("shape_of", {x}); }

Value element_count(Operand x, Axes axes) {
  std::vector<std::int64_t> counted;
  const int rank = shape_of_operand(x).rank();
  if (axes) {
    for (const std::int64_t axis : *axes) counted.push_back(axis < 0 ? axis + rank : axis);
  } else {
    counted.resize(static_cast<std::size_t>(rank));
    std::iota(counted.begin(), counted.end(), std::int64_t{0});
  }
  return build("element_count", {x}, {{"axes", counted}});
}

}  // namespace tegula
