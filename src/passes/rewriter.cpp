#include "src/passes/rewriter.hpp"

namespace tegula::passes {

ValueNumbers::ValueNumbers(const Graph& graph) {
  first_.reserve(graph.nodes().size());
  for (const Node& node : graph.nodes()) {
    first_.push_back(count_);
    count_ += static_cast<std::size_t>(node.output_count());
  }
}

GraphRewriter::GraphRewriter(const Graph& source)
    : source_(source), numbers_(source), mapped_(numbers_.count()) {
  result_.reserve(source.nodes().size());
}

Value GraphRewriter::map(const Value& old) const {
  const Value& value = mapped_[numbers_(old)];
  if (!value) throw Error("a pass left no value for \"" + old.name() + "\"");
  return value;
}

std::vector<Value> GraphRewriter::map(std::span<const Value> olds) const {
  std::vector<Value> values;
  map(olds, values);
  return values;
}

void GraphRewriter::map(std::span<const Value> olds, std::vector<Value>& news) const {
  news.clear();
  news.reserve(olds.size());
  for (const Value& old : olds) news.push_back(map(old));
}

void GraphRewriter::replace(const Value& old, const Value& replacement) {
  mapped_[numbers_(old)] = replacement;
}

Node& GraphRewriter::copy(const Node& old) {
  map(old.inputs(), scratch_);
  return copy_with(old, scratch_);
}

Node& GraphRewriter::copy_with(const Node& old, std::span<const Value> inputs) {
  Node& node = result_.add_copy(old, inputs);
  Node& original = source_.node(old.id());
  for (int i = 0; i < node.output_count(); ++i) replace(original.output(i), node.output(i));
  return node;
}

Node& GraphRewriter::build(const OpDef& op, std::span<const Value> inputs, Attrs attrs,
                           const Node& origin, bool final) {
  return result_.add_node(op, inputs, std::move(attrs),
                          final ? origin.name() : derived_name(origin, op), origin.location());
}

/// Never the name of a node of the source, so that all of those can keep theirs.
std::string GraphRewriter::derived_name(const Node& origin, const OpDef& op) const {
  const std::string base = origin.name() + "/" + op.name;
  std::string name = base;
  for (int i = 1; source_.find(name) != nullptr; ++i) name = base + "_" + std::to_string(i);
  return name;
}

Graph GraphRewriter::finish() {
  result_.set_fetches(map(source_.fetches()));
  result_.set_targets(map(source_.targets()));
  return result_;
}

std::vector<bool> live_nodes(const Graph& graph) {
  std::vector<bool> live(graph.nodes().size(), false);
  const auto mark = [&live](const Value& value) {
    live[static_cast<std::size_t>(value.node().id())] = true;
  };
  for (const Value& value : graph.fetches()) mark(value);
  for (const Value& value : graph.targets()) mark(value);
  for (std::size_t id = live.size(); id-- > 0;) {
    if (!live[id]) continue;
    for (const Value& input : graph.node(static_cast<int>(id)).inputs()) mark(input);
  }
  return live;
}

Uses::Uses(const Graph& graph)
    : numbers_(graph),
      live_(live_nodes(graph)),
      readers_(numbers_.count()),
      result_(numbers_.count(), false) {
  for (const Node& node : graph.nodes()) {
    if (!live(node)) continue;
    for (const Value& input : node.inputs()) readers_.count(numbers_(input));
  }
  readers_.allocate();
  for (const Node& node : graph.nodes()) {
    if (!live(node)) continue;
    for (const Value& input : node.inputs()) {
      readers_.add(numbers_(input), &graph.node(node.id()));
    }
  }
  for (const Value& value : graph.fetches()) result_[numbers_(value)] = true;
  for (const Value& value : graph.targets()) result_[numbers_(value)] = true;
}

}  // namespace tegula::passes
