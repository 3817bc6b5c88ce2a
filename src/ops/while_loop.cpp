// Loops whose number of iterations is found out as they run.

#include <algorithm>
#include <string>

#include "src/graph/loop_forms.hpp"
#include "src/ops/control_flow.hpp"
#include "tegula/core/error.hpp"
#include "tegula/graph/gradients.hpp"

namespace tegula::ops {

namespace {

std::vector<ValueType> parameter_types(const InferContext& context, std::string_view) {
  const WhileForm form = while_form(context);
  const auto operands = context.inputs.first(form.states + form.captures);
  return {operands.begin(), operands.end()};
}

void check_condition(const InferContext& context, std::span<const ValueType> parameters) {
  const std::vector<ValueType> types =
      infer_results(*function_of(context.attrs, "condition"), parameters);
  if (types.size() != 1 || types[0].dtype != DType::boolean ||
      (types[0].shape.is_known() && types[0].shape.element_count() != 1)) {
    std::string given;
    for (const ValueType& type : types) given += (given.empty() ? "" : ", ") + type.to_string();
    throw InvalidArgument("the condition must give one bool, got " +
                          (given.empty() ? "nothing" : given));
  }
}

std::vector<ValueType> infer_while(const InferContext& context) {
  const WhileForm form = while_form(context);
  const std::vector<ValueType> parameters = parameter_types(context, "body");
  check_condition(context, parameters);
  std::vector<ValueType> types = infer_results(*function_of(context.attrs, "body"), parameters);
  if (types.size() != form.states) {
    throw InvalidArgument("there are " + std::to_string(form.states) +
                          " states, but the body gives " + std::to_string(types.size()) +
                          " results");
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    types[i] = state_type(i, context.inputs[i], types[i]);
  }
  return types;
}

/// States before each iteration, and after the last.
std::vector<std::vector<Tensor>> run_loop(const EvaluateContext& context, const WhileForm& form,
                                          bool keep_all) {
  const Function& condition = *function_of(context.attrs, "condition");
  const Function& body = *function_of(context.attrs, "body");
  std::vector<Tensor> arguments(
      context.inputs.begin(), context.inputs.begin() + std::ptrdiff_t(form.states + form.captures));
  std::vector<std::vector<Tensor>> kept;
  std::int64_t iteration = 0;
  for (; form.may_go_on(iteration); ++iteration) {
    poll_in_loop(iteration);
    const RandomKey key = key_of_iteration(context.key, iteration);
    if (evaluate(condition, arguments, key)[0].at(0) == 0) break;
    if (keep_all)
      kept.emplace_back(arguments.begin(), arguments.begin() + std::ptrdiff_t(form.states));
    std::ranges::copy(evaluate(body, arguments, key), arguments.begin());
  }
  kept.emplace_back(arguments.begin(), arguments.begin() + std::ptrdiff_t(form.states));
  return kept;
}

WhileForm form_of(const EvaluateContext& context) {
  std::vector<ValueType> types;
  for (const Tensor& input : context.inputs) types.push_back({input.dtype(), input.shape()});
  return while_form({types, context.attrs});
}

std::vector<Tensor> evaluate_while(const EvaluateContext& context) {
  std::vector<Tensor> states = run_loop(context, form_of(context), false).back();
  for (Tensor& state : states) state = state.clone();
  return states;
}

/// Operands of the gradient's function: those of the body, gradients of the floating states, sums
/// for the captures in `connected`.
std::vector<ValueType> gradient_parameter_types(const InferContext& context,
                                                std::string_view name) {
  std::vector<ValueType> types = parameter_types(context, name);
  if (name != "gradient") return types;
  const WhileForm form = while_form(context);
  for (const ValueType& gradient : context.inputs.subspan(form.states + form.captures)) {
    types.push_back(gradient);
  }
  for (const std::int64_t capture : integers(context.attrs, "connected")) {
    if (capture < 0 || at(capture) >= form.captures) {
      throw InvalidArgument("there is no capture " + std::to_string(capture));
    }
    types.push_back(context.inputs[form.states + at(capture)]);
  }
  return types;
}

std::vector<ValueType> infer_while_gradient(const InferContext& context) {
  const WhileForm form = while_form(context);
  const std::vector<ValueType> parameters = gradient_parameter_types(context, "gradient");
  check_condition(context, parameter_types(context, "condition"));
  const std::vector<ValueType> results =
      infer_results(*function_of(context.attrs, "gradient"), parameters);
  std::vector<ValueType> types(parameters.begin() + std::ptrdiff_t(form.states + form.captures),
                               parameters.end());
  if (results.size() != types.size()) {
    throw InvalidArgument("the gradient's function gives " + std::to_string(results.size()) +
                          " results, expected " + std::to_string(types.size()));
  }
  for (std::size_t i = 0; i < types.size(); ++i) types[i] = state_type(i, types[i], results[i]);
  return types;
}

std::vector<Tensor> evaluate_while_gradient(const EvaluateContext& context) {
  const WhileForm form = form_of(context);
  const Function& gradient = *function_of(context.attrs, "gradient");
  const std::vector<std::vector<Tensor>> states = run_loop(context, form, true);
  const std::size_t first = form.states + form.captures;
  std::vector<Tensor> results;
  for (const Tensor& given : context.inputs.subspan(first)) results.push_back(given.clone());
  while (results.size() < context.outputs.size()) {
    const ValueType& type = context.outputs[results.size()];
    results.push_back(Tensor::full(type.dtype, type.shape, 0));
  }
  std::vector<Tensor> arguments(context.inputs.begin(), context.inputs.end());
  arguments.resize(first + results.size());
  for (std::int64_t iteration = std::ssize(states) - 2; iteration >= 0; --iteration) {
    std::ranges::copy(states[at(iteration)], arguments.begin());
    std::ranges::copy(results, arguments.begin() + std::ptrdiff_t(first));
    results = evaluate(gradient, arguments, key_of_iteration(context.key, iteration));
  }
  return results;
}

std::vector<Value> gradient_of_while(const GradientContext& context) {
  const WhileForm form = while_form(context.node);
  const Differentiated body =
      differentiate(*function_of(context.attrs(), "body"), std::vector<bool>(form.states, true));
  std::vector<Value> operands(context.node.inputs().begin(), context.node.inputs().end());
  std::vector<Value> parameters = body.parameters, results;
  for (std::size_t i = 0; i < form.states; ++i) {
    const Value flowing = body.result_gradients[i];
    if (!flowing) continue;
    const Value given = context.gradient(static_cast<int>(i));
    operands.push_back(given ? given : zeros_like(context.output(static_cast<int>(i))));
    parameters.push_back(flowing);
    const Value next = body.parameter_gradients[i];
    results.push_back(next ? next : zeros_like(flowing));
  }
  std::vector<std::int64_t> connected;
  for (std::size_t i = 0; i < form.captures; ++i) {
    const Value flowing = body.parameter_gradients[form.states + i];
    if (!flowing) continue;
    connected.push_back(static_cast<std::int64_t>(i));
    parameters.push_back(
        Graph(body.graph)
            .placeholder(flowing.dtype(), body.parameters[form.states + i].shape(), "sum"));
    results.push_back(parameters.back() + flowing);
  }
  std::vector<Value> input_gradients(context.node.inputs().size());
  if (results.empty()) return input_gradients;
  Attrs attrs = context.attrs();
  attrs.set("gradient", make_function(parameters, results));
  attrs.set("connected", connected);
  Node& node = build_control_flow("while_loop_gradient", operands, std::move(attrs));
  int next = 0;
  for (std::size_t i = 0; i < form.states; ++i) {
    if (body.result_gradients[i]) input_gradients[i] = node.output(next++);
  }
  for (const std::int64_t i : connected) {
    input_gradients[form.states + at(i)] = node.output(next++);
  }
  return input_gradients;
}

/// While i < n: x = tanh(x w), i = i + 1.
Attrs while_attrs() {
  Graph graph;
  const Value x = graph.placeholder(DType::f64, {3}, "x");
  const Value i = graph.placeholder(DType::i64, {}, "i");
  const Value w = graph.placeholder(DType::f64, {3}, "w");
  const Value n = graph.placeholder(DType::i64, {}, "n");
  const std::vector<Value> parameters{x, i, w, n};
  return {{"condition", make_function(parameters, std::vector<Value>{less(i, n)})},
          {"body", make_function(parameters, std::vector<Value>{tanh(x * w), i + 1})},
          {"states", std::int64_t{2}}};
}

std::vector<Sample> while_samples() {
  const auto sample = [](double iterations, std::int64_t maximum) {
    Attrs attrs = while_attrs();
    attrs.set("maximum_iterations", maximum);
    return Sample{.inputs = {{DType::f64, {3}},
                             {DType::i64, {}, 0, 0},
                             {DType::f64, {3}},
                             {DType::i64, {}, iterations, iterations}},
                  .attrs = attrs,
                  .error = {}};
  };
  return {sample(3, -1), sample(0, -1), sample(7, 2)};
}

/// What the rule of while_loop builds for its samples.
std::vector<Sample> while_gradient_samples() {
  std::vector<Sample> samples = while_samples();
  for (Sample& sample : samples) {
    Graph graph;
    std::vector<Value> inputs;
    for (const SampleInput& input : sample.inputs) {
      inputs.push_back(graph.placeholder(input.dtype, input.shape));
    }
    const Value x = graph.add_node(find_op("while_loop"), inputs, sample.attrs).output();
    gradients(x, std::span(inputs).first(1));
    for (const Node& node : graph.nodes()) {
      if (node.op().name == "while_loop_gradient") sample.attrs = node.attrs();
    }
    sample.inputs.push_back(sample.inputs[0]);
  }
  return samples;
}

std::vector<Sample> bad_while_samples() {
  Sample states = while_samples().front(), condition = states, shape = states;
  states.attrs.set("states", std::int64_t{9});
  states.error = "cannot be 9 states";
  condition.attrs.set("condition", condition.attrs.get<FunctionPointer>("body"));
  condition.error = "must give one bool";
  shape.inputs[0].shape = {2};
  shape.error = "is f64[3]";
  return {states, condition, shape};
}

OpDef loop_definition(std::string name, std::string doc, std::string operands) {
  OpDef def;
  def.name = std::move(name);
  def.doc = std::move(doc);
  def.inputs = {{"operands", std::move(operands)}};
  def.variadic = true;
  def.attrs = {function_definition("condition", "Of states and the rest: whether to go on."),
               function_definition("body", "Of states and the rest: the next states."),
               {"states", std::int64_t{0}, true, "How many operands are states."},
               {"maximum_iterations", std::int64_t{-1}, false, "-1: no limit."}};
  return def;
}

}  // namespace

void register_while_loop(OpRegistry& registry) {
  OpDef def = loop_definition("while_loop", "a body applied to states while a condition holds",
                              "First states, then what every iteration takes.");
  def.infer = infer_while;
  def.parameter_types = parameter_types;
  def.gradient = gradient_of_while;
  def.reference = evaluate_while;
  def.samples = while_samples;
  def.bad_samples = bad_while_samples;
  registry.add(std::move(def));

  OpDef gradient = loop_definition(
      "while_loop_gradient", "gradients of a while_loop's first states and of what it takes",
      "Those of the while_loop, then the gradients of its floating states.");
  gradient.attrs.push_back(
      function_definition("gradient", "Of states, the rest, gradients and sums: the same before."));
  gradient.attrs.push_back(
      {"connected", std::vector<std::int64_t>{}, false, "Which of the rest have gradients."});
  gradient.infer = infer_while_gradient;
  gradient.parameter_types = gradient_parameter_types;
  gradient.reference = evaluate_while_gradient;
  gradient.samples = while_gradient_samples;
  gradient.bad_samples = [] {
    Sample sample = while_gradient_samples().front();
    sample.inputs.pop_back();
    sample.error = "parameters, got";
    Sample capture = while_gradient_samples().front();
    capture.attrs.set("connected", std::vector<std::int64_t>{7});
    capture.error = "there is no capture 7";
    return std::vector<Sample>{sample, capture};
  };
  registry.add(std::move(gradient));
}

}  // namespace tegula::ops
