// Callbacks: C++ ones for Python, Python's for C++, and where progress is written.

#include "gil.hpp"
#include "tegula/nn/callbacks.hpp"

#include <pybind11/stl.h>

#include <cmath>

#include "nn_callbacks.hpp"
#include "nn_config.hpp"
#include "nn_table.hpp"
#include "numpy.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::python {

namespace {

using Released = py::call_guard<ReleasedGil>;

/// Writes through Python's sys.stdout, which notebooks and tests replace; it may be None.
void write_to_stdout(std::string_view text) {
  const AcquiredGil gil;
  try {
    const py::object out = py::module_::import("sys").attr("stdout");
    if (out.is_none()) return;
    call_python(out.attr("write"), py::str(text.data(), text.size()));
    call_python(out.attr("flush"));
  } catch (py::error_already_set& error) {
    error.discard_as_unraisable("writing training progress");
  }
}

void warn_in_python(std::string_view text) {
  const AcquiredGil gil;
  // An exception when the user turned warnings into errors: it leaves the run as any other does.
  if (PyErr_WarnEx(PyExc_UserWarning, std::string(text).c_str(), 2) != 0) {
    throw py::error_already_set();
  }
}

/// A hook that is told the logs of what has ended.
auto end_hook(void (nn::Callback::*hook)(const nn::Logs&)) {
  return [hook](nn::Callback& callback, const py::dict& logs) {
    const nn::Logs given = logs_from_dict(logs);
    const ReleasedGil released;
    (callback.*hook)(given);
  };
}

void bind_base(py::module_& module) {
  using nn::Callback;
  py::class_<Callback, std::shared_ptr<Callback>>(module, "Callback")
      .def("set_model", [](Callback& callback, nn::Model& model) { callback.model = &model; })
      .def("set_parameters",
           [](Callback& callback, int verbose, std::int64_t epochs,
              const std::optional<std::int64_t>& steps) {
             callback.parameters = {verbose, epochs, steps};
           })
      .def("on_train_begin", &Callback::on_train_begin, Released())
      .def("on_train_end", end_hook(&Callback::on_train_end))
      .def("on_epoch_begin", &Callback::on_epoch_begin, Released())
      .def("on_epoch_end",
           [](Callback& c, std::int64_t epoch, py::dict logs) {
             nn::Logs given = logs_from_dict(logs);
             {
               const ReleasedGil released;
               c.on_epoch_end(epoch, given);
             }
             update_dict(logs, given);
           })
      .def("on_test_begin", &Callback::on_test_begin, Released())
      .def("on_test_end", end_hook(&Callback::on_test_end))
      .def("on_predict_begin", &Callback::on_predict_begin, Released())
      .def("on_predict_end", &Callback::on_predict_end, Released())
      .def("on_train_batch_begin", &Callback::on_train_batch_begin, Released())
      .def("on_train_batch_end", [](Callback& c, std::int64_t batch, const py::dict& logs) {
        const nn::Logs given = logs_from_dict(logs);
        const ReleasedGil released;
        c.on_train_batch_end(batch, given);
      });
}

/// The tables' callbacks: `make_callback(name, options)`; and one that needs a function.
void bind_classes(py::module_& module) {
  using nn::CallbackBase;
  py::class_<CallbackBase, nn::Callback, std::shared_ptr<CallbackBase>> bound(module,
                                                                              "CallbackBase");
  bind_table<CallbackBase>(module, bound);
  bound.def("attributes", &CallbackBase::attributes, "Options and running state by name.")
      .def("set_attribute", &CallbackBase::set_attribute, py::arg("name"), py::arg("value"))
      .def_property_readonly("has_batch_hooks", &CallbackBase::has_batch_hooks);
  module.def(
      "make_learning_rate_scheduler",
      [](py::object schedule, std::int64_t verbose) -> std::shared_ptr<CallbackBase> {
        const SharedObject function(std::move(schedule));
        const auto rate = [function](std::int64_t epoch, double current) {
          const AcquiredGil gil;
          return call_python(function.get(), epoch, current).cast<double>();
        };
        return nn::LearningRateScheduler({.schedule = rate, .verbose = verbose});
      },
      py::arg("schedule"), py::arg("verbose"));
}

}  // namespace

namespace {

/// A float, or an array.
py::object object_from_log(const nn::LogValue& value) {
  return value.is_number() ? py::object(py::float_(value.number()))
                           : array_from_tensor(value.tensor());
}

}  // namespace

