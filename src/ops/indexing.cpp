// Ops that take elements by index.

#include "src/ops/family.hpp"
#include "tegula/graph/sequences.hpp"

namespace tegula::ops {

namespace {

Shape gathered_shape(const Shape& x, const Shape& indices, int axis) {
  Shape shape;
  for (int i = 0; i < axis; ++i) shape.append(x[i]);
  for (const std::int64_t dim : indices) shape.append(dim);
  for (int i = axis + 1; i < x.rank(); ++i) shape.append(x[i]);
  return shape;
}

/// Calls `visit(element of the gathered tensor, element of x)`.
template <typename Visit>
void for_each_gathered(const Shape& x, const Tensor& indices, int axis, Visit&& visit) {
  const std::int64_t inner = strides_of(x)[static_cast<std::size_t>(axis)];
  const std::int64_t size = x[axis];
  std::int64_t outer = 1;
  for (int i = 0; i < axis; ++i) outer *= x[i];
  const std::int64_t count = indices.element_count();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::int64_t>(indices.at(i));
    if (index < 0 || index >= size) {
      throw RunError("gather: index " + std::to_string(index) + " at position " +
                     std::to_string(i) + " is outside axis " + std::to_string(axis) + " of " +
                     x.to_string());
    }
    for (std::int64_t o = 0; o < outer; ++o) {
      for (std::int64_t j = 0; j < inner; ++j) {
        visit((o * count + i) * inner + j, (o * size + index) * inner + j);
      }
    }
  }
}

void register_gather(OpRegistry& registry) {
  OpDef def;
  def.name = "gather";
  def.doc = "Elements of x along an axis at the given indices";
  def.inputs = {{"x", "Rank 1 or more."}, {"indices", "i32 or i64, any shape."}};
  def.attrs = {{"axis", std::int64_t{0}, false, "Axis that the indices count along."}};
  def.fusion = FusionClass::movement;
  def.infer = [](const InferContext& context) {
    check_indices(context.dtype(1));
    const int axis = normalize_axis(integer(context.attrs, "axis"), context.shape(0).rank());
    return std::vector<ValueType>{
        {context.dtype(0), gathered_shape(context.shape(0), context.shape(1), axis)}};
  };
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {build("gather_gradient", {context.gradient(), context.input(1), context.input(0)},
                  context.attrs()),
            Value()};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const int axis = normalize_axis(integer(context.attrs, "axis"), x.rank());
    Tensor y(x.dtype(), context.outputs[0].shape);
    for_each_gathered(x.shape(), context.input(1), axis,
                      [&](std::int64_t to, std::int64_t from) { copy_element(x, from, y, to); });
    return std::vector<Tensor>{y};
  };
  def.samples = [] {
    const auto axis = [](std::int64_t value) { return Attrs{{"axis", value}}; };
    return std::vector<Sample>{{{{DType::f32, {5, 3}}, {DType::i32, {4}, 0, 4}}, axis(0), ""},
                               {{{DType::f32, {2, 5, 3}}, {DType::i64, {2, 2}, 0, 4}}, axis(1), ""},
                               {{{DType::f32, {2, 5}}, {DType::i32, {}, 0, 4}}, axis(-1), ""},
                               {{{DType::i64, {5}}, {DType::i32, {0}, 0, 4}}, axis(0), ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3}}, {DType::f32, {2}}}, {}, "indices must be"},
        {{{DType::f32, {3}}, {DType::i32, {2}}}, {{"axis", std::int64_t{1}}}, "out of range"}};
  };
  registry.add(std::move(def));
}

