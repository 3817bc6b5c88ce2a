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

/// Of each of several values the mask, true where the value counts; no value where all of it does.
using Masks = std::vector<Value>;

/// The mask that a value carries, as in Keras: layers that support masks hand it on to what they
/// make of the value; ops do not. No value without one.
TEGULA_API Value mask_of(const Value& value);
/// The same value, carrying this mask: true where it counts, usually of shape (batch, steps).
/// Throws ShapeError for a mask of another batch, or of more axes than the value.
TEGULA_API Value with_mask(Value value, Value mask);

/// The types of values.
inline ValueTypes types_of(const Values& values) {
  return values.map([](const Value& value) { return value.type(); });
}

}  // namespace tegula::nn
