#include "src/runtime/variables.hpp"

#include <mutex>

#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

std::string describe_variable(const Value& variable) {
  const SourceLocation& location = variable.node().location();
  return "variable \"" + variable.node().name() + "\" (" + variable.type().to_string() + ")" +
         (location.known() ? ", built at " + location.to_string() : "");
}

std::shared_ptr<VariableState> VariableStore::state(const Value& variable) {
  const Node& node = variable.node();
  if (node.op().name != "variable") {
    throw InvalidArgument("not a variable: " + node.describe());
  }
  {
    const std::lock_guard lock(mutex_);
    const auto known = states_.find(node.id());
    if (known != states_.end()) return known->second;
  }
  if (!variable.shape().is_known()) {
    throw ShapeError("a variable needs a fully known shape to be run: " +
                     describe_variable(variable));
  }
  auto created = std::make_shared<VariableState>();
  created->variable = variable;
  created->value = Tensor(variable.dtype(), variable.shape());
  const std::lock_guard lock(mutex_);
  return states_.emplace(node.id(), std::move(created)).first->second;
}

void VariableStore::forget(const Value& variable) {
  const std::lock_guard lock(mutex_);
  states_.erase(variable.node().id());
}

}  // namespace tegula::detail