void register_gather_gradient(OpRegistry& registry) {
  OpDef def;
  def.name = "gather_gradient";
  def.doc = "Adds dy to zeros of the shape of `like`, at the indices that gather read";
  def.inputs = {{"dy", "Of gather's result shape."},
                {"indices", "i32 or i64."},
                {"like", "What was gathered from; not read."}};
  def.attrs = {{"axis", std::int64_t{0}, false, "Axis that the indices count along."}};
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::numbers);
    check_indices(context.dtype(1));
    const Shape& like = context.shape(2);
    const int axis = normalize_axis(integer(context.attrs, "axis"), like.rank());
    const Shape expected = gathered_shape(like, context.shape(1), axis);
    if (!compatible(expected, context.shape(0))) {
      throw ShapeError("dy has shape " + context.shape(0).to_string() + ", expected " +
                       expected.to_string());
    }
    return std::vector<ValueType>{{context.dtype(0), like}};
  };
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {gather(context.gradient(), context.input(1), integer(context.attrs(), "axis")), Value(),
            Value()};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& dy = context.input(0);
    Tensor result = Tensor::zeros(dy.dtype(), context.outputs[0].shape);
    const int axis = normalize_axis(integer(context.attrs, "axis"), result.rank());
    for_each_gathered(
        result.shape(), context.input(1), axis,
        [&](std::int64_t from, std::int64_t to) { result.set(to, result.at(to) + dy.at(from)); });
    return std::vector<Tensor>{result};
  };
  def.samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {4, 3}}, {DType::i32, {4}, 0, 4}, {DType::f32, {5, 3}}}, {}, ""},
        {{{DType::f32, {2, 2, 2, 3}}, {DType::i64, {2, 2}, 0, 4}, {DType::f32, {2, 5, 3}}},
         {{"axis", std::int64_t{1}}},
         ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3}}, {DType::i32, {2}}, {DType::f32, {5}}}, {}, "dy has shape"}};
  };
  registry.add(std::move(def));
}

/// What the pass fuse_gather_sum builds.
void register_gather_sum(OpRegistry& registry) {
  OpDef def;
  def.name = "gather_sum";
  def.doc = "Sums of the rows of x that the last axis of the indices names";
  def.inputs = {{"x", "Rank 1 or more; rows are along axis 0."},
                {"indices", "i32 or i64, rank 1 or more."}};
  def.attrs = {{"mean", false, false, "Whether to divide by the number of rows."}};
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::floating);
    check_indices(context.dtype(1));
    const Shape& x = context.shape(0);
    const Shape& indices = context.shape(1);
    if (x.rank() == 0 || indices.rank() == 0) throw ShapeError("takes x and indices of rank >= 1");
    const Shape sums(indices.dims().first(static_cast<std::size_t>(indices.rank() - 1)));
    return std::vector<ValueType>{{context.dtype(0), gathered_shape(x, sums, 0)}};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const Tensor& indices = context.input(1);
    Tensor y(x.dtype(), context.outputs[0].shape);
    const std::int64_t count = indices.shape().dim(-1);
    const std::int64_t inner = strides_of(x.shape())[0];
    std::vector<double> totals(static_cast<std::size_t>(y.element_count()), 0.0);
    for_each_gathered(x.shape(), indices, 0, [&](std::int64_t to, std::int64_t from) {
      totals[static_cast<std::size_t>(to / (count * inner) * inner + to % inner)] += x.at(from);
    });
    for (std::int64_t i = 0; i < y.element_count(); ++i) {
      const double total = totals[static_cast<std::size_t>(i)];
      y.set(i, flag(context.attrs, "mean") ? total / static_cast<double>(count) : total);
    }
    return std::vector<Tensor>{y};
  };
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs&) {
    const auto rows = static_cast<double>(inputs[1].shape.element_count());
    const auto inner = static_cast<double>(strides_of(inputs[0].shape)[0]);
    const auto size = static_cast<double>(size_of(inputs[0].dtype));
    return Cost{.flops = rows * inner,
                .bytes = rows * (inner * size + static_cast<double>(size_of(inputs[1].dtype))) +
                         static_cast<double>(outputs[0].shape.element_count()) * size};
  };
  def.samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {5, 3}}, {DType::i32, {4}, 0, 4}}, {}, ""},
        {{{DType::f32, {7, 70}}, {DType::i64, {3, 9}, 0, 6}}, {{"mean", true}}, ""},
        {{{DType::f64, {5, 2, 3}}, {DType::i32, {2, 3, 2}, 0, 4}}, {{"mean", true}}, ""},
        {{{DType::f32, {5, 0}}, {DType::i32, {2, 3}, 0, 4}}, {}, ""},
        {{{DType::f32, {5}}, {DType::i32, {0, 3}, 0, 4}}, {}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3}}, {DType::f32, {2}}}, {}, "indices must be"},
                               {{{DType::f32, {3}}, {DType::i32, {}}}, {}, "of rank >= 1"}};
  };
  registry.add(std::move(def));
}

