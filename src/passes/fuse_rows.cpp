// Row fusion: elementwise ops and reductions over the last axis of one shape become one node, so
// that softmax or a normalization written by hand passes over memory once. Where rows are too long
// to stay in the cache, or everything is reduced, a reduction still takes the elementwise ops that
// make its input.
//
// Groups are found by levels: an edge that fusion cannot remove raises the level of its reader, so
// nodes of one level that removable edges connect may be united: what lies between them is of that
// level and united as well. A reduction has one input, so it may always join the node that makes
// it.

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/passes/fusion.hpp"
#include "src/passes/passes.hpp"

namespace tegula::passes {

namespace {

// Bounds within those of the kernels.
constexpr std::size_t kMaxInstructions = 48;
constexpr std::size_t kMaxInputs = 24;
constexpr std::size_t kMaxOutputs = 16;
constexpr int kMaxReductions = 4;  ///< that join one producer
/// All full values of a row together: they are to stay in the L2 cache.
constexpr std::int64_t kMaxRowBytes = 256 * 1024;

std::size_t at(int index) { return static_cast<std::size_t>(index); }

enum class Role : std::uint8_t {
  none,
  full,       ///< elementwise, an element per row and column
  column,     ///< elementwise or a reshape, an element per row
  reduction,  ///< of the last axis
};

/// The shape whose rows a node works on, and the dtype of its numbers.
struct RowKey {
  Shape space;
  DType dtype = DType::f32;

  bool operator==(const RowKey&) const = default;
};

Shape column_of(const Shape& space) {
  Shape column = space;
  column.set(space.rank() - 1, 1);
  return column;
}

bool is_leading_part(const Shape& shape, const Shape& space) {
  if (shape.rank() != space.rank() - 1) return false;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != space[axis]) return false;
  }
  return true;
}

/// Whether a kernel of rows can read a value of that shape.
bool is_readable(const Shape& shape, const Shape& space) {
  const bool row = shape.rank() >= 1 && shape.rank() <= space.rank() &&
                   shape.element_count() == shape.dim(-1) && shape.dim(-1) == space.dim(-1);
  return shape == space || shape == column_of(space) || shape.element_count() == 1 || row;
}

/// The axes of a reduction that gives numbers of its input's dtype.
const std::vector<std::int64_t>* reduced_axes(const Node& node) {
  if (node.op().fusion != FusionClass::reduction || node.inputs().size() != 1) return nullptr;
  const ValueType& x = node.input(0).type();
  if (!x.shape.is_known() || x.shape.rank() == 0 || x.shape.element_count() == 0) return nullptr;
  if (x.dtype != DType::f32 && x.dtype != DType::f64) return nullptr;
  const AttrValue* axes = node.attrs().find("axes");
  return axes != nullptr ? std::get_if<std::vector<std::int64_t>>(axes) : nullptr;
}

const Cluster* cluster_in(const Node& node) {
  return node.op().name == "cluster"
             ? node.attrs().get<std::shared_ptr<const Cluster>>("cluster").get()
             : nullptr;
}

/// As cluster_key, also for clusters; nothing for random ops, whose numbers belong to positions.
std::optional<RowKey> elementwise_key(const Node& node) {
  if (const Cluster* cluster = cluster_in(node)) {
    const bool random = std::ranges::any_of(
        cluster->instructions,
        [](const ClusterInstruction& instruction) { return instruction.op->random; });
    RowKey key{node.outputs()[0].shape, DType::boolean};
    if (random || !key.space.is_known()) return std::nullopt;
    for (const ValueType& output : node.outputs()) {
      if (output.dtype != DType::boolean) key.dtype = output.dtype;
    }
    for (const Value& input : node.inputs()) {
      if (input.dtype() != DType::boolean) key.dtype = input.dtype();
    }
    if (key.dtype != DType::f32 && key.dtype != DType::f64) return std::nullopt;
    return key;
  }
  const std::optional<ClusterKey> key = cluster_key(node);
  if (!key || node.op().random) return std::nullopt;
  return RowKey{key->space, key->dtype};
}

