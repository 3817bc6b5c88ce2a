// Branches and loops whose bodies are functions of Python.

#include "tegula/graph/control_flow.hpp"

#include <pybind11/stl.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "graph_types.hpp"
#include "location.hpp"
#include "tegula/graph/function.hpp"

namespace tegula::python {

namespace {

using Values = std::vector<Value>;

Values listed(std::span<const Value> values) { return {values.begin(), values.end()}; }

/// Calls `function(graph, *arguments)` with the graph that is being built.
template <typename Result, typename... Arguments>
Result call(const py::function& function, const Graph& outer, Arguments&&... arguments) {
  const Graph inner = FunctionScope::around(outer)->graph();
  return function(inner, std::forward<Arguments>(arguments)...).template cast<Result>();
}

Values named(Values values, const std::string& name) {
  if (!values.empty()) values.front().named(name);
  return values;
}

}  // namespace

void bind_control_flow(py::module_& module) {
  module.def(
      "cond",
      [](const Value& predicate, const py::function& then_branch, const py::function& else_branch,
         const std::string& name) {
        const UserLine line;
        const Graph graph = predicate.graph();
        return named(cond(
                         predicate, [&] { return call<Values>(then_branch, graph); },
                         [&] { return call<Values>(else_branch, graph); }),
                     name);
      },
      py::arg("predicate"), py::arg("then_branch"), py::arg("else_branch"), py::arg("name"),
      "Each branch takes the graph of its function and gives values.");
  module.def(
      "while_loop",
      [](const py::function& condition, const py::function& body, const Values& initial,
         std::int64_t maximum_iterations, const std::string& name) {
        const UserLine line;
        const Graph graph = initial.at(0).graph();
        Values last = while_loop(
            [&](std::span<const Value> states) {
              return call<Value>(condition, graph, listed(states));
            },
            [&](std::span<const Value> states) {
              return call<Values>(body, graph, listed(states));
            },
            initial, maximum_iterations);
        return named(std::move(last), name);
      },
      py::arg("condition"), py::arg("body"), py::arg("initial"), py::arg("maximum_iterations"),
      py::arg("name"),
      "condition(graph, states) gives a value, body(graph, states) the next states.");
  module.def(
      "scan",
      [](const py::function& body, const Values& initial, const Values& sequences,
         std::int64_t length, bool reverse, const std::string& name) {
        const UserLine line;
        const Graph graph = (initial.empty() ? sequences : initial).at(0).graph();
        ScanResult result = scan(
            [&](std::span<const Value> states, std::span<const Value> elements) {
              auto [next, outputs] =
                  call<std::pair<Values, Values>>(body, graph, listed(states), listed(elements));
              return ScanResult{std::move(next), std::move(outputs)};
            },
            initial, sequences, {.length = length, .reverse = reverse});
        named(result.states.empty() ? result.outputs : result.states, name);
        return std::pair(std::move(result.states), std::move(result.outputs));
      },
      py::arg("body"), py::arg("initial"), py::arg("sequences"), py::arg("length"),
      py::arg("reverse"), py::arg("name"),
      "body(graph, states, elements) gives (next states, outputs); the result is (last states, "
      "stacked outputs).");
}

}  // namespace tegula::python