nn::Logs logs_from_dict(const py::dict& dict) {
  nn::Logs logs;
  for (const auto& [key, value] : dict) {
    if (py::isinstance<py::array>(value) && py::cast<py::array>(value).ndim() > 0) {
      logs.set(key.cast<std::string>(), tensor_from_object(value));
      continue;
    }
    const py::object number = py::reinterpret_steal<py::object>(PyNumber_Float(value.ptr()));
    if (!number) {
      PyErr_Clear();  // a callback may put anything into the logs: only numbers concern C++
      continue;
    }
    logs.set(key.cast<std::string>(), number.cast<double>());
  }
  return logs;
}

void update_dict(py::dict& dict, const nn::Logs& logs) {
  for (const auto& [name, value] : logs) {
    const py::str key(name);
    if (!dict.contains(key)) dict[key] = object_from_log(value);
  }
}

py::dict dict_from_logs(const nn::Logs& logs) {
  py::dict dict;
  for (const auto& [name, value] : logs) dict[py::str(name)] = object_from_log(value);
  return dict;
}

PythonCallbacks::PythonCallbacks(py::object list, bool wants_batches)
    : list_(std::move(list)), wants_batches_(wants_batches) {}

template <typename... Args>
void PythonCallbacks::call(const char* hook, const Args&... args) {
  const AcquiredGil gil;
  call_python(list_.get().attr(hook), args...);
}

void PythonCallbacks::begin_run() {
  call("begin_run", parameters.verbose, parameters.epochs, parameters.steps);
}
void PythonCallbacks::on_train_begin() {
  trains_ = true;
  begin_run();
  call("on_train_begin");
}
void PythonCallbacks::on_train_end(const nn::Logs& logs) { call_with_logs("on_train_end", logs); }
void PythonCallbacks::on_epoch_begin(std::int64_t epoch) { call("on_epoch_begin", epoch); }
void PythonCallbacks::on_epoch_end(std::int64_t epoch, nn::Logs& logs) {
  const AcquiredGil gil;
  const py::dict dict = dict_from_logs(logs);
  call_python(list_.get().attr("on_epoch_end"), epoch, dict);
  logs = logs_from_dict(dict);
}
void PythonCallbacks::on_train_batch_begin(std::int64_t batch) {
  if (wants_batches_) call("on_train_batch_begin", batch);
}
void PythonCallbacks::on_train_batch_end(std::int64_t batch, const nn::Logs& logs) {
  if (wants_batches_) call_with_logs("on_train_batch_end", logs, batch);
}
void PythonCallbacks::on_test_begin() {
  if (!trains_) begin_run();
  call("on_test_begin");
}
void PythonCallbacks::on_test_end(const nn::Logs& logs) { call_with_logs("on_test_end", logs); }
void PythonCallbacks::on_test_batch_begin(std::int64_t batch) {
  if (wants_batches_) call("on_test_batch_begin", batch);
}
void PythonCallbacks::on_test_batch_end(std::int64_t batch, const nn::Logs& logs) {
  if (wants_batches_) call_with_logs("on_test_batch_end", logs, batch);
}
void PythonCallbacks::on_predict_begin() {
  begin_run();
  call("on_predict_begin");
}
void PythonCallbacks::on_predict_end() { call("on_predict_end"); }
void PythonCallbacks::on_predict_batch_begin(std::int64_t batch) {
  if (wants_batches_) call("on_predict_batch_begin", batch);
}
void PythonCallbacks::on_predict_batch_end(std::int64_t batch, const Tensors& outputs) {
  if (!wants_batches_) return;
  const AcquiredGil gil;
  py::dict logs;
  logs["outputs"] = results_from_tensors(outputs);
  call_python(list_.get().attr("on_predict_batch_end"), batch, logs);
}

template <typename... Args>
void PythonCallbacks::call_with_logs(const char* hook, const nn::Logs& logs, const Args&... args) {
  const AcquiredGil gil;
  call_python(list_.get().attr(hook), args..., dict_from_logs(logs));
}

void bind_callbacks(py::module_& module) {
  bind_base(module);
  bind_classes(module);
  nn::set_output(write_to_stdout);
  nn::set_warning_output(warn_in_python);
  module.def("warn", [](const std::string& text) { nn::warn(text); });
}

}  // namespace tegula::python
