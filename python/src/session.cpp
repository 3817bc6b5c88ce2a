// Sessions, and compiled calls that go from NumPy to NumPy in one step.

#include "tegula/runtime/session.hpp"

#include <pybind11/stl.h>

#include "bindings.hpp"
#include "gil.hpp"
#include "numpy.hpp"
#include "tegula/runtime/profiler.hpp"

namespace tegula::python {

namespace {

/// A compiled set of feeds, fetches and targets, called with one array-like per feed.
class Call {
 public:
  Call(Executable executable, const std::vector<Value>& feeds)
      : executable_(std::move(executable)) {
    for (const Value& feed : feeds) {
      dtypes_.push_back(feed.dtype());
      names_.push_back(feed.name());
    }
  }

  py::list run(const py::tuple& arrays) {
    if (arrays.size() != dtypes_.size()) {
      throw InvalidArgument("takes " + std::to_string(dtypes_.size()) + " arrays, got " +
                            std::to_string(arrays.size()));
    }
    std::vector<Tensor> feeds;
    feeds.reserve(dtypes_.size());
    for (std::size_t i = 0; i < dtypes_.size(); ++i) feeds.push_back(feed(arrays[i], i));
    std::vector<Tensor> results;
    {
      const ReleasedGil released;
      results = executable_.run(feeds);
    }
    py::list objects(results.size());
    for (std::size_t i = 0; i < results.size(); ++i) objects[i] = result_from_tensor(results[i]);
    return objects;
  }

  std::string explain(const std::vector<Shape>& shapes) { return executable_.explain(shapes); }
  Graph optimized(const std::vector<Shape>& shapes) { return executable_.optimized(shapes); }

 private:
  Tensor feed(py::handle array, std::size_t index) const {
    try {
      return tensor_from_object(array, dtypes_[index], Fractions::where_exact);
    } catch (const DTypeError& error) {
      throw DTypeError("the feed of \"" + names_[index] + "\": " + error.what());
    } catch (const InvalidArgument& error) {
      throw InvalidArgument("the feed of \"" + names_[index] + "\": " + error.what());
    }
  }

  Executable executable_;
  std::vector<DType> dtypes_;
  std::vector<std::string> names_;
};

Session make_session(const Graph& graph, std::uint64_t seed, bool optimize,
                     const std::vector<std::string>& disabled, int plan_cache_size,
                     bool initialize_on_read) {
  SessionOptions options;
  options.passes = optimize ? PassOptions{.disabled = disabled} : PassOptions::none();
  options.seed = seed;
  options.plan_cache_size = plan_cache_size;
  options.initialize_on_read = initialize_on_read;
  return Session(graph, std::move(options));
}

std::vector<Variable> as_variables(const std::vector<Value>& values) {
  std::vector<Variable> variables;
  for (const Value& value : values) variables.emplace_back(value);
  return variables;
}

void bind_profiler(py::module_& module) {
  py::class_<Profiler>(module, "Profiler", "Times the kernels of the sessions it is attached to.")
      .def(py::init([] { return std::make_unique<Profiler>(); }))
      .def("table", &Profiler::table,
           "Kernel, calls, time, GFLOP/s and GB/s achieved and possible.")
      .def("write_trace", &Profiler::write_trace, py::arg("path"), "Chrome's trace event format.")
      .def("clear", &Profiler::clear);
}

}  // namespace

void bind_session(py::module_& module) {
  bind_profiler(module);
  py::class_<Call>(module, "Call", "A compiled set of feeds, fetches and targets.")
      .def("__call__", &Call::run, py::arg("arrays"))
      .def("explain", &Call::explain, py::arg("feed_shapes"))
      .def("optimized", &Call::optimized, py::arg("feed_shapes"));
  py::class_<Session>(module, "Session", "Holds the values of a graph's variables and runs it.")
      .def(py::init(&make_session), py::arg("graph"), py::arg("seed") = 0,
           py::arg("optimize") = true, py::arg("disabled_passes") = std::vector<std::string>(),
           py::arg("plan_cache_size") = 16, py::arg("initialize_on_read") = true)
      .def(
          "compile",
          [](Session& session, const std::vector<Value>& feeds, const std::vector<Value>& fetches,
             const std::vector<Value>& targets) {
            return Call(session.compile(feeds, fetches, targets), feeds);
          },
          py::arg("feeds"), py::arg("fetches"), py::arg("targets") = std::vector<Value>(),
          py::keep_alive<0, 1>())
      .def(
          "initialize", [](Session& session) { session.initialize(); },
          py::call_guard<ReleasedGil>())
      .def(
          "initialize",
          [](Session& session, const std::vector<Value>& variables) {
            session.initialize(as_variables(variables));
          },
          py::arg("variables"), py::call_guard<ReleasedGil>())
      .def(
          "get", [](Session& session, const Value& variable) { return session.get(variable); },
          py::arg("variable"))
      .def(
          "set",
          [](Session& session, const Value& variable, const Tensor& value) {
            session.set(variable, value);
          },
          py::arg("variable"), py::arg("value"))
      .def("reseed", &Session::reseed, py::arg("seed"))
      .def_property("step", &Session::step, &Session::set_step)
      .def("set_profiler", &Session::set_profiler, py::arg("profiler").none(true),
           py::keep_alive<1, 2>());
}

}  // namespace tegula::python
