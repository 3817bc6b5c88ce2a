// Ops along an axis whose elements depend on those before them: sorted orders and running sums.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/ops/family.hpp"
#include "tegula/graph/numeric.hpp"

namespace tegula::ops {

namespace {

/// Calls `visit(first element, distance of neighbours)` for each line of a tensor along an axis.
template <typename Visit>
void for_each_line(const Shape& shape, int axis, Visit&& visit) {
  const std::int64_t step = strides_of(shape)[static_cast<std::size_t>(axis)];
  const std::int64_t block = step * shape[axis];
  if (shape.element_count() == 0) return;
  for (std::int64_t start = 0; start < shape.element_count(); start += block) {
    for (std::int64_t inner = 0; inner < step; ++inner) visit(start + inner, step);
  }
}

int axis_of(const EvaluateContext& context) {
  return normalize_axis(integer(context.attrs, "axis"), context.input(0).rank());
}

/// Whether a comes before b in increasing order: NaN is larger than all numbers.
template <typename T>
bool comes_before(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
  }
  return a < b;
}

template <typename T>
void order_line(const std::vector<T>& line, bool descending, std::vector<std::int64_t>& order) {
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::int64_t i, std::int64_t j) {
    const T a = line[static_cast<std::size_t>(i)];
    const T b = line[static_cast<std::size_t>(j)];
    return descending ? comes_before(b, a) : comes_before(a, b);
  });
}

std::vector<Tensor> evaluate_argsort(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const int axis = axis_of(context);
  const bool descending = flag(context.attrs, "descending");
  const auto length = static_cast<std::size_t>(x.shape()[axis]);
  Tensor y(DType::i64, x.shape());
  std::vector<double> numbers(length);
  std::vector<std::int64_t> integers(length);
  std::vector<std::int64_t> order(length);
  for_each_line(x.shape(), axis, [&](std::int64_t first, std::int64_t step) {
    for (std::size_t i = 0; i < length; ++i) {
      const std::int64_t place = first + static_cast<std::int64_t>(i) * step;
      if (is_integer(x.dtype())) {
        integers[i] = integer_at(x, place);
      } else {
        numbers[i] = x.at(place);
      }
    }
    if (is_integer(x.dtype())) {
      order_line(integers, descending, order);
    } else {
      order_line(numbers, descending, order);
    }
    for (std::size_t i = 0; i < length; ++i) {
      y.data<std::int64_t>()[first + static_cast<std::int64_t>(i) * step] = order[i];
    }
  });
  return {y};
}

AttrDef axis_attribute() { return {"axis", std::int64_t{-1}, false, "Axis that is gone along."}; }

std::vector<Sample> samples_along_axes(const Attrs& others) {
  std::vector<Sample> samples;
  const auto add = [&](const Shape& shape, std::int64_t axis) {
    Attrs attrs = others;
    attrs.set("axis", axis);
    samples.push_back({{{DType::f32, shape, 0.5, 2}}, attrs, ""});
  };
  add({5}, 0);
  add({3, 4}, -1);
  add({2, 3, 2}, 1);
  add({4, 1}, 1);
  add({0, 3}, 0);
  return samples;
}

std::vector<Sample> bad_samples_of_axis() {
  return {{{{DType::f32, {2}}}, {{"axis", std::int64_t{1}}}, "out of range"}};
}

void register_argsort(OpRegistry& registry) {
  OpDef def;
  def.name = "argsort";
  def.doc =
      "The places, as i64, from which a sorted x along an axis is taken: of equal elements the "
      "first first, NaN as the largest";
  def.inputs = {{"x", "f32, f64, an integer dtype or bool; rank 1 or more."}};
  def.attrs = {axis_attribute(), {"descending", false, false, "The largest element first."}};
  def.infer = [](const InferContext& context) {
    if (context.dtype(0) != DType::boolean) check_dtype(context.dtype(0), Accepts::numbers);
    normalize_axis(integer(context.attrs, "axis"), context.shape(0).rank());
    return std::vector<ValueType>{{DType::i64, context.shape(0)}};
  };
  def.gradient = [](const GradientContext&) { return std::vector<Value>{Value()}; };
  def.reference = evaluate_argsort;
  def.samples = [] {
    std::vector<Sample> samples = samples_along_axes({});
    std::vector<Sample> others = samples_along_axes({{"descending", true}});
    samples.insert(samples.end(), others.begin(), others.end());
    samples.push_back({{{DType::i32, {2, 9}, -3, 3}}, {}, ""});
    samples.push_back({{{DType::boolean, {7}}}, {}, ""});
    return samples;
  };
  def.bad_samples = [] {
    std::vector<Sample> samples = bad_samples_of_axis();
    samples.push_back({{{DType::f16, {2}}}, {}, "cast to f32"});
    return samples;
  };
  registry.add(std::move(def));
}