std::size_t instruction_count(const Node& node) {
  const Cluster* cluster = cluster_in(node);
  return cluster != nullptr ? cluster->instructions.size() : 1;
}

struct ValueHash {
  std::size_t operator()(const Value& value) const {
    return std::hash<const Node*>()(&value.node()) * 31 + at(value.index());
  }
};

/// The cluster that computes `members`, in order of their ids.
class RowClusterBuilder {
 public:
  RowClusterBuilder(const Graph& graph, std::span<Node* const> members, const Uses& uses)
      : graph_(graph) {
    for (Node* member : members) {
      for (int i = 0; i < member->output_count(); ++i) numbers_.emplace(member->output(i), -1);
    }
    for (const Node* member : members) {
      for (const Value& input : member->inputs()) add_input(input);
    }
    cluster_.input_count = static_cast<int>(parts_.inputs.size());
    next_ = cluster_.input_count;
    for (Node* member : members) add_member(*member);
    for (Node* member : members) {
      for (int i = 0; i < member->output_count(); ++i) {
        const Value value = member->output(i);
        const bool read = std::ranges::any_of(uses.readers(value), [&](const Node* reader) {
          return !std::ranges::binary_search(members, reader->id(), {},
                                             [](const Node* each) { return each->id(); });
        });
        if (!read && !uses.is_result(value)) continue;
        cluster_.outputs.push_back(numbers_.at(value));
        parts_.outputs.push_back(value);
      }
    }
    parts_.cluster = std::make_shared<const Cluster>(std::move(cluster_));
  }

  const ClusterParts& parts() const { return parts_; }

 private:
  static bool is_scalar_constant(const Value& value) {
    return is_constant(value) && value.shape().rank() == 0;
  }

  void add_input(const Value& input) {
    if (is_scalar_constant(input) || numbers_.contains(input)) return;
    numbers_.emplace(input, static_cast<int>(parts_.inputs.size()));
    parts_.inputs.push_back(input);
  }

  int append(const OpDef& op, std::vector<int> operands, const Attrs& attrs) {
    cluster_.instructions.push_back({&op, std::move(operands), attrs});
    return next_++;
  }

  int number_of(const Value& input) {
    if (!numbers_.contains(input)) {
      numbers_[input] = append(input.node().op(), {}, input.node().attrs());
    }
    return numbers_.at(input);
  }

  void add_member(Node& member) {
    std::vector<int> inputs;
    for (const Value& input : member.inputs()) inputs.push_back(number_of(input));
    const Cluster* cluster = cluster_in(member);
    if (cluster == nullptr) {
      numbers_[member.output()] = append(member.op(), std::move(inputs), member.attrs());
      return;
    }
    std::vector<int> numbers = std::move(inputs);
    for (const ClusterInstruction& instruction : cluster->instructions) {
      std::vector<int> operands;
      for (const int operand : instruction.operands) operands.push_back(numbers[at(operand)]);
      numbers.push_back(append(*instruction.op, std::move(operands), instruction.attrs));
    }
    for (int i = 0; i < member.output_count(); ++i) {
      numbers_[member.output(i)] = numbers[at(cluster->outputs[at(i)])];
    }
  }

  const Graph& graph_;
  std::unordered_map<Value, int, ValueHash> numbers_;
  int next_ = 0;
  Cluster cluster_;
  ClusterParts parts_;
};

class RowFusion {
 public:
  explicit RowFusion(const Graph& graph)
      : graph_(graph),
        uses_(graph),
        keys_(graph.nodes().size()),
        roles_(graph.nodes().size(), Role::none),
        found_(graph.nodes().size()),
        groups_(graph.nodes().size()),
        grouped_(graph.nodes().size(), false) {}

