// Reductions over axes.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

Shape reduced_shape(const Shape& shape, const std::vector<std::int64_t>& axes, bool keepdims) {
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool reduced = std::find(axes.begin(), axes.end(), axis) != axes.end();
    if (!reduced) {
      result.append(shape[axis]);
    } else if (keepdims) {
      result.append(1);
    }
  }
  return result;
}

void check_axes(const std::vector<std::int64_t>& axes, int rank) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] < 0 || axes[i] >= rank || (i > 0 && axes[i] <= axes[i - 1])) {
      throw ShapeError("axes " + to_string(AttrValue(axes)) +
                       " must be distinct axes of a tensor of rank " + std::to_string(rank));
    }
  }
}

double double_at(const Tensor& x, std::int64_t index) { return x.at(index); }

/// The reduced elements of one output element, in row-major order, read by `at`.
template <typename T, typename Visit>
void for_each_group(const Tensor& x, const std::vector<std::int64_t>& axes,
                    T (*at)(const Tensor&, std::int64_t), Visit&& visit) {
  const Shape kept = reduced_shape(x.shape(), axes, false);
  const std::vector<std::int64_t> strides = strides_of(x.shape());
  Shape reduced;
  for (const std::int64_t axis : axes) reduced.append(x.shape()[static_cast<int>(axis)]);
  const auto offset = [&](std::int64_t position, const Shape& shape, bool of_reduced) {
    std::int64_t index = 0;
    int axis_of_x = x.rank() - 1;
    for (int i = shape.rank() - 1; i >= 0; --i, --axis_of_x) {
      while ((std::find(axes.begin(), axes.end(), axis_of_x) != axes.end()) != of_reduced) {
        --axis_of_x;
      }
      index += position % shape[i] * strides[static_cast<std::size_t>(axis_of_x)];
      position /= shape[i];
    }
    return index;
  };
  std::vector<T> group(static_cast<std::size_t>(reduced.element_count()));
  for (std::int64_t out = 0; out < kept.element_count(); ++out) {
    const std::int64_t base = offset(out, kept, false);
    for (std::size_t i = 0; i < group.size(); ++i) {
      group[i] = at(x, base + offset(static_cast<std::int64_t>(i), reduced, true));
    }
    visit(out, group);
  }
}

using GroupFunction = double (*)(const std::vector<double>& group);
using IntegerGroupFunction = std::int64_t (*)(const std::vector<std::int64_t>& group);

/// Unsigned arithmetic wraps around where signed overflow would be undefined.
std::int64_t integer_sum_of(const std::vector<std::int64_t>& group) {
  std::uint64_t total = 0;
  for (const std::int64_t value : group) total += static_cast<std::uint64_t>(value);
  return static_cast<std::int64_t>(total);
}
std::int64_t integer_product_of(const std::vector<std::int64_t>& group) {
  std::uint64_t total = 1;
  for (const std::int64_t value : group) total *= static_cast<std::uint64_t>(value);
  return static_cast<std::int64_t>(total);
}
std::int64_t integer_largest_of(const std::vector<std::int64_t>& group) {
  return *std::max_element(group.begin(), group.end());
}
std::int64_t integer_smallest_of(const std::vector<std::int64_t>& group) {
  return *std::min_element(group.begin(), group.end());
}

double sum_of(const std::vector<double>& group) {
  return std::accumulate(group.begin(), group.end(), 0.0);
}
double mean_of(const std::vector<double>& group) {
  return sum_of(group) / static_cast<double>(group.size());
}
double product_of(const std::vector<double>& group) {
  return std::accumulate(group.begin(), group.end(), 1.0, std::multiplies<>());
}
/// NaN wins, as in NumPy.
double largest_of(const std::vector<double>& group) {
  double result = -std::numeric_limits<double>::infinity();
  for (const double value : group) result = std::isnan(value) || value > result ? value : result;
  return std::any_of(group.begin(), group.end(), [](double v) { return std::isnan(v); })
             ? std::numeric_limits<double>::quiet_NaN()
             : result;
}
double smallest_of(const std::vector<double>& group) {
  std::vector<double> negated(group);
  for (double& value : negated) value = -value;
  return -largest_of(negated);
}
double any_of(const std::vector<double>& group) {
  return std::any_of(group.begin(), group.end(), [](double v) { return v != 0; }) ? 1 : 0;
}
double all_of(const std::vector<double>& group) {
  return std::all_of(group.begin(), group.end(), [](double v) { return v != 0; }) ? 1 : 0;
}
double logsumexp_of(const std::vector<double>& group) {
  const double largest = largest_of(group);
  if (!std::isfinite(largest)) return largest;
  double total = 0;
  for (const double value : group) total += std::exp(value - largest);
  return largest + std::log(total);
}

