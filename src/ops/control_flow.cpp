#include "src/ops/control_flow.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "src/graph/rebuild.hpp"
#include "tegula/core/error.hpp"
#include "tegula/graph/gradients.hpp"

namespace tegula::ops {

const FunctionPointer& function_of(const Attrs& attrs, std::string_view name) {
  const auto& function = attrs.get<FunctionPointer>(name);
  if (function == nullptr) {
    throw InvalidArgument("the attribute \"" + std::string(name) + "\" is empty");
  }
  return function;
}

AttrDef function_definition(std::string name, std::string doc) {
  return {std::move(name), FunctionPointer(), true, std::move(doc)};
}

ValueType element_type(const ValueType& sequence) {
  if (sequence.shape.rank() == 0) {
    throw ShapeError("a sequence needs a first axis, got the scalar " + sequence.to_string());
  }
  ValueType element{sequence.dtype, {}};
  for (int axis = 1; axis < sequence.shape.rank(); ++axis) {
    element.shape.append(sequence.shape[axis]);
  }
  return element;
}

ValueType stacked_type(const ValueType& type, std::int64_t length) {
  ValueType stacked{type.dtype, {length}};
  for (const std::int64_t dim : type.shape) stacked.shape.append(dim);
  return stacked;
}

ValueType state_type(std::size_t number, const ValueType& before, const ValueType& result) {
  const auto problem = [&] {
    return "state " + std::to_string(number) + " is " + before.to_string() +
           ", but the body makes " + result.to_string() +
           " of it; its dtype and shape must stay what they are";
  };
  if (before.dtype != result.dtype) throw DTypeError(problem());
  if (!compatible(before.shape, result.shape)) throw ShapeError(problem());
  ValueType type = before;
  for (int axis = 0; axis < type.shape.rank(); ++axis) {
    if (type.shape[axis] == kUnknown) type.shape.set(axis, result.shape[axis]);
  }
  return type;
}

Differentiated differentiate(const Function& function, const std::vector<bool>& wanted) {
  const FunctionScope::Outside outside;
  Differentiated result;
  const auto parameter_like = [&](const Value& value, std::string_view name) {
    return result.graph.placeholder(value.dtype(), value.shape(), name);
  };
  for (const Value& parameter : function.parameters) {
    result.parameters.push_back(parameter_like(parameter, parameter.node().name()));
    result.origins.emplace(place_of(parameter), result.parameters.back());
  }
  const std::vector<Value> copies = rebuilt(function.results, result.graph, result.origins);
  std::vector<Value> ys, given, xs;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const bool has_gradient = wanted[i] && is_floating(copies[i].dtype());
    result.result_gradients.push_back(has_gradient ? parameter_like(copies[i], "gradient")
                                                   : Value());
    if (!has_gradient) continue;
    ys.push_back(copies[i]);
    given.push_back(result.result_gradients.back());
  }
  result.first_gradient = static_cast<int>(result.graph.nodes().size());
  result.parameter_gradients.resize(result.parameters.size());
  if (ys.empty()) return result;
  result.parameter_gradients = gradients(ys, result.parameters, given, Unconnected::kNone);
  for (std::size_t i = 0; i < result.parameters.size(); ++i) {
    if (!is_floating(result.parameters[i].dtype())) result.parameter_gradients[i] = Value();
  }
  return result;
}

std::vector<Value> present(std::span<const Value> values) {
  std::vector<Value> found;
  for (const Value& value : values) {
    if (value) found.push_back(value);
  }
  return found;
}

Node& build_control_flow(std::string_view op, std::span<const Value> operands, Attrs attrs,
                         SourceLocation location) {
  return operands.front().graph().add_node(find_op(op), operands, std::move(attrs), "", location);
}

Traced trace(std::string_view op, const Graph& graph, std::span<const ValueType> parameters,
             const std::function<std::vector<Value>(std::span<const Value>)>& body) {
  FunctionScope scope(graph);
  std::vector<Value> given;
  for (const ValueType& type : parameters) given.push_back(scope.parameter(type));
  const std::vector<Value> results = body(given);
  if (std::ranges::any_of(results, [](const Value& value) { return !value; })) {
    throw InvalidArgument(std::string(op) + ": a function gives an empty value");
  }
  FunctionPointer function = scope.finish(results);
  return {std::move(function), scope.captured()};
}

FunctionPointer with_captures(const Traced& traced, std::span<const Value> captured) {
  const FunctionScope::Outside outside;
  const std::size_t own = traced.function->parameters.size() - traced.captured.size();
  Graph graph;
  std::vector<Value> parameters;
  const auto add_parameter = [&](const Value& like) {
    parameters.push_back(graph.placeholder(like.dtype(), like.shape(), like.node().name()));
  };
  std::ranges::for_each(std::span(traced.function->parameters).first(own), add_parameter);
  std::ranges::for_each(captured, add_parameter);
  std::vector<Value> arguments(parameters.begin(), parameters.begin() + std::ptrdiff_t(own));
  for (const Value& value : traced.captured) {
    const auto position = std::ranges::find(captured, value) - captured.begin();
    arguments.push_back(parameters[own + at(position)]);
  }
  return make_function(parameters, inlined(*traced.function, graph, arguments));
}

std::vector<Value> united(std::span<const Value> a, std::span<const Value> b) {
  std::vector<Value> all(a.begin(), a.end());
  std::ranges::copy_if(b, std::back_inserter(all),
                       [&](const Value& value) { return std::ranges::find(a, value) == a.end(); });
  return all;
}

}  // namespace tegula::ops
