#pragma once
// The interpreter's lock: given up while C++ works, and taken to call Python.
//
// CPython before 3.14 ends daemon threads, when the interpreter ends, by unwinding their stacks
// wherever they next wait for the lock: C++ code would be unwound without the lock that its
// destructors need. Here such a thread stops instead, as CPython 3.14 has it: nothing waits for it.

#include <pybind11/pybind11.h>

#include <optional>
#include <utility>

namespace tegula::python {

namespace py = pybind11;

/// Waits for ever.
[[noreturn]] void stop_thread();

/// While it lives, this thread is without the lock.
class ReleasedGil {
 public:
  ReleasedGil() : thread_(PyEval_SaveThread()) {}
  ~ReleasedGil();
  ReleasedGil(const ReleasedGil&) = delete;
  ReleasedGil& operator=(const ReleasedGil&) = delete;

 private:
  PyThreadState* thread_;
};

/// While it lives, this thread has the lock, which it may have had before.
class AcquiredGil {
 public:
  AcquiredGil();

 private:
  std::optional<py::gil_scoped_acquire> gil_;
};

/// Calls a function of the user's. Needs the lock. Throws what the function raises.
py::object call_with_tuple(const py::object& function, const py::tuple& arguments);
template <typename... Args>
py::object call_python(const py::object& function, Args&&... args) {
  return call_with_tuple(function, py::make_tuple(std::forward<Args>(args)...));
}

/// Makes waits and polls of C++ give up the lock and look for Ctrl-C.
void bind_gil();

}  // namespace tegula::python
