#include "nn_source.hpp"

#include <pybind11/stl.h>

#include "gil.hpp"
#include "numpy.hpp"

namespace tegula::python {

std::optional<data::Batch> PythonSource::next() {
  const AcquiredGil gil;
  const py::object batch = call_python(batches_.get().attr("next_batch"));
  if (batch.is_none()) return std::nullopt;
  const auto parts = batch.cast<py::tuple>();
  return data::Batch{tensors_from_object(parts[0]), tensors_from_object(parts[1]),
                     tensors_from_object(parts[2])};
}

bool PythonSource::rewind() {
  const AcquiredGil gil;
  return call_python(batches_.get().attr("rewind")).cast<bool>();
}

std::optional<std::int64_t> PythonSource::count() const {
  const AcquiredGil gil;
  return batches_.get().attr("count").cast<std::optional<std::int64_t>>();
}

void PythonSource::on_epoch_begin() {
  const AcquiredGil gil;
  call_python(batches_.get().attr("on_epoch_begin"));
}

void PythonSource::on_epoch_end() {
  const AcquiredGil gil;
  call_python(batches_.get().attr("on_epoch_end"));
}

}  // namespace tegula::python
