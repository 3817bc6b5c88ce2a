#include "tegula/graph/operand.hpp"

#include <cmath>

#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace {

/// The scalar as a tensor of `dtype`; refuses to lose a fraction.
Tensor scalar_of(double number, DType dtype, std::string_view op) {
  if (!is_floating(dtype) && number != std::floor(number)) {
    throw DTypeError(std::string(op) + ": the number " + to_string(AttrValue(number)) +
                     " cannot become " + std::string(numpy_name(dtype)) +
                     "; cast the other operand to a floating dtype first");
  }
  return Tensor::full(dtype, {}, number);
}

}  // namespace

Node& build_node(std::string_view op, std::span<const Operand> operands, Attrs attrs,
                 std::string_view name) {
  const Value* anchor = nullptr;
  for (const Operand& operand : operands) {
    // A bool (the condition of `where`) says nothing about the dtype of the numbers beside it.
    const Value* value = operand.value();
    if (value == nullptr) continue;
    if (!*value) throw InvalidArgument(std::string(op) + ": an operand is an empty value");
    if (anchor == nullptr || anchor->dtype() == DType::boolean) anchor = value;
  }
  if (anchor == nullptr) {
    throw InvalidArgument(std::string(op) +
                          ": at least one operand must be a value of a graph; make the others "
                          "constants with graph.constant(...)");
  }
  const SourceLocation location = operands.front().location();
  Graph graph = anchor->graph();
  std::vector<Value> inputs;
  inputs.reserve(operands.size());
  for (const Operand& operand : operands) {
    if (const Value* value = operand.value()) {
      inputs.push_back(*value);
      continue;
    }
    const Tensor* tensor = std::get_if<Tensor>(&operand.content());
    Attrs constant;
    constant.set("value", tensor != nullptr ? *tensor
                                            : scalar_of(std::get<double>(operand.content()),
                                                        anchor->dtype(), op));
    inputs.push_back(
        graph.add_node(find_op("constant"), {}, std::move(constant), "", location).output());
  }
  return graph.add_node(find_op(op), inputs, std::move(attrs), name, location);
}

Value build(std::string_view op, std::initializer_list<Operand> operands, Attrs attrs) {
  return build_node(op, std::span(operands.begin(), operands.size()), std::move(attrs)).output();
}

}  // namespace tegula
