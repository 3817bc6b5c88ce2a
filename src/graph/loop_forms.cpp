#include "src/graph/loop_forms.hpp"

#include <algorithm>
#include <string>

#include "src/graph/place.hpp"
#include "tegula/core/blocking.hpp"
#include "tegula/core/error.hpp"

namespace tegula {

ScanForm scan_form(const InferContext& context) {
  ScanForm form;
  const std::int64_t states = context.attrs.get<std::int64_t>("states");
  const std::int64_t sequences = context.attrs.get<std::int64_t>("sequences");
  const auto operands = static_cast<std::int64_t>(context.inputs.size());
  if (states < 0 || sequences < 0 || states > operands || sequences > operands - states) {
    throw InvalidArgument("it has " + std::to_string(operands) + " operands, which cannot be " +
                          std::to_string(states) + " states and " + std::to_string(sequences) +
                          " sequences");
  }
  form.states = static_cast<std::size_t>(states);
  form.sequences = static_cast<std::size_t>(sequences);
  form.captures = context.inputs.size() - form.states - form.sequences;
  form.reverse = context.attrs.get<bool>("reverse");
  form.length = context.attrs.get<std::int64_t>("length");
  if (form.length < -1) {
    throw InvalidArgument("the length must be -1 or more, got " + std::to_string(form.length));
  }
  if (form.length < 0 && form.sequences == 0) {
    throw InvalidArgument("a scan without sequences needs a length");
  }
  for (const ValueType& sequence : context.inputs.subspan(form.states, form.sequences)) {
    if (sequence.shape.rank() == 0) {
      throw ShapeError("a sequence needs a first axis, got the scalar " + sequence.to_string());
    }
    const std::int64_t length = sequence.shape[0];
    if (length == kUnknown) continue;
    if (form.length >= 0 && form.length != length) {
      throw ShapeError("sequences must have equal lengths, got " + std::to_string(form.length) +
                       " and " + std::to_string(length));
    }
    form.length = length;
  }
  return form;
}

ScanForm scan_form(const Node& node) { return scan_form({types_of(node.inputs()), node.attrs()}); }

WhileForm while_form(const InferContext& context) {
  WhileForm form;
  const std::int64_t states = context.attrs.get<std::int64_t>("states");
  std::size_t operands = context.inputs.size();
  if (states < 1 || static_cast<std::size_t>(states) > operands) {
    throw InvalidArgument("it has " + std::to_string(operands) + " operands, which cannot be " +
                          std::to_string(states) + " states and what is captured");
  }
  form.states = static_cast<std::size_t>(states);
  if (context.attrs.has("gradient")) {
    const auto floating = [](const ValueType& type) { return is_floating(type.dtype); };
    const auto gradients = static_cast<std::size_t>(
        std::ranges::count_if(context.inputs.first(form.states), floating));
    if (operands < form.states + gradients) {
      throw InvalidArgument("the gradient of a state is missing");
    }
    operands -= gradients;
  }
  form.captures = operands - form.states;
  form.maximum_iterations = context.attrs.get<std::int64_t>("maximum_iterations");
  return form;
}

WhileForm while_form(const Node& node) {
  return while_form({types_of(node.inputs()), node.attrs()});
}

void poll_in_loop(std::int64_t iteration) {
  constexpr std::int64_t kEvery = 1024;
  if (iteration % kEvery == kEvery - 1) poll();
}

}  // namespace tegula
