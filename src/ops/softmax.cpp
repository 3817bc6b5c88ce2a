// Softmax and the cross-entropies that are computed from logits.

#include <cmath>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

/// Calls `visit(offset, stride, length)` for every vector of `x` along `axis`.
template <typename Visit>
void for_each_vector(const Shape& shape, int axis, Visit&& visit) {
  const std::int64_t stride = strides_of(shape)[static_cast<std::size_t>(axis)];
  const std::int64_t length = shape[axis];
  if (length == 0) return;
  const std::int64_t vectors = shape.element_count() / length;
  for (std::int64_t i = 0; i < vectors; ++i) {
    visit(i / stride * stride * length + i % stride, stride, length);
  }
}

std::vector<double> log_softmax_of(const Tensor& x, std::int64_t offset, std::int64_t stride,
                                   std::int64_t length) {
  std::vector<double> values(static_cast<std::size_t>(length));
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < length; ++i) {
    values[static_cast<std::size_t>(i)] = x.at(offset + i * stride);
    largest = std::max(largest, values[static_cast<std::size_t>(i)]);
  }
  double total = 0;
  for (const double value : values) total += std::exp(value - largest);
  // In this order: beside a large element, log(total) would be rounded away.
  const double log_total = std::log(total);
  for (double& value : values) value = value - largest - log_total;
  return values;
}

std::vector<Sample> axis_samples() {
  std::vector<Sample> samples;
  for (const Shape& shape :
       {Shape{3, 5}, Shape{7}, Shape{2, 3, 4}, Shape{4, 1}, Shape{0, 3}, Shape{5, 37}}) {
    samples.push_back({{{DType::f32, shape}}, {{"axis", std::int64_t{-1}}}, ""});
  }
  samples.push_back({{{DType::f32, {2, 3, 4}}}, {{"axis", std::int64_t{1}}}, ""});
  samples.push_back({{{DType::f32, {37, 1000}, -20, 20}}, {{"axis", std::int64_t{-1}}}, ""});
  return samples;
}

void softmax_like(OpRegistry& registry, const char* name, const char* doc, bool logarithm) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = {{"x", "Rank 1 or more."}};
  def.attrs = {{"axis", std::int64_t{-1}, false, "Axis of the classes."}};
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::floating);
    normalize_axis(integer(context.attrs, "axis"), context.shape(0).rank());
    return std::vector<ValueType>{context.inputs[0]};
  };
  def.gradient = [logarithm](const GradientContext& context) -> std::vector<Value> {
    const std::int64_t axis = integer(context.attrs(), "axis");
    const Value y = context.output();
    const Value dy = context.gradient();
    if (logarithm) return {dy - exp(y) * sum(dy, axis, true)};
    return {(dy - sum(dy * y, axis, true)) * y};
  };
  def.reference = [logarithm](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const int axis = normalize_axis(integer(context.attrs, "axis"), x.rank());
    Tensor y(x.dtype(), x.shape());
    for_each_vector(x.shape(), axis,
                    [&](std::int64_t offset, std::int64_t stride, std::int64_t length) {
                      const std::vector<double> values = log_softmax_of(x, offset, stride, length);
                      for (std::int64_t i = 0; i < length; ++i) {
                        const double value = values[static_cast<std::size_t>(i)];
                        y.set(offset + i * stride, logarithm ? value : std::exp(value));
                      }
                    });
    return std::vector<Tensor>{y};
  };
  def.cost = flops_per_output(14);
  def.samples = axis_samples;
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2}}}, {{"axis", std::int64_t{1}}}, "out of range"},
                               {{{DType::i32, {2}}}, {}, "takes f32 or f64"}};
  };
  registry.add(std::move(def));
}

Shape without_last(const Shape& shape) {
  return Shape(shape.dims().first(static_cast<std::size_t>(shape.rank() - 1)));
}

std::vector<ValueType> cross_entropy_types(const InferContext& context) {
  check_dtype(context.dtype(0), Accepts::floating);
  const Shape& logits = context.shape(0);
  if (logits.rank() == 0) throw ShapeError("logits need a last axis of classes, got a scalar");
  return {{context.dtype(0), without_last(logits)}, {context.dtype(0), logits}};
}

