// Recurrent layers over all steps, and their gradients.

#include "tegula/graph/recurrent.hpp"

#include <algorithm>

#include "src/ops/family.hpp"
#include "src/ops/recurrent_reference.hpp"

namespace tegula::ops {

namespace {

using Values = std::vector<Value>;
using Types = std::vector<ValueType>;

/// Sizes of a layer, unknown ones included.
struct Sizes {
  std::int64_t batch, steps, features, units;
  /// Of a kernel.
  std::int64_t columns;
  Shape bias;

  Shape states() const { return {batch, units}; }
  Shape sequence(std::int64_t blocks) const {
    return {batch, steps, units == kUnknown ? kUnknown : blocks * units};
  }
};

std::int64_t known_of(std::int64_t a, std::int64_t b) { return a == kUnknown ? b : a; }

bool resets_after(const RecurrentCell& cell, const Attrs& attrs) {
  return cell.gates == 3 && flag(attrs, "reset_after");
}

void check_shape(const InferContext& context, int input, const char* name, const Shape& expected) {
  if (compatible(context.shape(input), expected)) return;
  throw ShapeError(std::string(name) + " has shape " + context.shape(input).to_string() +
                   ", expected " + expected.to_string() + " with x of " +
                   context.shape(0).to_string() + " and recurrent_kernel of " +
                   context.shape(2).to_string());
}

void check_activation(const Attrs& attrs, const char* name) {
  const std::string& given = attrs.get<std::string>(name);
  if (std::ranges::find(kRecurrentActivations, given) != std::end(kRecurrentActivations)) return;
  std::string known;
  for (const std::string_view one : kRecurrentActivations) {
    known += (known.empty() ? "\"" : ", \"") + std::string(one) + "\"";
  }
  throw InvalidArgument(std::string(name) + " \"" + given + "\" is none of " + known);
}

/// Checks what a layer and its gradient have in common: the first three inputs, the mask and the
/// states before the first step.
Sizes check_layer(const RecurrentCell& cell, const InferContext& context, int mask, int states) {
  check_activation(context.attrs, "activation");
  if (cell.gates > 1) check_activation(context.attrs, "recurrent_activation");
  for (int i = 0; i < static_cast<int>(context.inputs.size()); ++i) {
    check_dtype(context.dtype(i), i == mask ? Accepts::boolean : Accepts::floating);
    if (i == mask || context.dtype(i) == context.dtype(0)) continue;
    throw DTypeError("takes values of one dtype and a mask, got " + context.inputs[0].to_string() +
                     " and " + context.inputs[static_cast<std::size_t>(i)].to_string());
  }
  const Shape &x = context.shape(0), &kernel = context.shape(1), &recurrent = context.shape(2);
  if (x.rank() != 3 || kernel.rank() != 2 || recurrent.rank() != 2) {
    throw ShapeError(
        "takes x [batch, steps, features], kernel [features, columns] and "
        "recurrent_kernel [units, columns], got " +
        x.to_string() + ", " + kernel.to_string() + " and " + recurrent.to_string());
  }
  check_shape(context, states, "h", {x[0], recurrent[0]});
  Sizes sizes = {.batch = known_of(x[0], context.shape(states)[0]),
                 .steps = x[1],
                 .features = known_of(x[2], kernel[0]),
                 .units = known_of(recurrent[0], context.shape(states)[1]),
                 .columns = kUnknown,
                 .bias = {}};
  if (sizes.units != kUnknown) sizes.columns = cell.gates * sizes.units;
  sizes.bias = resets_after(cell, context.attrs) ? Shape{2, sizes.columns} : Shape{sizes.columns};
  check_shape(context, 1, "kernel", {sizes.features, sizes.columns});
  check_shape(context, 2, "recurrent_kernel", {sizes.units, sizes.columns});
  if (cell.has_carry) check_shape(context, states + 1, "carry", sizes.states());
  const Shape& given = context.shape(mask);
  const auto fits = [&](int axis, std::int64_t size) {
    return given[axis] == 1 || given[axis] == kUnknown || size == kUnknown || given[axis] == size;
  };
  if (given.rank() != 2 || !fits(0, sizes.batch) || !fits(1, sizes.steps)) {
    throw ShapeError("mask has shape " + given.to_string() + ", which does not broadcast to " +
                     Shape{sizes.batch, sizes.steps}.to_string());
  }
  return sizes;
}

Types infer_layer(const RecurrentCell& cell, const InferContext& context) {
  const Sizes sizes = check_layer(cell, context, 4, 5);
  check_shape(context, 3, "bias", sizes.bias);
  const DType dtype = context.dtype(0);
  Types types = {{dtype, sizes.sequence(1)}, {dtype, sizes.states()}};
  if (cell.has_carry) types.push_back({dtype, sizes.states()});
  types.push_back({dtype, sizes.sequence(cell.saved)});
  return types;
}

Types infer_gradient(const RecurrentCell& cell, const InferContext& context) {
  const Sizes sizes = check_layer(cell, context, 3, 4);
  int next = cell.has_carry ? 6 : 5;
  check_shape(context, next++, "all", sizes.sequence(1));
  check_shape(context, next++, "saved", sizes.sequence(cell.saved));
  check_shape(context, next++, "dall", sizes.sequence(1));
  check_shape(context, next++, "dlast", sizes.states());
  if (cell.has_carry) check_shape(context, next, "dlast_carry", sizes.states());
  const DType dtype = context.dtype(0);
  Types types = {{dtype, {sizes.batch, sizes.steps, sizes.features}},
                 {dtype, {sizes.features, sizes.columns}},
                 {dtype, {sizes.units, sizes.columns}},
                 {dtype, sizes.bias},
                 {dtype, sizes.states()}};
  if (cell.has_carry) types.push_back({dtype, sizes.states()});
  return types;
}

/// One value per input of the layer, by the op that computes them all.
Values gradient_of_layer(const RecurrentCell& cell, const GradientContext& context) {
  const int saved = context.node.output_count() - 1;
  if (context.gradient(saved)) {
    throw InvalidArgument(std::string(cell.name) +
                          ": there is no gradient of what is saved for the gradient");
  }
  std::vector<Operand> operands;
  for (const int input : {0, 1, 2, 4, 5}) operands.emplace_back(context.input(input));
  if (cell.has_carry) operands.emplace_back(context.input(6));
  operands.emplace_back(context.output(0));
  operands.emplace_back(context.output(saved));
  for (int i = 0; i < saved; ++i) {
    operands.emplace_back(context.gradient(i) ? context.gradient(i)
                                              : zeros_like(context.output(i)));
  }
  Node& node = build_node(std::string(cell.name) + "_gradient", operands, context.attrs());
  Values gradients;
  for (int i = 0; i < node.output_count(); ++i) {
    if (i == 4) gradients.emplace_back();  // the mask
    gradients.push_back(node.output(i));
  }
  return gradients;
}

/// The products, and about 30 operations for the activations of each gate.
double flops_of_layer(std::span<const ValueType> inputs) {
  const Shape &x = inputs[0].shape, &recurrent = inputs[2].shape;
  const auto places = static_cast<double>(x[0] * x[1]), columns = static_cast<double>(recurrent[1]);
  return places * columns * (2 * static_cast<double>(x[2] + recurrent[0]) + 30);
}

/// An op about the cell, without inputs and rules.
OpDef definition(const RecurrentCell& cell, const std::string& suffix, const std::string& doc,
                 double passes) {
  OpDef def;
  def.name = std::string(cell.name) + suffix;
  def.doc = doc;
  def.attrs = {{"activation", std::string("tanh"), false, "Of the candidate and the output."}};
  if (cell.gates > 1) {
    def.attrs.push_back({"recurrent_activation", std::string("sigmoid"), false, "Of the gates."});
  }
  if (cell.gates == 3) {
    def.attrs.push_back(
        {"reset_after", true, false, "Whether the reset gate comes after the product with h."});
  }
  def.cost = [passes](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                      const Attrs&) {
    return Cost{.flops = passes * flops_of_layer(inputs), .bytes = operand_bytes(inputs, outputs)};
  };
  return def;
}

std::vector<InputDef> layer_inputs(const RecurrentCell& cell) {
  std::vector<InputDef> inputs = {
      {"x", "[batch, steps, features], floating."},
      {"kernel", "[features, gates * units]."},
      {"recurrent_kernel", "[units, gates * units]."},
      {"bias", "[gates * units]; of a GRU with `reset_after` [2, gates * units]."},
      {"mask", "bool, broadcasts to [batch, steps]: false keeps the states."},
      {"h", "State before the first step, [batch, units]."}};
  if (cell.has_carry) inputs.push_back({"carry", "Likewise."});
  return inputs;
}

std::vector<InputDef> gradient_inputs(const RecurrentCell& cell) {
  std::vector<InputDef> inputs = layer_inputs(cell);
  inputs.erase(inputs.begin() + 3);
  inputs.push_back({"all", "First result of the layer."});
  inputs.push_back({"saved", "Its last result."});
  inputs.push_back({"dall", "Gradient of `all`."});
  inputs.push_back({"dlast", "Gradient of the last state."});
  if (cell.has_carry) inputs.push_back({"dlast_carry", "Gradient of the last carry."});
  return inputs;
}

struct Problem {
  std::int64_t batch, steps, features, units;
  Shape mask = {1, 1};
  std::vector<Attrs::Entry> attrs = {};
};

/// Small ones for numeric gradients, others that no vector or tile divides.
std::vector<Problem> problems_of(const RecurrentCell& cell) {
  std::vector<Problem> problems = {
      {2, 3, 2, 3, {2, 3}},   {1, 4, 1, 2, {1, 4}}, {3, 2, 2, 2, {3, 1}},    {2, 0, 2, 3},
      {0, 2, 2, 3},           {5, 7, 3, 17},        {40, 3, 5, 70, {40, 3}}, {1, 9, 20, 40},
      {30, 4, 6, 33, {1, 4}}, {8, 2, 9, 150}};
  for (const std::string_view name : kRecurrentActivations) {
    Problem problem = {2, 2, 2, 2};
    problem.attrs.emplace_back("activation", std::string(name));
    if (cell.gates > 1) problem.attrs.emplace_back("recurrent_activation", std::string(name));
    problems.push_back(problem);
  }
  if (cell.gates != 3) return problems;
  const std::vector<Problem> after = problems;
  for (Problem problem : after) {
    problem.attrs.emplace_back("reset_after", false);
    problems.push_back(problem);
  }
  return problems;
}

Attrs attrs_of(const Problem& problem) {
  Attrs attrs;
  for (const auto& [name, value] : problem.attrs) attrs.set(name, value);
  return attrs;
}

Sample layer_sample(const RecurrentCell& cell, const Problem& problem) {
  const Attrs attrs = attrs_of(problem);
  const bool after = cell.gates == 3 && (!attrs.has("reset_after") || flag(attrs, "reset_after"));
  const std::int64_t columns = cell.gates * problem.units;
  // Small weights, as sums over many units would leave the range in which activations have slopes.
  const double size = 3.0 / static_cast<double>(3 + problem.units);
  const SampleInput state = {DType::f32, {problem.batch, problem.units}, -1, 1};
  Sample sample = {{{DType::f32, {problem.batch, problem.steps, problem.features}},
                    {DType::f32, {problem.features, columns}, -size, size},
                    {DType::f32, {problem.units, columns}, -size, size},
                    {DType::f32, after ? Shape{2, columns} : Shape{columns}, -0.4, 0.5},
                    {DType::boolean, problem.mask},
                    state},
                   attrs,
                   ""};
  if (cell.has_carry) sample.inputs.push_back(state);
  return sample;
}

Sample gradient_sample(const RecurrentCell& cell, const Problem& problem) {
  Sample sample = layer_sample(cell, problem);
  sample.inputs.erase(sample.inputs.begin() + 3);
  const auto sequence = [&](std::int64_t blocks, double low) {
    return SampleInput{
        DType::f32, {problem.batch, problem.steps, blocks * problem.units}, low, 0.9};
  };
  const SampleInput state = {DType::f32, {problem.batch, problem.units}};
  sample.inputs.push_back(sequence(1, -0.9));
  sample.inputs.push_back(sequence(cell.saved, 0.1));
  sample.inputs.push_back(sequence(1, -0.9));
  sample.inputs.push_back(state);
  if (cell.has_carry) sample.inputs.push_back(state);
  return sample;
}

std::vector<Sample> bad_layer_samples(const RecurrentCell& cell) {
  const auto changed = [&](int input, SampleInput with, const char* error) {
    Sample sample = layer_sample(cell, {2, 3, 2, 3});
    sample.inputs[static_cast<std::size_t>(input)] = std::move(with);
    sample.error = error;
    return sample;
  };
  Sample activation = layer_sample(cell, {2, 3, 2, 3});
  activation.attrs.set("activation", std::string("softmax"));
  activation.error = "\"softmax\" is none of";
  return {changed(0, {DType::f32, {2, 3}}, "takes x [batch, steps, features]"),
          changed(0, {DType::i32, {2, 3, 2}}, "takes f32 or f64"),
          changed(1, {DType::f32, {3, cell.gates * 3}}, "kernel has shape"),
          changed(2, {DType::f32, {3, 7}}, "recurrent_kernel has shape"),
          changed(3, {DType::f32, {7}}, "bias has shape"),
          changed(4, {DType::boolean, {2, 2}}, "does not broadcast"),
          changed(4, {DType::f32, {2, 3}}, "takes bool"),
          changed(5, {DType::f32, {2, 2}}, "h has shape"),
          activation};
}

std::vector<Sample> bad_gradient_samples(const RecurrentCell& cell) {
  const int all = cell.has_carry ? 6 : 5;
  std::vector<Sample> samples;
  for (const auto& [input, error] : {std::pair{all, "all has shape"},
                                     {all + 1, "saved has shape"},
                                     {all + 2, "dall has shape"},
                                     {all + 3, "dlast has shape"}}) {
    samples.push_back(gradient_sample(cell, {2, 3, 2, 3}));
    samples.back().inputs[static_cast<std::size_t>(input)].shape = {2, 2};
    samples.back().error = error;
  }
  return samples;
}

template <typename Make>
std::function<std::vector<Sample>()> samples_of(const RecurrentCell& cell, const Make& make) {
  return [&cell, make] {
    std::vector<Sample> samples;
    for (const Problem& problem : problems_of(cell)) samples.push_back(make(cell, problem));
    return samples;
  };
}

void register_cell(OpRegistry& registry, const RecurrentCell& cell, const char* doc) {
  OpDef layer = definition(cell, "", doc, 1);
  layer.inputs = layer_inputs(cell);
  layer.infer = [&cell](const InferContext& context) { return infer_layer(cell, context); };
  layer.gradient = [&cell](const GradientContext& context) {
    return gradient_of_layer(cell, context);
  };
  layer.reference = [&cell](const EvaluateContext& context) {
    return evaluate_recurrent(cell, context);
  };
  layer.samples = samples_of(cell, layer_sample);
  layer.bad_samples = [&cell] { return bad_layer_samples(cell); };
  registry.add(std::move(layer));

  OpDef gradient =
      definition(cell, "_gradient", "Gradients of all inputs of " + std::string(cell.name), 2);
  gradient.inputs = gradient_inputs(cell);
  gradient.infer = [&cell](const InferContext& context) { return infer_gradient(cell, context); };
  gradient.reference = [&cell](const EvaluateContext& context) {
    return evaluate_recurrent_gradient(cell, context);
  };
  gradient.samples = samples_of(cell, gradient_sample);
  gradient.bad_samples = [&cell] { return bad_gradient_samples(cell); };
  registry.add(std::move(gradient));
}

}  // namespace

void register_recurrent(OpRegistry& registry);

void register_recurrent(OpRegistry& registry) {
  register_cell(registry, kSimpleCell,
                "h = activation(x · kernel + h · recurrent_kernel + bias), step by step");
  register_cell(registry, kLstmCell,
                "Long short-term memory over all steps; gates input, forget, candidate, output");
  register_cell(registry, kGruCell,
                "Gated recurrent units over all steps; gates update, reset, candidate");
}

}  // namespace tegula::ops

