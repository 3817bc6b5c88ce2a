// The extension module tegula._core: one bind function per subject.

#include <pybind11/pybind11.h>

#include "bindings.hpp"
#include "gil.hpp"
#include "tegula/core/error.hpp"

namespace {

namespace py = pybind11;

/// Called for the C++ object of what `cls.__new__(cls)` made, when something uses it.
void* refuse_unmade(std::size_t) {
  throw tegula::InvalidArgument("the object was made without its `__init__`: call the class");
}

/// pybind11 would leave such objects uninitialized.
void refuse_unmade_objects(const py::module_& module) {
  for (const auto& [name, item] : py::dict(module.attr("__dict__"))) {
    if (!py::isinstance<py::type>(item)) continue;
    auto* const type = reinterpret_cast<PyTypeObject*>(item.ptr());
    if (auto* const info = py::detail::get_type_info(type)) info->operator_new = &refuse_unmade;
  }
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.doc() = "Tegula's C++ core. Use the package `tegula`; this module's interface may change.";
  module.attr("__version__") = TEGULA_VERSION;
  tegula::python::bind_gil();
  tegula::python::bind_errors(module);
  tegula::python::bind_core(module);
  tegula::python::bind_graph(module);
  tegula::python::bind_control_flow(module);
  tegula::python::bind_session(module);
  if (tegula::python::bind_nn != nullptr) {
    tegula::python::bind_nn(module);
    refuse_unmade_objects(module.attr("nn"));
  }
  refuse_unmade_objects(module);
}
