#pragma once
// The lock of everything that layers, losses, metrics, optimizers and models are made of.

#include "tegula/core/export.hpp"

namespace tegula::nn {

/// While one lives, no other thread makes, changes or looks at layers, losses, metrics, optimizers
/// and models: one lock for all, because models share them. A thread may hold several. It is held
/// while graphs are built, user's functions such as a layer's `call` included, but neither while
/// plans are made and run nor while callbacks are called. Before any lock of a session or graph.
class TEGULA_API ConstructionLock {
 public:
  ConstructionLock();
  ~ConstructionLock();
  ConstructionLock(const ConstructionLock&) = delete;
  ConstructionLock& operator=(const ConstructionLock&) = delete;
};

/// Returns what `work` does, with the lock held meanwhile.
template <typename Work>
auto constructing(Work&& work) {
  const ConstructionLock lock;
  return work();
}

}  // namespace tegula::nn
