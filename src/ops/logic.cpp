// Comparisons, logic, selection and conversion.

#include <cmath>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

void comparison(OpRegistry& registry, const char* name, const char* doc, BinaryFunction evaluate,
                IntegerBinaryFunction on_integers, bool commutative = false) {
  binary(registry, {.name = name,
                    .doc = doc,
                    .evaluate = evaluate,
                    .on_integers = on_integers,
                    .accepts = Accepts::numbers,
                    .commutative = commutative,
                    .boolean_result = true});
}

void register_comparisons(OpRegistry& registry) {
  comparison(
      registry, "equal", "a == b", [](double a, double b) { return a == b ? 1.0 : 0.0; },
      [](std::int64_t a, std::int64_t b) { return std::int64_t{a == b}; }, true);
  comparison(
      registry, "not_equal", "a != b", [](double a, double b) { return a != b ? 1.0 : 0.0; },
      [](std::int64_t a, std::int64_t b) { return std::int64_t{a != b}; }, true);
  comparison(
      registry, "less", "a < b", [](double a, double b) { return a < b ? 1.0 : 0.0; },
      [](std::int64_t a, std::int64_t b) { return std::int64_t{a < b}; });
  comparison(
      registry, "less_equal", "a <= b", [](double a, double b) { return a <= b ? 1.0 : 0.0; },
      [](std::int64_t a, std::int64_t b) { return std::int64_t{a <= b}; });
  comparison(
      registry, "greater", "a > b", [](double a, double b) { return a > b ? 1.0 : 0.0; },
      [](std::int64_t a, std::int64_t b) { return std::int64_t{a > b}; });
  comparison(
      registry, "greater_equal", "a >= b", [](double a, double b) { return a >= b ? 1.0 : 0.0; },
      [](std::int64_t a, std::int64_t b) { return std::int64_t{a >= b}; });
}

void register_logical(OpRegistry& registry) {
  const auto logical = [&](const char* name, const char* doc, BinaryFunction evaluate) {
    binary(registry, {.name = name,
                      .doc = doc,
                      .evaluate = evaluate,
                      .accepts = Accepts::boolean,
                      .commutative = true,
                      .boolean_result = true});
  };
  logical("logical_and", "a and b", [](double a, double b) { return a * b; });
  logical("logical_or", "a or b", [](double a, double b) { return std::max(a, b); });
  logical("logical_xor", "a or b, but not both",
          [](double a, double b) { return a != b ? 1.0 : 0.0; });
  unary(registry, {.name = "logical_not",
                   .doc = "not x",
                   .evaluate = [](double x, const Attrs&) { return 1 - x; },
                   .accepts = Accepts::boolean});
  unary(registry, {.name = "is_nan",
                   .doc = "Whether x is NaN",
                   .evaluate = [](double x, const Attrs&) { return std::isnan(x) ? 1.0 : 0.0; },
                   .boolean_result = true});
  unary(registry, {.name = "is_finite",
                   .doc = "Whether x is neither NaN nor infinite",
                   .evaluate = [](double x, const Attrs&) { return std::isfinite(x) ? 1.0 : 0.0; },
                   .boolean_result = true});
}

std::vector<ValueType> infer_where(const InferContext& context) {
  if (context.dtype(0) != DType::boolean) {
    throw DTypeError("the condition must be bool, not " + std::string(to_string(context.dtype(0))));
  }
  if (context.dtype(1) != context.dtype(2)) {
    throw DTypeError("the operands must have one dtype, got " +
                     std::string(to_string(context.dtype(1))) + " and " +
                     std::string(to_string(context.dtype(2))));
  }
  return {{context.dtype(1), broadcast_of(context)}};
}

std::vector<Tensor> evaluate_where(const EvaluateContext& context) {
  Tensor y(context.outputs[0].dtype, context.outputs[0].shape);
  const BroadcastIndex condition(context.input(0).shape(), y.shape());
  const BroadcastIndex first(context.input(1).shape(), y.shape());
  const BroadcastIndex second(context.input(2).shape(), y.shape());
  for (std::int64_t i = 0; i < y.element_count(); ++i) {
    const bool chosen = context.input(0).data<bool>()[condition(i)];
    copy_element(context.input(chosen ? 1 : 2), chosen ? first(i) : second(i), y, i);
  }
  return {y};
}

void register_where(OpRegistry& registry) {
  OpDef def;
  def.name = "where";
  def.doc = "condition ? a : b, elementwise";
  def.inputs = {{"condition", "bool."}, {"a", "Chosen where true."}, {"b", "Chosen where false."}};
  def.fusion = FusionClass::elementwise;
  def.infer = infer_where;
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    const Value condition = context.input(0);
    const Value dy = context.gradient();
    return {Value(), unbroadcast(where(condition, dy, 0.0), context.input(1)),
            unbroadcast(where(condition, 0.0, dy), context.input(2))};
  };
  def.reference = evaluate_where;
  def.cost = flops_per_output(1);
  def.samples = [] {
    std::vector<Sample> samples =
        elementwise_samples({{DType::boolean, {}, 0, 1}, {DType::f32, {}}, {DType::f32, {}}});
    for (const DType dtype : {DType::i32, DType::i64, DType::boolean, DType::u8}) {
      samples.push_back({{{DType::boolean, {3, 4}, 0, 1}, {dtype, {3, 4}}, {dtype, {}}}, {}, ""});
    }
    return samples;
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2}}, {DType::f32, {2}}, {DType::f32, {2}}}, {}, "must be bool"},
        {{{DType::boolean, {2}}, {DType::f32, {3}}, {DType::f32, {3}}}, {}, "cannot broadcast"}};
  };
  registry.add(std::move(def));
}