/// Scaled, so that no square overflows.
double norm_of(const std::vector<double>& group) {
  double largest = 0;
  for (const double value : group) {
    if (std::isnan(value)) return value;
    largest = std::max(largest, std::abs(value));
  }
  if (largest == 0 || std::isinf(largest)) return largest;
  double total = 0;
  for (const double value : group) total += value / largest * (value / largest);
  return largest * std::sqrt(total);
}
/// Integers truncate towards zero, and the mean of none is 0, as in TensorFlow.
std::int64_t integer_mean_of(const std::vector<std::int64_t>& group) {
  if (group.empty()) return 0;
  return integer_sum_of(group) / static_cast<std::int64_t>(group.size());
}

/// `value`, a result of this reduction, with the reduced axes back as size 1.
Value with_axes(Value value, const GradientContext& context) {
  if (flag(context.attrs(), "keepdims")) return value;
  for (const std::int64_t axis : integers(context.attrs(), "axes")) {
    value = expand_dims(value, axis);
  }
  return value;
}

Value spread(Value value, const GradientContext& context) {
  return broadcast_like(with_axes(value, context), context.input(0));
}

using ReductionGradient = Value (*)(const GradientContext& context);

Value sum_gradient(const GradientContext& context) { return spread(context.gradient(), context); }

Value mean_gradient(const GradientContext& context) {
  const Value count = element_count(context.input(0), Axes(integers(context.attrs(), "axes")));
  return spread(context.gradient() / count, context);
}

/// Ties share the gradient evenly, as in TensorFlow.
Value extreme_gradient(const GradientContext& context) {
  const Value x = context.input(0);
  const Value chosen = cast(equal(x, with_axes(context.output(), context)), x.dtype());
  const Value ties = sum(chosen, Axes(integers(context.attrs(), "axes")), true);
  return chosen * (with_axes(context.gradient(), context) / ties);
}

/// The product of the other elements: that of all nonzero ones divided by x, if there is no zero;
/// at the only zero, that of all nonzero ones; else 0.
Value product_gradient(const GradientContext& context) {
  const Value x = context.input(0);
  const Axes axes(integers(context.attrs(), "axes"));
  const Value is_zero = equal(x, 0.0);
  const Value nonzero = where(is_zero, 1.0, x);
  const Value product = prod(nonzero, axes, true);
  const Value zeros = sum(cast(is_zero, x.dtype()), axes, true);
  const Value with_one_zero = where(logical_and(is_zero, equal(zeros, 1.0)), product, 0.0);
  const Value others = where(equal(zeros, 0.0), product / nonzero, with_one_zero);
  const Value dy = with_axes(context.gradient(), context);
  return where_flows(dy, others * dy);
}

/// Softmax, from the largest element and not from the result: that rounds log(n) away beside a
/// large one.
Value logsumexp_gradient(const GradientContext& context) {
  const Value x = context.input(0);
  const Axes axes(integers(context.attrs(), "axes"));
  return softmax(x, axes) * with_axes(context.gradient(), context);
}

/// The direction of x; where the norm is 0, only a gradient of 0 has a meaning.
Value norm_gradient(const GradientContext& context) {
  const Value dy = context.gradient();
  const Value scale = where_flows(dy, dy / context.output());
  return context.input(0) * with_axes(scale, context);
}

struct ReductionOp {
  const char* name;
  const char* doc;
  GroupFunction evaluate;
  ReductionGradient gradient = nullptr;
  Accepts accepts = Accepts::numbers;
  bool nonempty = false;
  double low = -2, high = 2;
  IntegerGroupFunction on_integers = nullptr;
  bool indivisible = false;
};

std::vector<Sample> reduction_samples(const SampleInput& input, bool nonempty) {
  using Axes = std::vector<std::int64_t>;
  struct Case {
    Shape shape;
    Axes axes;
    bool keepdims;
  };
  std::vector<Case> cases = {
      {{3, 5}, {0}, false},    {{3, 5}, {1}, false},       {{3, 5}, {0, 1}, false},
      {{2, 3, 5}, {1}, true},  {{2, 3, 5}, {0, 2}, false}, {{7}, {0}, true},
      {{1}, {0}, false},       {{4, 37}, {1}, true},       {{0, 3}, {1}, false},
      {{70, 131}, {0}, false}, {{70, 131}, {1}, false}};
  if (!nonempty) cases.push_back({{0, 3}, {0}, false});
  std::vector<Sample> samples;
  for (const Case& c : cases) {
    Sample sample{{input}, {{"axes", c.axes}, {"keepdims", c.keepdims}}, ""};
    sample.inputs[0].shape = c.shape;
    samples.push_back(std::move(sample));
  }
  return samples;
}

