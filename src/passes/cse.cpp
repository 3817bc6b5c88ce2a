// Common-subexpression elimination: nodes with equal op, inputs and attributes become one. So do
// random ones: what they draw is a function of the run and of the stream that an attribute names.

#include <algorithm>
#include <bit>
#include <functional>

#include "src/passes/passes.hpp"
#include "src/passes/rewriter.hpp"
#include "tegula/graph/function.hpp"

namespace tegula::passes {

namespace {

class Hash {
 public:
  void mix(std::size_t value) {
    hash_ ^= value + 0x9e3779b97f4a7c15u + (hash_ << 6) + (hash_ >> 2);
  }
  template <typename T>
  void add(const T& value) {
    mix(std::hash<T>()(value));
  }
  void add(const Shape& shape) {
    for (const std::int64_t dim : shape) add(dim);
  }
  void add(const std::vector<std::int64_t>& values) {
    for (const std::int64_t value : values) add(value);
  }
  /// Large tensors count by their type and first bytes: equality is checked exactly afterwards.
  void add(const Tensor& tensor) {
    constexpr std::size_t kBytes = 256;
    add(tensor.dtype());
    add(tensor.shape());
    add(std::string_view(static_cast<const char*>(tensor.raw()),
                         std::min(tensor.byte_count(), kBytes)));
  }
  void add(const std::shared_ptr<const Cluster>& cluster) {
    add(cluster->instructions.size());  // the rest by equality
  }
  void add(const FunctionPointer& function) { add(function->graph.nodes().size()); }

  std::size_t value() const { return hash_; }

 private:
  std::size_t hash_ = 0;
};

bool value_less(const Value& a, const Value& b) {
  return std::pair(a.node().id(), a.index()) < std::pair(b.node().id(), b.index());
}

/// One walk in which every node finds the first that is equal to it.
class Equals {
 public:
  explicit Equals(const Graph& graph)
      : graph_(graph),
        first_(graph.nodes().size()),
        hashes_(graph.nodes().size()),
        slots_(std::bit_ceil(2 * graph.nodes().size() + 1), kFree) {
    for (const Node& node : graph.nodes()) {
      const bool comparable = node.op().reference && !node.op().stateful;
      const int first = comparable ? find(node) : node.id();
      first_[index(node.id())] = first;
      repeats_ = repeats_ || first != node.id();
    }
  }

  bool any() const { return repeats_; }
  int first(const Node& node) const { return first_[index(node.id())]; }

 private:
  static constexpr int kFree = -1;
  static std::size_t index(int id) { return static_cast<std::size_t>(id); }

  /// The id of the first equal node: this one's, when there is none before it.
  int find(const Node& node) {
    comparable_inputs(node, inputs_);
    const std::size_t hash = hash_of(node);
    hashes_[index(node.id())] = hash;
    std::size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] != kFree; slot = (slot + 1) & (slots_.size() - 1)) {
      const int other = slots_[slot];
      if (hashes_[index(other)] == hash && same(graph_.node(other), node)) return other;
    }
    slots_[slot] = node.id();
    return node.id();
  }

  /// Inputs as they are compared: each the first of its equals, in one order where the op allows
  /// either.
  void comparable_inputs(const Node& node, std::vector<Value>& inputs) const {
    inputs.clear();
    for (const Value& input : node.inputs()) {
      inputs.push_back(graph_.node(first(input.node())).output(input.index()));
    }
    if (node.op().commutative) std::sort(inputs.begin(), inputs.end(), value_less);
  }

  std::size_t hash_of(const Node& node) const {
    Hash hash;
    hash.add(&node.op());
    for (const Value& input : inputs_) {
      hash.add(input.node().id());
      hash.add(input.index());
    }
    for (const auto& [name, value] : node.attrs()) {
      std::visit([&hash](const auto& content) { hash.add(content); }, value);
    }
    return hash.value();
  }

  /// Whether an earlier node equals the one whose inputs are in `inputs_`.
  bool same(const Node& earlier, const Node& node) {
    if (&earlier.op() != &node.op() || earlier.attrs() != node.attrs()) return false;
    comparable_inputs(earlier, other_inputs_);
    return other_inputs_ == inputs_;
  }

  const Graph& graph_;
  std::vector<int> first_;           // by node id
  std::vector<std::size_t> hashes_;  // by node id
  std::vector<int> slots_;           // an open-addressing table of node ids
  bool repeats_ = false;
  std::vector<Value> inputs_;
  std::vector<Value> other_inputs_;
};

}  // namespace

Graph cse(const Graph& graph) {
  const Equals equals(graph);
  if (!equals.any()) return graph;
  GraphRewriter rewriter(graph);
  for (const Node& node : graph.nodes()) {
    const int first = equals.first(node);
    if (first == node.id()) {
      rewriter.copy(node);
      continue;
    }
    for (int i = 0; i < node.output_count(); ++i) {
      rewriter.replace(graph.node(node.id()).output(i), rewriter.map(graph.node(first).output(i)));
    }
  }
  return rewriter.finish();
}

}  // namespace tegula::passes
