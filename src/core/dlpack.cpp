#include "tegula/core/dlpack.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tegula/core/error.hpp"

namespace tegula {

namespace {

constexpr std::int32_t kCpu = 1;
constexpr std::uint8_t kInt = 0, kUInt = 1, kFloat = 2, kBfloat = 4, kBool = 6;
constexpr std::int64_t kMaxBytes = std::numeric_limits<std::ptrdiff_t>::max();

/// What an exported tensor needs while somebody uses it.
struct Exported {
  DLPackManaged managed;
  Tensor tensor;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

DLPackType type_of(DType dtype) {
  const auto bits = static_cast<std::uint8_t>(8 * size_of(dtype));
  const auto of_code = [&](std::uint8_t code) { return DLPackType{code, bits, 1}; };
  if (dtype == DType::boolean) return of_code(kBool);
  if (dtype == DType::bf16) return of_code(kBfloat);
  if (dtype == DType::u8) return of_code(kUInt);
  return of_code(is_floating(dtype) ? kFloat : kInt);
}

DType known_dtype(const DLPackType& type) {
  for (const DType dtype : kAllDTypes) {
    const DLPackType known = type_of(dtype);
    if (known.code == type.code && known.bits == type.bits && type.lanes == 1) return dtype;
  }
  throw DTypeError("DLPack dtype of code " + std::to_string(type.code) + ", " +
                   std::to_string(type.bits) + " bits and " + std::to_string(type.lanes) +
                   " lanes is not supported");
}

Shape shape_of(const DLPackTensor& source) {
  if (source.rank < 0 || (source.rank > 0 && source.shape == nullptr)) {
    throw ShapeError("DLPack data of rank " + std::to_string(source.rank) + " without a shape");
  }
  return Shape(std::span<const std::int64_t>(source.shape, static_cast<std::size_t>(source.rank)));
}

std::vector<std::int64_t> row_major(const Shape& shape) {
  std::vector<std::int64_t> strides(static_cast<std::size_t>(shape.rank()));
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = step;
    step *= shape[axis];
  }
  return strides;
}

bool is_row_major(const DLPackTensor& source, const Shape& shape) {
  if (source.strides == nullptr) return true;
  const std::vector<std::int64_t> expected = row_major(shape);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] > 1 && source.strides[axis] != expected[static_cast<std::size_t>(axis)]) {
      return false;
    }
  }
  return true;
}

/// Throws for places of elements, counted from the first, that pointers cannot reach.
void check_extent(const DLPackTensor& source, const Shape& shape, std::int64_t element_size) {
  std::int64_t left = kMaxBytes / element_size - 1;  // one is the first element
  const auto take = [&](std::int64_t steps, std::int64_t stride) {
    const bool fits = stride != std::numeric_limits<std::int64_t>::min() &&
                      (stride == 0 || steps <= left / std::abs(stride));
    if (!fits) {
      throw InvalidArgument("DLPack data of shape " + shape.to_string() +
                            " have strides that no memory has");
    }
    left -= steps * std::abs(stride);
  };
  const std::int64_t all = left;
  take(shape.element_count(), 1);  // as many are copied, or stand in a row
  if (source.strides == nullptr) return;
  left = all;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] > 1) take(shape[axis] - 1, source.strides[axis]);
  }
}

void check_memory(const DLPackTensor& source) {
  if (source.device.type != kCpu) {
    throw InvalidArgument("DLPack data on device type " + std::to_string(source.device.type) +
                          " is given; move it to the CPU first");
  }
  if (source.data == nullptr || source.byte_offset > static_cast<std::uint64_t>(kMaxBytes)) {
    throw InvalidArgument("DLPack data without memory is given");
  }
}

/// Copies elements in row-major order. Neither strides nor addresses need suit the dtype.
void gather(const DLPackTensor& source, const std::byte* base, Tensor& target) {
  const std::size_t size = size_of(target.dtype());
  const std::vector<std::int64_t> dense = row_major(target.shape());
  const std::int64_t* const strides = source.strides == nullptr ? dense.data() : source.strides;
  auto* out = static_cast<std::byte*>(target.raw());
  for (std::int64_t position = 0; position < target.element_count(); ++position) {
    std::int64_t rest = position, offset = 0;
    for (int axis = target.rank() - 1; axis >= 0; --axis) {
      const std::int64_t length = target.shape()[axis];
      if (length > 1) offset += rest % length * strides[axis];
      rest /= length;
    }
    std::memcpy(out + static_cast<std::size_t>(position) * size,
                base + offset * static_cast<std::int64_t>(size), size);
  }
}

}  // namespace

DLPackManaged* to_dlpack(const Tensor& tensor) {
  auto exported = std::make_unique<Exported>();
  exported->tensor = tensor;
  exported->shape.assign(tensor.shape().dims().begin(), tensor.shape().dims().end());
  exported->strides = row_major(tensor.shape());
  exported->managed = {
      .tensor = {.data = exported->tensor.raw(),
                 .device = {kCpu, 0},
                 .rank = tensor.rank(),
                 .dtype = type_of(tensor.dtype()),
                 .shape = exported->shape.data(),
                 .strides = exported->strides.data(),
                 .byte_offset = 0},
      .context = exported.get(),
      .deleter = [](DLPackManaged* self) { delete static_cast<Exported*>(self->context); }};
  return &exported.release()->managed;
}

Tensor from_dlpack(const DLPackTensor& source, std::shared_ptr<void> owner) {
  const DType dtype = known_dtype(source.dtype);
  const Shape shape = shape_of(source);
  if (shape.element_count() == 0) return Tensor(dtype, shape);
  check_memory(source);
  const auto size = static_cast<std::int64_t>(size_of(dtype));
  check_extent(source, shape, size);
  auto* const base = static_cast<std::byte*>(source.data) + source.byte_offset;
  const bool aligned =
      reinterpret_cast<std::uintptr_t>(base) % static_cast<std::uintptr_t>(size) == 0;
  if (aligned && is_row_major(source, shape)) {
    return Tensor::borrow(dtype, shape, base, std::move(owner));
  }
  Tensor copy(dtype, shape);
  gather(source, base, copy);
  return copy;
}

}  // namespace tegula
