#pragma once
// First values of weights.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "tegula/graph/graph.hpp"
#include "tegula/nn/object.hpp"

namespace tegula::nn {

class TEGULA_API InitializerBase : public Object {
 public:
  static constexpr const char* kKind = "initializer";

  /// The recipe for a weight of this type.
  virtual InitialValue operator()(const ValueType& type) const = 0;
};
template <>
TEGULA_API const std::vector<ObjectClass<InitializerBase>>& object_classes<InitializerBase>();
using Initializer = Handle<InitializerBase>;

}  // namespace tegula::nn
