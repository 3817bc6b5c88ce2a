// Cuts out of a graph what a run needs, specialised to the shapes that it feeds.

#include <unordered_map>

#include "src/passes/rewriter.hpp"
#include "tegula/passes/pass_manager.hpp"

namespace tegula {

namespace {

using passes::GraphRewriter;
using passes::ValueNumbers;

struct Feeds {
  Feeds(const ValueNumbers& value_numbers, std::span<const Value> values,
        std::span<const Shape> shapes)
      : numbers(value_numbers), shape_of(numbers.count(), nullptr) {
    if (values.size() != shapes.size()) {
      throw InvalidArgument("there are " + std::to_string(values.size()) + " feeds, but " +
                            std::to_string(shapes.size()) + " shapes");
    }
    for (std::size_t i = 0; i < values.size(); ++i) add(values[i], shapes[i]);
  }

  void add(const Value& value, const Shape& shape) {
    const Shape*& known = shape_of[numbers(value)];
    if (known != nullptr) throw InvalidArgument("\"" + value.name() + "\" is fed twice");
    if (!shape.is_known() || !compatible(shape, value.shape())) {
      throw ShapeError("the feed of \"" + value.name() + "\" has shape " + shape.to_string() +
                       "; expected " + value.shape().to_string() +
                       "\n  fed value: " + value.node().describe());
    }
    known = &shape;
  }

  bool has(const Value& value) const { return shape_of[numbers(value)] != nullptr; }
  const Shape& shape(const Value& value) const { return *shape_of[numbers(value)]; }
  bool any_of(Node& node) const {
    for (int i = 0; i < node.output_count(); ++i) {
      if (has(node.output(i))) return true;
    }
    return false;
  }

  const ValueNumbers& numbers;
  std::vector<const Shape*> shape_of;
};

/// Nodes, by id, that have to be computed, and values that have to be known.
class Needs {
 public:
  Needs(const Graph& graph, const Feeds& feeds, std::span<const Value> fetches,
        std::span<const Value> targets)
      : feeds_(feeds),
        node_(feeds.numbers.node_count(), false),
        fed_(feeds.numbers.count(), false) {
    for (const Value& value : fetches) need(value);
    for (const Value& value : targets) need(value);
    for (std::size_t id = node_.size(); id-- > 0;) {
      if (!node_[id]) continue;
      for (const Value& input : graph.node(static_cast<int>(id)).inputs()) need(input);
    }
  }

  bool computed(const Node& node) const { return node_[static_cast<std::size_t>(node.id())]; }
  bool fed(const Value& value) const { return fed_[feeds_.numbers(value)]; }

 private:
  void need(const Value& value) {
    if (feeds_.has(value)) {
      fed_[feeds_.numbers(value)] = true;
    } else {
      node_[static_cast<std::size_t>(value.node().id())] = true;
    }
  }

  const Feeds& feeds_;
  std::vector<bool> node_;
  std::vector<bool> fed_;
};

void check_one_graph(const Graph& graph, std::span<const Value> values, std::string_view kind) {
  for (const Value& value : values) {
    if (!value) throw InvalidArgument("a " + std::string(kind) + " is an empty value");
    if (value.graph() == graph) continue;
    throw InvalidArgument("the " + std::string(kind) + " \"" + value.name() +
                          "\" belongs to another graph");
  }
}

}  // namespace

Graph extract(std::span<const Value> feeds, std::span<const Shape> feed_shapes,
              std::span<const Value> fetches, std::span<const Value> targets) {
  if (fetches.empty() && targets.empty()) return Graph();
  const auto first = fetches.empty() ? targets.front() : fetches.front();
  if (!first) throw InvalidArgument("a fetch or target is an empty value");
  const Graph graph = first.graph();
  check_one_graph(graph, feeds, "feed");
  check_one_graph(graph, fetches, "fetch");
  check_one_graph(graph, targets, "target");

  const ValueNumbers numbers(graph);
  const Feeds fed(numbers, feeds, feed_shapes);
  const Needs needs(graph, fed, fetches, targets);
  const OpDef& placeholder = find_op("placeholder");
  GraphRewriter rewriter(graph);
  for (std::size_t id = 0; id < numbers.node_count(); ++id) {
    Node& node = graph.node(static_cast<int>(id));
    std::vector<std::pair<Value, Value>> replaced;
    if (fed.any_of(node)) {
      for (int i = 0; i < node.output_count(); ++i) {
        const Value output = node.output(i);
        if (!needs.fed(output)) continue;
        Graph result = rewriter.result();
        // The name says which value is fed: that of the node, with the number of a later output.
        const std::string name = i == 0 ? node.name() : output.name();
        Node& feed = result.add_node(placeholder, {},
                                     {{"dtype", output.dtype()}, {"shape", fed.shape(output)}},
                                     name, node.location());
        replaced.emplace_back(output, feed.output());
      }
    }
    // Other outputs of a fed node may be needed, too.
    if (needs.computed(node)) rewriter.copy(node);
    for (const auto& [output, feed] : replaced) rewriter.replace(output, feed);
  }
  Graph result = rewriter.result();
  result.set_fetches(rewriter.map(fetches));
  result.set_targets(rewriter.map(targets));
  return result;
}

}  // namespace tegula
