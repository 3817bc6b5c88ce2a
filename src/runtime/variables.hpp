#pragma once
// The values of a session's variables, each in memory that never moves.

#include <memory>
#include <unordered_map>

#include "src/core/fork_safe.hpp"
#include "tegula/core/tensor.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula::detail {

class SessionState;

struct VariableState {
  /// Of the graph of `home`.
  Value variable;
  /// Allocated once: plans keep pointers into it.
  Tensor value;
  bool initialized = false;
  /// The session whose variable it is. Who shares it keeps that session.
  SessionState* home = nullptr;
};

/// What variables of other graphs share.
struct SharedVariableState {
  std::shared_ptr<SessionState> home;
  std::shared_ptr<VariableState> state;
};

/// States by variable of one session's graph. A state lives as long as the store or a plan that
/// uses it; who may read or write the value is governed by the session's domain, not here.
class VariableStore {
 public:
  explicit VariableStore(SessionState& session) : session_(session) {}

  /// Creates the state on first use, or finds what the variable shares: then the session's domain
  /// and that of the state's home become one, and no lock of them may be held. Throws
  /// InvalidArgument when the value is not a variable and ShapeError when its shape is not fully
  /// known.
  std::shared_ptr<VariableState> state(const Value& variable);
  /// Gives the state up, if there is one, for the caller to drop without any lock: what asks for it
  /// later finds the variable without a value.
  std::shared_ptr<VariableState> forget(const Value& variable);
  /// For variables of other graphs; the same for the same variable.
  SharedVariable share(const Value& variable, const std::shared_ptr<SessionState>& session);

 private:
  std::shared_ptr<VariableState> make_state(const Value& variable);

  SessionState& session_;
  BriefMutex mutex_;
  std::unordered_map<int, std::shared_ptr<VariableState>> states_;  // by node id
  std::unordered_map<int, std::weak_ptr<const SharedVariableState>> shared_;
};

/// `variable "w" (f32[784,128]), built at mnist.cpp:12`.
std::string describe_variable(const Value& variable);

}  // namespace tegula::detail
