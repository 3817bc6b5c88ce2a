// Python's exception classes: Tegula's family, each also a built-in class that Python code expects.

#include <string>

#include "bindings.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/shortened.hpp"

namespace tegula::python {

namespace py = pybind11;

namespace {

/// The classes live as long as the interpreter.
struct Classes {
  PyObject* error;
  PyObject* invalid_argument;
  PyObject* shape;
  PyObject* dtype;
  PyObject* not_found;
  PyObject* format;
  PyObject* io;
  PyObject* run;
};

Classes classes;

PyObject* define(py::module_& module, const char* name, const char* doc, const py::tuple& bases) {
  // The public module, so that tracebacks and pickles name what programs catch.
  const std::string full = std::string("tegula.errors.") + name;
  PyObject* const created = PyErr_NewExceptionWithDoc(full.c_str(), doc, bases.ptr(), nullptr);
  if (created == nullptr) throw py::error_already_set();
  module.attr(name) = py::reinterpret_borrow<py::object>(created);
  return created;
}

/// Longer messages, which hold long names or values, lose their middle.
constexpr std::size_t kMaxMessage = 1000;

/// Bytes that are no UTF-8, as names in damaged files may have, are replaced.
py::object text_of(const char* message) {
  const std::string text = detail::shortened(message, kMaxMessage);
  return py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

void set(PyObject* error_class, const Error& error) {
  const py::object text = text_of(error.what());
  if (text) PyErr_SetObject(error_class, text.ptr());
}

void translate(std::exception_ptr pointer) {
  if (!pointer) return;
  try {
    std::rethrow_exception(pointer);
  } catch (const ShapeError& error) {
    set(classes.shape, error);
  } catch (const NotFound& error) {
    set(classes.not_found, error);
  } catch (const FormatError& error) {
    set(classes.format, error);
  } catch (const InvalidArgument& error) {
    set(classes.invalid_argument, error);
  } catch (const DTypeError& error) {
    set(classes.dtype, error);
  } catch (const IoError& error) {
    set(classes.io, error);
  } catch (const RunError& error) {
    set(classes.run, error);
  } catch (const Error& error) {
    set(classes.error, error);
  }
}

}  // namespace

void bind_errors(py::module_& module) {
  const auto of = [](PyObject* a, PyObject* b) {
    return py::make_tuple(py::handle(a), py::handle(b));
  };
  classes.error = define(module, "Error", "Base of Tegula's exceptions.",
                         py::make_tuple(py::handle(PyExc_RuntimeError)));
  classes.invalid_argument = define(module, "InvalidArgument", "An argument has an unusable value.",
                                    of(classes.error, PyExc_ValueError));
  const py::tuple invalid = py::make_tuple(py::handle(classes.invalid_argument));
  classes.shape = define(module, "ShapeError", "Shapes do not fit together.", invalid);
  classes.not_found = define(module, "NotFound", "A name does not exist.", invalid);
  classes.format =
      define(module, "FormatError", "A file or text is not in the format it claims.", invalid);
  classes.dtype = define(module, "DTypeError", "A dtype is not accepted here.",
                         of(classes.error, PyExc_TypeError));
  classes.io = define(module, "IoError", "The operating system refused a file operation.",
                      of(classes.error, PyExc_OSError));
  classes.run = define(module, "RunError", "A graph cannot be run as asked.",
                       py::make_tuple(py::handle(classes.error)));
  py::register_exception_translator(&translate);
}

}  // namespace tegula::python