  Graph run() {
    for (const Node& node : graph_.nodes()) {
      if (uses_.live(node)) find_role(node);
    }
    unite_levels();
    const ListsOf<Node*> found = found_.members(graph_, uses_);
    for (std::size_t group = 0; group < found.size(); ++group) accept(found[group]);
    join_producers();
    return emit_groups(graph_, groups_, uses_,
                       [this](GraphRewriter& rewriter, std::span<Node* const> members) {
                         emit(rewriter, members);
                       });
  }

 private:
  Role role(const Node& node) const { return roles_[at(node.id())]; }
  bool is_per_row(const Node& node) const {
    return role(node) == Role::column || role(node) == Role::reduction;
  }

  void assign(const Node& node, Role role, RowKey key) {
    roles_[at(node.id())] = role;
    keys_[at(node.id())] = std::move(key);
  }

  void find_role(const Node& node) {
    if (const auto* axes = reduced_axes(node)) {
      const ValueType& x = node.input(0).type();
      const bool last = axes->size() == 1 && axes->front() == x.shape.rank() - 1;
      if (last && x.shape.dim(-1) > 1) assign(node, Role::reduction, {x.shape, x.dtype});
      return;
    }
    if (find_column_role(node)) return;
    std::optional<RowKey> key = elementwise_key(node);
    if (!key || key->space.rank() == 0) return;
    const bool readable = std::ranges::all_of(
        node.inputs(), [&](const Value& input) { return is_readable(input.shape(), key->space); });
    if (readable) assign(node, Role::full, std::move(*key));
  }

  /// A node that works on what the reductions of one key give, one number per row.
  bool find_column_role(const Node& node) {
    const auto from = std::ranges::find_if(
        node.inputs(), [this](const Value& input) { return is_per_row(input.node()); });
    if (from == node.inputs().end()) return false;
    const RowKey& key = *keys_[at(from->node().id())];
    const Shape& shape = node.outputs()[0].shape;
    const bool is_column = shape == column_of(key.space);
    if (!is_column && !is_leading_part(shape, key.space)) return false;
    if (node.op().name != "reshape") {
      const std::optional<RowKey> own = elementwise_key(node);
      if (!own || own->dtype != key.dtype) return false;
    }
    for (const Value& input : node.inputs()) {
      const bool inside = is_per_row(input.node()) && keys_[at(input.node().id())] == key;
      const bool column = is_column && input.shape() == shape;
      if (!inside && !column && input.shape().element_count() != 1) return false;
    }
    assign(node, Role::column, key);
    return true;
  }

  /// Whether fusion can remove the edge. Numbers per row reach full values as a column of the same
  /// rank: one axis less would be a row.
  bool removable(const Value& from, const Node& to) const {
    const auto& key = keys_[at(from.node().id())];
    if (!key || key != keys_[at(to.id())]) return false;
    const bool lost_axis = is_per_row(from.node()) && from.shape() != column_of(key->space);
    return !(role(to) == Role::full && lost_axis && key->space.rank() > 1);
  }

  void unite_levels() {
    std::vector<int> level(graph_.nodes().size(), 0);
    for (const Node& node : graph_.nodes()) {
      if (!uses_.live(node)) continue;
      for (const Value& input : node.inputs()) {
        const int step = removable(input, node) ? 0 : 1;
        level[at(node.id())] = std::max(level[at(node.id())], level[at(input.node().id())] + step);
      }
      for (const Value& input : node.inputs()) {
        const bool same = level[at(input.node().id())] == level[at(node.id())];
        if (same && removable(input, node)) found_.unite(input.node().id(), node.id());
      }
    }
  }

  /// Whether a member reads numbers per row, one axis less than the rows have, that are made
  /// outside of the group: its kernel would take them for a row where there are as many rows as
  /// columns.
  bool reads_lost_axis(std::span<Node* const> members) const {
    for (const Node* member : members) {
      for (const Value& input : member->inputs()) {
        const Shape& space = keys_[at(member->id())]->space;
        const bool ambiguous = is_per_row(*member) && role(*member) != Role::reduction &&
                               space.rank() > 1 && input.shape().element_count() != 1 &&
                               is_leading_part(input.shape(), space);
        if (ambiguous && std::ranges::find(members, &input.node()) == members.end()) return true;
      }
    }
    return false;
  }