void reduction(OpRegistry& registry, const ReductionOp& op) {
  OpDef def;
  def.name = op.name;
  def.doc = op.doc;
  def.inputs = {{"x", "Any shape."}};
  def.attrs = {{"axes", std::vector<std::int64_t>{}, true, "Axes, increasing."},
               {"keepdims", false, false, "Keep reduced axes as size 1."}};
  def.fusion = FusionClass::reduction;
  def.indivisible = op.indivisible;
  def.infer = [accepts = op.accepts, nonempty = op.nonempty](const InferContext& context) {
    check_dtype(context.dtype(0), accepts);
    const Shape& shape = context.shape(0);
    const auto& axes = integers(context.attrs, "axes");
    check_axes(axes, shape.rank());
    for (const std::int64_t axis : axes) {
      if (nonempty && shape[static_cast<int>(axis)] == 0) {
        throw ShapeError("there is no result for axis " + std::to_string(axis) + " of size 0");
      }
    }
    const bool keepdims = flag(context.attrs, "keepdims");
    return std::vector<ValueType>{{context.dtype(0), reduced_shape(shape, axes, keepdims)}};
  };
  if (op.gradient != nullptr) {
    def.gradient = [gradient = op.gradient](const GradientContext& context) {
      return std::vector<Value>{gradient(context)};
    };
  }
  def.reference = [evaluate = op.evaluate,
                   on_integers = op.on_integers](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const auto& axes = integers(context.attrs, "axes");
    Tensor y(context.outputs[0].dtype, context.outputs[0].shape);
    if (is_integer(x.dtype()) && on_integers != nullptr) {
      for_each_group(x, axes, integer_at,
                     [&](std::int64_t out, const std::vector<std::int64_t>& group) {
                       set_integer(y, out, on_integers(group));
                     });
    } else {
      for_each_group(x, axes, double_at, [&](std::int64_t out, const std::vector<double>& group) {
        y.set(out, evaluate(group));
      });
    }
    return std::vector<Tensor>{y};
  };
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs&) {
    return Cost{.flops = static_cast<double>(inputs[0].shape.element_count()),
                .bytes = operand_bytes(inputs, outputs)};
  };
  const DType dtype = op.accepts == Accepts::boolean ? DType::boolean : DType::f32;
  def.samples = [input = SampleInput{dtype, {}, op.low, op.high}, nonempty = op.nonempty] {
    return reduction_samples(input, nonempty);
  };
  def.bad_samples = [dtype] {
    const Attrs axis_2 = {{"axes", std::vector<std::int64_t>{2}}};
    return std::vector<Sample>{{{{dtype, {2, 3}}}, axis_2, "axes of a tensor of rank 2"}};
  };
  registry.add(std::move(def));
}

void arg_reduction(OpRegistry& registry, const char* name, const char* doc, double sign) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = {{"x", "Any shape of rank 1 or more."}};
  def.attrs = {{"axis", std::int64_t{-1}, false, "Axis that is reduced."}};
  def.fusion = FusionClass::reduction;
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::numbers);
    const Shape& shape = context.shape(0);
    const int axis = normalize_axis(integer(context.attrs, "axis"), shape.rank());
    if (shape[axis] == 0) {
      throw ShapeError("there is no result for axis " + std::to_string(axis) + " of size 0");
    }
    return std::vector<ValueType>{{DType::i64, reduced_shape(shape, {axis}, false)}};
  };
  // Indices do not change under small changes of x.
  def.gradient = [](const GradientContext&) { return std::vector<Value>{Value()}; };
  def.reference = [sign](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const int axis = normalize_axis(integer(context.attrs, "axis"), x.rank());
    Tensor y(DType::i64, context.outputs[0].shape);
    for_each_group(x, {axis}, double_at, [&](std::int64_t out, const std::vector<double>& group) {
      std::size_t best = 0;
      for (std::size_t i = 1; i < group.size() && !std::isnan(group[best]); ++i) {
        if (std::isnan(group[i]) || sign * group[i] > sign * group[best]) best = i;
      }
      y.data<std::int64_t>()[out] = static_cast<std::int64_t>(best);
    });
    return std::vector<Tensor>{y};
  };
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Shape& shape : {Shape{3, 5}, Shape{7}, Shape{2, 3, 4}, Shape{0, 3}, Shape{4, 1}}) {
      for (const std::int64_t axis : {std::int64_t{-1}, std::int64_t{0}}) {
        if (shape.dim(static_cast<int>(axis)) == 0) continue;
        samples.push_back({{{DType::f32, shape}}, {{"axis", axis}}, ""});
      }
    }
    return samples;
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2}}}, {{"axis", std::int64_t{1}}}, "out of range"},
                               {{{DType::f32, {2, 0}}}, {}, "no result"}};
  };
  registry.add(std::move(def));
}