std::vector<ValueType> infer_dense(const InferContext& context) {
  check_same_dtype(context);
  if (!compatible(context.shape(0), context.shape(1))) {
    throw ShapeError("labels of shape " + context.shape(1).to_string() +
                     " do not fit logits of shape " + context.shape(0).to_string() +
                     "; expected the same shape");
  }
  return cross_entropy_types(context);
}

std::vector<ValueType> infer_sparse(const InferContext& context) {
  std::vector<ValueType> types = cross_entropy_types(context);
  const DType labels = context.dtype(1);
  if (labels != DType::i32 && labels != DType::i64 && labels != DType::u8) {
    throw DTypeError("labels are class indices (i32, i64 or u8), not " +
                     std::string(to_string(labels)));
  }
  if (!compatible(types[0].shape, context.shape(1))) {
    throw ShapeError("labels of shape " + context.shape(1).to_string() +
                     " do not fit logits of shape " + context.shape(0).to_string() + "; expected " +
                     types[0].shape.to_string());
  }
  return types;
}

/// Gradient of the logits through both outputs: the loss, and softmax - target itself.
Value logits_gradient(const GradientContext& context) {
  const Value dy = context.gradient(0);
  const Value through_backprop = context.gradient(1);
  Value result;
  if (dy) result = context.output(1) * expand_dims(dy, -1);
  if (through_backprop) {
    const Value s = softmax(context.input(0));
    const Value second = (through_backprop - sum(through_backprop * s, -1, true)) * s;
    result = result ? result + second : second;
  }
  return result;
}

std::vector<Value> dense_gradient(const GradientContext& context) {
  const Value dy = context.gradient(0);
  const Value through_backprop = context.gradient(1);
  Value labels;
  if (dy) labels = -(log_softmax(context.input(0)) * expand_dims(dy, -1));
  if (through_backprop) labels = labels ? labels - through_backprop : -through_backprop;
  return {logits_gradient(context), labels};
}

/// `target(row, class)` is the label's probability of that class.
template <typename Target>
std::vector<Tensor> evaluate_cross_entropy(const EvaluateContext& context, Target&& target) {
  const Tensor& logits = context.input(0);
  Tensor loss(context.outputs[0].dtype, context.outputs[0].shape);
  Tensor backprop(context.outputs[1].dtype, context.outputs[1].shape);
  std::int64_t row = 0;
  for_each_vector(logits.shape(), logits.rank() - 1,
                  [&](std::int64_t offset, std::int64_t, std::int64_t classes) {
                    const auto log_probability = log_softmax_of(logits, offset, 1, classes);
                    double total = 0;
                    for (std::int64_t i = 0; i < classes; ++i) {
                      const double log_p = log_probability[static_cast<std::size_t>(i)];
                      const double label = target(row, i);
                      if (label != 0) total -= label * log_p;
                      backprop.set(offset + i, std::exp(log_p) - label);
                    }
                    loss.set(row++, total);
                  });
  return {loss, backprop};
}

std::vector<Tensor> evaluate_sparse(const EvaluateContext& context) {
  const Tensor& labels = context.input(1);
  const std::int64_t classes = context.input(0).shape().dim(-1);
  for (std::int64_t i = 0; i < labels.element_count(); ++i) {
    const double label = labels.at(i);
    if (label < 0 || label >= static_cast<double>(classes)) {
      throw RunError("label " + std::to_string(static_cast<std::int64_t>(label)) + " of row " +
                     std::to_string(i) + " is outside the " + std::to_string(classes) +
                     " classes 0 to " + std::to_string(classes - 1));
    }
  }
  return evaluate_cross_entropy(context, [&](std::int64_t row, std::int64_t i) {
    return static_cast<std::int64_t>(labels.at(row)) == i ? 1.0 : 0.0;
  });
}

