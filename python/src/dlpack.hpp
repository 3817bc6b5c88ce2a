#pragma once
// Exchange of arrays with other libraries without copies: the DLPack protocol.

#include <pybind11/pybind11.h>

#include "tegula/core/tensor.hpp"

namespace tegula::python {

/// A capsule "dltensor" that shares the tensor's memory.
pybind11::capsule to_dlpack(const Tensor& tensor);
/// From a capsule "dltensor", or from an object with `__dlpack__`: shares the memory of row-major
/// data on the CPU, copies other strides. Throws InvalidArgument for other devices, DTypeError for
/// unknown dtypes.
Tensor from_dlpack(pybind11::handle source);

void bind_dlpack(pybind11::module_& module);

}  // namespace tegula::python
