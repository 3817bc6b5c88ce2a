#pragma once
// Conversions between Tegula's values and Python's, as casters: a function bound with Tensor, DType
// or Shape in its signature takes and returns NumPy arrays, dtype names and tuples.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "tegula/core/tensor.hpp"

namespace tegula::python {

namespace py = pybind11;

/// The array's elements: shared, and kept alive by the tensor, when they are row-major, aligned and
/// of the machine's byte order; else copied once. Throws DTypeError for a dtype that Tegula lacks.
Tensor tensor_from_array(const py::array& array);
/// Any array-like; `dtype`, when given, is what the elements are converted to. Floats become
/// integers never, or only when no fraction is lost: else DTypeError.
enum class Fractions { never, where_exact };
Tensor tensor_from_object(py::handle object);
Tensor tensor_from_object(py::handle object, DType dtype, Fractions fractions = Fractions::never);
/// An array that shares the tensor's memory and keeps it alive. Rank 0 gives an array of rank 0.
/// bfloat16 needs the package ml_dtypes; without it the elements are converted to float32.
py::array array_from_tensor(const Tensor& tensor);
/// As `array_from_tensor`, but a NumPy scalar for rank 0.
py::object result_from_tensor(const Tensor& tensor);

/// "float32", np.float32, np.dtype("float32"), float, tegula.float32.
DType dtype_from_object(py::handle object);
/// The NumPy dtype. bfloat16 needs ml_dtypes: DTypeError without it.
py::dtype numpy_dtype(DType dtype);

/// A sequence of int or None, one int, or an object with `as_list()`.
Shape shape_from_object(py::handle object);
/// None for unknown dimensions.
py::tuple tuple_from_shape(const Shape& shape);

}  // namespace tegula::python

namespace pybind11::detail {

template <>
struct type_caster<tegula::Tensor> {
  PYBIND11_TYPE_CASTER(tegula::Tensor, const_name("numpy.ndarray"));
  bool load(handle source, bool) {
    if (!source || source.is_none()) return false;
    value = tegula::python::tensor_from_object(source);
    return true;
  }
  static handle cast(const tegula::Tensor& tensor, return_value_policy, handle) {
    return tegula::python::array_from_tensor(tensor).release();
  }
};

template <>
struct type_caster<tegula::DType> {
  PYBIND11_TYPE_CASTER(tegula::DType, const_name("str"));
  bool load(handle source, bool) {
    if (!source || source.is_none()) return false;
    value = tegula::python::dtype_from_object(source);
    return true;
  }
  static handle cast(tegula::DType dtype, return_value_policy, handle) {
    const std::string_view name = tegula::numpy_name(dtype);
    return str(name.data(), name.size()).release();
  }
};

template <>
struct type_caster<tegula::Shape> {
  PYBIND11_TYPE_CASTER(tegula::Shape, const_name("tuple[Optional[int], ...]"));
  bool load(handle source, bool) {
    if (!source || source.is_none()) return false;
    value = tegula::python::shape_from_object(source);
    return true;
  }
  static handle cast(const tegula::Shape& shape, return_value_policy, handle) {
    return tegula::python::tuple_from_shape(shape).release();
  }
};

}  // namespace pybind11::detail
