#pragma once
// The attributes of windows that slide over spatial axes, and what follows from them and the shapes
// [batch, one to three axes, channels]. Private to the library.

#include <span>
#include <string>
#include <vector>

#include "src/core/window.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::ops {

using Integers = std::vector<std::int64_t>;

/// One spatial axis with all that is known of it; `output` is unknown where it depends on an
/// unknown size, and so is then `before`.
using detail::WindowAxis;
using detail::WindowGrid;

/// "padding" and "pads", which all such ops have.
std::vector<AttrDef> padding_attrs();

/// Sizes of all axes but the first and the last. Throws ShapeError unless there are one to three;
/// `name` is the operand's.
Integers spatial_sizes(const Shape& shape, const char* name);

/// One axis per size; empty strides or dilations are ones. Throws InvalidArgument for attributes
/// that do not fit the axes or each other, ShapeError for a window that is larger than an axis with
/// its padding.
std::vector<WindowAxis> window_axes(const Attrs& attrs, const Integers& sizes,
                                    const Integers& windows, const Integers& strides,
                                    const Integers& dilations);

/// The axes of one axis each as three.
WindowGrid make_grid(std::int64_t batch, std::span<const WindowAxis> axes);

/// [batch, result of each axis, channels].
Shape windowed_shape(std::int64_t batch, std::span<const WindowAxis> axes, std::int64_t channels);

/// Throws ShapeError unless `given` may be of the shape `expected`.
void check_shape(const char* name, const Shape& given, const Shape& expected);

}  // namespace tegula::ops
