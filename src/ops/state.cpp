// Values that come from outside or survive a run: placeholders, constants, variables, assignments.

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

std::vector<ValueType> stated_type(const InferContext& context) {
  return {{context.attrs.get<DType>("dtype"), context.attrs.get<Shape>("shape")}};
}

void register_placeholder(OpRegistry& registry) {
  OpDef def;
  def.name = "placeholder";
  def.doc = "A value that is fed";
  def.attrs = {{"dtype", DType::f32, true, "Element type."},
               {"shape", Shape{}, true, "Unknown dimensions are given by the feed."}};
  def.fusion = FusionClass::source;
  def.infer = stated_type;
  def.samples = [] {
    return std::vector<Sample>{{{}, {{"dtype", DType::f32}, {"shape", Shape{2, 3}}}, ""},
                               {{}, {{"dtype", DType::u8}, {"shape", Shape{}}}, ""}};
  };
  registry.add(std::move(def));
}

void register_constant(OpRegistry& registry) {
  OpDef def;
  def.name = "constant";
  def.doc = "A fixed tensor";
  def.attrs = {{"value", Tensor(), true, "Its elements."}};
  def.fusion = FusionClass::source;
  def.infer = [](const InferContext& context) {
    const Tensor& value = context.attrs.get<Tensor>("value");
    return std::vector<ValueType>{{value.dtype(), value.shape()}};
  };
  def.reference = [](const EvaluateContext& context) {
    return std::vector<Tensor>{context.attrs.get<Tensor>("value")};
  };
  def.samples = [] { return std::vector<Sample>{{{}, {{"value", Tensor::from({1.f, 2.f})}}, ""}}; };
  registry.add(std::move(def));
}

void register_variable(OpRegistry& registry) {
  OpDef def;
  def.name = "variable";
  def.doc = "State that survives runs";
  def.attrs = {{"dtype", DType::f32, true, "Element type."},
               {"shape", Shape{}, true, "All dimensions known."},
               {"trainable", true, false, "Whether optimizers change it by default."}};
  def.fusion = FusionClass::source;
  def.infer = [](const InferContext& context) {
    const Shape& shape = context.attrs.get<Shape>("shape");
    if (!shape.is_known()) {
      throw ShapeError("a variable needs known dimensions, got " + shape.to_string());
    }
    return stated_type(context);
  };
  def.samples = [] {
    return std::vector<Sample>{
        {{}, {{"dtype", DType::f32}, {"shape", Shape{2, 3}}}, ""},
        {{}, {{"dtype", DType::i64}, {"shape", Shape{}}, {"trainable", false}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{}, {{"dtype", DType::f32}, {"shape", Shape{kUnknown}}}, "known dimensions"}};
  };
  registry.add(std::move(def));
}

void register_assign(OpRegistry& registry) {
  OpDef def;
  def.name = "assign";
  def.doc = "Sets a variable after everything else in the run has read it";
  def.inputs = {{"variable", "The output of a variable node."},
                {"value", "Of the variable's dtype and shape."}};
  def.stateful = true;
  def.infer = [](const InferContext& context) {
    check_same_dtype(context);
    if (!compatible(context.shape(0), context.shape(1))) {
      throw ShapeError("a value of shape " + context.shape(1).to_string() +
                       " does not fit a variable of shape " + context.shape(0).to_string());
    }
    return std::vector<ValueType>{context.inputs[0]};
  };
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 3}}, {DType::f32, {2, 3}}}, {}, ""},
                               {{{DType::i64, {}}, {DType::i64, {}}}, {}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2}}, {DType::f32, {3}}}, {}, "does not fit a variable"},
        {{{DType::f32, {2}}, {DType::f64, {2}}}, {}, "one dtype"}};
  };
  registry.add(std::move(def));
}

void register_read_after(OpRegistry& registry) {
  OpDef def;
  def.name = "read_after";
  def.doc = "A variable as it is after an assignment; its gradient is the variable's";
  def.inputs = {{"variable", "What is read."}, {"assigned", "The result of an assignment to it."}};
  def.infer = [](const InferContext& context) {
    check_same_dtype(context);
    if (!compatible(context.shape(0), context.shape(1))) {
      throw ShapeError("an assignment of shape " + context.shape(1).to_string() +
                       " is none to a variable of shape " + context.shape(0).to_string());
    }
    return std::vector<ValueType>{context.inputs[0]};
  };
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {context.gradient(), Value()};
  };
  def.reference = [](const EvaluateContext& context) {
    return std::vector<Tensor>{context.input(1).clone()};
  };
  // Integers: a numeric gradient would be that of the assigned value.
  def.samples = [] {
    return std::vector<Sample>{{{{DType::i64, {2, 3}}, {DType::i64, {2, 3}}}, {}, ""},
                               {{{DType::i32, {}}, {DType::i32, {}}}, {}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2}}, {DType::f32, {3}}}, {}, "is none to a variable"},
        {{{DType::f32, {2}}, {DType::f64, {2}}}, {}, "one dtype"}};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_state(OpRegistry& registry) {
  register_placeholder(registry);
  register_constant(registry);
  register_variable(registry);
  register_assign(registry);
  register_read_after(registry);
}

}  // namespace tegula::ops

namespace tegula {

Value assign(Operand variable, Operand value) {
  const Value* target = variable.value();
  if (target == nullptr || !*target || target->node().op().name != "variable") {
    throw InvalidArgument(
        "assign: the first argument must be a variable" +
        (target != nullptr && *target ? ", not " + target->node().describe() : std::string()));
  }
  return build("assign", {variable, value});
}

Value read_after(Operand variable, Operand assigned) {
  const Value* target = variable.value();
  const Value* result = assigned.value();
  const bool fits = target != nullptr && result != nullptr && *target && *result &&
                    result->node().op().name == "assign" && result->node().input(0) == *target;
  if (!fits) {
    throw InvalidArgument(
        "read_after: takes a variable and the result of an assignment to it" +
        (result != nullptr && *result ? ", not " + result->node().describe() : std::string()));
  }
  return build("read_after", {variable, assigned});
}

Value assign_add(Operand variable, Operand value) { return assign(variable, add(variable, value)); }

Value assign_sub(Operand variable, Operand value) { return assign(variable, sub(variable, value)); }

}  // namespace tegula
