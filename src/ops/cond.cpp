// Branches: one of two functions of the same operands runs.

#include <algorithm>

#include "src/ops/control_flow.hpp"
#include "tegula/core/error.hpp"
#include "tegula/graph/control_flow.hpp"

namespace tegula::ops {

namespace {

constexpr std::string_view kBranches[] = {"then_branch", "else_branch"};

std::vector<ValueType> operand_types(const InferContext& context, std::string_view) {
  const ValueType& predicate = context.inputs.front();
  if (predicate.dtype != DType::boolean) {
    throw DTypeError("the predicate must be bool, got " + predicate.to_string() +
                     "; compare it with something, as in x > 0");
  }
  const bool known = predicate.shape.is_known();
  if (known && predicate.shape.element_count() != 1) {
    throw ShapeError("the predicate must be one bool, got " + predicate.to_string() +
                     "; where(...) chooses element by element");
  }
  return {context.inputs.begin() + 1, context.inputs.end()};
}

std::vector<ValueType> infer_cond(const InferContext& context) {
  const std::vector<ValueType> operands = operand_types(context, {});
  const auto results = [&](std::string_view branch) {
    return infer_results(*function_of(context.attrs, branch), operands);
  };
  std::vector<ValueType> then_types = results(kBranches[0]);
  const std::vector<ValueType> else_types = results(kBranches[1]);
  if (then_types.size() != else_types.size()) {
    throw InvalidArgument("one branch gives " + std::to_string(then_types.size()) +
                          " results, the other " + std::to_string(else_types.size()));
  }
  for (std::size_t i = 0; i < then_types.size(); ++i) {
    const auto problem = [&] {
      return "result " + std::to_string(i) + " is " + then_types[i].to_string() +
             " in one branch and " + else_types[i].to_string() +
             " in the other; dtypes and shapes must agree";
    };
    if (then_types[i].dtype != else_types[i].dtype) throw DTypeError(problem());
    if (!compatible(then_types[i].shape, else_types[i].shape)) throw ShapeError(problem());
    for (int axis = 0; axis < then_types[i].shape.rank(); ++axis) {
      if (else_types[i].shape[axis] == kUnknown) then_types[i].shape.set(axis, kUnknown);
    }
  }
  return then_types;
}

/// The branch's gradients of the operands in `flows`, as a function of the operands and the
/// gradients of its results.
FunctionPointer gradient_branch(const Differentiated& branch, const std::vector<bool>& flows) {
  std::vector<Value> parameters = branch.parameters;
  for (const Value& gradient : present(branch.result_gradients)) parameters.push_back(gradient);
  std::vector<Value> results;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    if (!flows[i]) continue;
    const Value gradient = branch.parameter_gradients[i];
    results.push_back(gradient ? gradient : zeros_like(branch.parameters[i]));
  }
  return make_function(parameters, results);
}

std::vector<Value> gradient_of_cond(const GradientContext& context) {
  std::vector<bool> wanted;
  for (const Value& gradient : context.output_gradients) {
    wanted.push_back(static_cast<bool>(gradient));
  }
  std::vector<Differentiated> branches;
  for (const std::string_view branch : kBranches) {
    branches.push_back(differentiate(*function_of(context.attrs(), branch), wanted));
  }
  std::vector<bool> flows;
  for (std::size_t i = 0; i < branches[0].parameters.size(); ++i) {
    flows.push_back(branches[0].parameter_gradients[i] || branches[1].parameter_gradients[i]);
  }
  std::vector<Value> results(context.node.inputs().size());
  if (std::ranges::find(flows, true) == flows.end()) return results;
  std::vector<Value> operands(context.node.inputs().begin(), context.node.inputs().end());
  for (const Value& gradient : present(context.output_gradients)) operands.push_back(gradient);
  Attrs attrs;
  for (std::size_t i = 0; i < 2; ++i) {
    attrs.set(kBranches[i], gradient_branch(branches[i], flows));
  }
  Node& node = build_control_flow("cond", operands, std::move(attrs));
  int next = 0;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    if (flows[i]) results[i + 1] = node.output(next++);
  }
  return results;
}

std::vector<Tensor> evaluate_cond(const EvaluateContext& context) {
  const bool chosen = context.input(0).at(0) != 0;
  const std::string_view branch = kBranches[chosen ? 0 : 1];
  return evaluate(*function_of(context.attrs, branch), context.inputs.subspan(1), context.key);
}

