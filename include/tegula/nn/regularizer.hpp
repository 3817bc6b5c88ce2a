#pragma once
// Penalties on weights and activations that are added to the loss.

#include "tegula/graph/ops.hpp"
#include "tegula/nn/object.hpp"

namespace tegula::nn {

class TEGULA_API RegularizerBase : public Object {
 public:
  static constexpr const char* kKind = "regularizer";

  /// A scalar penalty.
  virtual Value operator()(Value x) const = 0;
};
template <>
TEGULA_API const std::vector<ObjectClass<RegularizerBase>>& object_classes<RegularizerBase>();
using Regularizer = Handle<RegularizerBase>;

}  // namespace tegula::nn
