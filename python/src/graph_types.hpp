#pragma once
// Conversions of attributes and node outputs that several parts of the module share.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "numpy.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::python {

/// As Python's closest type: bool, int, float, str, dtype name, shape tuple, tuple of int, ndarray;
/// a cluster as its text.
py::object object_from_attr(const AttrValue& value);
/// `object` as an attribute of the same type as `like`. Throws InvalidArgument naming `name`.
AttrValue attr_from_object(py::handle object, const AttrValue& like, std::string_view name);

}  // namespace tegula::python
