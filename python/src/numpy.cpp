#include "numpy.hpp"

#include <pybind11/gil_safe_call_once.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "gil.hpp"

namespace tegula::python {

namespace {

/// Results that nobody else sees are copied up to this size: quicker than to make an object that
/// keeps their memory.
constexpr std::size_t kMaxCopiedBytes = 4096;

/// Releases a Python object, from whichever thread drops the last reference. After the
/// interpreter's end there is nothing left to release.
void drop(PyObject* object) {
  if (!Py_IsInitialized()) return;
  if (PyGILState_Check() != 0) {  // mostly: a call's feeds are dropped by the thread that called
    Py_DECREF(object);
    return;
  }
  const AcquiredGil gil;
  Py_DECREF(object);
}

std::shared_ptr<void> owner_of(const py::object& object) {
  PyObject* const pointer = object.ptr();
  Py_INCREF(pointer);
  return {pointer, [](void* kept) { drop(static_cast<PyObject*>(kept)); }};
}

/// ml_dtypes.bfloat16 as a dtype; None when the package is not installed.
py::object bfloat16_dtype() {
  // Threads that wait let the one go on that imports; the object outlives the interpreter.
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::object> dtype;
  return dtype
      .call_once_and_store_result([]() -> py::object {
        try {
          return py::dtype::from_args(py::module_::import("ml_dtypes").attr("bfloat16"));
        } catch (py::error_already_set& error) {
          if (!error.matches(PyExc_ImportError)) throw;
          return py::none();
        }
      })
      .get_stored();
}

std::string name_of(const py::dtype& dtype) {
  return py::str(dtype.attr("name")).cast<std::string>();
}

/// False for a dtype without a counterpart.
bool find_dtype(const py::dtype& given, DType& dtype) {
  const char kind = given.kind();
  const py::ssize_t size = given.itemsize();
  if (kind == 'f' && size == 4) return dtype = DType::f32, true;
  if (kind == 'f' && size == 8) return dtype = DType::f64, true;
  if (kind == 'f' && size == 2) return dtype = DType::f16, true;
  if (kind == 'i' && size == 4) return dtype = DType::i32, true;
  if (kind == 'i' && size == 8) return dtype = DType::i64, true;
  if (kind == 'i' && size == 1) return dtype = DType::i8, true;
  if (kind == 'u' && size == 1) return dtype = DType::u8, true;
  if (kind == 'b') return dtype = DType::boolean, true;
  if (size == 2 && name_of(given) == "bfloat16") return dtype = DType::bf16, true;
  return false;
}

DType require_dtype(const py::dtype& given) {
  DType dtype = DType::f32;
  if (find_dtype(given, dtype)) return dtype;
  throw DTypeError(
      "arrays of dtype " + name_of(given) +
      " are not supported; convert to float32, float64, float16, bfloat16, int8, uint8, int32, "
      "int64 or bool");
}

Shape shape_of(const py::array& array) {
  if (array.ndim() > Shape::kMaxRank) {
    throw ShapeError("an array of rank " + std::to_string(array.ndim()) +
                     " is given; the highest rank is " + std::to_string(Shape::kMaxRank));
  }
  Shape shape;
  for (py::ssize_t axis = 0; axis < array.ndim(); ++axis) shape.append(array.shape(axis));
  return shape;
}

bool usable_in_place(const py::array& array) {
  constexpr int kNeeded =
      py::detail::npy_api::NPY_ARRAY_ALIGNED_ | py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_;
  if ((array.flags() & kNeeded) != kNeeded) return false;
  const char order = py::detail::array_descriptor_proxy(array.dtype().ptr())->byteorder;
  return order != '>';  // '=' and '|' are native; little-endian machines write '<' as '='.
}

py::object numpy_function(const char* name) { return py::module_::import("numpy").attr(name); }

/// A new array on `data`, or on memory of its own when that is null. NumPy's function itself:
/// py::array's constructors make three vectors and look its flags up first.
py::array new_array(const py::dtype& dtype, const Shape& shape, void* data) {
  constexpr int kFlags = py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ |
                         py::detail::npy_api::NPY_ARRAY_ALIGNED_ |
                         py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  const py::detail::npy_api& api = py::detail::npy_api::get();
  std::array<Py_intptr_t, Shape::kMaxRank> dims{};
  std::copy(shape.begin(), shape.end(), dims.begin());
  PyObject* const array = api.PyArray_NewFromDescr_(
      api.PyArray_Type_, dtype.inc_ref().ptr(),  // the reference is stolen
      shape.rank(), dims.data(), nullptr, data, data == nullptr ? 0 : kFlags, nullptr);
  if (array == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::array>(array);
}

py::array as_array(py::handle object) {
  if (py::isinstance<py::array>(object)) return py::reinterpret_borrow<py::array>(object);
  return py::array(numpy_function("asarray")(object));
}

/// "the value 300 at [0, 2] does not fit uint8", of the first element that a conversion changed.
[[noreturn]] void throw_changed(const py::array& given, const py::array& converted, DType dtype) {
  const py::object place = py::tuple(
      numpy_function("argwhere")(converted.attr("__ne__")(given))[py::int_(0)].attr("tolist")());
  const py::object value = py::array(given)[place];
  throw InvalidArgument(
      "the value " + py::str(value).cast<std::string>() +
      (given.ndim() == 0 ? "" : " at " + py::str(py::list(place)).cast<std::string>()) +
      " does not fit " + std::string(numpy_name(dtype)));
}

/// While it lasts, NumPy does not warn of values that no integer holds.
class QuietCasts {
 public:
  QuietCasts() : state_(numpy_function("errstate")(py::arg("invalid") = "ignore")) {
    state_.attr("__enter__")();
  }
  ~QuietCasts() {
    try {
      state_.attr("__exit__")(py::none(), py::none(), py::none());
    } catch (py::error_already_set& error) {
      error.discard_as_unraisable("numpy.errstate");
    }
  }
  QuietCasts(const QuietCasts&) = delete;
  QuietCasts& operator=(const QuietCasts&) = delete;

 private:
  py::object state_;
};

bool has_fractions(const py::array& array) {
  const py::object whole = numpy_function("trunc")(array);
  return !numpy_function("array_equal")(whole, array).cast<bool>();
}

}  // namespace

Tensor tensor_from_array(const py::array& array) {
  const DType dtype = require_dtype(array.dtype());
  const Shape shape = shape_of(array);
  py::array source = array;
  if (!usable_in_place(array)) {
    source = numpy_function("require")(array, numpy_dtype(dtype), "CA");
  }
  return Tensor::borrow(dtype, shape, const_cast<void*>(source.data()), owner_of(source));
}

Tensor tensor_from_object(py::handle object) { return tensor_from_array(as_array(object)); }

Tensor tensor_from_object(py::handle object, DType dtype, Fractions fractions) {
  const py::array array = as_array(object);
  DType given = DType::f32;
  if (find_dtype(array.dtype(), given) && given == dtype) return tensor_from_array(array);
  const char kind = array.dtype().kind();
  const bool numbers = kind == 'b' || kind == 'i' || kind == 'u' || kind == 'f' ||
                       (kind == 'V' && find_dtype(array.dtype(), given));
  const bool rounds = kind == 'f' && !is_floating(dtype);
  bool fits = numbers && (!rounds || fractions == Fractions::where_exact);
  py::array converted;
  if (fits) {
    fits = !rounds || !has_fractions(array);
  }
  if (fits) {
    const QuietCasts quiet;
    converted = array.attr("astype")(numpy_dtype(dtype));
    const bool may_wrap = is_integer(dtype) && (kind == 'i' || kind == 'u' || kind == 'f');
    if (may_wrap && !numpy_function("array_equal")(converted, array).cast<bool>()) {
      throw_changed(array, converted, dtype);
    }
  }
  if (!fits) {
    throw DTypeError("values of dtype " + name_of(array.dtype()) + " cannot become " +
                     std::string(numpy_name(dtype)));
  }
  return tensor_from_array(converted);
}

py::array array_from_tensor(const Tensor& tensor) {
  if (tensor.dtype() == DType::bf16 && bfloat16_dtype().is_none()) {
    return array_from_tensor(tensor.cast(DType::f32));
  }
  const py::dtype dtype = numpy_dtype(tensor.dtype());
  if (tensor.raw() == nullptr) return new_array(dtype, tensor.shape(), nullptr);
  py::array array = new_array(dtype, tensor.shape(), const_cast<void*>(tensor.raw()));
  using Owner = std::shared_ptr<void>;
  py::capsule keeper(new Owner(tensor.owner()),
                     [](void* owner) { delete static_cast<Owner*>(owner); });
  const int failed =
      py::detail::npy_api::get().PyArray_SetBaseObject_(array.ptr(), keeper.release().ptr());
  if (failed != 0) throw py::error_already_set();
  return array;
}

py::object result_from_tensor(const Tensor& tensor) {
  const bool copied =
      tensor.byte_count() <= kMaxCopiedBytes && !tensor.shared() && tensor.dtype() != DType::bf16;
  py::array array = copied ? new_array(numpy_dtype(tensor.dtype()), tensor.shape(), nullptr)
                           : array_from_tensor(tensor);
  if (copied) std::memcpy(array.mutable_data(), tensor.raw(), tensor.byte_count());
  if (tensor.rank() > 0) return array;
  return array[py::tuple()];
}

py::dtype numpy_dtype(DType dtype) {
  if (dtype == DType::bf16) {
    const py::object found = bfloat16_dtype();
    if (found.is_none()) {
      throw DTypeError("NumPy has no bfloat16; install the package ml_dtypes");
    }
    return py::reinterpret_borrow<py::dtype>(found);
  }
  // NumPy's type numbers: dtype objects are looked up by number, which is the fastest way.
  using Api = py::detail::npy_api;
  switch (dtype) {
    case DType::f32:
      return py::dtype(Api::NPY_FLOAT_);
    case DType::f64:
      return py::dtype(Api::NPY_DOUBLE_);
    case DType::i8:
      return py::dtype(Api::NPY_BYTE_);
    case DType::u8:
      return py::dtype(Api::NPY_UBYTE_);
    case DType::i32:
      return py::dtype(Api::NPY_INT_);
    case DType::i64:
      return py::dtype(Api::NPY_LONG_);
    case DType::boolean:
      return py::dtype(Api::NPY_BOOL_);
    default:
      return py::dtype(std::string(numpy_name(dtype)));
  }
}

DType dtype_from_object(py::handle object) {
  if (py::isinstance<py::str>(object)) return dtype_from_string(object.cast<std::string>());
  if (py::isinstance<py::dtype>(object)) {
    return require_dtype(py::reinterpret_borrow<py::dtype>(object));
  }
  if (py::hasattr(object, "as_numpy_dtype")) {
    return dtype_from_string(object.attr("name").cast<std::string>());
  }
  try {
    return require_dtype(py::dtype::from_args(py::reinterpret_borrow<py::object>(object)));
  } catch (py::error_already_set&) {
    throw DTypeError(py::repr(object).cast<std::string>() + " is no dtype");
  }
}

Shape shape_from_object(py::handle object) {
  Shape shape;
  const auto dimension = [](py::handle item) -> std::int64_t {
    if (item.is_none()) return kUnknown;
    const py::object index = py::reinterpret_steal<py::object>(PyNumber_Index(item.ptr()));
    if (!index) throw py::error_already_set();
    return index.cast<std::int64_t>();
  };
  if (PyIndex_Check(object.ptr()) && !py::isinstance<py::array>(object)) {
    shape.append(dimension(object));
    return shape;
  }
  const py::object dims = py::hasattr(object, "as_list")
                              ? object.attr("as_list")()
                              : py::reinterpret_borrow<py::object>(object);
  for (const py::handle item : dims) shape.append(dimension(item));
  return shape;
}

py::tuple tuple_from_shape(const Shape& shape) {
  py::tuple result(static_cast<std::size_t>(shape.rank()));
  for (int axis = 0; axis < shape.rank(); ++axis) {
    result[static_cast<std::size_t>(axis)] =
        shape[axis] == kUnknown ? py::object(py::none()) : py::object(py::int_(shape[axis]));
  }
  return result;
}

}  // namespace tegula::python
