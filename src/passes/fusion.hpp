#pragma once
// What the fusion passes share: groups of nodes that become one, and the clusters that they
// compute. Private to src/passes.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "src/passes/rewriter.hpp"

namespace tegula::passes {

/// What the nodes of a cluster have in common: the iteration space and the dtype of all numbers in
/// it; the rest is bool.
struct ClusterKey {
  Shape space;
  DType dtype = DType::f32;

  bool operator==(const ClusterKey&) const = default;
};

/// The key under which a node may join a cluster; none when it may not.
std::optional<ClusterKey> cluster_key(const Node& node);

/// A cluster with the values that it reads and those that it computes, in the order of its operands
/// and outputs.
struct ClusterParts {
  std::shared_ptr<const Cluster> cluster;
  std::vector<Value> inputs;
  std::vector<Value> outputs;
};

/// The cluster that computes `members` (in order of their ids). Scalar constants become
/// instructions. Outputs are the values that others read.
ClusterParts make_cluster(std::span<Node* const> members, const Uses& uses);
/// Of a `cluster` node, or of an elementwise node as a cluster of one; none for other nodes.
std::optional<ClusterParts> cluster_parts(Node& node, const Uses& uses);

/// Renumbers the inputs: input `order[i]` becomes operand i. Inputs that are repeated in the list
/// of values stay separate operands.
ClusterParts with_input_order(const ClusterParts& parts, std::span<const int> order);

/// Builds the node of `op` ("cluster" or "row_cluster") that computes `parts`, in the place of
/// `last`, the last of their nodes; its outputs replace theirs.
void emit_cluster(GraphRewriter& rewriter, std::string_view op, const ClusterParts& parts,
                  const Node& last);

/// For each node, by id, the number of its group: the id of one of its members.
class Groups {
 public:
  explicit Groups(std::size_t nodes);
  int find(int node);
  void unite(int a, int b);
  /// Members of every group in order of their ids, by the group's number; dead nodes are in none.
  ListsOf<Node*> members(const Graph& graph, const Uses& uses);

 private:
  std::vector<int> parent_;
};

/// Rebuilds the live part of a graph group by group, in an order in which every group comes after
/// all that it reads; the graph itself when all groups are single nodes. `emit` must replace
/// the outputs of all members that are read elsewhere.
using EmitGroup = std::function<void(GraphRewriter& rewriter, std::span<Node* const> members)>;
Graph emit_groups(const Graph& graph, Groups& groups, const Uses& uses, const EmitGroup& emit);

/// An order of the groups (by the id of a member) in which each comes after those that it reads.
/// Throws Error when there is none.
std::vector<int> order_groups(const Graph& graph, Groups& groups, const ListsOf<Node*>& members);

}  // namespace tegula::passes
