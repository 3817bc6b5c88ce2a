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

}  // namespace

Config config_from_object(py::handle object) {
  if (object.is_none()) return nullptr;
  if (py::isinstance<py::bool_>(object)) return object.cast<bool>();
  if (py::isinstance<py::int_>(object)) return integer_from_object(object);
  if (py::isinstance<py::float_>(object)) return object.cast<double>();
  if (py::isinstance<py::str>(object)) return object.cast<std::string>();
  if (py::isinstance<py::dict>(object)) {
    Config::Object result;
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(object)) {
      if (!py::isinstance<py::str>(key)) {
        throw DTypeError("expected text for the keys of a dict, got " +
                         py::repr(key).cast<std::string>());
      }
      result.emplace_back(key.cast<std::string>(), config_from_object(value));
    }
    return result;
  }
  if (py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object)) {
    Config::List result;
    for (const py::handle item : object) result.push_back(config_from_object(item));
    return result;
  }
  return number_from_object(object);
}

py::object object_from_config(const Config& config) {
  return std::visit(ToObject{}, config.storage());
}

}  // namespace tegula::python
