// Elementwise fusion: neighbours over the same iteration space become one loop. Nothing is computed
// twice: a value that is read outside becomes one of the cluster's outputs.
//
// Groups grow in rounds, each of which keeps the graph of groups free of cycles:
//  - absorb: a group whose only reader is another group joins it. A way back from the reader would
//    have been a cycle before.
//  - levels: every edge that fusion cannot remove raises the level, so groups of one level that
//    edges of the removable kind connect may be united: all that lies between them is of this
//    level and united as well. Levels are counted from the sources in one round and from the
//    results in another, because an update that reads an early and a late value has its neighbours
//    on either side.

#include <algorithm>
#include <unordered_map>

#include "src/passes/fusion.hpp"
#include "src/passes/passes.hpp"

namespace tegula::passes {

namespace {

// Bounds within those of the elementwise kernels (tile buffers, scalars, outputs).
constexpr std::size_t kMaxInstructions = 40;
constexpr std::size_t kMaxInputs = 24;
constexpr std::size_t kMaxOutputs = 16;

std::size_t at(int index) { return static_cast<std::size_t>(index); }

class ElementwiseFusion {
 public:
  explicit ElementwiseFusion(const Graph& graph)
      : graph_(graph), uses_(graph), groups_(graph.nodes().size()), split_(graph.nodes().size()) {
    keys_.reserve(graph.nodes().size());
    for (const Node& node : graph.nodes()) keys_.push_back(cluster_key(node));
  }

  Graph run() {
    absorb(true);
    unite_levels(true);
    unite_levels(false);
    absorb(false);
    split_large_groups();
    return emit_groups(graph_, split_, uses_,
                       [this](GraphRewriter& rewriter, std::span<Node* const> members) {
                         emit(rewriter, members);
                       });
  }

 private:
  bool fusible(const Node& node) const { return keys_[at(node.id())].has_value(); }
  /// Whether fusion can remove the edge between the nodes.
  bool removable(const Node& from, const Node& to) const {
    return fusible(from) && keys_[at(from.id())] == keys_[at(to.id())];
  }

  /// A comparison turns four or eight bytes into one: better kept near what it compares, even when
  /// its result is read late (the mask of an activation, for the backward pass).
  bool shrinks(const Node& node) const {
    return node.outputs()[0].dtype == DType::boolean &&
           std::ranges::any_of(node.inputs(), [&](const Value& input) {
             return input.dtype() != DType::boolean && removable(input.node(), node);
           });
  }

  /// The only group that reads `members` from outside, or -1.
  int only_reader(std::span<Node* const> members) {
    int reader_group = -1;
    const int own = groups_.find(members.front()->id());
    for (Node* member : members) {
      if (uses_.is_result(member->output())) return -1;
      for (const Node* reader : uses_.readers(member->output())) {
        const int group = groups_.find(reader->id());
        if (group == own) continue;
        if (!removable(*member, *reader) || (reader_group >= 0 && group != reader_group)) return -1;
        reader_group = group;
      }
    }
    return reader_group;
  }

  void absorb(bool keep_shrinking) {
    const auto members = groups_.members(graph_, uses_);
    const std::vector<int> order = order_groups(graph_, groups_, members);
    for (auto group = order.rbegin(); group != order.rend(); ++group) {
      const std::span<Node* const> nodes = members[at(*group)];
      if (!fusible(*nodes.front())) continue;
      if (keep_shrinking && nodes.size() == 1 && shrinks(*nodes.front())) continue;
      const int reader = only_reader(nodes);
      if (reader >= 0) groups_.unite(*group, reader);
    }
  }

