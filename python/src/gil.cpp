#include "gil.hpp"

#include <cxxabi.h>
#include <unistd.h>

#include <atomic>
#include <chrono>

#include "tegula/core/blocking.hpp"

namespace tegula::python {

namespace {

/// Set when the interpreter begins to end.
constinit std::atomic<bool> ending{false};

/// What `work` returns, unless the interpreter ends this thread meanwhile.
template <typename Work>
auto unless_ended(Work&& work) {
  try {
    return work();
  } catch (abi::__forced_unwind&) {
    stop_thread();
  }
}

void wait_without_gil(FunctionRef<void()> wait) {
  std::optional<ReleasedGil> released;
  if (PyGILState_Check() != 0) released.emplace();
  wait();
}

/// Ctrl-C is seen within this time.
constexpr auto kPollInterval = std::chrono::milliseconds(50);

void look_for_signals() {
  using Clock = std::chrono::steady_clock;
  thread_local Clock::time_point polled = Clock::now();
  if (ending.load(std::memory_order_relaxed)) stop_thread();
  const Clock::time_point now = Clock::now();
  if (now - polled < kPollInterval) return;
  polled = now;
  const AcquiredGil gil;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

}  // namespace

void stop_thread() {
  for (;;) pause();
}

ReleasedGil::~ReleasedGil() {
  unless_ended([this] { PyEval_RestoreThread(thread_); });
}

AcquiredGil::AcquiredGil() {
  unless_ended([this] { gil_.emplace(); });
}

py::object call_with_tuple(const py::object& function, const py::tuple& arguments) {
  PyObject* const result =
      unless_ended([&] { return PyObject_CallObject(function.ptr(), arguments.ptr()); });
  if (result == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

void bind_gil() {
  set_blocking(wait_without_gil);
  set_polling(look_for_signals);
  py::module_::import("atexit").attr("register")(
      py::cpp_function([] { ending.store(true, std::memory_order_relaxed); }));
}

}  // namespace tegula::python
