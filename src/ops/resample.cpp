// Weighted sums of neighbours along an axis.

#include <algorithm>

#include "src/ops/family.hpp"
#include "tegula/graph/image.hpp"

namespace tegula::ops {

namespace {

using Integers = std::vector<std::int64_t>;

/// The weights as a band of one width: rows that need less are filled up with zeros, and begin
/// earlier where the axis ends.
Attrs band(std::int64_t axis, std::int64_t size, const std::vector<Taps>& rows) {
  std::int64_t width = 1;
  for (const Taps& row : rows) width = std::max<std::int64_t>(width, std::ssize(row.weights));
  width = std::min(width, std::max<std::int64_t>(size, 1));
  Integers starts;
  Tensor weights = Tensor::zeros(DType::f64, {std::ssize(rows), width});
  for (std::int64_t i = 0; i < std::ssize(rows); ++i) {
    const auto& [first, row] = rows[static_cast<std::size_t>(i)];
    const std::int64_t start = std::min(first, size - width);
    starts.push_back(start);
    for (std::int64_t t = 0; t < std::ssize(row); ++t) {
      weights.set(i * width + first - start + t, row[static_cast<std::size_t>(t)]);
    }
  }
  return {{"axis", axis}, {"size", size}, {"starts", starts}, {"weights", weights}};
}

/// The rows of the transposed band: for each element of x, the results that it is part of.
std::vector<Taps> transposed(const Attrs& attrs) {
  const Integers& starts = integers(attrs, "starts");
  const Tensor& weights = attrs.get<Tensor>("weights");
  const std::int64_t width = weights.shape()[1];
  std::vector<Taps> rows(static_cast<std::size_t>(integer(attrs, "size")));
  for (std::int64_t i = 0; i < std::ssize(starts); ++i) {
    for (std::int64_t t = 0; t < width; ++t) {
      const double weight = weights.at(i * width + t);
      if (weight == 0) continue;
      auto& [first, row] = rows[static_cast<std::size_t>(starts[static_cast<std::size_t>(i)] + t)];
      if (row.empty()) first = i;
      row.resize(static_cast<std::size_t>(i - first), 0);
      row.push_back(weight);
    }
  }
  return rows;
}

std::vector<ValueType> infer_resample(const InferContext& context) {
  check_dtype(context.dtype(0), Accepts::floating);
  const int axis = normalize_axis(integer(context.attrs, "axis"), context.shape(0).rank());
  const std::int64_t size = integer(context.attrs, "size");
  const Integers& starts = integers(context.attrs, "starts");
  const Tensor& weights = context.attrs.get<Tensor>("weights");
  Shape shape = context.shape(0);
  if (shape[axis] != kUnknown && shape[axis] != size) {
    throw ShapeError("axis " + std::to_string(axis) + " of " + shape.to_string() + " must have " +
                     std::to_string(size) + " elements");
  }
  if (weights.rank() != 2 || weights.shape()[0] != std::ssize(starts)) {
    throw ShapeError("weights of shape " + weights.shape().to_string() +
                     " must be a row for each "
                     "of the " +
                     std::to_string(starts.size()) + " starts");
  }
  for (const std::int64_t start : starts) {
    if (start >= 0 && start <= size - weights.shape()[1]) continue;
    throw ShapeError(std::to_string(weights.shape()[1]) + " elements from " +
                     std::to_string(start) + " on are not within an axis of " +
                     std::to_string(size));
  }
  shape.set(axis, std::ssize(starts));
  return {{context.dtype(0), shape}};
}

std::vector<Tensor> evaluate_resample(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const int axis = normalize_axis(integer(context.attrs, "axis"), x.rank());
  const Integers& starts = integers(context.attrs, "starts");
  const Tensor& weights = context.attrs.get<Tensor>("weights");
  const std::int64_t inner = strides_of(x.shape())[static_cast<std::size_t>(axis)];
  Tensor y(x.dtype(), context.outputs[0].shape);
  for (std::int64_t i = 0; i < y.element_count(); ++i) {
    const std::int64_t result = i / inner % std::ssize(starts);
    const std::int64_t outer = i / inner / std::ssize(starts);
    double total = 0;
    for (std::int64_t t = 0; t < weights.shape()[1]; ++t) {
      const double weight = weights.at(result * weights.shape()[1] + t);
      if (weight == 0) continue;
      const std::int64_t row =
          outer * x.shape()[axis] + starts[static_cast<std::size_t>(result)] + t;
      total += weight * x.at(row * inner + i % inner);
    }
    y.set(i, total);
  }
  return {y};
}

std::vector<Sample> resample_samples() {
  const std::vector<Taps> halves = {{0, {1, 0.5}}, {1, {0.25, 0, 0.75}}, {3, {-1}}, {0, {}}};
  std::vector<Sample> samples;
  for (const Shape& shape : {Shape{2, 4, 3}, Shape{4}, Shape{0, 4, 2}, Shape{3, 4, 19}}) {
    const std::int64_t axis = shape.rank() > 1 ? 1 : 0;
    samples.push_back({{{DType::f32, shape}}, band(axis, 4, halves), ""});
  }
  samples.push_back({{{DType::f32, {2, 1}}}, band(-1, 1, {{0, {2}}, {0, {3}}}), ""});
  return samples;
}

}  // namespace

void register_resample(OpRegistry& registry) {
  OpDef def;
  def.name = "resample";
  def.doc =
      "Sums of neighbours along an axis: result i is the sum over t of weights[i, t] · x[starts[i] "
      "+ t]; a weight of 0 reads nothing";
  def.inputs = {{"x", "Rank 1 or more."}};
  def.attrs = {{"axis", std::int64_t{0}, true, "Axis that the sums run along."},
               {"size", std::int64_t{0}, true, "The axis's size."},
               {"starts", Integers{}, true, "The first element of each sum."},
               {"weights", Tensor(), true, "[results, terms], of f64."}};
  def.infer = infer_resample;
  def.gradient = [](const GradientContext& context) {
    return std::vector<Value>{resample(context.gradient(), integer(context.attrs(), "axis"),
                                       transposed(context.attrs()))};
  };
  def.reference = evaluate_resample;
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs& attrs) {
    const std::int64_t terms = attrs.get<Tensor>("weights").shape()[1];
    return Cost{.flops = 2.0 * static_cast<double>(outputs[0].shape.element_count()) *
                         static_cast<double>(terms),
                .bytes = operand_bytes(inputs, outputs)};
  };
  def.samples = resample_samples;
  def.bad_samples = [] {
    const Attrs four = band(1, 4, {{0, {1, 1}}, {2, {1, 1}}});
    Attrs beyond = four;
    beyond.set("starts", Integers{0, 3});
    Attrs ragged = four;
    ragged.set("starts", Integers{0});
    return std::vector<Sample>{
        {{{DType::f32, {2, 5}}}, four, "axis 1 of [2,5] must have 4 elements"},
        {{{DType::f32, {2, 4}}}, beyond, "2 elements from 3 on are not within an axis of 4"},
        {{{DType::f32, {2, 4}}}, ragged, "must be a row for each of the 1 starts"},
        {{{DType::i32, {2, 4}}}, four, "takes f32 or f64"}};
  };
  registry.add(std::move(def));
}

}  // namespace tegula::ops

namespace tegula {

Value resample(Operand x, std::int64_t axis, const std::vector<Taps>& taps) {
  const Value* value = x.value();
  if (value == nullptr || !*value) throw InvalidArgument("resample takes a value of a graph");
  const std::int64_t size = value->shape().dim(static_cast<int>(axis));
  if (size == kUnknown) {
    throw ShapeError("resample needs the size of axis " + std::to_string(axis) + ", got " +
                     value->shape().to_string());
  }
  for (const Taps& row : taps) {
    if (row.start >= 0 && row.start <= size - std::ssize(row.weights)) continue;
    throw ShapeError("resample: " + std::to_string(row.weights.size()) + " elements from " +
                     std::to_string(row.start) + " on are not within axis " + std::to_string(axis) +
                     " of " + value->shape().to_string());
  }
  return build("resample", {x}, ops::band(axis, size, taps));
}

}  // namespace tegula
