#include "src/nn/symbols.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "src/core/made_before_fork.hpp"
#include "src/graph/rebuild.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::nn {

namespace {

/// The graph that the next input belongs to while somebody holds it. Guarded by the
/// ConstructionLock.
std::optional<WeakGraph>& open_graph() {
  static std::optional<WeakGraph> graph;
  return graph;
}

const detail::MadeBeforeFork kMadeBeforeFork([] { open_graph(); });

std::shared_ptr<const LayerCall> noted(LayerCall call) {
  const std::shared_ptr<LayerBase> layer = call.layer;
  const auto kept = std::make_shared<const LayerCall>(std::move(call));
  SymbolicCalls::note(*layer, kept);
  return kept;
}

/// The ops between layers that make the outputs of `node`.
LayerCall operation_of(Node& node) {
  std::vector<Value> outputs;
  for (int i = 0; i < node.output_count(); ++i) outputs.push_back(node.output(i));
  std::vector<Value> inputs;
  std::vector<const Node*> waiting = {&node};
  std::set<const Node*> met;
  while (!waiting.empty()) {
    const Node* const next = waiting.back();
    waiting.pop_back();
    for (const Value& input : next->inputs()) {
      if (!met.insert(&input.node()).second) continue;
      if (input.node().op().name == "placeholder") {
        inputs.push_back(input);
      } else {
        waiting.push_back(&input.node());
      }
    }
  }
  std::ranges::sort(inputs, {}, [](const Value& input) { return input.node().id(); });
  Graph graph;
  std::vector<Value> placeholders;
  for (const Value& input : inputs) {
    placeholders.push_back(graph.placeholder(input.dtype(), input.shape(), "x"));
  }
  graph.set_fetches(rebuilt(outputs, inputs, placeholders));
  auto layer = std::make_shared<OperationLayer>(graph, unique_layer_name(node.op().name));
  return {.layer = std::move(layer), .inputs = inputs, .outputs = outputs};
}

}  // namespace

bool is_symbolic(const Graph& graph) {
  const GraphNotes* const notes = find_notes(graph);
  return notes != nullptr && notes->symbolic;
}

Graph symbolic_graph() {
  const ConstructionLock lock;
  if (open_graph()) {
    if (const std::optional<Graph> graph = open_graph()->lock()) return *graph;
  }
  Graph graph;
  graph.attach(std::make_shared<GraphNotes>(true));
  open_graph().emplace(graph);
  return graph;
}

Value input_symbol(Graph graph, const ValueType& type, const std::shared_ptr<LayerBase>& layer) {
  const ConstructionLock lock;
  const Value symbol = graph.placeholder(type.dtype, type.shape, layer->name());
  LayerCall call{.layer = layer, .outputs = symbol};
  find_notes(graph)->calls.emplace(&symbol.node(), noted(std::move(call)));
  return symbol;
}

void end_symbolic_graph() {
  const ConstructionLock lock;
  open_graph().reset();
}

Values add_call(LayerCall call, const ValueTypes& outputs) {
  Graph graph = call.inputs[0].graph();
  for (const Value& input : call.inputs) {
    if (!(input.graph() == graph)) call.graphs.push_back(input.graph());
  }
  call.outputs = outputs.map([&](const ValueType& type) {
    return graph.placeholder(type.dtype, type.shape, call.layer->name());
  });
  const std::shared_ptr<const LayerCall> kept = noted(std::move(call));
  for (const Value& output : kept->outputs) find_notes(graph)->calls.emplace(&output.node(), kept);
  return kept->outputs;
}

std::shared_ptr<const LayerCall> call_of(const Value& symbol) {
  Graph graph = symbol.graph();
  if (!is_symbolic(graph)) {
    throw InvalidArgument(
        "a model is made of symbols: what `Input` gives and what layers make of "
        "it; got " +
        symbol.node().describe());
  }
  auto& calls = find_notes(graph)->calls;
  const auto found = calls.find(&symbol.node());
  if (found != calls.end()) return found->second;
  std::shared_ptr<const LayerCall> call = noted(operation_of(symbol.node()));
  calls.emplace(&symbol.node(), call);
  return call;
}

}  // namespace tegula::nn
