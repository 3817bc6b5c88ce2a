// Lowering of ops that move elements without computing new ones, and of those whose result depends
// on shapes alone.

#include "kernels/cpu/movement.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "kernels/cpu/cast.hpp"
#include "src/backend/cpu/axis_view.hpp"
#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "tegula/core/error.hpp"

namespace tegula::cpu {

namespace {

using Integers = std::vector<std::int64_t>;

std::string text_of(const Node& node) {
  return node.op().name + " " + node.input(0).type().to_string() + " -> " +
         node.outputs()[0].shape.to_string();
}

Integers dims_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

/// A kernel that copies the first input; `run(from, to)`.
template <typename Run>
KernelPointer make_move(const Node& node, Run run) {
  return make_kernel(text_of(node), [=](const KernelArguments& arguments) {
    run(arguments.inputs[0], arguments.outputs[0]);
  });
}

KernelPointer lower_transpose(const Node& node) {
  const Integers extents = dims_of(node.input(0).shape());
  std::vector<int> permutation;
  for (const std::int64_t axis : node.attrs().get<Integers>("perm")) {
    permutation.push_back(static_cast<int>(axis));
  }
  const std::size_t size = size_of(node.input(0).dtype());
  return make_move(node, [=](const void* from, void* to) {
    kernels::transpose(extents, permutation, from, to, size);
  });
}

KernelPointer lower_broadcast(const Node& node) {
  const Integers from_extents = dims_of(node.input(0).shape());
  const Integers extents = dims_of(node.outputs()[0].shape);
  const std::size_t size = size_of(node.input(0).dtype());
  return make_move(node, [=](const void* from, void* to) {
    kernels::broadcast_to(from_extents, extents, from, to, size);
  });
}

KernelPointer lower_tile(const Node& node) {
  const Integers extents = dims_of(node.input(0).shape());
  const Integers multiples = node.attrs().get<Integers>("multiples");
  const std::size_t size = size_of(node.input(0).dtype());
  return make_move(
      node, [=](const void* from, void* to) { kernels::tile(extents, multiples, from, to, size); });
}

/// The first index that each axis of a slice takes. Absent ends are the largest i64.
Integers first_indices(const Attrs& attrs, const Shape& whole) {
  const Integers& begin = attrs.get<Integers>("begin");
  const Integers& step = attrs.get<Integers>("step");
  Integers first;
  for (std::size_t i = 0; i < begin.size(); ++i) {
    const std::int64_t size = whole[static_cast<int>(i)];
    std::int64_t index = begin[i];
    if (index == std::numeric_limits<std::int64_t>::max()) {
      index = step[i] > 0 ? 0 : size - 1;
    } else if (index < 0) {
      index += size;
    }
    first.push_back(
        std::clamp<std::int64_t>(index, step[i] > 0 ? 0 : -1, step[i] > 0 ? size : size - 1));
  }
  return first;
}

KernelPointer lower_slice(const Node& node) {
  const Integers from_extents = dims_of(node.input(0).shape());
  const Integers extents = dims_of(node.outputs()[0].shape);
  const Integers begin = first_indices(node.attrs(), node.input(0).shape());
  const Integers step = node.attrs().get<Integers>("step");
  const std::size_t size = size_of(node.input(0).dtype());
  return make_move(node, [=](const void* from, void* to) {
    kernels::slice(from_extents, begin, step, extents, from, to, size);
  });
}

KernelPointer lower_slice_gradient(const Node& node) {
  const Integers extents = dims_of(node.input(0).shape());
  const Integers to_extents = dims_of(node.outputs()[0].shape);
  const Integers begin = first_indices(node.attrs(), node.outputs()[0].shape);
  const Integers step = node.attrs().get<Integers>("step");
  const std::size_t size = size_of(node.input(0).dtype());
  return make_move(node, [=](const void* from, void* to) {
    kernels::unslice(to_extents, begin, step, extents, from, to, size);
  });
}

KernelPointer lower_pad(const Node& node) {
  const Integers extents = dims_of(node.input(0).shape());
  const Integers before = node.attrs().get<Integers>("before");
  const Integers after = node.attrs().get<Integers>("after");
  const DType dtype = node.input(0).dtype();
  const Tensor value = Tensor::full(dtype, {}, node.attrs().get<double>("value"));
  return make_move(node, [=, size = size_of(dtype)](const void* from, void* to) {
    kernels::pad(extents, before, after, value.raw(), from, to, size);
  });
}

KernelPointer lower_concat(const Node& node) {
  const std::int64_t axis = node.attrs().get<std::int64_t>("axis");
  const AxisView view = view_along(node.outputs()[0].shape, axis);
  Integers sizes;
  for (const Value& input : node.inputs()) {
    sizes.push_back(view_along(input.shape(), axis).size);
  }
  const std::size_t size = size_of(node.outputs()[0].dtype);
  return make_kernel(text_of(node), [=](const KernelArguments& arguments) {
    kernels::concat(view.outer, sizes, view.inner, arguments.inputs, arguments.outputs[0], size);
  });
}

KernelPointer lower_split(const Node& node) {
  const AxisView view = view_along(node.input(0).shape(), node.attrs().get<std::int64_t>("axis"));
  const Integers sizes = node.attrs().get<Integers>("sizes");
  const std::size_t size = size_of(node.input(0).dtype());
  return make_kernel(text_of(node), [=](const KernelArguments& arguments) {
    kernels::split(view.outer, sizes, view.inner, arguments.inputs[0], arguments.outputs, size);
  });
}

KernelPointer lower_cast(const Node& node) {
  const DType from = node.input(0).dtype();
  const DType to = node.outputs()[0].dtype;
  const std::int64_t count = node.outputs()[0].shape.element_count();
  std::vector<InPlace> in_place;
  if (size_of(from) == size_of(to)) in_place.push_back({0, 0});
  return make_kernel(
      "cast " + node.input(0).type().to_string() + " -> " + std::string(to_string(to)),
      [=](const KernelArguments& arguments) {
        kernels::cast(from, arguments.inputs[0], to, arguments.outputs[0], count);
      },
      in_place);
}

/// Copies a result that is known when the plan is made.
KernelPointer make_fixed(const Node& node, Tensor result) {
  return make_kernel(text_of(node), [result = std::move(result)](const KernelArguments& arguments) {
    std::copy_n(static_cast<const std::byte*>(result.raw()), result.byte_count(),
                static_cast<std::byte*>(arguments.outputs[0]));
  });
}

KernelPointer lower_shape_of(const Node& node) {
  const Shape& shape = node.input(0).shape();
  return make_fixed(node, Tensor::from(shape.dims(), {shape.rank()}));
}

KernelPointer lower_element_count(const Node& node) {
  const Shape& shape = node.input(0).shape();
  double count = 1;
  for (const std::int64_t axis : node.attrs().get<Integers>("axes")) {
    count *= static_cast<double>(shape.dim(static_cast<int>(axis)));
  }
  return make_fixed(node, Tensor::full(node.outputs()[0].dtype, {}, count));
}

template <typename Index>
KernelPointer make_gather(const Node& node) {
  const std::int64_t axis = node.attrs().get<std::int64_t>("axis");
  const Shape& shape = node.input(0).shape();
  const AxisView view = view_along(shape, axis);
  const std::int64_t count = node.input(1).shape().element_count();
  const std::size_t size = size_of(node.input(0).dtype());
  return make_kernel(text_of(node), [=](const KernelArguments& arguments) {
    const Index* indices = input<Index>(arguments, 1);
    const std::int64_t wrong =
        kernels::gather<Index>(view.outer, view.size, view.inner, indices, count,
                               arguments.inputs[0], arguments.outputs[0], size);
    if (wrong == kernels::kAllInRange) return;
    throw RunError("gather: index " + std::to_string(indices[wrong]) + " at position " +
                   std::to_string(wrong) + " is outside axis " + std::to_string(axis) + " of " +
                   shape.to_string());
  });
}

template <typename Element, typename Index>
KernelPointer make_gather_gradient(const Node& node) {
  const std::int64_t axis = node.attrs().get<std::int64_t>("axis");
  const Shape& shape = node.outputs()[0].shape;
  const AxisView view = view_along(shape, axis);
  const std::int64_t count = node.input(1).shape().element_count();
  return make_kernel(text_of(node), [=](const KernelArguments& arguments) {
    const Index* indices = input<Index>(arguments, 1);
    const std::int64_t wrong = kernels::scatter_add<Element, Index>(
        view.outer, view.size, view.inner, indices, count, input<Element>(arguments, 0),
        output<Element>(arguments));
    if (wrong == kernels::kAllInRange) return;
    throw RunError("gather_gradient: index " + std::to_string(indices[wrong]) + " at position " +
                   std::to_string(wrong) + " is outside axis " + std::to_string(axis) + " of " +
                   shape.to_string());
  });
}

KernelPointer lower_gather(const Node& node) {
  return node.input(1).dtype() == DType::i32 ? make_gather<std::int32_t>(node)
                                             : make_gather<std::int64_t>(node);
}

template <typename Element>
KernelPointer lower_gather_gradient_as(const Node& node) {
  return node.input(1).dtype() == DType::i32 ? make_gather_gradient<Element, std::int32_t>(node)
                                             : make_gather_gradient<Element, std::int64_t>(node);
}

KernelPointer lower_gather_gradient(const Node& node) {
  switch (node.input(0).dtype()) {
    case DType::f32:
      return lower_gather_gradient_as<float>(node);
    case DType::f64:
      return lower_gather_gradient_as<double>(node);
    case DType::i32:
      return lower_gather_gradient_as<std::int32_t>(node);
    case DType::i64:
      return lower_gather_gradient_as<std::int64_t>(node);
    default:
      return nullptr;
  }
}

template <typename Index>
KernelPointer make_one_hot(const Node& node) {
  const DType dtype = node.outputs()[0].dtype;
  const Tensor on = Tensor::full(dtype, {}, node.attrs().get<double>("on"));
  const Tensor off = Tensor::full(dtype, {}, node.attrs().get<double>("off"));
  const std::int64_t count = node.input(0).shape().element_count();
  const std::int64_t depth = node.attrs().get<std::int64_t>("depth");
  return make_kernel(text_of(node), [=](const KernelArguments& arguments) {
    kernels::one_hot<Index>(input<Index>(arguments, 0), count, depth, on.raw(), off.raw(),
                            arguments.outputs[0], size_of(dtype));
  });
}

KernelPointer lower_one_hot(const Node& node) {
  switch (node.input(0).dtype()) {
    case DType::i32:
      return make_one_hot<std::int32_t>(node);
    case DType::i64:
      return make_one_hot<std::int64_t>(node);
    default:
      return nullptr;
  }
}

constexpr Lowering kLowerings[] = {
    {"transpose", lower_transpose},
    {"broadcast_to", lower_broadcast},
    {"broadcast_like", lower_broadcast},
    {"tile", lower_tile},
    {"slice", lower_slice},
    {"slice_gradient", lower_slice_gradient},
    {"pad", lower_pad},
    {"concat", lower_concat},
    {"split", lower_split},
    {"cast", lower_cast},
    {"shape_of", lower_shape_of},
    {"element_count", lower_element_count},
    {"gather", lower_gather},
    {"gather_gradient", lower_gather_gradient},
    {"one_hot", lower_one_hot},
};

}  // namespace

std::span<const Lowering> movement_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
