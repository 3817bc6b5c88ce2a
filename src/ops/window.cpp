#include "src/ops/window.hpp"

#include <algorithm>
#include <limits>

#include "tegula/core/error.hpp"

namespace tegula::ops {

namespace {

/// Bounds of what attributes and sizes may be, so that no sum or product of two overflows.
constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();

enum class PaddingRule { valid, same, given };

PaddingRule padding_rule(const std::string& word) {
  if (word == "valid") return PaddingRule::valid;
  if (word == "same") return PaddingRule::same;
  if (word == "explicit") return PaddingRule::given;
  throw InvalidArgument("padding \"" + word + "\" is not known; expected valid, same or explicit");
}

/// `values`, or as many ones as there are axes.
Integers per_axis(const char* name, const Integers& values, std::size_t axes) {
  if (values.empty()) return Integers(axes, 1);
  if (values.size() != axes) {
    throw InvalidArgument(std::string(name) + " " + to_string(AttrValue(values)) + " must be " +
                          std::to_string(axes) + " numbers, one per spatial axis");
  }
  for (const std::int64_t value : values) {
    if (value >= 1 && value <= kLargest) continue;
    throw InvalidArgument(std::string(name) + " " + to_string(AttrValue(values)) +
                          " must be from 1 to " + std::to_string(kLargest));
  }
  return values;
}

/// Numbers of elements before and after each axis.
Integers given_pads(const Attrs& attrs, PaddingRule rule, std::size_t axes) {
  const Integers& pads = attrs.get<Integers>("pads");
  const std::string text = "pads " + to_string(AttrValue(pads));
  if (rule != PaddingRule::given) {
    if (!pads.empty()) throw InvalidArgument(text + " need padding explicit");
    return Integers(2 * axes, 0);
  }
  if (pads.size() != 2 * axes) {
    throw InvalidArgument(text + " must be " + std::to_string(2 * axes) +
                          " numbers, before and after each spatial axis");
  }
  for (const std::int64_t pad : pads) {
    if (pad < 0 || pad > kLargest) {
      throw InvalidArgument(text + " must be from 0 to " + std::to_string(kLargest));
    }
  }
  return pads;
}

/// Completes an axis whose input, window, stride and dilation are set.
void resolve(WindowAxis& axis, PaddingRule rule, std::int64_t before, std::int64_t after) {
  if (axis.input > kLargest || axis.window > kLargest || axis.window == 0) {
    throw ShapeError("a window of " + std::to_string(axis.window) + " over " +
                     std::to_string(axis.input) + " elements: sizes must be from 1 to " +
                     std::to_string(kLargest));
  }
  axis.before = before;
  axis.output = kUnknown;
  if (rule == PaddingRule::same) {
    if (axis.input == kUnknown) return;
    axis.output = (axis.input + axis.stride - 1) / axis.stride;
    if (axis.window == kUnknown) return;
    const std::int64_t needed = (axis.output - 1) * axis.stride + axis.extent();
    axis.before = std::max<std::int64_t>(needed - axis.input, 0) / 2;
    return;
  }
  if (axis.input == kUnknown || axis.window == kUnknown) return;
  const std::int64_t padded = axis.input + before + after;
  if (padded == 0) {
    axis.output = 0;
    return;
  }
  if (axis.extent() > padded) {
    throw ShapeError("a window of " + std::to_string(axis.extent()) +
                     " elements is larger than the axis, which has " + std::to_string(padded) +
                     " with its padding; pad more, or use padding same");
  }
  axis.output = (padded - axis.extent()) / axis.stride + 1;
}

}  // namespace

std::vector<AttrDef> padding_attrs() {
  return {{"padding", std::string("valid"), false,
           "valid: none; same: so that the result has ceil(size / stride) elements, the surplus at "
           "the end; explicit: as `pads` says."},
          {"pads", Integers{}, false, "Elements before and after each spatial axis."}};
}

Integers spatial_sizes(const Shape& shape, const char* name) {
  if (shape.rank() < 3 || shape.rank() > 2 + WindowGrid::kAxes) {
    throw ShapeError(std::string(name) + " has shape " + shape.to_string() +
                     "; expected one to three spatial axes and two more");
  }
  return Integers(shape.begin() + 1, shape.end() - 1);
}

std::vector<WindowAxis> window_axes(const Attrs& attrs, const Integers& sizes,
                                    const Integers& windows, const Integers& strides,
                                    const Integers& dilations) {
  const PaddingRule rule = padding_rule(attrs.get<std::string>("padding"));
  const Integers stride = per_axis("strides", strides, sizes.size());
  const Integers dilation = per_axis("dilations", dilations, sizes.size());
  const Integers pads = given_pads(attrs, rule, sizes.size());
  std::vector<WindowAxis> axes(sizes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    axes[i].input = sizes[i];
    axes[i].window = windows[i];
    axes[i].stride = stride[i];
    axes[i].dilation = dilation[i];
    resolve(axes[i], rule, pads[2 * i], pads[2 * i + 1]);
  }
  return axes;
}

WindowGrid make_grid(std::int64_t batch, std::span<const WindowAxis> axes) {
  WindowGrid grid;
  grid.batch = batch;
  std::copy(axes.begin(), axes.end(), grid.axes.end() - static_cast<std::ptrdiff_t>(axes.size()));
  return grid;
}

Shape windowed_shape(std::int64_t batch, std::span<const WindowAxis> axes, std::int64_t channels) {
  Shape shape = {batch};
  for (const WindowAxis& axis : axes) shape.append(axis.output);
  shape.append(channels);
  return shape;
}

void check_shape(const char* name, const Shape& given, const Shape& expected) {
  if (compatible(given, expected)) return;
  throw ShapeError(std::string(name) + " has shape " + given.to_string() + ", expected " +
                   expected.to_string());
}

}  // namespace tegula::ops
