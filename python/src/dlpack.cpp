#include "dlpack.hpp"

#include <memory>

#include "gil.hpp"
#include "numpy.hpp"
#include "tegula/core/dlpack.hpp"

namespace tegula::python {

py::capsule to_dlpack(const Tensor& tensor) {
  // A consumer renames the capsule and becomes responsible for the deleter.
  return py::capsule(tegula::to_dlpack(tensor), "dltensor", [](PyObject* capsule) {
    if (!PyCapsule_IsValid(capsule, "dltensor")) return;
    auto* managed = static_cast<DLPackManaged*>(PyCapsule_GetPointer(capsule, "dltensor"));
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
  auto* managed = static_cast<DLPackManaged*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
  const auto taken = std::make_shared<bool>(false);  // else the data are still the capsule's
  const std::shared_ptr<void> owner(managed, [taken](void* pointer) {
    auto* used = static_cast<DLPackManaged*>(pointer);
    if (!*taken || used->deleter == nullptr || !Py_IsInitialized()) return;
    const AcquiredGil gil;
    used->deleter(used);
  });
  Tensor result = tegula::from_dlpack(managed->tensor, owner);
  PyCapsule_SetName(capsule.ptr(), "used_dltensor");
  *taken = true;
  return result;
}

void bind_dlpack(py::module_& module) {
  module.def(
      "to_dlpack", [](py::handle array) { return python::to_dlpack(tensor_from_object(array)); },
      py::arg("array"), "A DLPack capsule that shares the array's memory.");
  module.def(
      "from_dlpack", [](py::handle source) { return python::from_dlpack(source); },
      py::arg("source"),
      "The data of a DLPack capsule or of an object with __dlpack__, as an array without a copy.");
}

}  // namespace tegula::python
