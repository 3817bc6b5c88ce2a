#include "tegula/graph/function.hpp"

#include <algorithm>
#include <map>

#include "src/graph/rebuild.hpp"
#include "tegula/core/error.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace {

thread_local FunctionScope* innermost = nullptr;

using Known = std::map<Place, Value>;

/// Ids of the nodes that compute `results` from what is known, in order.
std::vector<int> needed_nodes(std::span<const Value> results, const Known& known) {
  if (results.empty()) return {};
  const Graph graph = results.front().graph();
  std::vector<bool> needed(graph.nodes().size(), false);
  const auto need = [&](const Value& value) {
    if (!known.contains(place_of(value)))
      needed[static_cast<std::size_t>(value.node().id())] = true;
  };
  for (const Value& result : results) need(result);
  std::vector<int> ids;
  for (std::size_t id = needed.size(); id-- > 0;) {
    if (!needed[id]) continue;
    ids.push_back(static_cast<int>(id));
    for (const Value& input : graph.node(ids.back()).inputs()) need(input);
  }
  std::ranges::reverse(ids);
  return ids;
}

FunctionPointer function_of(std::span<const Value> parameters, std::span<const Value> results,
                            std::span<const ValueType> types) {
  const FunctionScope::Outside outside;
  Function function;
  Known known;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Node& node = parameters[i].node();
    function.parameters.push_back(
        function.graph
            .add_node(find_op("placeholder"), {},
                      {{"dtype", types[i].dtype}, {"shape", types[i].shape}}, node.name(),
                      node.location())
            .output());
    known.emplace(place_of(parameters[i]), function.parameters.back());
  }
  function.results = rebuilt(results, function.graph, known);
  return std::make_shared<const Function>(std::move(function));
}

void check_parameters(const Function& function, std::span<const ValueType> types) {
  if (types.size() != function.parameters.size()) {
    throw InvalidArgument("the function has " + std::to_string(function.parameters.size()) +
                          " parameters, got " + std::to_string(types.size()));
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    const ValueType& expected = function.parameters[i].type();
    const std::string_view name = function.parameters[i].node().name();
    const auto problem = [&] {
      return "the parameter \"" + std::string(name) + "\" of the function is " +
             expected.to_string() + ", got " + types[i].to_string();
    };
    if (types[i].dtype != expected.dtype) throw DTypeError(problem());
    if (!compatible(types[i].shape, expected.shape)) throw ShapeError(problem());
  }
}

bool declares(const Function& function, std::span<const ValueType> types) {
  return std::ranges::equal(function.parameters, types, {},
                            [](const Value& parameter) { return parameter.type(); });
}

}  // namespace

FunctionPointer make_function(std::span<const Value> parameters, std::span<const Value> results) {
  return function_of(parameters, results, types_of(parameters));
}

FunctionPointer specialized(const FunctionPointer& function,
                            std::span<const ValueType> parameters) {
  check_parameters(*function, parameters);
  if (declares(*function, parameters)) return function;
  return function_of(function->parameters, function->results, parameters);
}

std::vector<Value> inlined(const Function& function, Graph graph,
                           std::span<const Value> arguments) {
  Known known;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    known.emplace(place_of(function.parameters[i]), arguments[i]);
  }
  return rebuilt(function.results, std::move(graph), known);
}

std::vector<ValueType> infer_results(const Function& function,
                                     std::span<const ValueType> parameters) {
  check_parameters(function, parameters);
  std::vector<ValueType> results;
  if (declares(function, parameters)) {
    return types_of(function.results);
  }
  std::map<Place, ValueType> known;
  Known given;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    known.emplace(place_of(function.parameters[i]), parameters[i]);
    given.emplace(place_of(function.parameters[i]), function.parameters[i]);
  }
  for (const int id : needed_nodes(function.results, given)) {
    Node& node = function.graph.node(id);
    std::vector<ValueType> inputs;
    for (const Value& input : node.inputs()) inputs.push_back(known.at(place_of(input)));
    const std::vector<ValueType> outputs = node.op().infer({inputs, node.attrs()});
    for (int i = 0; i < node.output_count(); ++i) {
      known.emplace(Place(&node, i), outputs[static_cast<std::size_t>(i)]);
    }
  }
  for (const Value& result : function.results) results.push_back(known.at(place_of(result)));
  return results;
}

