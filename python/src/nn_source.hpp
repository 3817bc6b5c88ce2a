#pragma once
// An object of Python that gives batches, as a source of C++.

#include <optional>

#include "nn_objects.hpp"
#include "tegula/data/batch_source.hpp"

namespace tegula::python {

/// Calls `rewind()`, `next_batch()` and so on of the object, with the GIL. Exceptions of Python
/// leave the run as they are.
class PythonSource : public data::BatchSource {
 public:
  explicit PythonSource(pybind11::object batches) : batches_(std::move(batches)) {}
  std::optional<data::Batch> next() override;
  bool rewind() override;
  std::optional<std::int64_t> count() const override;
  void on_epoch_begin() override;
  void on_epoch_end() override;

 private:
  SharedObject batches_;
};

}  // namespace tegula::python