struct RunningOp {
  const char* name;
  const char* doc;
  double start;
  double (*combine)(double a, double b);
  std::int64_t (*combine_integers)(std::int64_t a, std::int64_t b);
  Value (*gradient)(Value x, Value y, Value dy, std::int64_t axis, bool exclusive, bool reverse);
};

/// Sums and products of integers stay in the range of their dtype modulo 2^64.
std::int64_t wrapped_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t wrapped_product(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

std::vector<Tensor> evaluate_running(const RunningOp& op, const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const int axis = axis_of(context);
  const bool exclusive = flag(context.attrs, "exclusive");
  const bool reverse = flag(context.attrs, "reverse");
  const std::int64_t length = x.shape()[axis];
  Tensor y(x.dtype(), x.shape());
  for_each_line(x.shape(), axis, [&](std::int64_t first, std::int64_t step) {
    double number = op.start;
    auto whole = static_cast<std::int64_t>(op.start);
    for (std::int64_t i = 0; i < length; ++i) {
      const std::int64_t place = first + (reverse ? length - 1 - i : i) * step;
      const auto store = [&] {
        if (is_integer(x.dtype())) {
          set_integer(y, place, whole);
        } else {
          y.set(place, number);
        }
      };
      if (exclusive) store();
      if (is_integer(x.dtype())) {
        whole = op.combine_integers(whole, integer_at(x, place));
      } else {
        number = op.combine(number, x.at(place));
      }
      if (!exclusive) store();
    }
  });
  return {y};
}

Value product_gradient(Value x, Value y, Value dy, std::int64_t axis, bool exclusive,
                       bool reverse) {
  const auto of_later = [&](Value v) { return cumsum(v, axis, exclusive, !reverse); };
  const Value flows = of_later(cast(cast(dy, DType::boolean), dy.dtype()));
  const Value ratio = of_later(where_flows(dy, dy * y)) / x;
  return where_flows(flows, where(equal(x, 0.0), 0.0, ratio));  // TensorFlow gives 0 there, too
}

const RunningOp kRunningOps[] = {
    {"cumsum", "The sums of the elements up to each one along an axis", 0,
     [](double a, double b) { return a + b; }, wrapped_sum,
     [](Value, Value, Value dy, std::int64_t axis, bool exclusive, bool reverse) {
       return cumsum(dy, axis, exclusive, !reverse);
     }},
    {"cumprod", "The products of the elements up to each one along an axis; derivative 0 at 0", 1,
     [](double a, double b) { return a * b; }, wrapped_product, product_gradient},
};

void register_running(OpRegistry& registry, const RunningOp& op) {
  OpDef def;
  def.name = op.name;
  def.doc = op.doc;
  def.inputs = {{"x", "f32, f64 or an integer dtype; rank 1 or more."}};
  def.attrs = {axis_attribute(),
               {"exclusive", false, false, "Without the element itself."},
               {"reverse", false, false, "From the end."}};
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::numbers);
    normalize_axis(integer(context.attrs, "axis"), context.shape(0).rank());
    return std::vector<ValueType>{{context.dtype(0), context.shape(0)}};
  };
  def.gradient = [gradient = op.gradient](const GradientContext& context) {
    const Attrs& attrs = context.attrs();
    return std::vector<Value>{gradient(context.input(0), context.output(), context.gradient(),
                                       integer(attrs, "axis"), flag(attrs, "exclusive"),
                                       flag(attrs, "reverse"))};
  };
  def.reference = [&op](const EvaluateContext& context) { return evaluate_running(op, context); };
  def.cost = flops_per_output(1);
  def.samples = [] {
    std::vector<Sample> samples = samples_along_axes({});
    for (const bool exclusive : {false, true}) {
      const std::vector<Sample> others =
          samples_along_axes({{"exclusive", exclusive}, {"reverse", true}});
      samples.insert(samples.end(), others.begin(), others.end());
    }
    samples.push_back({{{DType::i32, {2, 9}, -3, 3}}, {}, ""});
    return samples;
  };
  def.bad_samples = [] {
    std::vector<Sample> samples = bad_samples_of_axis();
    samples.push_back({{{DType::boolean, {2}}}, {}, "takes"});
    return samples;
  };
  registry.add(std::move(def));
}

}  // namespace

void register_order(OpRegistry& registry);

void register_order(OpRegistry& registry) {
  register_argsort(registry);
  for (const RunningOp& op : kRunningOps) register_running(registry, op);
}

}  // namespace tegula::ops

namespace tegula {

Value argsort(Operand x, std::int64_t axis, bool descending) {
  return build("argsort", {x}, {{"axis", axis}, {"descending", descending}});
}

Value cumsum(Operand x, std::int64_t axis, bool exclusive, bool reverse) {
  return build("cumsum", {x}, {{"axis", axis}, {"exclusive", exclusive}, {"reverse", reverse}});
}

Value cumprod(Operand x, std::int64_t axis, bool exclusive, bool reverse) {
  return build("cumprod", {x}, {{"axis", axis}, {"exclusive", exclusive}, {"reverse", reverse}});
}

}  // namespace tegula
