#pragma once
// What a Weight consists of. Private to src/nn.

#include "tegula/nn/weight.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::nn {

/// Guarded by the ConstructionLock.
struct Weight::State {
  std::string name;
  /// Where the weight was made: holds the value.
  std::shared_ptr<Session> session;
  Graph graph;
  Variable variable;
  Regularizer regularizer;
  Constraint constraint;
  /// As declared: Keras lists what was declared trainable before the rest, frozen or not.
  bool declared_trainable = true;
  bool trainable = true;
};

}  // namespace tegula::nn
