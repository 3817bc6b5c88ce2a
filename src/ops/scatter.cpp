// Rows that are written, or summed, by their indices.

#include <algorithm>
#include <cmath>

#include "src/ops/family.hpp"
#include "tegula/graph/numeric.hpp"
#include "tegula/graph/sequences.hpp"

namespace tegula::ops {

namespace {

struct Reduction {
  const char* name;
  double (*combine)(double old, double update);
};

double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }
double smaller(double a, double b) { return std::isnan(a) || a < b ? a : b; }

constexpr Reduction kReductions[] = {
    {"replace", [](double, double update) { return update; }},
    {"add", [](double old, double update) { return old + update; }},
    {"mul", [](double old, double update) { return old * update; }},
    {"max", larger},
    {"min", smaller},
};

const Reduction& reduction_of(const Attrs& attrs) {
  const std::string& name = attrs.get<std::string>("reduction");
  for (const Reduction& reduction : kReductions) {
    if (name == reduction.name) return reduction;
  }
  throw InvalidArgument("reduction must be replace, add, mul, max or min, not \"" + name + '"');
}

void check_row_indices(const InferContext& context) {
  check_indices(context.dtype(1));
  if (context.shape(0).rank() == 0 || context.shape(1).rank() != 1) {
    throw ShapeError("takes x of rank 1 or more and a vector of indices");
  }
}

std::vector<ValueType> infer_scatter(const InferContext& context) {
  const DType dtype = context.dtype(0);
  if (reduction_of(context.attrs).name != std::string("replace")) {
    check_dtype(dtype, Accepts::numbers);
  }
  if (context.dtype(2) != dtype) throw DTypeError("x and the updates must have one dtype");
  check_row_indices(context);
  const Shape& x = context.shape(0);
  Shape expected{context.shape(1)[0]};
  for (int axis = 1; axis < x.rank(); ++axis) expected.append(x[axis]);
  if (!compatible(expected, context.shape(2))) {
    throw ShapeError("the updates have shape " + context.shape(2).to_string() + ", expected " +
                     expected.to_string());
  }
  return {{dtype, x}};
}

std::vector<Tensor> evaluate_scatter(const EvaluateContext& context) {
  const Reduction& reduction = reduction_of(context.attrs);
  const Tensor& indices = context.input(1);
  const Tensor& updates = context.input(2);
  Tensor y = context.input(0).clone();
  const std::int64_t rows = y.shape()[0];
  const std::int64_t row = rows == 0 ? 0 : y.element_count() / rows;
  for (std::int64_t i = 0; i < indices.element_count(); ++i) {
    const std::int64_t index = integer_at(indices, i);
    if (index < 0 || index >= rows) {
      throw RunError("scatter: index " + std::to_string(index) + " at position " +
                     std::to_string(i) + " is outside of the " + std::to_string(rows) + " rows");
    }
    for (std::int64_t j = 0; j < row; ++j) {
      const std::int64_t to = index * row + j;
      if (reduction.name == std::string("replace")) {
        copy_element(updates, i * row + j, y, to);
      } else {
        y.set(to, reduction.combine(y.at(to), updates.at(i * row + j)));
      }
    }
  }
  return {y};
}

Value as_number(Value condition, Value like) { return cast(condition, like.dtype()); }

using Values = std::vector<Value>;

/// Of several updates of a row the last one counts.
Values replace_gradient(Value x, Value indices, Value updates, Value dy) {
  const Value order = positions(updates, 0);
  const Value last = gather(scatter(positions(x, 0), indices, order, "replace"), indices);
  return {scatter(dy, indices, zeros_like(updates), "replace"), Value(),
          where(equal(last, order), gather(dy, indices), 0.0)};
}

/// The product of all others is the product of those that are not 0, unless one of the others is.
Values product_gradient(Value x, Value indices, Value updates, Value dy) {
  const auto without_zeros = [](Value v) { return where(equal(v, 0.0), 1.0, v); };
  const auto zeros = [](Value v) { return as_number(equal(v, 0.0), v); };
  const Value product = scatter(without_zeros(x), indices, without_zeros(updates), "mul");
  const Value count = scatter(zeros(x), indices, zeros(updates), "add");
  const auto of_others = [&](Value v, Value all, Value zeros_of_all) {
    return where(equal(zeros_of_all - zeros(v), 0.0), all / without_zeros(v), 0.0);
  };
  const Value taken = gather(dy, indices);
  const Value du = taken * of_others(updates, gather(product, indices), gather(count, indices));
  return {where_flows(dy, dy * of_others(x, product, count)), Value(), where_flows(taken, du)};
}

/// To those that gave the largest or smallest element, in equal parts.
Values extreme_gradient(Value x, Value indices, Value updates, Value y, Value dy) {
  const Value from_x = as_number(equal(x, y), x);
  const Value from_updates = as_number(equal(updates, gather(y, indices)), updates);
  const Value share = dy / scatter(from_x, indices, from_updates, "add");
  return {share * from_x, Value(), gather(share, indices) * from_updates};
}

Values scatter_gradient(const GradientContext& context) {
  const Value x = context.input(0);
  const Value indices = context.input(1);
  const Value updates = context.input(2);
  const Value dy = context.gradient();
  const std::string& reduction = context.attrs().get<std::string>("reduction");
  if (reduction == "replace") return replace_gradient(x, indices, updates, dy);
  if (reduction == "add") return {dy, Value(), gather(dy, indices)};
  if (reduction == "mul") return product_gradient(x, indices, updates, dy);
  return extreme_gradient(x, indices, updates, context.output(), dy);
}

std::vector<Tensor> evaluate_row_sums(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const Tensor& indices = context.input(1);
  Tensor y = Tensor::zeros(x.dtype(), x.shape());
  const std::int64_t count = indices.element_count();
  const std::int64_t row = count == 0 ? 0 : x.element_count() / count;
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t other = 0; other < count; ++other) {
      if (integer_at(indices, other) != integer_at(indices, i)) continue;
      for (std::int64_t j = 0; j < row; ++j) {
        y.set(i * row + j, y.at(i * row + j) + x.at(other * row + j));
      }
    }
  }
  return {y};
}