void register_cross_entropies(OpRegistry& registry) {
  OpDef dense;
  dense.name = "softmax_cross_entropy";
  dense.doc =
      "Per row: -sum(labels · log(softmax(logits))); second output: softmax(logits) - labels";
  dense.inputs = {{"logits", "[..., classes]."}, {"labels", "Probabilities of the same shape."}};
  dense.infer = infer_dense;
  dense.gradient = dense_gradient;
  dense.reference = [](const EvaluateContext& context) {
    const Tensor& labels = context.input(1);
    const std::int64_t classes = labels.shape().dim(-1);
    return evaluate_cross_entropy(
        context, [&](std::int64_t row, std::int64_t i) { return labels.at(row * classes + i); });
  };
  dense.samples = [] {
    std::vector<Sample> samples;
    for (const Shape& shape : {Shape{3, 5}, Shape{7}, Shape{2, 3, 4}, Shape{0, 3}, Shape{4, 37}}) {
      samples.push_back({{{DType::f32, shape}, {DType::f32, shape, 0, 1}}, {}, ""});
    }
    return samples;
  };
  dense.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 3}}, {DType::f32, {2, 4}}}, {}, "expected the same shape"},
        {{{DType::f32, {2, 3}}, {DType::f64, {2, 3}}}, {}, "one dtype"}};
  };

  OpDef sparse;
  sparse.name = "sparse_softmax_cross_entropy";
  sparse.doc =
      "Per row: -log(softmax(logits)[label]); second output: softmax(logits) - one_hot(label)";
  sparse.inputs = {{"logits", "[..., classes]."}, {"labels", "Class indices [...]."}};
  sparse.infer = infer_sparse;
  sparse.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {logits_gradient(context), Value()};
  };
  sparse.reference = evaluate_sparse;
  sparse.samples = [] {
    std::vector<Sample> samples;
    for (const DType labels : {DType::i32, DType::i64, DType::u8}) {
      samples.push_back({{{DType::f32, {3, 5}}, {labels, {3}, 0, 4}}, {}, ""});
      samples.push_back({{{DType::f32, {2, 3, 37}}, {labels, {2, 3}, 0, 36}}, {}, ""});
      samples.push_back({{{DType::f32, {0, 3}}, {labels, {0}, 0, 2}}, {}, ""});
    }
    return samples;
  };
  sparse.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 3}}, {DType::i32, {2, 1}}}, {}, "expected [2]"},
                               {{{DType::f32, {2, 3}}, {DType::f32, {2}}}, {}, "class indices"}};
  };

  const auto cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                       const Attrs&) {
    return Cost{.flops = 16.0 * static_cast<double>(inputs[0].shape.element_count()),
                .bytes = operand_bytes(inputs, outputs)};
  };
  dense.cost = cost;
  sparse.cost = cost;
  registry.add(std::move(dense));
  registry.add(std::move(sparse));
}

}  // namespace

void register_softmax(OpRegistry& registry) {
  softmax_like(registry, "softmax", "exp(x) / sum(exp(x)) along an axis", false);
  softmax_like(registry, "log_softmax", "x - log(sum(exp(x))) along an axis", true);
  register_cross_entropies(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

bool is_one_axis(const Axes& axes) { return axes && axes->size() == 1; }

/// x moved so that the largest element of each group is 0, where that is finite.
Value shifted(const Operand& x, const Axes& axes) {
  return sub(x, stop_gradient(max(x, axes, true)));
}

}  // namespace

Value softmax(Operand x, Axes axes) {
  if (is_one_axis(axes)) return build("softmax", {x}, {{"axis", axes->front()}});
  const LocationScope scope(x.location());
  const Value powers = exp(shifted(x, axes));
  return powers / sum(powers, axes, true);
}

Value log_softmax(Operand x, Axes axes) {
  if (is_one_axis(axes)) return build("log_softmax", {x}, {{"axis", axes->front()}});
  const LocationScope scope(x.location());
  const Value moved = shifted(x, axes);
  return moved - log(sum(exp(moved), axes, true));
}
Value softmax_cross_entropy(Operand logits, Operand labels) {
  return build("softmax_cross_entropy", {logits, labels});
}
Value sparse_softmax_cross_entropy(Operand logits, Operand labels) {
  return build("sparse_softmax_cross_entropy", {logits, labels});
}
Value sigmoid_cross_entropy(Operand logits, Operand labels) {
  return softplus(logits) - logits * labels;
}

}  // namespace tegula
