// Values, types and arrays of layers and models: one, a list, or a dict.

#include <pybind11/stl.h>

#include "nn_objects.hpp"
#include "nn_structures.hpp"
#include "numpy.hpp"

namespace tegula::python {

namespace {

template <typename T, typename ObjectOf>
py::object object_from(const Structure<T>& structure, ObjectOf&& object_of) {
  if (structure.is_one()) return object_of(structure.one());
  if (structure.is_named()) {
    py::dict named;
    for (std::size_t i = 0; i < structure.size(); ++i) {
      named[py::str(structure.names()[i])] = object_of(structure[i]);
    }
    return named;
  }
  py::list list;
  for (const T& item : structure) list.append(object_of(item));
  return list;
}

bool is_shape(const py::handle& object) {
  if (!is_list(object)) return false;
  for (const py::handle dim : object) {
    if (!dim.is_none() && !py::isinstance<py::int_>(dim)) return false;
  }
  return true;
}

}  // namespace

nn::Values values_from_object(const py::handle& object, const std::string& function) {
  return nn::Values(structure_from<Value>(object, [&](const py::handle& item) {
    if (py::isinstance<Value>(item)) return item.cast<Value>();
    throw DTypeError(function + " must return a tensor made of its arguments, got " +
                     py::repr(object).cast<std::string>());
  }));
}

py::object object_from_values(const nn::Values& values) {
  return object_from(values, [](const Value& value) { return py::cast(value); });
}

py::list objects_from_masks(const nn::Masks& masks) {
  py::list objects;
  for (const Value& mask : masks) objects.append(object_from_value(mask));
  return objects;
}

nn::Masks masks_from_objects(const py::handle& objects) {
  nn::Masks masks;
  for (const py::handle object : objects) {
    masks.push_back(object.is_none() ? Value() : object.cast<Value>());
  }
  return masks;
}

nn::ValueTypes types_from_object(const py::handle& object) {
  const auto type_of = [](const py::handle& shape) {
    if (!is_shape(shape)) {
      throw DTypeError("a shape must be a tuple of integers and None, got " +
                       py::repr(shape).cast<std::string>());
    }
    return ValueType{DType::f32, shape.cast<Shape>()};
  };
  if (is_shape(object)) return nn::ValueTypes(type_of(object));
  return structure_from<ValueType>(object, type_of);
}

py::object shapes_from_types(const nn::ValueTypes& types) {
  return object_from(types, [](const ValueType& type) { return py::cast(type.shape); });
}

Tensors tensors_from_object(const py::handle& object) {
  if (object.is_none()) return {};
  return structure_from<Tensor>(object, [](const py::handle& item) { return item.cast<Tensor>(); });
}

py::object results_from_tensors(const Tensors& tensors) {
  return object_from(tensors, [](const Tensor& tensor) { return result_from_tensor(tensor); });
}

}  // namespace tegula::python
