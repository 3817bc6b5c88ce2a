#pragma once
// The static graph: nodes that apply ops to values. Building computes nothing.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/core/tensor.hpp"
#include "tegula/graph/attrs.hpp"

namespace tegula {

class Graph;
class Node;
struct OpDef;
namespace detail {
struct GraphStorage;
struct SharedVariableState;
}  // namespace detail

/// What is known about a value while building: "f32[?,784]".
struct ValueType {
  DType dtype = DType::f32;
  Shape shape;

  bool operator==(const ValueType&) const = default;
  TEGULA_API std::string to_string() const;
};

/// One output of a node: a handle, valid as long as its graph. Default constructed: no value.
class TEGULA_API Value {
 public:
  Value() = default;
  Value(Node* node, int index) : node_(node), index_(index) {}

  explicit operator bool() const { return node_ != nullptr; }
  /// Whether both are the same output of the same node; `equal(a, b)` compares their elements.
  bool operator==(const Value&) const = default;

  /// Throws InvalidArgument for no value.
  Node& node() const {
    if (node_ == nullptr) throw_empty();
    return *node_;
  }
  int index() const { return index_; }
  Graph graph() const;
  const ValueType& type() const;
  DType dtype() const { return type().dtype; }
  const Shape& shape() const { return type().shape; }
  /// "dense/matmul:0".
  std::string name() const;
  /// Renames the node (made unique, within no scope) and returns the value, for chaining.
  Value named(std::string_view name) const;

 private:
  [[noreturn]] static void throw_empty();

  Node* node_ = nullptr;
  int index_ = 0;
};

/// A value whose contents live in the session and survive runs.
class Variable : public Value {
 public:
  Variable() = default;
  explicit Variable(Value value) : Value(value) {}
};

namespace detail {
/// What a node is, but for its place in a graph: the copies of a node that passes make share it.
struct NodeBody {
  const OpDef* op = nullptr;
  std::string name;
  std::size_t name_hash = 0;
  std::vector<ValueType> outputs;
  Attrs attrs;
  SourceLocation location;
};
}  // namespace detail

/// One application of an op. Immutable once built, except for its name.
class TEGULA_API Node {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Position in the graph; inputs always have smaller ids (append order is a topological order).
  int id() const { return id_; }
  const OpDef& op() const { return *body().op; }
  const std::string& name() const { return body().name; }
  std::span<const Value> inputs() const { return inputs_; }
  /// Throws InvalidArgument when there is no such input.
  Value input(int index) const {
    if (index < 0 || static_cast<std::size_t>(index) >= inputs_.size()) throw_no_input(index);
    return inputs_[static_cast<std::size_t>(index)];
  }
  const Attrs& attrs() const { return body().attrs; }
  std::span<const ValueType> outputs() const { return body().outputs; }
  Value output(int index = 0) { return {this, index}; }
  int output_count() const { return static_cast<int>(body().outputs.size()); }
  /// The user's line that built this node.
  const SourceLocation& location() const { return body().location; }
  Graph graph() const;
  /// `matmul "dense/matmul" (f32[?,784], f32[784,128]), built at mnist.cpp:12`.
  std::string describe() const;

 private:
  friend struct detail::GraphStorage;
  friend class Graph;
  friend class Value;

  const detail::NodeBody& body() const { return *body_.load(std::memory_order_acquire); }
  [[noreturn]] void throw_no_input(int index) const;

  detail::GraphStorage* storage_ = nullptr;
  int id_ = 0;
  std::span<const Value> inputs_;  // in the graph's memory
  std::shared_ptr<const detail::NodeBody> first_body_;
  /// The first body or, after a change of the name, one that the graph owns. None is dropped while
  /// the graph lives, so that what readers hold of it stays.
  std::atomic<const detail::NodeBody*> body_{nullptr};
};

/// The nodes of a graph in order of their ids. Their addresses never change, and threads may read
/// while another one appends: a loop sees the nodes that there were when it began, or more.
class TEGULA_API NodeList {
 public:
  class Iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = Node;
    using difference_type = std::ptrdiff_t;
    using pointer = const Node*;
    using reference = const Node&;

    Iterator() = default;
    Iterator(const NodeList& nodes, std::size_t index) : nodes_(&nodes), index_(index) {}
    const Node& operator*() const { return nodes_->at_index(index_); }
    const Node* operator->() const { return &**this; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator& operator--() {
      --index_;
      return *this;
    }
    Iterator operator++(int) { return {*nodes_, index_++}; }
    Iterator operator--(int) { return {*nodes_, index_--}; }
    bool operator==(const Iterator&) const = default;

   private:
    const NodeList* nodes_ = nullptr;
    std::size_t index_ = 0;
  };

  NodeList() = default;
  NodeList(const NodeList&) = delete;
  NodeList& operator=(const NodeList&) = delete;