/// x y + 1 where x's mean exceeds y's, else x - 2 y.
std::vector<Sample> cond_samples() {
  const ValueType type{DType::f64, {3}};
  const auto branch = [&](bool then) -> FunctionPointer {
    Graph graph;
    const Value x = graph.placeholder(type.dtype, type.shape, "x");
    const Value y = graph.placeholder(type.dtype, type.shape, "y");
    return make_function(std::vector<Value>{x, y},
                         std::vector<Value>{then ? x * y + 1.0 : x - 2.0 * y});
  };
  const Attrs attrs{{"then_branch", branch(true)}, {"else_branch", branch(false)}};
  const SampleInput x{DType::f64, {3}};
  return {{.inputs = {{DType::boolean, {}}, x, x}, .attrs = attrs, .error = {}},
          {.inputs = {{DType::boolean, {1, 1}}, x, x}, .attrs = attrs, .error = {}}};
}

std::vector<Sample> bad_cond_samples() {
  const Sample good = cond_samples().front();
  const auto with = [&](SampleInput predicate, std::string error) {
    Sample sample = good;
    sample.inputs[0] = predicate;
    sample.error = std::move(error);
    return sample;
  };
  return {with({DType::f32, {}}, "must be bool"), with({DType::boolean, {2}}, "must be one bool")};
}

}  // namespace

void register_cond(OpRegistry& registry) {
  OpDef def;
  def.name = "cond";
  def.doc = "results of then_branch where the first operand is true, else of else_branch";
  def.inputs = {{"operands", "The predicate, bool of one element, then what both branches take."}};
  def.variadic = true;
  def.attrs = {function_definition("then_branch", "A function of the operands."),
               function_definition("else_branch", "Another, with results of the same types.")};
  def.infer = infer_cond;
  def.parameter_types = operand_types;
  def.gradient = gradient_of_cond;
  def.reference = evaluate_cond;
  def.samples = cond_samples;
  def.bad_samples = bad_cond_samples;
  registry.add(std::move(def));
}

}  // namespace tegula::ops

namespace tegula {

namespace {

/// Choice among the branches [first, last) by halves.
std::vector<Value> choose(Value index, std::span<const Branch> branches, std::int64_t first) {
  if (branches.size() == 1) return branches.front()();
  const std::size_t half = branches.size() / 2;
  const auto middle = first + static_cast<std::int64_t>(half);
  return cond(
      less(index, middle), [&] { return choose(index, branches.first(half), first); },
      [&] { return choose(index, branches.subspan(half), middle); });
}

}  // namespace

std::vector<Value> cond(Operand predicate, const Branch& then_branch, const Branch& else_branch) {
  if (predicate.value() == nullptr) {
    throw InvalidArgument("cond: the predicate must be a value of a graph; use `if` for a bool");
  }
  const Graph graph = predicate.value()->graph();
  const auto traced = [&](const Branch& branch) {
    return ops::trace("cond", graph, {}, [&](std::span<const Value>) { return branch(); });
  };
  const ops::Traced then_traced = traced(then_branch);
  const ops::Traced else_traced = traced(else_branch);
  std::vector<Value> operands = ops::united(then_traced.captured, else_traced.captured);
  const Attrs attrs{{"then_branch", ops::with_captures(then_traced, operands)},
                    {"else_branch", ops::with_captures(else_traced, operands)}};
  operands.insert(operands.begin(), *predicate.value());
  return outputs_of(ops::build_control_flow("cond", operands, attrs, predicate.location()));
}

std::vector<Value> switch_case(Operand index, std::span<const Branch> branches) {
  if (branches.empty()) throw InvalidArgument("switch_case: needs at least one branch");
  if (index.value() == nullptr) {
    throw InvalidArgument("switch_case: the index must be a value of a graph");
  }
  const Value given = *index.value();
  if (given.dtype() != DType::i32 && given.dtype() != DType::i64) {
    throw DTypeError("switch_case: the index must be i32 or i64, got " + given.type().to_string());
  }
  const auto last = static_cast<std::int64_t>(branches.size()) - 1;
  const Operand no_branch(Tensor::full(given.dtype(), {}, static_cast<double>(last)));
  return choose(where(less(index, 0), no_branch, given), branches, 0);
}

}  // namespace tegula
