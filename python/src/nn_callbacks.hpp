#pragma once
// Python's callbacks as one callback of C++.

#include "nn_objects.hpp"
#include "tegula/nn/callback.hpp"

namespace tegula::python {

namespace py = pybind11;

/// Entries that are no numbers are left out.
nn::Logs logs_from_dict(const py::dict& dict);
/// Adds the entries that the dict lacks.
void update_dict(py::dict& dict, const nn::Logs& logs);
py::dict dict_from_logs(const nn::Logs& logs);

/// Calls the hooks of a Python object that stands for all callbacks of a run. Exceptions of Python
/// leave the run as they are.
class PythonCallbacks : public nn::Callback {
 public:
  PythonCallbacks(py::object list, bool wants_batches);
  void on_train_begin() override;
  void on_train_end(const nn::Logs& logs) override;
  void on_epoch_begin(std::int64_t epoch) override;
  void on_epoch_end(std::int64_t epoch, nn::Logs& logs) override;
  void on_train_batch_begin(std::int64_t batch) override;
  void on_train_batch_end(std::int64_t batch, const nn::Logs& logs) override;
  void on_test_begin() override;
  void on_test_end(const nn::Logs& logs) override;
  void on_test_batch_begin(std::int64_t batch) override;
  void on_test_batch_end(std::int64_t batch, const nn::Logs& logs) override;
  void on_predict_begin() override;
  void on_predict_end() override;
  void on_predict_batch_begin(std::int64_t batch) override;
  void on_predict_batch_end(std::int64_t batch, const Tensors& outputs) override;

 private:
  void begin_run();
  template <typename... Args>
  void call(const char* hook, const Args&... args);
  template <typename... Args>
  void call_with_logs(const char* hook, const nn::Logs& logs, const Args&... args);

  SharedObject list_;
  bool wants_batches_;
  /// Whether evaluations are parts of `fit`.
  bool trains_ = false;
};

}  // namespace tegula::python
