#include "src/runtime/variables.hpp"

#include <mutex>

#include "src/runtime/session_state.hpp"
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
  auto created = make_state(variable);
  const std::lock_guard lock(mutex_);
  return states_.emplace(node.id(), std::move(created)).first->second;
}

std::shared_ptr<VariableState> VariableStore::make_state(const Value& variable) {
  if (const SharedVariable shared = variable.graph().shared(variable)) {
    session_.domain.unite(shared.state()->home->domain);
    return {shared.state(), shared.state()->state.get()};
  }
  if (!variable.shape().is_known()) {
    throw ShapeError("a variable needs a fully known shape to be run: " +
                     describe_variable(variable));
  }
  auto created = std::make_shared<VariableState>();
  created->variable = variable;
  created->value = Tensor(variable.dtype(), variable.shape());
  created->home = &session_;
  return created;
}

std::shared_ptr<VariableState> VariableStore::forget(const Value& variable) {
  const std::lock_guard lock(mutex_);
  const auto entry = states_.extract(variable.node().id());
  return entry.empty() ? nullptr : entry.mapped();
}

SharedVariable VariableStore::share(const Value& variable,
                                    const std::shared_ptr<SessionState>& session) {
  if (const SharedVariable shared = variable.graph().shared(variable)) return shared;
  auto created = std::make_shared<const SharedVariableState>(
      SharedVariableState{.home = session, .state = state(variable)});
  const std::lock_guard lock(mutex_);
  std::weak_ptr<const SharedVariableState>& known = shared_[variable.node().id()];
  if (auto present = known.lock()) return {std::move(present), variable.type()};
  known = created;
  return {std::move(created), variable.type()};
}

}  // namespace tegula::detail
