#include "src/graph/rebuild.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "tegula/core/error.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

std::vector<Value> rebuilt(const std::vector<Value>& outputs, const std::vector<Value>& from,
                           const std::vector<Value>& to) {
  if (to.empty()) throw InvalidArgument("a computation between layers depends on no layer");
  std::map<Place, Value> known;
  for (std::size_t i = 0; i < from.size(); ++i) known.emplace(place_of(from[i]), to[i]);
  return rebuilt(outputs, to.front().graph(), known);
}

std::vector<Value> rebuilt(std::span<const Value> outputs, Graph graph,
                           std::map<Place, Value>& known) {
  const auto is_here = [&](Node& node) { return node.output(0).graph() == graph; };
  std::map<int, Node*> needed;  // by id: what a node reads comes before it
  std::vector<Value> waiting(outputs.begin(), outputs.end());
  while (!waiting.empty()) {
    const Value value = waiting.back();
    waiting.pop_back();
    if (known.contains(place_of(value))) continue;
    if (!needed.emplace(value.node().id(), &value.node()).second) continue;
    const std::string& op = value.node().op().name;
    if ((op == "placeholder" || op == "variable") && !is_here(value.node())) {
      throw InvalidArgument("a computation needs " + value.node().describe() +
                            ", which is no result of a layer and no parameter");
    }
    waiting.insert(waiting.end(), value.node().inputs().begin(), value.node().inputs().end());
  }
  for (const auto& [id, node] : needed) {
    std::vector<Value> inputs;
    for (const Value& input : node->inputs()) inputs.push_back(known.at(place_of(input)));
    const bool same = is_here(*node) && std::ranges::equal(inputs, node->inputs());
    Node& built = same ? *node : graph.add_copy(*node, inputs);
    for (int i = 0; i < node->output_count(); ++i) known.emplace(Place(node, i), built.output(i));
  }
  std::vector<Value> results;
  for (const Value& output : outputs) results.push_back(known.at(place_of(output)));
  return results;
}

}  // namespace tegula
