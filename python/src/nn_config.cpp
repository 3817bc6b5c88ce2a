#include "nn_config.hpp"

namespace tegula::python {

namespace py = pybind11;
using nn::Config;

namespace {

struct ToObject {
  py::object operator()(std::nullptr_t) const { return py::none(); }
  py::object operator()(bool value) const { return py::bool_(value); }
  py::object operator()(std::int64_t value) const { return py::int_(value); }
  py::object operator()(double value) const { return py::float_(value); }
  py::object operator()(const std::string& value) const { return py::str(value); }
  py::object operator()(const Config::List& list) const {
    py::list result;
    for (const Config& item : list) result.append(object_from_config(item));
    return result;
  }
  py::object operator()(const Config::Object& object) const {
    py::dict result;
    for (const auto& [key, value] : object) result[py::str(key)] = object_from_config(value);
    return result;
  }
};

std::string text_from_object(py::handle object) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
  if (text != nullptr) return {text, static_cast<std::size_t>(size)};
  PyErr_Clear();
  throw InvalidArgument("the text " + py::repr(object).cast<std::string>() +
                        " holds half a character (a lone surrogate), which UTF-8 has no form of");
}

Config integer_from_object(py::handle object) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
  if (overflow == 0) return std::int64_t{value};
  throw InvalidArgument("the integer " + py::repr(object).cast<std::string>() +
                        " does not fit 64 bits");
}

/// Also what behaves as a number without being one, such as NumPy's scalars.
Config number_from_object(py::handle object) {
  if (PyIndex_Check(object.ptr())) {
    const auto integer = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
    if (!integer) throw py::error_already_set();
    return integer_from_object(integer);
  }
  const py::object number = py::reinterpret_steal<py::object>(PyNumber_Float(object.ptr()));
  if (number) return number.cast<double>();
  PyErr_Clear();
  throw DTypeError("expected a number, text, list or dict, got " +
                   py::repr(object).cast<std::string>());
}

Config config_at(py::handle object, std::size_t depth);

Config::Object entries_of(const py::dict& dict, std::size_t depth) {
  Config::Object result;
  for (const auto& [key, value] : dict) {
    if (!py::isinstance<py::str>(key)) {
      throw DTypeError("expected text for the keys of a dict, got " +
                       py::repr(key).cast<std::string>());
    }
    result.emplace_back(text_from_object(key), config_at(value, depth));
  }
  return result;
}

Config config_at(py::handle object, std::size_t depth) {
  if (object.is_none()) return nullptr;
  if (py::isinstance<py::bool_>(object)) return object.cast<bool>();
  if (py::isinstance<py::int_>(object)) return integer_from_object(object);
  if (py::isinstance<py::float_>(object)) return object.cast<double>();
  if (py::isinstance<py::str>(object)) return text_from_object(object);
  const bool dict = py::isinstance<py::dict>(object);
  const bool list = py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object);
  if (!dict && !list) return number_from_object(object);
  if (depth == nn::kMaxConfigDepth) {
    throw InvalidArgument("the data are nested more than " + std::to_string(nn::kMaxConfigDepth) +
                          " levels deep, or hold themselves");
  }
  if (dict) return entries_of(py::reinterpret_borrow<py::dict>(object), depth + 1);
  Config::List result;
  for (const py::handle item : object) result.push_back(config_at(item, depth + 1));
  return result;
}

}  // namespace

Config config_from_object(py::handle object) { return config_at(object, 0); }

py::object object_from_config(const Config& config) {
  return std::visit(ToObject{}, config.storage());
}

}  // namespace tegula::python
