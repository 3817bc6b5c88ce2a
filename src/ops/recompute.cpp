// What gradients compute again: a value with its boundary, and the order that delays it.

#include "tegula/graph/recompute.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "src/graph/rebuild.hpp"
#include "src/ops/family.hpp"
#include "tegula/graph/gradients.hpp"

namespace tegula::ops {

namespace {

bool is_variable(const Value& value) { return value.node().op().name == "variable"; }

/// The boundary: those of `xs` that `y` is computed of, and what else has a gradient or an effect
/// of its own.
std::vector<Value> boundary_of(const Value& y, std::span<const Value> xs) {
  std::vector<Value> boundary;
  std::set<std::pair<int, int>> met;
  std::vector<Value> waiting = {y};
  while (!waiting.empty()) {
    const Value value = waiting.back();
    waiting.pop_back();
    if (!met.emplace(value.node().id(), value.index()).second) continue;
    const OpDef& op = value.node().op();
    const bool ends = std::ranges::find(xs, value) != xs.end() || op.name == "placeholder" ||
                      is_variable(value) || op.stateful;
    if (ends) {
      boundary.push_back(value);
    } else {
      waiting.insert(waiting.end(), value.node().inputs().begin(), value.node().inputs().end());
    }
  }
  std::ranges::sort(boundary, {},
                    [](const Value& value) { return std::pair(value.node().id(), value.index()); });
  return boundary;
}

std::vector<Value> gradient_of_recomputed(const GradientContext& context) {
  const Value y = context.input(0);
  const Value dy = context.gradient();
  const auto boundary = context.node.inputs().subspan(1);
  std::vector<Value> kept;
  std::vector<Value> delayed;
  std::vector<Value> sources;
  for (const Value& value : boundary) {
    sources.push_back(value);
    if (is_variable(value)) continue;
    kept.push_back(value);
    delayed.push_back(build("after", {value, dy}));
    sources.back() = delayed.back();
  }
  std::vector<Value> results(context.node.inputs().size());
  const Value again = kept.empty() ? y : rebuilt({y}, kept, delayed).front();
  if (again == y) {
    results[0] = dy;
    return results;
  }
  const Value of_all[] = {again};
  const Value of_output[] = {dy};
  const std::vector<Value> found =
      gradients(of_all, sources, of_output, Unconnected::kNone, delayed);
  std::ranges::copy(found, results.begin() + 1);
  return results;
}

void register_recomputed(OpRegistry& registry) {
  OpDef def;
  def.name = "recomputed";
  def.doc = "y, which gradients compute again from the boundary";
  def.inputs = {{"y", "Any floating value."},
                {"boundary", "What is kept for the gradient; all that y has gradients to."}};
  def.variadic = true;
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::floating);
    return std::vector<ValueType>{context.inputs[0]};
  };
  def.gradient = gradient_of_recomputed;
  def.reference = [](const EvaluateContext& context) {
    return std::vector<Tensor>{context.input(0).clone()};
  };
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 3}}, {DType::f32, {4}}}, {}, ""},
                               {{{DType::f64, {}}, {DType::i32, {2}}, {DType::f32, {}}}, {}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::i32, {2}}, {DType::f32, {2}}}, {}, "takes f32 or f64"}};
  };
  registry.add(std::move(def));
}

void register_after(OpRegistry& registry) {
  OpDef def;
  def.name = "after";
  def.doc = "x, for nobody before the event has been computed";
  def.inputs = {{"x", "Anything."}, {"event", "Anything; its value does not matter."}};
  def.infer = [](const InferContext& context) { return std::vector<ValueType>{context.inputs[0]}; };
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {context.gradient(), Value()};
  };
  def.reference = [](const EvaluateContext& context) {
    return std::vector<Tensor>{context.input(0).clone()};
  };
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 3}}, {DType::f32, {4}}}, {}, ""},
                               {{{DType::boolean, {2}}, {DType::i64, {}}}, {}, ""}};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_recompute(OpRegistry& registry);

void register_recompute(OpRegistry& registry) {
  register_recomputed(registry);
  register_after(registry);
}

}  // namespace tegula::ops

namespace tegula {

Value recomputed(Value y, std::span<const Value> xs) {
  if (!is_floating(y.dtype())) {
    throw DTypeError("recomputed: only floating values have gradients, got " +
                     y.type().to_string());
  }
  const std::vector<Value> boundary = ops::boundary_of(y, xs);
  const bool computed = std::ranges::any_of(boundary, [&](const Value& value) {
    return !(value == y) && std::ranges::find(xs, value) != xs.end();
  });
  if (!computed) return y;
  std::vector<Operand> operands = {y};
  operands.insert(operands.end(), boundary.begin(), boundary.end());
  return build_node("recomputed", operands).output();
}

}  // namespace tegula
