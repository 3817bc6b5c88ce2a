#include "src/passes/fusion.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tegula::passes {

namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }

bool is_scalar_constant(const Value& value) {
  return is_constant(value) && value.shape().rank() == 0;
}

/// Operand numbers of the values of one cluster: few enough for a list.
class OperandNumbers {
 public:
  int* find(const Value& value) {
    const auto known = std::ranges::find(numbers_, value, &std::pair<Value, int>::first);
    return known == numbers_.end() ? nullptr : &known->second;
  }
  void add(const Value& value, int number) { numbers_.emplace_back(value, number); }

 private:
  std::vector<std::pair<Value, int>> numbers_;
};

bool is_read_outside(const Value& value, std::span<Node* const> members, const Uses& uses) {
  if (uses.is_result(value)) return true;
  return std::ranges::any_of(uses.readers(value), [&](const Node* reader) {
    return !std::ranges::binary_search(members, reader->id(), {},
                                       [](const Node* member) { return member->id(); });
  });
}

}  // namespace

std::optional<ClusterKey> cluster_key(const Node& node) {
  const OpDef& op = node.op();
  const bool elementwise = op.fusion == FusionClass::elementwise && op.reference && !op.stateful;
  if (!elementwise || node.output_count() != 1 || node.inputs().empty()) return std::nullopt;
  ClusterKey key{node.outputs()[0].shape, DType::boolean};
  if (!key.space.is_known()) return std::nullopt;
  const auto accept = [&key](DType dtype) {
    if (dtype == DType::boolean) return true;
    if (dtype != DType::f32 && dtype != DType::f64) return false;
    if (key.dtype == DType::boolean) key.dtype = dtype;
    return key.dtype == dtype;
  };
  if (!accept(node.outputs()[0].dtype)) return std::nullopt;
  for (const Value& input : node.inputs()) {
    if (!accept(input.dtype())) return std::nullopt;
  }
  if (key.dtype == DType::boolean) key.dtype = DType::f32;  // bools fit either; f32 is the rule
  return key;
}

ClusterParts make_cluster(std::span<Node* const> members, const Uses& uses) {
  ClusterParts parts;
  OperandNumbers numbers;
  for (Node* member : members) numbers.add(member->output(), -1);
  const auto add_inputs = [&](bool with_constants) {
    for (const Node* member : members) {
      for (const Value& input : member->inputs()) {
        if ((!with_constants && is_scalar_constant(input)) || numbers.find(input)) continue;
        numbers.add(input, static_cast<int>(parts.inputs.size()));
        parts.inputs.push_back(input);
      }
    }
  };
  add_inputs(false);
  if (parts.inputs.empty()) add_inputs(true);  // a cluster reads something, be it a constant
  Cluster cluster;
  cluster.input_count = static_cast<int>(parts.inputs.size());
  int defined = cluster.input_count;
  for (Node* member : members) {
    std::vector<int> operands;
    operands.reserve(member->inputs().size());
    for (const Value& input : member->inputs()) {
      const int* number = numbers.find(input);
      operands.push_back(number != nullptr ? *number : defined);
      if (number != nullptr) continue;
      numbers.add(input, defined++);
      cluster.instructions.push_back({&input.node().op(), {}, input.node().attrs()});
    }
    cluster.instructions.push_back({&member->op(), std::move(operands), member->attrs()});
    const Value result = member->output();
    *numbers.find(result) = defined++;
    if (!is_read_outside(result, members, uses)) continue;
    cluster.outputs.push_back(defined - 1);
    parts.outputs.push_back(result);
  }
  parts.cluster = std::make_shared<const Cluster>(std::move(cluster));
  return parts;
}

std::optional<ClusterParts> cluster_parts(Node& node, const Uses& uses) {
  if (node.op().name == "cluster") {
    ClusterParts parts;
    parts.cluster = node.attrs().get<std::shared_ptr<const Cluster>>("cluster");
    parts.inputs.assign(node.inputs().begin(), node.inputs().end());
    for (int i = 0; i < node.output_count(); ++i) parts.outputs.push_back(node.output(i));
    return parts;
  }
  if (!cluster_key(node)) return std::nullopt;
  Node* const members[] = {&node};
  return make_cluster(members, uses);
}

