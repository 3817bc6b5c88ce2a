#pragma once
// What a Weight consists of. Private to src/nn.

#include "tegula/nn/weight.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::nn {

/// Guarded by the ConstructionLock.
struct Weight::State {
  std::string name;
  std::string layer;
  Graph graph;
  Variable variable;
  Regularizer regularizer;
  Constraint constraint;
  /// As declared: Keras lists what was declared trainable before the rest, frozen or not.
  bool declared_trainable = true;
  bool trainable = true;
  /// Holds the value; null when the graph is the user's own.
  std::shared_ptr<Session> session;
};

}  // namespace tegula::nn
