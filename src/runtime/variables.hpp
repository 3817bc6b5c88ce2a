#pragma once
// The values of a session's variables, each in memory that never moves.

#include <memory>
#include <unordered_map>

#include "src/core/fork_safe.hpp"
#include "tegula/core/tensor.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula::detail {

struct VariableState {
  Value variable;
  /// Allocated once: plans keep pointers into it.
  Tensor value;
  bool initialized = false;
};

/// States by variable of one graph. A state lives as long as the store or a plan that uses it; who
/// may read or write the value is governed by the session's lock, not here.
class VariableStore {
 public:
  /// Creates the state on first use. Throws InvalidArgument when the value is not a variable and
  /// ShapeError when its shape is not fully known.
  std::shared_ptr<VariableState> state(const Value& variable);
  /// Drops the state: what asks for it later finds the variable without a value.
  void forget(const Value& variable);

 private:
  BriefMutex mutex_;
  std::unordered_map<int, std::shared_ptr<VariableState>> states_;  // by node id
};

/// `variable "w" (f32[784,128]), built at mnist.cpp:12`.
std::string describe_variable(const Value& variable);

}  // namespace tegula::detail