ClusterParts with_input_order(const ClusterParts& parts, std::span<const int> order) {
  const int old_inputs = parts.cluster->input_count;
  std::vector<int> renumbered(at(old_inputs), -1);
  ClusterParts result;
  for (std::size_t i = 0; i < order.size(); ++i) {
    renumbered[at(order[i])] = static_cast<int>(i);
    result.inputs.push_back(parts.inputs[at(order[i])]);
  }
  const int shift = static_cast<int>(order.size()) - old_inputs;
  const auto renumber = [&](int operand) {
    return operand < old_inputs ? renumbered[at(operand)] : operand + shift;
  };
  Cluster cluster = *parts.cluster;
  cluster.input_count = static_cast<int>(order.size());
  for (ClusterInstruction& instruction : cluster.instructions) {
    for (int& operand : instruction.operands) operand = renumber(operand);
  }
  for (int& output : cluster.outputs) output = renumber(output);
  result.cluster = std::make_shared<const Cluster>(std::move(cluster));
  result.outputs = parts.outputs;
  return result;
}

Groups::Groups(std::size_t nodes) : parent_(nodes) { std::iota(parent_.begin(), parent_.end(), 0); }

int Groups::find(int node) {
  while (parent_[at(node)] != node) {
    parent_[at(node)] = parent_[at(parent_[at(node)])];
    node = parent_[at(node)];
  }
  return node;
}

void Groups::unite(int a, int b) {
  a = find(a);
  b = find(b);
  // The smaller id stands for both: deterministic, and short paths as groups stay small.
  if (a < b) {
    parent_[at(b)] = a;
  } else {
    parent_[at(a)] = b;
  }
}

ListsOf<Node*> Groups::members(const Graph& graph, const Uses& uses) {
  ListsOf<Node*> lists(parent_.size());
  for (const Node& node : graph.nodes()) {
    if (uses.live(node)) lists.count(at(find(node.id())));
  }
  lists.allocate();
  for (const Node& node : graph.nodes()) {
    if (uses.live(node)) lists.add(at(find(node.id())), &graph.node(node.id()));
  }
  return lists;
}

std::vector<int> order_groups(const Graph& graph, Groups& groups, const ListsOf<Node*>& members) {
  // Depth first from the groups in the order of their last members: close to the original order.
  enum class State : std::uint8_t { unseen, open, placed };
  struct Visit {
    int group;
    std::size_t member = 0, input = 0;  // the next one to look at
  };
  std::vector<State> state(members.size(), State::unseen);
  std::vector<Visit> path;
  const auto open = [&](int group) {
    if (state[at(group)] == State::placed) return;
    if (state[at(group)] == State::open) {
      throw Error("a fusion pass made groups of nodes that need each other, in a graph of " +
                  std::to_string(graph.nodes().size()) + " nodes");
    }
    state[at(group)] = State::open;
    path.push_back({group});
  };
  std::vector<int> order;
  for (const Node& node : graph.nodes()) {
    const int last_of = groups.find(node.id());
    if (members[at(last_of)].empty() || members[at(last_of)].back() != &node) continue;
    open(last_of);
    while (!path.empty()) {
      Visit& visit = path.back();
      const std::span<Node* const> nodes = members[at(visit.group)];
      if (visit.member == nodes.size()) {
        state[at(visit.group)] = State::placed;
        order.push_back(visit.group);
        path.pop_back();
      } else if (visit.input == nodes[visit.member]->inputs().size()) {
        ++visit.member;
        visit.input = 0;
      } else {
        const Value& input = nodes[visit.member]->inputs()[visit.input++];
        const int producer = groups.find(input.node().id());
        if (producer != visit.group) open(producer);
      }
    }
  }
  return order;
}

void emit_cluster(GraphRewriter& rewriter, std::string_view op, const ClusterParts& parts,
                  const Node& last) {
  Node& node = rewriter.build(find_op(op), rewriter.map(parts.inputs), {{"cluster", parts.cluster}},
                              last, true);
  for (std::size_t i = 0; i < parts.outputs.size(); ++i) {
    rewriter.replace(parts.outputs[i], node.output(static_cast<int>(i)));
  }
}

Graph emit_groups(const Graph& graph, Groups& groups, const Uses& uses, const EmitGroup& emit) {
  const ListsOf<Node*> members = groups.members(graph, uses);
  bool changes = false;
  for (std::size_t group = 0; group < members.size(); ++group) {
    changes = changes || members[group].size() > 1;
  }
  if (!changes) return graph;
  GraphRewriter rewriter(graph);
  for (const int group : order_groups(graph, groups, members)) {
    emit(rewriter, members[at(group)]);
  }
  return rewriter.finish();
}

}  // namespace tegula::passes
