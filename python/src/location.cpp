#include "location.hpp"

#include <pybind11/gil_safe_call_once.h>
#include <pybind11/pybind11.h>

#include <string>
#include <string_view>

namespace tegula::python {

namespace py = pybind11;

namespace {

/// Folder of the package, with a slash at its end.
const std::string& package_folder() {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<std::string> folder;
  return folder
      .call_once_and_store_result([] {
        const auto file = py::module_::import("tegula").attr("__file__").cast<std::string>();
        return file.substr(0, file.rfind('/') + 1);
      })
      .get_stored();
}

std::string_view text_of(PyObject* unicode) {
  Py_ssize_t size = 0;
  const char* const data = PyUnicode_AsUTF8AndSize(unicode, &size);
  if (data == nullptr) {
    PyErr_Clear();
    return {};
  }
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

SourceLocation user_location() {
  const std::string& package = package_folder();
  auto frame = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(PyEval_GetFrame()));
  while (frame && !frame.is_none()) {
    const py::object code = frame.attr("f_code");
    const py::object file = code.attr("co_filename");
    const std::string_view name = text_of(file.ptr());
    if (!name.starts_with(package)) {
      return {name, frame.attr("f_lineno").cast<std::uint32_t>()};
    }
    frame = frame.attr("f_back");
  }
  return {};
}

}  // namespace tegula::python