void register_one_hot(OpRegistry& registry) {
  OpDef def;
  def.name = "one_hot";
  def.doc = "A new last axis: `on` at the index, `off` elsewhere, also for indices out of range";
  def.inputs = {{"indices", "An integer dtype, any shape."}};
  def.attrs = {{"depth", std::int64_t{1}, true, "Length of the new axis, >= 0."},
               {"on", 1.0, false, "Value at the index."},
               {"off", 0.0, false, "Value elsewhere."},
               {"dtype", DType::f32, false, "Dtype of the result."}};
  def.infer = [](const InferContext& context) {
    if (!is_integer(context.dtype(0))) {
      throw DTypeError("indices must be integers, not " + std::string(to_string(context.dtype(0))));
    }
    const std::int64_t depth = integer(context.attrs, "depth");
    if (depth < 0) throw ShapeError("depth must be >= 0, got " + std::to_string(depth));
    Shape shape = context.shape(0);
    shape.append(depth);
    return std::vector<ValueType>{{context.attrs.get<DType>("dtype"), shape}};
  };
  def.gradient = [](const GradientContext&) { return std::vector<Value>{Value()}; };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& indices = context.input(0);
    const std::int64_t depth = integer(context.attrs, "depth");
    Tensor y = Tensor::full(context.outputs[0].dtype, context.outputs[0].shape,
                            number(context.attrs, "off"));
    for (std::int64_t i = 0; i < indices.element_count(); ++i) {
      const auto index = static_cast<std::int64_t>(indices.at(i));
      if (index >= 0 && index < depth) y.set(i * depth + index, number(context.attrs, "on"));
    }
    return std::vector<Tensor>{y};
  };
  def.samples = [] {
    const std::int64_t five = 5;
    return std::vector<Sample>{
        {{{DType::i32, {4}, -1, 6}}, {{"depth", five}}, ""},
        {{{DType::i64, {2, 3}, 0, 4}}, {{"depth", five}, {"on", 2.0}, {"off", -1.0}}, ""},
        {{{DType::u8, {}, 0, 4}}, {{"depth", five}, {"dtype", DType::i32}}, ""},
        {{{DType::i32, {0}}}, {{"depth", five}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2}}}, {{"depth", std::int64_t{3}}}, "must be integers"},
        {{{DType::i32, {2}}}, {{"depth", std::int64_t{-1}}}, "must be >= 0"}};
  };
  registry.add(std::move(def));
}

void register_positions(OpRegistry& registry) {
  OpDef def;
  def.name = "positions";
  def.doc = "The index of each element along an axis, as i64";
  def.inputs = {{"x", "Any dtype; not read."}};
  def.attrs = {{"axis", std::int64_t{0}, false, "Axis that is counted along."}};
  def.infer = [](const InferContext& context) {
    normalize_axis(integer(context.attrs, "axis"), context.shape(0).rank());
    return std::vector<ValueType>{{DType::i64, context.shape(0)}};
  };
  def.gradient = [](const GradientContext&) { return std::vector<Value>{Value()}; };
  def.reference = [](const EvaluateContext& context) {
    Tensor y(DType::i64, context.outputs[0].shape);
    const int axis = normalize_axis(integer(context.attrs, "axis"), y.rank());
    std::int64_t inner = 1;
    for (int i = axis + 1; i < y.rank(); ++i) inner *= y.shape()[i];
    for (std::int64_t i = 0; i < y.element_count(); ++i) {
      y.data<std::int64_t>()[i] = i / inner % y.shape()[axis];
    }
    return std::vector<Tensor>{y};
  };
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {4}}}, {}, ""},
                               {{{DType::f32, {2, 3, 2}}}, {{"axis", std::int64_t{1}}}, ""},
                               {{{DType::i32, {3, 1}}}, {{"axis", std::int64_t{-1}}}, ""},
                               {{{DType::f32, {0, 3}}}, {}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2}}}, {{"axis", std::int64_t{1}}}, "out of range"},
                               {{{DType::f32, {}}}, {}, "out of range"}};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_indexing(OpRegistry& registry) {
  register_gather(registry);
  register_gather_gradient(registry);
  register_gather_sum(registry);
  register_one_hot(registry);
  register_positions(registry);
}

}  // namespace tegula::ops

namespace tegula {

Value gather(Operand x, Operand indices, std::int64_t axis) {
  return build("gather", {x, indices}, {{"axis", axis}});
}

Value positions(Operand x, std::int64_t axis) { return build("positions", {x}, {{"axis", axis}}); }

Value one_hot(Operand indices, std::int64_t depth, double on, double off, DType dtype) {
  return build("one_hot", {indices},
               {{"depth", depth}, {"on", on}, {"off", off}, {"dtype", dtype}});
}

}  // namespace tegula