void register_cast(OpRegistry& registry) {
  OpDef def;
  def.name = "cast";
  def.doc = "Converts elements; floats to integers truncate towards zero, to bool test != 0";
  def.inputs = {{"x", "Any shape."}};
  def.attrs = {{"dtype", DType::f32, true, "Dtype of the result."}};
  def.fusion = FusionClass::elementwise;
  def.infer = [](const InferContext& context) {
    return std::vector<ValueType>{{context.attrs.get<DType>("dtype"), context.shape(0)}};
  };
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    const DType from = context.input(0).dtype();
    const bool flows = is_floating(from) && is_floating(context.output().dtype());
    return {flows ? cast(context.gradient(), from) : Value()};
  };
  def.reference = [](const EvaluateContext& context) {
    // A copy even when nothing changes: results never share memory with inputs.
    const DType dtype = context.attrs.get<DType>("dtype");
    const Tensor& x = context.input(0);
    return std::vector<Tensor>{x.dtype() == dtype ? x.clone() : x.cast(dtype)};
  };
  def.cost = flops_per_output(1);
  def.samples = [] {
    std::vector<Sample> samples;
    for (const DType from : kAllDTypes) {
      for (const DType to : kAllDTypes) {
        const bool boolean = from == DType::boolean;
        samples.push_back(
            {{{from, {3, 5}, boolean ? 0.0 : 0.0, boolean ? 1.0 : 9.0}}, {{"dtype", to}}, ""});
      }
    }
    return samples;
  };
  registry.add(std::move(def));
}

void register_identity(OpRegistry& registry) {
  const auto identity_like = [&](const char* name, const char* doc, bool gradient_flows) {
    OpDef def;
    def.name = name;
    def.doc = doc;
    def.inputs = {{"x", "Any shape and dtype."}};
    def.fusion = FusionClass::elementwise;
    def.infer = [](const InferContext& context) {
      return std::vector<ValueType>{context.inputs[0]};
    };
    def.gradient = [gradient_flows](const GradientContext& context) -> std::vector<Value> {
      return {gradient_flows ? context.gradient() : Value()};
    };
    def.reference = [](const EvaluateContext& context) {
      return std::vector<Tensor>{context.input(0).clone()};
    };
    def.samples = [] {
      return std::vector<Sample>{{{{DType::f32, {3, 5}}}, {}, ""}, {{{DType::i64, {}}}, {}, ""}};
    };
    registry.add(std::move(def));
  };
  identity_like("identity", "x itself", true);
  identity_like("stop_gradient", "x itself, through which no gradient flows", false);
}

}  // namespace

void register_logic(OpRegistry& registry) {
  register_comparisons(registry);
  register_logical(registry);
  register_where(registry);
  register_cast(registry);
  register_identity(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

bool is_boolean(const Operand& x) {
  return x.value() != nullptr && x.value()->dtype() == DType::boolean;
}

}  // namespace

// Of truth values by logic: the comparisons' kernels are those of numbers.
Value equal(Operand a, Operand b) {
  if (is_boolean(a) || is_boolean(b)) return logical_not(logical_xor(a, b));
  return build("equal", {a, b});
}
Value not_equal(Operand a, Operand b) {
  if (is_boolean(a) || is_boolean(b)) return logical_xor(a, b);
  return build("not_equal", {a, b});
}
Value less(Operand a, Operand b) { return build("less", {a, b}); }
Value less_equal(Operand a, Operand b) { return build("less_equal", {a, b}); }
Value greater(Operand a, Operand b) { return build("greater", {a, b}); }
Value greater_equal(Operand a, Operand b) { return build("greater_equal", {a, b}); }
Value logical_and(Operand a, Operand b) { return build("logical_and", {a, b}); }
Value logical_or(Operand a, Operand b) { return build("logical_or", {a, b}); }
Value logical_xor(Operand a, Operand b) { return build("logical_xor", {a, b}); }
Value logical_not(Operand x) { return build("logical_not", {x}); }
Value is_nan(Operand x) { return build("is_nan", {x}); }
Value is_finite(Operand x) { return build("is_finite", {x}); }
Value where(Operand condition, Operand a, Operand b) { return build("where", {condition, a, b}); }
Value cast(Operand x, DType dtype) { return build("cast", {x}, {{"dtype", dtype}}); }
Value identity(Operand x) { return build("identity", {x}); }
Value stop_gradient(Operand x) { return build("stop_gradient", {x}); }

}  // namespace tegula