/// Sorted and without negatives; all axes when none are given.
std::vector<std::int64_t> explicit_axes(const Operand& x, const Axes& axes) {
  const Value* value = x.value();
  if (value == nullptr) throw InvalidArgument("a reduction takes a value of a graph");
  const int rank = value->shape().rank();
  std::vector<std::int64_t> result;
  if (!axes) {
    result.resize(static_cast<std::size_t>(rank));
    std::iota(result.begin(), result.end(), std::int64_t{0});
    return result;
  }
  for (const std::int64_t axis : *axes) result.push_back(axis < 0 ? axis + rank : axis);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

void register_reduce(OpRegistry& registry) {
  reduction(registry, {.name = "sum",
                       .doc = "Sum; 0 for no elements",
                       .evaluate = sum_of,
                       .gradient = sum_gradient,
                       .on_integers = integer_sum_of});
  reduction(registry, {.name = "mean",
                       .doc = "Arithmetic mean; NaN for no elements; integers truncate towards 0",
                       .evaluate = mean_of,
                       .gradient = mean_gradient,
                       .on_integers = integer_mean_of});
  reduction(registry, {.name = "max",
                       .doc = "Largest element; NaN if there is one",
                       .evaluate = largest_of,
                       .gradient = extreme_gradient,
                       .nonempty = true,
                       .on_integers = integer_largest_of});
  reduction(registry, {.name = "min",
                       .doc = "Smallest element; NaN if there is one",
                       .evaluate = smallest_of,
                       .gradient = extreme_gradient,
                       .nonempty = true,
                       .on_integers = integer_smallest_of});
  reduction(registry, {.name = "prod",
                       .doc = "Product; 1 for no elements",
                       .evaluate = product_of,
                       .gradient = product_gradient,
                       .low = 0.5,
                       .on_integers = integer_product_of});
  reduction(registry, {.name = "logsumexp",
                       .doc = "log(sum(exp(x))), without overflow",
                       .evaluate = logsumexp_of,
                       .gradient = logsumexp_gradient,
                       .accepts = Accepts::floating,
                       .indivisible = true});
  reduction(registry, {.name = "norm",
                       .doc = "Euclidean norm sqrt(sum(x²)), without overflow; 0 for no elements",
                       .evaluate = norm_of,
                       .gradient = norm_gradient,
                       .accepts = Accepts::floating,
                       .indivisible = true});
  reduction(registry, {.name = "any",
                       .doc = "Whether some element is true",
                       .evaluate = any_of,
                       .accepts = Accepts::boolean});
  reduction(registry, {.name = "all",
                       .doc = "Whether every element is true",
                       .evaluate = all_of,
                       .accepts = Accepts::boolean});
  arg_reduction(registry, "argmax", "Index of the first largest element; the first NaN if any", 1);
  arg_reduction(registry, "argmin", "Index of the first smallest element; the first NaN if any",
                -1);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

Value reduce(const char* op, const Operand& x, const Axes& axes, bool keepdims) {
  return build(op, {x}, {{"axes", ops::explicit_axes(x, axes)}, {"keepdims", keepdims}});
}

}  // namespace

Value sum(Operand x, Axes axes, bool keepdims) { return reduce("sum", x, axes, keepdims); }
Value mean(Operand x, Axes axes, bool keepdims) { return reduce("mean", x, axes, keepdims); }
Value max(Operand x, Axes axes, bool keepdims) { return reduce("max", x, axes, keepdims); }
Value min(Operand x, Axes axes, bool keepdims) { return reduce("min", x, axes, keepdims); }
Value prod(Operand x, Axes axes, bool keepdims) { return reduce("prod", x, axes, keepdims); }
Value any(Operand x, Axes axes, bool keepdims) { return reduce("any", x, axes, keepdims); }
Value all(Operand x, Axes axes, bool keepdims) { return reduce("all", x, axes, keepdims); }
Value logsumexp(Operand x, Axes axes, bool keepdims) {
  return reduce("logsumexp", x, axes, keepdims);
}
Value norm(Operand x, Axes axes, bool keepdims) { return reduce("norm", x, axes, keepdims); }
Value argmax(Operand x, std::int64_t axis) { return build("argmax", {x}, {{"axis", axis}}); }
Value argmin(Operand x, std::int64_t axis) { return build("argmin", {x}, {{"axis", axis}}); }

}  // namespace tegula
