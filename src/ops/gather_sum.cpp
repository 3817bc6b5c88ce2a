// Sums of rows that are looked up: what fuse_gather_sum builds.

#include "src/ops/family.hpp"

namespace tegula::ops {

void register_gather_sum(OpRegistry& registry);

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
    Shape shape;
    for (int i = 0; i + 1 < indices.rank(); ++i) shape.append(indices[i]);
    for (int i = 1; i < x.rank(); ++i) shape.append(x[i]);
    return std::vector<ValueType>{{context.dtype(0), shape}};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const Tensor& indices = context.input(1);
    Tensor y(x.dtype(), context.outputs[0].shape);
    const std::int64_t count = indices.shape().dim(-1);
    const std::int64_t inner = strides_of(x.shape())[0];
    for (std::int64_t i = 0; i < y.element_count(); ++i) {
      double total = 0;
      for (std::int64_t k = 0; k < count; ++k) {
        const auto row = static_cast<std::int64_t>(indices.at(i / inner * count + k));
        if (row < 0 || row >= x.shape()[0]) {
          throw RunError("gather: index " + std::to_string(row) + " at position " +
                         std::to_string(i / inner * count + k) + " is outside axis 0 of " +
                         x.shape().to_string());
        }
        total += x.at(row * inner + i % inner);
      }
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

}  // namespace tegula::ops