  bool fits(std::span<Node* const> members) const {
    if (reads_lost_axis(members)) return false;
    std::size_t instructions = 0;
    std::int64_t row_bytes = 0;
    const RowKey& key = *keys_[at(members.front()->id())];
    const auto element = static_cast<std::int64_t>(size_of(key.dtype));
    for (const Node* member : members) {
      instructions += instruction_count(*member);
      if (role(*member) != Role::full) continue;
      row_bytes +=
          static_cast<std::int64_t>(instruction_count(*member)) * key.space.dim(-1) * element;
    }
    if (instructions > kMaxInstructions || row_bytes > kMaxRowBytes) return false;
    const ClusterParts parts = RowClusterBuilder(graph_, members, uses_).parts();
    return parts.cluster->instructions.size() <= kMaxInstructions &&
           parts.inputs.size() <= kMaxInputs && parts.outputs.size() <= kMaxOutputs;
  }

  bool has(std::span<Node* const> members, Role wanted) const {
    return std::ranges::any_of(members, [&](const Node* node) { return role(*node) == wanted; });
  }

  /// Cutting along the order of ids keeps the graph of groups free of cycles.
  void accept(std::span<Node* const> members) {
    if (members.size() < 2 || !has(members, Role::reduction) || !has(members, Role::full)) return;
    if (!fits(members)) {
      accept(members.first(members.size() / 2));
      accept(members.subspan(members.size() / 2));
      return;
    }
    for (const Node* member : members) {
      groups_.unite(members.front()->id(), member->id());
      grouped_[at(member->id())] = true;
    }
  }

  /// What is left: reductions of the last axis or of everything take what makes their input.
  void join_producers() {
    struct Joined {
      int reductions = 0;
      bool everything = false;
    };
    std::unordered_map<int, Joined> joined;  // by the id of the producer
    for (const Node& node : graph_.nodes()) {
      if (!uses_.live(node) || grouped_[at(node.id())]) continue;
      const auto* axes = reduced_axes(node);
      if (axes == nullptr || node.op().indivisible) continue;
      const Value& x = node.input(0);
      const int producer = x.node().id();
      const int rank = x.shape().rank();
      const bool everything = static_cast<int>(axes->size()) == rank;
      if (!everything && (axes->size() != 1 || axes->front() != rank - 1)) continue;
      const bool reads_alike = std::ranges::all_of(x.node().inputs(), [&](const Value& input) {
        return input.shape() == x.shape() || input.shape().element_count() == 1;
      });
      const bool makes_rows = role(x.node()) == Role::full && !grouped_[at(producer)] &&
                              keys_[at(producer)] == RowKey{x.shape(), x.dtype()};
      if (!makes_rows || (everything && !reads_alike)) continue;
      Joined& others = joined[producer];
      const bool differs = others.reductions > 0 && others.everything != everything;
      if (differs || others.reductions == kMaxReductions) continue;
      ++others.reductions;
      others.everything = everything;
      groups_.unite(producer, node.id());
    }
  }

  void emit(GraphRewriter& rewriter, std::span<Node* const> members) {
    if (members.size() == 1) {
      rewriter.copy(*members.front());
      return;
    }
    emit_cluster(rewriter, "row_cluster", RowClusterBuilder(graph_, members, uses_).parts(),
                 *members.back());
  }

  const Graph& graph_;
  Uses uses_;
  std::vector<std::optional<RowKey>> keys_;
  std::vector<Role> roles_;
  Groups found_;
  Groups groups_;
  std::vector<bool> grouped_;
};

}  // namespace

Graph fuse_rows(const Graph& graph) { return RowFusion(graph).run(); }

}  // namespace tegula::passes