  /// Levels by group number. Forwards: one more than the highest input's, or equal over removable
  /// edges. Backwards: likewise down from the readers.
  std::vector<int> find_levels(bool forwards, const ListsOf<Node*>& members,
                               const std::vector<int>& order) {
    std::vector<int> level(members.size(), 0);
    const auto limit = [&](int& own, int other, const Node& from, const Node& to) {
      const int step = removable(from, to) ? 0 : 1;
      own = forwards ? std::max(own, other + step) : std::min(own, other - step);
    };
    for (std::size_t i = 0; i < order.size(); ++i) {
      const int group = order[forwards ? i : order.size() - 1 - i];
      for (Node* member : members[at(group)]) {
        if (forwards) {
          for (const Value& input : member->inputs()) {
            const int other = groups_.find(input.node().id());
            if (other != group) limit(level[at(group)], level[at(other)], input.node(), *member);
          }
          continue;
        }
        for (int output = 0; output < member->output_count(); ++output) {
          for (const Node* reader : uses_.readers(member->output(output))) {
            const int other = groups_.find(reader->id());
            if (other != group) limit(level[at(group)], level[at(other)], *member, *reader);
          }
        }
      }
    }
    return level;
  }

  void unite_levels(bool forwards) {
    const auto members = groups_.members(graph_, uses_);
    const std::vector<int> order = order_groups(graph_, groups_, members);
    const std::vector<int> level = find_levels(forwards, members, order);
    std::vector<int> group_of(graph_.nodes().size());
    for (std::size_t id = 0; id < group_of.size(); ++id) {
      group_of[id] = groups_.find(static_cast<int>(id));
    }
    const auto level_of = [&](const Node& node) { return level[at(group_of[at(node.id())])]; };
    for (const int group : order) {
      for (const Node* member : members[at(group)]) {
        for (const Value& input : member->inputs()) {
          const bool joins =
              removable(input.node(), *member) && level_of(input.node()) == level_of(*member);
          if (joins) groups_.unite(input.node().id(), member->id());
        }
      }
    }
    if (forwards) unite_scalars(members, level_of);
  }

  /// Computations of single numbers are all overhead: those of one level become one kernel.
  template <typename LevelOf>
  void unite_scalars(const ListsOf<Node*>& members, LevelOf&& level_of) {
    std::unordered_map<std::string, const Node*> first;
    for (std::size_t group = 0; group < members.size(); ++group) {
      const std::span<Node* const> nodes = members[group];
      if (nodes.empty() || !fusible(*nodes.front())) continue;
      const ClusterKey& key = *keys_[at(nodes.front()->id())];
      if (key.space.rank() != 0) continue;
      const std::string name =
          std::to_string(level_of(*nodes.front())) + std::string(to_string(key.dtype));
      const auto [known, inserted] = first.emplace(name, nodes.front());
      if (!inserted) groups_.unite(known->second->id(), nodes.front()->id());
    }
  }

  static bool fits(const ClusterParts& parts) {
    return parts.cluster->instructions.size() <= kMaxInstructions &&
           parts.inputs.size() <= kMaxInputs && parts.outputs.size() <= kMaxOutputs;
  }

  /// Cutting along the order of ids keeps the graph of groups free of cycles.
  void split(std::span<Node* const> members) {
    if (members.size() == 1) return;
    if (members.size() <= kMaxInstructions) {
      ClusterParts parts = make_cluster(members, uses_);
      if (fits(parts)) {
        for (const Node* member : members) split_.unite(members.front()->id(), member->id());
        parts_.emplace(members.front()->id(), std::move(parts));
        return;
      }
    }
    split(members.first(members.size() / 2));
    split(members.subspan(members.size() / 2));
  }

  void split_large_groups() {
    const ListsOf<Node*> members = groups_.members(graph_, uses_);
    for (std::size_t group = 0; group < members.size(); ++group) {
      if (!members[group].empty()) split(members[group]);
    }
  }

  void emit(GraphRewriter& rewriter, std::span<Node* const> members) {
    if (members.size() == 1) {
      rewriter.copy(*members.front());
      return;
    }
    emit_cluster(rewriter, "cluster", parts_.at(members.front()->id()), *members.back());
  }

  const Graph& graph_;
  Uses uses_;
  Groups groups_;
  std::vector<std::optional<ClusterKey>> keys_;
  Groups split_;
  std::unordered_map<int, ClusterParts> parts_;  // of these groups, by the id of the first member
};

}  // namespace

Graph fuse_elementwise(const Graph& graph) { return ElementwiseFusion(graph).run(); }

}  // namespace tegula::passes
