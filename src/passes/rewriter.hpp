#pragma once
// What passes share: building a new graph out of an old one, and who reads a value. Private to
// src/passes.

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tegula/graph/graph.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::passes {

/// Many short lists in one piece of memory. Filled by two equal walks: the first counts what each
/// list will hold, the second adds it.
template <typename T>
class ListsOf {
 public:
  explicit ListsOf(std::size_t lists) : end_(lists + 1, 0) {}

  void count(std::size_t list) { ++end_[list + 1]; }
  void allocate() {
    for (std::size_t i = 1; i < end_.size(); ++i) end_[i] += end_[i - 1];
    items_.resize(end_.back());
    next_.assign(end_.begin(), end_.end() - 1);
  }
  void add(std::size_t list, T item) { items_[next_[list]++] = item; }

  std::size_t size() const { return end_.size() - 1; }
  std::span<const T> operator[](std::size_t list) const {
    return std::span(items_).subspan(end_[list], end_[list + 1] - end_[list]);
  }

 private:
  std::vector<std::size_t> end_;  // list i is from end_[i] to end_[i + 1]
  std::vector<std::size_t> next_;
  std::vector<T> items_;
};

/// Numbers the outputs of all nodes of a graph, so that tables of values are plain vectors.
class ValueNumbers {
 public:
  explicit ValueNumbers(const Graph& graph);
  std::size_t operator()(const Value& value) const {
    return first_[static_cast<std::size_t>(value.node().id())] +
           static_cast<std::size_t>(value.index());
  }
  std::size_t count() const { return count_; }
  /// Nodes whose values have numbers; others may append more meanwhile.
  std::size_t node_count() const { return first_.size(); }

 private:
  std::vector<std::size_t> first_;
  std::size_t count_ = 0;
};

/// Builds the result of a pass: walks the old graph in order and says, for each old value, what
/// stands for it. Nodes keep names, locations and attributes (ids of random ops among them); new
/// nodes get the location of the node that they replace. First values of variables are not carried
/// over: they belong to the user's graph.
class GraphRewriter {
 public:
  explicit GraphRewriter(const Graph& source);

  const Graph& source() const { return source_; }
  Graph& result() { return result_; }

  /// The new value for an old one. Throws Error when there is none yet.
  Value map(const Value& old) const;
  std::vector<Value> map(std::span<const Value> olds) const;
  void map(std::span<const Value> olds, std::vector<Value>& news) const;
  void replace(const Value& old, const Value& replacement);
  /// The same op on the mapped inputs.
  Node& copy(const Node& old);
  /// Also for changed inputs (in the new graph): replaces all outputs of `old`.
  Node& copy_with(const Node& old, std::span<const Value> inputs);
  /// A node in place of `origin`: takes its name when `final`, else a name derived from it.
  Node& build(const OpDef& op, std::span<const Value> inputs, Attrs attrs, const Node& origin,
              bool final = false);
  /// With fetches and targets mapped.
  Graph finish();

 private:
  std::string derived_name(const Node& origin, const OpDef& op) const;

  Graph source_;
  Graph result_;
  ValueNumbers numbers_;
  std::vector<Value> mapped_;
  std::vector<Value> scratch_;
};

/// For every node, by id: whether a fetch or target needs it.
std::vector<bool> live_nodes(const Graph& graph);

/// For every value, the live nodes that read it (once per operand) and whether it is a result.
class Uses {
 public:
  explicit Uses(const Graph& graph);

  bool live(const Node& node) const { return live_[static_cast<std::size_t>(node.id())]; }
  std::span<Node* const> readers(const Value& value) const { return readers_[numbers_(value)]; }
  bool is_result(const Value& value) const { return result_[numbers_(value)]; }

 private:
  ValueNumbers numbers_;
  std::vector<bool> live_;
  ListsOf<Node*> readers_;
  std::vector<bool> result_;
};

/// Whether its nodes may be evaluated early: they do not come from outside, have no effects, and
/// run no functions, which may take for ever.
inline bool is_pure(const OpDef& op) {
  return op.reference && !op.random && !op.stateful && !op.parameter_types;
}
inline bool is_op(const Value& value, std::string_view op) { return value.node().op().name == op; }
inline bool is_constant(const Value& value) { return is_op(value, "constant"); }
inline const Tensor& constant_value(const Value& value) {
  return value.node().attrs().get<Tensor>("value");
}

/// The results of an op on constants, when it is pure, cheap and its results small enough to keep;
/// empty otherwise.
std::vector<Tensor> try_fold(const OpDef& op, std::span<const Value> inputs, const Attrs& attrs,
                             std::span<const ValueType> outputs);

}  // namespace tegula::passes
