// What the core offers to Python directly: dtypes, arrays through DLPack, the number of threads.

#include <pybind11/stl.h>

#include <algorithm>
#include <vector>

#include "bindings.hpp"
#include "dlpack.hpp"
#include "numpy.hpp"
#include "tegula/core/parallel.hpp"
#include "tegula/data/dataset.hpp"

namespace tegula::python {

void bind_core(py::module_& module) {
  std::vector<std::string> names;
  for (const DType dtype : kAllDTypes) names.emplace_back(numpy_name(dtype));
  module.attr("dtype_names") = py::tuple(py::cast(names));
  module.def(
      "dtype_name", [](py::handle object) { return dtype_from_object(object); }, py::arg("dtype"),
      "NumPy's name of anything that names a dtype.");
  module.def("numpy_dtype", &numpy_dtype, py::arg("dtype"),
             "The NumPy dtype; bfloat16 needs the package ml_dtypes.");
  module.def(
      "to_array",
      [](py::handle value, py::object dtype) {
        return array_from_tensor(dtype.is_none()
                                     ? tensor_from_object(value)
                                     : tensor_from_object(value, dtype_from_object(dtype)));
      },
      py::arg("value"), py::arg("dtype") = py::none(),
      "The value as the array that a graph would see; the same memory where the layout allows.");
  module.def("thread_count", &thread_count,
             "Threads that all computations of the process may use together.");
  module.def("set_thread_count", &set_thread_count, py::arg("threads"),
             "Changes the number of threads, 1 to 1024.");
  module.def(
      "shuffled_order",
      [](std::int64_t count, std::uint64_t seed, std::uint64_t epoch) {
        if (count < 0) throw InvalidArgument("there are no " + std::to_string(count) + " samples");
        Tensor order(DType::i64, {count});
        std::vector<data::RowIndex> rows(static_cast<std::size_t>(count));
        data::shuffled_order(rows, seed, epoch);
        std::ranges::copy(rows, order.values<std::int64_t>().begin());
        return array_from_tensor(order);
      },
      py::arg("count"), py::arg("seed"), py::arg("epoch"),
      "The order, as int64, in which `fit` visits `count` samples in an epoch (from 0) of a model "
      "with this seed.");
  bind_dlpack(module);
}

}  // namespace tegula::python
