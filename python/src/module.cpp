// The extension module tegula._core: one bind function per subject.

#include <pybind11/pybind11.h>

#include "bindings.hpp"
#include "gil.hpp"

PYBIND11_MODULE(_core, module) {
  module.doc() = "Tegula's C++ core. Use the package `tegula`; this module's interface may change.";
  module.attr("__version__") = TEGULA_VERSION;
  tegula::python::bind_gil();
  tegula::python::bind_errors(module);
  tegula::python::bind_core(module);
  tegula::python::bind_graph(module);
  tegula::python::bind_session(module);
  if (tegula::python::bind_nn != nullptr) tegula::python::bind_nn(module);
}
