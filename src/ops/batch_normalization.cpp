// Batch normalization in training (Ioffe and Szegedy, "Batch normalization", 2015): an op for the
// sake of its gradient, whose two sums per channel are those of scale and offset too. Derived from
// the ops that it is spelled out in, the gradient would have five.

#include <cmath>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

std::vector<ValueType> infer(const InferContext& context) {
  check_dtype(context.dtype(0), Accepts::floating);
  check_same_dtype(context);
  const Shape& x = context.shape(0);
  const Shape channels{x[normalize_axis(integer(context.attrs, "axis"), x.rank())]};
  for (const int input : {1, 2}) {
    if (!compatible(context.shape(input), channels)) {
      throw ShapeError("scale and offset have a number per channel; expected " +
                       channels.to_string() + ", not " + context.shape(input).to_string());
    }
  }
  return {context.inputs[0]};
}

/// `vector` over the channels of x, as it broadcasts with x.
Value along(Value vector, int axis, int rank) {
  if (axis == rank - 1) return vector;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(rank), 1);
  shape[static_cast<std::size_t>(axis)] = -1;
  return reshape(vector, shape);
}

std::vector<Value> gradient(const GradientContext& context) {
  const Value x = context.input(0), dy = context.gradient();
  const int rank = x.shape().rank();
  const int axis = normalize_axis(integer(context.attrs(), "axis"), rank);
  Axes others;
  others.emplace();
  for (int i = 0; i < rank; ++i) {
    if (i != axis) others->push_back(i);
  }
  const Value center = x - mean(x, others, true);
  const Value variance = mean(square(center), others, true);
  const Value factor = rsqrt(variance + number(context.attrs(), "epsilon"));
  const Value normal = center * factor;
  const Value total = sum(dy, others, true);
  const Value product = sum(dy * normal, others, true);
  const Value count = element_count(x, others);
  const Value dx = (dy - total / count - normal * (product / count)) *
                   (along(context.input(1), axis, rank) * factor);
  return {dx, reshape_like(product, context.input(1)), reshape_like(total, context.input(2))};
}

std::vector<Tensor> evaluate(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const Shape& shape = x.shape();
  const int axis = normalize_axis(integer(context.attrs, "axis"), shape.rank());
  const std::int64_t channels = shape[axis];
  std::int64_t inner = 1;
  for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  Tensor y(x.dtype(), shape);
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    const auto each = [&](const auto& visit) {
      for (std::int64_t i = 0; i < x.element_count(); ++i) {
        if (i / inner % channels == channel) visit(i);
      }
    };
    double count = 0, total = 0, squares = 0;
    each([&](std::int64_t i) { total += x.at(i), ++count; });
    const double center = total / count;
    each([&](std::int64_t i) { squares += (x.at(i) - center) * (x.at(i) - center); });
    const double deviation = std::sqrt(squares / count + number(context.attrs, "epsilon"));
    each([&](std::int64_t i) {
      y.set(i, (x.at(i) - center) / deviation * context.input(1).at(channel) +
                   context.input(2).at(channel));
    });
  }
  return {y};
}

}  // namespace

void register_batch_normalization(OpRegistry& registry) {
  OpDef def;
  def.name = "normalize_batch";
  def.doc =
      "(x - mean) / sqrt(variance + epsilon) · scale + offset, with x's moments over all axes but "
      "one";
  def.inputs = {{"x", "Of any shape."}, {"scale", "[channels]."}, {"offset", "[channels]."}};
  def.attrs = {{"axis", std::int64_t{-1}, false, "The channels."},
               {"epsilon", 1e-3, false, "Added to the variance."}};
  def.infer = infer;
  def.gradient = gradient;
  def.reference = evaluate;
  def.cost = flops_per_output(8);
  def.samples = [] {
    const auto sample = [](Shape shape, std::int64_t axis) {
      const Shape channels{shape.dim(static_cast<int>(axis))};
      return Sample{{{DType::f32, shape}, {DType::f32, channels}, {DType::f32, channels}},
                    {{"axis", axis}},
                    ""};
    };
    return std::vector<Sample>{sample({5, 3}, -1), sample({2, 3, 4, 5}, -1), sample({4, 3, 2}, 1),
                               sample({3, 8}, 0), sample({7, 1}, 1)};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 3}}, {DType::f32, {2}}, {DType::f32, {3}}}, {}, "a number per channel"},
        {{{DType::f32, {2, 3}}, {DType::f32, {3}}, {DType::f64, {3}}}, {}, "one dtype"},
        {{{DType::i32, {2, 3}}, {DType::i32, {3}}, {DType::i32, {3}}}, {}, "takes f32 or f64"}};
  };
  registry.add(std::move(def));
}

}  // namespace tegula::ops
