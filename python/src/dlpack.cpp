// DLPack, version 0.8 of its C interface (the unversioned capsule, which every library
// understands). The structures are laid out as its specification says.

#include "dlpack.hpp"

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "gil.hpp"
#include "numpy.hpp"

namespace tegula::python {

namespace {

constexpr std::int32_t kDeviceCpu = 1;
constexpr std::uint8_t kInt = 0, kUInt = 1, kFloat = 2, kBfloat = 4, kBool = 6;

struct DlDevice {
  std::int32_t type;
  std::int32_t id;
};

struct DlDataType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};

struct DlTensor {
  void* data;
  DlDevice device;
  std::int32_t rank;
  DlDataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;  // in elements; null: row-major
  std::uint64_t byte_offset;
};

struct DlManagedTensor {
  DlTensor tensor;
  void* context;
  void (*deleter)(DlManagedTensor*);
};

/// What an exported tensor needs while somebody uses it.
struct Exported {
  DlManagedTensor managed;
  Tensor tensor;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

DlDataType type_of(DType dtype) {
  const auto bits = static_cast<std::uint8_t>(8 * size_of(dtype));
  const auto of_code = [&](std::uint8_t code) { return DlDataType{code, bits, 1}; };
  if (dtype == DType::boolean) return of_code(kBool);
  if (dtype == DType::bf16) return of_code(kBfloat);
  if (dtype == DType::u8) return of_code(kUInt);
  return of_code(is_floating(dtype) ? kFloat : kInt);
}

DType dtype_of_type(const DlDataType& type) {
  for (const DType dtype : kAllDTypes) {
    const DlDataType known = type_of(dtype);
    if (known.code == type.code && known.bits == type.bits && type.lanes == 1) return dtype;
  }
  throw DTypeError("DLPack dtype of code " + std::to_string(type.code) + ", " +
                   std::to_string(type.bits) + " bits and " + std::to_string(type.lanes) +
                   " lanes is not supported");
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

bool is_row_major(const DlTensor& tensor, const Shape& shape) {
  if (tensor.strides == nullptr) return true;
  const std::vector<std::int64_t> expected = row_major(shape);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] > 1 && tensor.strides[axis] != expected[static_cast<std::size_t>(axis)]) {
      return false;
    }
  }
  return true;
}

/// Copies elements in row-major order from `source`, which has strides.
void gather(const DlTensor& source, const std::byte* base, Tensor& target) {
  const std::size_t size = size_of(target.dtype());
  auto* out = static_cast<std::byte*>(target.raw());
  for (std::int64_t position = 0; position < target.element_count(); ++position) {
    std::int64_t rest = position, offset = 0;
    for (int axis = target.rank() - 1; axis >= 0; --axis) {
      const std::int64_t length = target.shape()[axis];
      offset += rest % length * source.strides[axis];
      rest /= length;
    }
    std::memcpy(out + static_cast<std::size_t>(position) * size,
                base + offset * static_cast<std::int64_t>(size), size);
  }
}

void check_cpu(const DlTensor& tensor) {
  if (tensor.device.type == kDeviceCpu) return;
  throw InvalidArgument("DLPack data on device type " + std::to_string(tensor.device.type) +
                        " is given; move it to the CPU first");
}

}  // namespace

py::capsule to_dlpack(const Tensor& tensor) {
  auto exported = std::make_unique<Exported>();
  exported->tensor = tensor;
  exported->shape.assign(tensor.shape().dims().begin(), tensor.shape().dims().end());
  exported->strides = row_major(tensor.shape());
  exported->managed = {
      .tensor = {.data = exported->tensor.raw(),
                 .device = {kDeviceCpu, 0},
                 .rank = tensor.rank(),
                 .dtype = type_of(tensor.dtype()),
                 .shape = exported->shape.data(),
                 .strides = exported->strides.data(),
                 .byte_offset = 0},
      .context = exported.get(),
      .deleter = [](DlManagedTensor* self) { delete static_cast<Exported*>(self->context); }};
  // A consumer renames the capsule and becomes responsible for the deleter.
  return py::capsule(&exported.release()->managed, "dltensor", [](PyObject* capsule) {
    if (!PyCapsule_IsValid(capsule, "dltensor")) return;
    auto* managed = static_cast<DlManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
    managed->deleter(managed);
  });
}

Tensor from_dlpack(py::handle source) {
  py::object capsule = py::reinterpret_borrow<py::object>(source);
  if (py::hasattr(source, "__dlpack__")) capsule = source.attr("__dlpack__")();
  if (!PyCapsule_IsValid(capsule.ptr(), "dltensor")) {
    throw InvalidArgument(
        "an object with __dlpack__, or a DLPack capsule that was not used before, is needed");
  }
  auto* managed = static_cast<DlManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
  const DlTensor& tensor = managed->tensor;
  check_cpu(tensor);
  const DType dtype = dtype_of_type(tensor.dtype);
  const Shape shape(
      std::span<const std::int64_t>(tensor.shape, static_cast<std::size_t>(tensor.rank)));
  PyCapsule_SetName(capsule.ptr(), "used_dltensor");
  const std::shared_ptr<void> owner(managed, [](void* pointer) {
    auto* used = static_cast<DlManagedTensor*>(pointer);
    if (used->deleter == nullptr || !Py_IsInitialized()) return;
    const AcquiredGil gil;
    used->deleter(used);
  });
  auto* base = static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
  if (is_row_major(tensor, shape)) return Tensor::borrow(dtype, shape, base, owner);
  Tensor copy(dtype, shape);
  gather(tensor, base, copy);
  return copy;
}

void bind_dlpack(py::module_& module) {
  module.def(
      "to_dlpack", [](py::handle array) { return to_dlpack(tensor_from_object(array)); },
      py::arg("array"), "A DLPack capsule that shares the array's memory.");
  module.def(
      "from_dlpack", [](py::handle source) { return from_dlpack(source); }, py::arg("source"),
      "The data of a DLPack capsule or of an object with __dlpack__, as an array without a copy.");
}

}  // namespace tegula::python