namespace tegula {

namespace {

RecurrentStates states_of(const Value& all, bool has_carry) {
  return {all, all.node().output(1), has_carry ? all.node().output(2) : Value()};
}

}  // namespace

RecurrentStates simple_rnn(Operand x, Operand kernel, Operand recurrent_kernel, Operand bias,
                           Operand mask, Operand h, const std::string& activation) {
  return states_of(build("simple_rnn", {x, kernel, recurrent_kernel, bias, mask, h},
                         {{"activation", activation}}),
                   false);
}

RecurrentStates lstm(Operand x, Operand kernel, Operand recurrent_kernel, Operand bias,
                     Operand mask, Operand h, Operand carry,
                     const RecurrentActivations& activations) {
  return states_of(build("lstm", {x, kernel, recurrent_kernel, bias, mask, h, carry},
                         {{"activation", activations.activation},
                          {"recurrent_activation", activations.recurrent_activation}}),
                   true);
}

RecurrentStates gru(Operand x, Operand kernel, Operand recurrent_kernel, Operand bias, Operand mask,
                    Operand h, bool reset_after, const RecurrentActivations& activations) {
  return states_of(build("gru", {x, kernel, recurrent_kernel, bias, mask, h},
                         {{"activation", activations.activation},
                          {"recurrent_activation", activations.recurrent_activation},
                          {"reset_after", reset_after}}),
                   false);
}

}  // namespace tegula
