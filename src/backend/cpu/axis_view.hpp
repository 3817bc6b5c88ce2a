#pragma once
// Tensors as kernels along an axis see them. Private to src/backend/cpu.

#include <cstdint>

#include "tegula/core/shape.hpp"

namespace tegula::cpu {

/// A tensor seen as [outer, along an axis, inner].
struct AxisView {
  std::int64_t outer = 1;
  std::int64_t size = 0;
  std::int64_t inner = 1;
};

inline AxisView view_along(const Shape& shape, std::int64_t axis_attribute) {
  const int axis = normalize_axis(axis_attribute, shape.rank());
  AxisView view;
  view.size = shape[axis];
  for (int i = 0; i < axis; ++i) view.outer *= shape[i];
  for (int i = axis + 1; i < shape.rank(); ++i) view.inner *= shape[i];
  return view;
}

}  // namespace tegula::cpu