void register_row_sums(OpRegistry& registry) {
  OpDef def;
  def.name = "sum_rows_by_index";
  def.doc = "Each row is the sum of the rows that have its index";
  def.inputs = {{"x", "Rank 1 or more."}, {"indices", "One for each row, i32 or i64: a vector."}};
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::numbers);
    check_row_indices(context);
    const Shape& x = context.shape(0);
    if (!compatible({x[0]}, context.shape(1))) {
      throw ShapeError("takes an index for each of the " + std::to_string(x[0]) + " rows, got " +
                       context.shape(1).to_string());
    }
    return std::vector<ValueType>{{context.dtype(0), x}};
  };
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {sum_rows_by_index(context.gradient(), context.input(1)), Value()};
  };
  def.reference = evaluate_row_sums;
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {5, 3}}, {DType::i32, {5}, 0, 3}}, {}, ""},
                               {{{DType::f64, {6, 2, 2}}, {DType::i64, {6}, 0, 3}}, {}, ""},
                               {{{DType::i32, {4}}, {DType::i32, {4}, 0, 2}}, {}, ""},
                               {{{DType::f32, {0, 2}}, {DType::i32, {0}, 0, 2}}, {}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3, 2}}, {DType::i32, {2}}}, {}, "an index for each of the 3 rows"},
        {{{DType::f32, {3}}, {DType::f32, {3}}}, {}, "indices must be"},
        {{{DType::f32, {3}}, {DType::i32, {3, 1}}}, {}, "a vector of indices"}};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_scatter(OpRegistry& registry);

void register_scatter(OpRegistry& registry) {
  register_row_sums(registry);
  OpDef def;
  def.name = "scatter";
  def.doc = "x with rows replaced by, or combined with, updates; of one row's updates in order";
  def.inputs = {{"x", "Rank 1 or more."},
                {"indices", "Rows of x, i32 or i64: a vector."},
                {"updates", "A row for each index."}};
  def.attrs = {{"reduction", std::string("replace"), false, "replace, add, mul, max or min."}};
  def.infer = infer_scatter;
  def.gradient = scatter_gradient;
  def.reference = evaluate_scatter;
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Reduction& reduction : kReductions) {
      const Attrs attrs{{"reduction", std::string(reduction.name)}};
      samples.push_back(
          {{{DType::f32, {4, 3}}, {DType::i32, {2}, 0, 4}, {DType::f32, {2, 3}}}, attrs, ""});
      samples.push_back(
          {{{DType::f32, {5}}, {DType::i64, {1}, 0, 5}, {DType::f32, {1}}}, attrs, ""});
      samples.push_back(
          {{{DType::i32, {3}}, {DType::i32, {4}, 0, 3}, {DType::i32, {4}}}, attrs, ""});
      samples.push_back(
          {{{DType::f32, {3, 2}}, {DType::i32, {0}, 0, 3}, {DType::f32, {0, 2}}}, attrs, ""});
    }
    samples.push_back(
        {{{DType::boolean, {3}}, {DType::i32, {2}, 0, 3}, {DType::boolean, {2}}}, {}, ""});
    return samples;
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3}}, {DType::i32, {2}}, {DType::f32, {3}}}, {}, "the updates have shape"},
        {{{DType::f32, {3}}, {DType::f32, {2}}, {DType::f32, {2}}}, {}, "indices must be"},
        {{{DType::f32, {3}}, {DType::i32, {2}}, {DType::f32, {2}}},
         {{"reduction", std::string("mean")}},
         "must be replace"}};
  };
  registry.add(std::move(def));
}

}  // namespace tegula::ops

namespace tegula {

Value scatter(Operand x, Operand indices, Operand updates, const std::string& reduction) {
  return build("scatter", {x, indices, updates}, {{"reduction", reduction}});
}

Value sum_rows_by_index(Operand x, Operand indices) {
  return build("sum_rows_by_index", {x, indices}, {});
}

}  // namespace tegula
