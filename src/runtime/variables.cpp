#include "src/runtime/variables.hpp"

#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

std::string describe_variable(const Value& variable) {
  const SourceLocation& location = variable.node().location();
  return "variable \"" + variable.node().name() + "\" (" + variable.type().to_string() + ")" +
         (location.known() ? ", built at " + location.to_string() : "");
}

VariableState& VariableStore::state(const Value& variable) {
  const Node& node = variable.node();
  if (node.op().name != "variable") {
    throw InvalidArgument("not a variable: " + node.describe());
  }
  const std::lock_guard lock(mutex_);
  std::unique_ptr<VariableState>& state = states_[node.id()];
  if (!state) {
    if (!variable.shape().is_known()) {
      states_.erase(node.id());
      throw ShapeError("a variable needs a fully known shape to be run: " +
                       describe_variable(variable));
    }
    auto created = std::make_unique<VariableState>();
    created->variable = variable;
    created->value = Tensor(variable.dtype(), variable.shape());
    state = std::move(created);
  }
  return *state;
}

}  // namespace tegula::detail
