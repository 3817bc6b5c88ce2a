#pragma once
// What ops with functions share. Private to src/ops.

#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "src/graph/place.hpp"
#include "src/ops/family.hpp"
#include "tegula/graph/function.hpp"

namespace tegula::ops {

inline std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// Throws InvalidArgument where the attribute is empty.
const FunctionPointer& function_of(const Attrs& attrs, std::string_view name);
AttrDef function_definition(std::string name, std::string doc);

/// The type of one element of a sequence. Throws ShapeError for a scalar.
ValueType element_type(const ValueType& sequence);
/// `type` with a new first dimension.
ValueType stacked_type(const ValueType& type, std::int64_t length);
/// The type that holds a state before and after a body that makes `result` of it. Throws
/// DTypeError or ShapeError where it does not stay what it is.
ValueType state_type(std::size_t number, const ValueType& before, const ValueType& result);

/// A function and the gradients of its parameters, in one graph.
struct Differentiated {
  Graph graph;
  std::vector<Value> parameters;
  /// By result of the function: the parameter that is its gradient; no value where none is asked.
  std::vector<Value> result_gradients;
  /// No value where none flows.
  std::vector<Value> parameter_gradients;
  /// Nodes with smaller ids are those of the function, its parameters and `result_gradients`.
  int first_gradient = 0;
  /// What the function's own values became.
  std::map<Place, Value> origins;

  bool is_forward(const Value& value) const { return value.node().id() < first_gradient; }
};
/// `wanted`, by result: whether it has a gradient; only floating results have.
Differentiated differentiate(const Function& function, const std::vector<bool>& wanted);

/// The values that are there, in order.
std::vector<Value> present(std::span<const Value> values);

/// The op's node in the graph of its first operand.
Node& build_control_flow(std::string_view op, std::span<const Value> operands, Attrs attrs,
                         SourceLocation location = {});

/// What a callable built.
struct Traced {
  FunctionPointer function;
  /// Values outside that its last parameters stand for.
  std::vector<Value> captured;
};
/// The function that `body` makes of parameters of these types; it is built around `graph`. `op`
/// is for errors.
Traced trace(std::string_view op, const Graph& graph, std::span<const ValueType> parameters,
             const std::function<std::vector<Value>(std::span<const Value>)>& body);
/// The function with parameters for all of `captured`, which contains what it captured itself.
FunctionPointer with_captures(const Traced& traced, std::span<const Value> captured);
/// What one of them captured, or the other.
std::vector<Value> united(std::span<const Value> a, std::span<const Value> b);

}  // namespace tegula::ops