std::vector<Tensor> evaluate(const Function& function, std::span<const Tensor> arguments,
                             const RandomKey& key) {
  std::vector<std::pair<Value, Tensor>> feeds;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    feeds.emplace_back(function.parameters[i], arguments[i]);
  }
  return evaluate(function.results, feeds, key);
}

bool draws_random(const Node& node) {
  if (node.op().random) return true;
  for (const auto& [name, value] : node.attrs()) {
    if (const auto* cluster = std::get_if<std::shared_ptr<const Cluster>>(&value)) {
      const auto random = [](const ClusterInstruction& step) { return step.op->random; };
      if (*cluster && std::ranges::any_of((*cluster)->instructions, random)) return true;
    }
    if (const auto* function = std::get_if<FunctionPointer>(&value)) {
      if (*function && std::ranges::any_of((*function)->graph.nodes(), draws_random)) return true;
    }
  }
  return false;
}

RandomKey key_of_iteration(const RandomKey& key, std::int64_t iteration) {
  // SplitMix64 (Steele et al., "Fast splittable pseudorandom number generators", OOPSLA 2014):
  // loops within loops get steps of their own, too.
  std::uint64_t mixed =
      key.step + 0x9E3779B97F4A7C15u * (static_cast<std::uint64_t>(iteration) + 1);
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  RandomKey result = key;
  result.step = mixed ^ (mixed >> 31);
  return result;
}

FunctionScope::FunctionScope(const Graph& outer) : outer_graph_(outer), outer_(innermost) {
  // A value of the graph around belongs to the function that is built in it.
  if (FunctionScope* const scope = around(outer)) outer_graph_ = scope->graph_;
  innermost = this;
}

FunctionScope::~FunctionScope() { innermost = outer_; }

FunctionScope::Outside::Outside() : innermost_(innermost) { innermost = nullptr; }
FunctionScope::Outside::~Outside() { innermost = innermost_; }

FunctionScope* FunctionScope::around(const Graph& graph) {
  for (FunctionScope* scope = innermost; scope != nullptr; scope = scope->outer_) {
    if (scope->graph_ == graph) return innermost;
    if (scope->outer_graph_ == graph) return innermost;
  }
  return nullptr;
}

const Graph& FunctionScope::outermost() const {
  const FunctionScope* scope = this;
  while (scope->outer_ != nullptr) scope = scope->outer_;
  return scope->outer_graph_;
}

Value FunctionScope::parameter(const ValueType& type, std::string_view name) {
  parameters_.push_back(graph_.placeholder(type.dtype, type.shape, name));
  return parameters_.back();
}

Value FunctionScope::inside(const Value& value) {
  if (!value || value.graph() == graph_) return value;
  const bool is_outside = value.graph() == outer_graph_;
  if (!is_outside && (outer_ == nullptr || around(value.graph()) == nullptr)) return value;
  if (value.node().op().name == "constant") {
    const Node& node = value.node();
    return graph_.constant(node.attrs().get<Tensor>("value"), node.name());
  }
  const Value source = is_outside ? value : outer_->inside(value);
  const auto known = std::ranges::find(captured_, source);
  if (known != captured_.end()) {
    return stand_ins_[static_cast<std::size_t>(known - captured_.begin())];
  }
  const Node& node = source.node();
  captured_.push_back(source);
  stand_ins_.push_back(graph_
                           .add_node(find_op("placeholder"), {},
                                     {{"dtype", source.dtype()}, {"shape", source.shape()}},
                                     node.name(), node.location())
                           .output());
  return stand_ins_.back();
}

FunctionPointer FunctionScope::finish(std::span<const Value> results) {
  std::vector<Value> taken;
  for (const Value& result : results) taken.push_back(inside(result));
  std::vector<Value> parameters = parameters_;
  parameters.insert(parameters.end(), stand_ins_.begin(), stand_ins_.end());
  return make_function(parameters, taken);
}

}  // namespace tegula
