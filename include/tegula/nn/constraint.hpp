#pragma once
// What weights must be after every update.

#include "tegula/graph/ops.hpp"
#include "tegula/nn/object.hpp"

namespace tegula::nn {

class TEGULA_API ConstraintBase : public Object {
 public:
  static constexpr const char* kKind = "constraint";

  /// What a weight that an update made `x` becomes instead; of the same shape.
  virtual Value operator()(Value x) const = 0;
};
template <>
TEGULA_API const std::vector<ObjectClass<ConstraintBase>>& object_classes<ConstraintBase>();
using Constraint = Handle<ConstraintBase>;

}  // namespace tegula::nn
