// A loop over the elements of sequences.

#include <algorithm>
#include <cstring>
#include <string>

#include "src/graph/loop_forms.hpp"
#include "src/ops/control_flow.hpp"
#include "src/ops/scan_gradient.hpp"
#include "tegula/core/error.hpp"
#include "tegula/graph/control_flow.hpp"

namespace tegula::ops {

namespace {

std::vector<ValueType> parameter_types(const InferContext& context, std::string_view) {
  const ScanForm form = scan_form(context);
  std::vector<ValueType> types;
  for (std::size_t i = 0; i < context.inputs.size(); ++i) {
    const bool sequence = i >= form.states && i < form.states + form.sequences;
    types.push_back(sequence ? element_type(context.inputs[i]) : context.inputs[i]);
  }
  return types;
}

std::vector<ValueType> infer_scan(const InferContext& context) {
  const ScanForm form = scan_form(context);
  std::vector<ValueType> types =
      infer_results(*function_of(context.attrs, "body"), parameter_types(context, "body"));
  if (types.size() < form.states) {
    throw InvalidArgument("there are " + std::to_string(form.states) +
                          " states, but the body gives " + std::to_string(types.size()) +
                          " results");
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    types[i] = i < form.states ? state_type(i, context.inputs[i], types[i])
                               : stacked_type(types[i], form.length);
  }
  return types;
}

/// Element `index` of a sequence, which shares its memory.
Tensor element_of(const Tensor& sequence, std::int64_t index) {
  const ValueType type = element_type({sequence.dtype(), sequence.shape()});
  Tensor element(type.dtype, type.shape);
  const std::size_t bytes = element.byte_count();
  if (bytes > 0) {
    std::memcpy(element.raw(), static_cast<const std::byte*>(sequence.raw()) + at(index) * bytes,
                bytes);
  }
  return element;
}

void set_element(Tensor& sequence, std::int64_t index, const Tensor& element) {
  const std::size_t bytes = element.byte_count();
  if (bytes == 0) return;
  std::memcpy(static_cast<std::byte*>(sequence.raw()) + at(index) * bytes, element.raw(), bytes);
}

std::vector<Tensor> evaluate_scan(const EvaluateContext& context) {
  std::vector<ValueType> types;
  for (const Tensor& input : context.inputs) types.push_back({input.dtype(), input.shape()});
  const ScanForm form = scan_form({types, context.attrs});
  const Function& body = *function_of(context.attrs, "body");
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < form.states; ++i) results.push_back(context.input(int(i)).clone());
  for (std::size_t i = form.states; i < context.outputs.size(); ++i) {
    results.emplace_back(context.outputs[i].dtype, context.outputs[i].shape);
  }
  for (std::int64_t step = 0; step < form.length; ++step) {
    const std::int64_t place = form.reverse ? form.length - 1 - step : step;
    std::vector<Tensor> arguments(context.inputs.begin(), context.inputs.end());
    std::copy_n(results.begin(), form.states, arguments.begin());
    for (std::size_t i = form.states; i < form.states + form.sequences; ++i) {
      arguments[i] = element_of(context.inputs[i], place);
    }
    const std::vector<Tensor> made =
        evaluate(body, arguments, key_of_iteration(context.key, place));
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (i < form.states) {
        results[i] = made[i];
      } else {
        set_element(results[i], place, made[i]);
      }
    }
  }
  return results;
}

/// The work of a step, times the steps.
Cost cost_of_scan(std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                  const Attrs& attrs) {
  const InferContext context{inputs, attrs};
  const auto steps = static_cast<double>(scan_form(context).length);
  const FunctionPointer body =
      specialized(function_of(attrs, "body"), parameter_types(context, "body"));
  Cost cost;
  for (const auto& types : {inputs, outputs}) {
    for (const ValueType& type : types) {
      cost.bytes +=
          static_cast<double>(type.shape.element_count() * std::int64_t(size_of(type.dtype)));
    }
  }
  for (const Node& node : body->graph.nodes()) {
    const Cost one = node_cost(node);
    cost.flops += steps * one.flops;
    cost.bytes += steps * one.bytes;
  }
  return cost;
}

/// h' = tanh(h w + x), y = h' x: a small recurrence with a capture, an output and a counter.
Attrs sample_attrs(bool reverse) {
  Graph graph;
  const Value h = graph.placeholder(DType::f64, {2, 2}, "h");
  const Value count = graph.placeholder(DType::i64, {}, "count");
  const Value x = graph.placeholder(DType::f64, {2, 2}, "x");
  const Value w = graph.placeholder(DType::f64, {2, 2}, "w");
  const Value next = tanh(matmul(h, w) + x);
  const FunctionPointer body =
      make_function(std::vector<Value>{h, count, x, w},
                    std::vector<Value>{next, count + 1, next * cast(count, DType::f64) * x});
  return {{"body", body},
          {"states", std::int64_t{2}},
          {"sequences", std::int64_t{1}},
          {"reverse", reverse}};
}

Sample scan_sample(std::int64_t length, bool reverse) {
  return {.inputs = {{DType::f64, {2, 2}, -1, 1},
                     {DType::i64, {}, 0, 3},
                     {DType::f64, {length, 2, 2}, -1, 1},
                     {DType::f64, {2, 2}, -1, 1}},
          .attrs = sample_attrs(reverse),
          .error = {}};
}

std::vector<Sample> scan_samples() {
  return {scan_sample(3, false), scan_sample(4, true), scan_sample(1, false),
          scan_sample(0, false)};
}

std::vector<Sample> bad_scan_samples() {
  Sample scalar = scan_sample(3, false), shape = scalar, dtype = scalar, length = scalar;
  scalar.inputs[2].shape = {};
  scalar.error = "a sequence needs a first axis";
  shape.inputs[0].shape = {3, 2};
  shape.error = "is f64[2,2]";
  dtype.inputs[1].dtype = DType::i32;
  dtype.error = "is i64[]";
  length.attrs.set("length", std::int64_t{5});
  length.error = "equal lengths";
  return {scalar, shape, dtype, length};
}

}  // namespace

void register_scan(OpRegistry& registry) {
  OpDef def;
  def.name = "scan";
  def.doc = "a body applied to states and each element of sequences; last states, stacked outputs";
  def.inputs = {{"operands", "First states, sequences, then what every step takes."}};
  def.variadic = true;
  def.attrs = {
      function_definition("body", "Of states, elements and the rest: next states, outputs."),
      {"states", std::int64_t{0}, true, "How many operands are states."},
      {"sequences", std::int64_t{0}, true, "How many operands are sequences."},
      {"length", std::int64_t{-1}, false, "Number of steps; -1: as long as the sequences."},
      {"reverse", false, false, "From the last element to the first."}};
  def.infer = infer_scan;
  def.parameter_types = parameter_types;
  def.gradient = gradient_of_scan;
  def.reference = evaluate_scan;
  def.cost = cost_of_scan;
  def.samples = scan_samples;
  def.bad_samples = bad_scan_samples;
  registry.add(std::move(def));
}

}  // namespace tegula::ops