  std::size_t size() const { return size_.load(std::memory_order_acquire); }
  bool empty() const { return size() == 0; }
  /// Throws InvalidArgument for an id that no node has.
  Node& operator[](std::size_t id) const {
    if (id >= size()) throw_no_node(id);
    return at_index(id);
  }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }
  auto rbegin() const { return std::make_reverse_iterator(end()); }
  auto rend() const { return std::make_reverse_iterator(begin()); }

 private:
  friend struct detail::GraphStorage;

  static constexpr std::size_t kFirstChunk = 32;
  static constexpr std::size_t kChunks = 26;

  /// Chunk k holds kFirstChunk · 2^k nodes.
  Node& at_index(std::size_t index) const {
    const std::size_t place = index / kFirstChunk + 1;
    const auto chunk = static_cast<std::size_t>(std::bit_width(place)) - 1;
    const std::size_t before = kFirstChunk * ((std::size_t{1} << chunk) - 1);
    return chunks_[chunk][index - before];
  }
  /// The node after the last, which `publish` makes visible. One thread at a time.
  Node& prepare();
  void publish() {
    size_.store(size_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  [[noreturn]] void throw_no_node(std::size_t id) const;

  /// Each is made before the first of its nodes is published, and stays.
  std::array<std::unique_ptr<Node[]>, kChunks> chunks_;
  std::atomic<std::size_t> size_{0};
};

/// How to compute a variable's first value: a recipe that builds it in a graph.
struct InitialValue {
  ValueType type;
  std::function<Value(Graph&)> build;

  InitialValue() = default;
  InitialValue(ValueType value_type, std::function<Value(Graph&)> recipe)
      : type(std::move(value_type)), build(std::move(recipe)) {}
  TEGULA_API InitialValue(const Tensor& value);  // NOLINT: implicit by design
  TEGULA_API InitialValue(Value value);          // NOLINT: implicit by design
};

/// A session's variable as variables of other graphs can stand for it: made by `Session::share`.
/// Keeps the value. Default constructed: none.
class SharedVariable {
 public:
  SharedVariable() = default;
  SharedVariable(std::shared_ptr<const detail::SharedVariableState> state, ValueType type)
      : state_(std::move(state)), type_(std::move(type)) {}

  explicit operator bool() const { return state_ != nullptr; }
  const ValueType& type() const { return type_; }
  const std::shared_ptr<const detail::SharedVariableState>& state() const { return state_; }

 private:
  std::shared_ptr<const detail::SharedVariableState> state_;
  ValueType type_;
};

/// A handle: copies refer to the same graph. Append-only, and safe to use from several threads at
/// once: names stay unique, and who reads sees whole nodes.
class TEGULA_API Graph {
 public:
  Graph();
  /// No moves, after which a handle would be empty.
  Graph(const Graph&) = default;
  Graph& operator=(const Graph&) = default;

  /// A value that must be fed. Unknown dimensions are -1.
  Value placeholder(DType dtype, const Shape& shape, std::string_view name = "",
                    std::source_location location = std::source_location::current());
  Value constant(const Tensor& value, std::string_view name = "",
                 std::source_location location = std::source_location::current());
  /// State with a first value. Its name identifies it: in sessions, files and across passes.
  Variable variable(const InitialValue& initial, std::string_view name = "", bool trainable = true,
                    std::source_location location = std::source_location::current());
  /// State whose first value must be set before it is read.
  Variable variable(const ValueType& type, std::string_view name = "", bool trainable = true,
                    std::source_location location = std::source_location::current());

  /// State that has the value of another session's variable, in every session that runs this graph.
  /// A graph has one variable for each that is shared: asked again, it gives the same.
  Variable variable(const SharedVariable& shared, std::string_view name = "", bool trainable = true,
                    std::source_location location = std::source_location::current());
  /// What the variable shares; none when its value is the session's own.
  SharedVariable shared(const Value& variable) const;

  /// The general builder behind all others: checks arity, attributes (filling in defaults), shapes
  /// and dtypes. Throws the op's ShapeError or DTypeError with op, node name, shapes and the line.
  Node& add_node(const OpDef& op, std::span<const Value> inputs, Attrs attrs = {},
                 std::string_view name = "", SourceLocation location = {});
  /// The same op with the same attributes, name (made unique) and location on inputs of this graph:
  /// how passes carry over what they do not change. `original` may belong to another graph.
  Node& add_copy(const Node& original, std::span<const Value> inputs);
  /// Says how many nodes will be built: spares tables their growth.
  void reserve(std::size_t nodes);

  const NodeList& nodes() const;
  /// Throws InvalidArgument for an id that no node has.
  Node& node(int id) const { return nodes()[static_cast<std::size_t>(id)]; }
  /// "x" or "x:0". Throws NotFound naming similar names.
  Value value(std::string_view name) const;
  /// Null when no node has this name.
  Node* find(std::string_view name) const;
  /// All variables in order of creation.
  std::vector<Variable> variables() const;
  std::vector<Variable> trainable_variables() const;
  /// The value a variable starts from; no value when it must be set.
  Value initial_value(const Value& variable) const;
  void set_initial_value(const Value& variable, const Value& initial);

  /// Results of the graph when it is handed to a pass or printed; unused while building.
  std::vector<Value> fetches() const;
  void set_fetches(std::vector<Value> fetches);
  /// Values that must be computed but are not returned (assignments).
  std::vector<Value> targets() const;
  void set_targets(std::vector<Value> targets);

  /// A number for the next random op: its position among the random ops of this graph.
  std::int64_t next_op_id();
  /// The number that the next random op will get.
  std::int64_t op_id_count() const;

  /// Readable and parseable form, one node a line.
  std::string to_text() const;
  /// Parses `to_text`'s output. Throws FormatError with line and column.
  static Graph from_text(std::string_view text);
  /// Graphviz form.
  std::string to_dot() const;
  /// Checks every invariant: ids, arity, inferred types, unique names. Throws Error naming the
  /// node.
  void verify() const;

  /// Something that lives as long as the graph, for who builds on graphs; null when there is none.
  void attach(std::shared_ptr<void> something);
  std::shared_ptr<void> attached() const;

  bool operator==(const Graph& other) const { return storage_ == other.storage_; }

 private:
  friend class Node;
  friend class Value;
  friend class NameScope;
  friend class OpIdScope;
  friend class WeakGraph;
  explicit Graph(std::shared_ptr<detail::GraphStorage> storage) : storage_(std::move(storage)) {}
  /// `add_node` and `add_copy` into this graph, whatever functions are being built.
  Node& build(const OpDef& op, std::span<const Value> inputs, Attrs attrs, std::string_view name,
              SourceLocation location);
  Node& copy(const Node& original, std::span<const Value> inputs);
  /// Throws InvalidArgument for an empty value or one of another graph.
  void check_inputs(std::span<const Value> inputs) const;

  std::shared_ptr<detail::GraphStorage> storage_;
};

/// A graph that others keep.
class WeakGraph {
 public:
  explicit WeakGraph(const Graph& graph) : storage_(graph.storage_) {}
  /// No value when nobody has the graph any more.
  std::optional<Graph> lock() const {
    std::shared_ptr<detail::GraphStorage> storage = storage_.lock();
    return storage == nullptr ? std::nullopt : std::optional(Graph(std::move(storage)));
  }

 private:
  std::weak_ptr<detail::GraphStorage> storage_;
};

/// While alive, nodes that this thread builds in this graph get the prefix "scope/".
class TEGULA_API NameScope {
 public:
  NameScope(Graph graph, std::string_view scope);
  ~NameScope();
  NameScope(const NameScope&) = delete;
  NameScope& operator=(const NameScope&) = delete;

 private:
  friend class Graph;
  /// The prefix of this thread's innermost scope in the graph; empty outside of any.
  static std::string prefix_in(const Graph& graph);

  Graph graph_;
  std::string prefix_;
  NameScope* outer_;
};

/// While alive, random ops that this thread builds in this graph are numbered from `first` on, so
/// that what is built again in the same way draws the same numbers; later ones follow the largest
/// number so far.
class TEGULA_API OpIdScope {
 public:
  OpIdScope(Graph graph, std::int64_t first);
  ~OpIdScope();
  OpIdScope(const OpIdScope&) = delete;
  OpIdScope& operator=(const OpIdScope&) = delete;

 private:
  friend class Graph;
  /// This thread's innermost scope in the graph; null outside of any.
  static OpIdScope* in(const Graph& graph);

  Graph graph_;
  std::int64_t next_;
  OpIdScope* outer_;
};

/// While alive, nodes built on this thread report this line instead of the one captured by the
/// builder function: for bindings, layers, gradients and passes, which build on a user's behalf.
class TEGULA_API LocationScope {
 public:
  explicit LocationScope(SourceLocation location);
  ~LocationScope();
  LocationScope(const LocationScope&) = delete;
  LocationScope& operator=(const LocationScope&) = delete;
  /// The innermost scope's line; unknown outside of any.
  static SourceLocation current();

 private:
  SourceLocation previous_;
};

/// What the rule of an op finds wrong with a node that is to be built.
struct BuildProblem {
  const OpDef& op;
  std::span<const Value> inputs;
  std::string_view text;
};

/// While alive, errors about nodes that this thread builds say what `text` makes of the problem:
/// for layers, which speak other terms than ops. The innermost scope speaks.
class TEGULA_API BuildErrorScope {
 public:
  using Text = std::function<std::string(const BuildProblem&)>;
  explicit BuildErrorScope(Text text);
  ~BuildErrorScope();
  BuildErrorScope(const BuildErrorScope&) = delete;
  BuildErrorScope& operator=(const BuildErrorScope&) = delete;
  /// Null outside of any.
  static const BuildErrorScope* current();
  std::string text(const BuildProblem& problem) const { return text_(problem); }

 private:
  Text text_;
  const BuildErrorScope* outer_;
};

}  // namespace tegula
