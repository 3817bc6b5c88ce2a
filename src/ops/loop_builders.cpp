// Loops of callables.

#include <algorithm>
#include <string>

#include "src/ops/control_flow.hpp"
#include "tegula/core/error.hpp"
#include "tegula/graph/control_flow.hpp"

namespace tegula {

namespace {

using Values = std::vector<Value>;

Graph graph_of(std::span<const Value> states, std::span<const Value> sequences, const char* op) {
  for (const auto& values : {states, sequences}) {
    for (const Value& value : values) {
      if (!value) throw InvalidArgument(std::string(op) + ": an argument is an empty value");
    }
  }
  if (!states.empty()) return states.front().graph();
  if (!sequences.empty()) return sequences.front().graph();
  throw InvalidArgument(std::string(op) + ": needs at least one state or sequence");
}

void check_count(const char* op, const char* what, std::size_t expected, std::size_t given) {
  if (expected == given) return;
  throw InvalidArgument(std::string(op) + ": there are " + std::to_string(expected) +
                        " states, but the " + what + " gives " + std::to_string(given));
}

Values joined(std::span<const Value> a, std::span<const Value> b) {
  Values all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

}  // namespace

std::vector<Value> while_loop(const LoopCondition& condition, const LoopBody& body,
                              std::span<const Value> initial, std::int64_t maximum_iterations,
                              std::source_location location) {
  if (initial.empty()) throw InvalidArgument("while_loop: needs at least one state");
  const Graph graph = graph_of(initial, {}, "while_loop");
  const std::vector<ValueType> types = types_of(initial);
  const ops::Traced conditions =
      ops::trace("while_loop", graph, types,
                 [&](std::span<const Value> states) { return Values{condition(states)}; });
  const ops::Traced bodies = ops::trace("while_loop", graph, types, body);
  check_count("while_loop", "body", initial.size(), bodies.function->results.size());
  const Values captured = ops::united(conditions.captured, bodies.captured);
  return outputs_of(ops::build_control_flow(
      "while_loop", joined(initial, captured),
      {{"condition", ops::with_captures(conditions, captured)},
       {"body", ops::with_captures(bodies, captured)},
       {"states", std::ssize(initial)},
       {"maximum_iterations", std::max<std::int64_t>(maximum_iterations, -1)}},
      location));
}

ScanResult scan(const ScanBody& body, std::span<const Value> initial,
                std::span<const Value> sequences, ScanOptions options,
                std::source_location location) {
  const Graph graph = graph_of(initial, sequences, "scan");
  std::vector<ValueType> types = types_of(initial);
  for (const Value& sequence : sequences) types.push_back(ops::element_type(sequence.type()));
  const std::size_t states = initial.size();
  const ops::Traced traced = ops::trace("scan", graph, types, [&](std::span<const Value> given) {
    ScanResult made = body(given.first(states), given.subspan(states));
    check_count("scan", "body", states, made.states.size());
    return joined(made.states, made.outputs);
  });
  const Values results = outputs_of(
      ops::build_control_flow("scan", joined(joined(initial, sequences), traced.captured),
                              {{"body", traced.function},
                               {"states", std::ssize(initial)},
                               {"sequences", std::ssize(sequences)},
                               {"length", options.length},
                               {"reverse", options.reverse}},
                              location));
  const auto first_output = results.begin() + std::ptrdiff_t(states);
  return {{results.begin(), first_output}, {first_output, results.end()}};
}

std::vector<Value> map_fn(const LoopBody& function, std::span<const Value> sequences,
                          std::source_location location) {
  return scan(
             [&](std::span<const Value>, std::span<const Value> elements) {
               return ScanResult{{}, function(elements)};
             },
             {}, sequences, {}, location)
      .outputs;
}

std::vector<Value> fori_loop(
    std::int64_t lower, std::int64_t upper,
    const std::function<std::vector<Value>(Value i, std::span<const Value> states)>& body,
    std::span<const Value> initial, std::source_location location) {
  Graph graph = graph_of(initial, {}, "fori_loop");
  Values states = {graph.constant(Tensor::scalar(lower))};
  states.insert(states.end(), initial.begin(), initial.end());
  ScanResult result = scan(
      [&](std::span<const Value> given, std::span<const Value>) {
        Values next = body(given.front(), given.subspan(1));
        next.insert(next.begin(), given.front() + 1);
        return ScanResult{std::move(next), {}};
      },
      states, {}, {.length = std::max<std::int64_t>(upper - lower, 0)}, location);
  result.states.erase(result.states.begin());
  return result.states;
}

}  // namespace tegula
