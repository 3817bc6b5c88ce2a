#pragma once
// What layers take and give.

#include <vector>

#include "tegula/core/structure.hpp"
#include "tegula/graph/operand.hpp"

namespace tegula::nn {

/// One value, a list of values, or named ones. One of them can be used as the value itself.
class Values : public Structure<Value> {
 public:
  using Structure::Structure;
  Values(Structure<Value> values) : Structure(std::move(values)) {}  // NOLINT: implicit by design
  operator Operand() const { return one(); }                         // NOLINT: implicit by design
};

using ValueTypes = Structure<ValueType>;

/// The types of values.
inline ValueTypes types_of(const Values& values) {
  return values.map([](const Value& value) { return value.type(); });
}

}  // namespace tegula::nn
