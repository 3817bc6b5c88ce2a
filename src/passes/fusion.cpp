#include "src/passes/fusion.hpp"

#include <algorithm>
#include <numeric>
#include <queue>

namespace tegula::passes {

namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }

bool is_scalar_constant(const Value& value) {
  return is_constant(value) && value.shape().rank() == 0;
}

struct ValueHash {
  std::size_t operator()(const Value& value) const {
    return std::hash<const Node*>()(&value.node()) * 31 + at(value.index());
  }
};
using OperandNumbers = std::unordered_map<Value, int, ValueHash>;

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

ClusterParts make_cluster(const Graph& graph, std::span<Node* const> members, const Uses& uses) {
  ClusterParts parts;
  OperandNumbers numbers;
  for (Node* member : members) numbers.emplace(member->output(), -1);
  for (const Node* member : members) {
    for (const Value& input : member->inputs()) {
      if (is_scalar_constant(input) || numbers.contains(input)) continue;
      numbers.emplace(input, static_cast<int>(parts.inputs.size()));
      parts.inputs.push_back(input);
    }
  }
  // A cluster reads something, be it a constant.
  const bool only_constants = parts.inputs.empty();
  for (Node* member : members) {
    if (!only_constants) break;
    for (const Value& input : member->inputs()) {
      if (numbers.contains(input)) continue;
      numbers.emplace(input, static_cast<int>(parts.inputs.size()));
      parts.inputs.push_back(input);
    }
  }
  Cluster& cluster = parts.cluster;
  cluster.input_count = static_cast<int>(parts.inputs.size());
  int defined = cluster.input_count;
  const auto append = [&](const Node& node, std::vector<int> operands) {
    cluster.instructions.push_back({&node.op(), std::move(operands), node.attrs()});
    numbers[graph.node(node.id()).output()] = defined++;
  };
  for (Node* member : members) {
    std::vector<int> operands;
    for (const Value& input : member->inputs()) {
      if (!numbers.contains(input)) append(input.node(), {});
      operands.push_back(numbers.at(input));
    }
    append(*member, std::move(operands));
    const Value result = member->output();
    if (!is_read_outside(result, members, uses)) continue;
    cluster.outputs.push_back(numbers.at(result));
    parts.outputs.push_back(result);
  }
  return parts;
}

std::optional<ClusterParts> cluster_parts(const Graph& graph, Node& node, const Uses& uses) {
  if (node.op().name == "cluster") {
    ClusterParts parts;
    parts.cluster = *node.attrs().get<std::shared_ptr<const Cluster>>("cluster");
    parts.inputs.assign(node.inputs().begin(), node.inputs().end());
    for (int i = 0; i < node.output_count(); ++i) parts.outputs.push_back(node.output(i));
    return parts;
  }
  if (!cluster_key(node)) return std::nullopt;
  Node* const members[] = {&node};
  return make_cluster(graph, members, uses);
}

ClusterParts with_input_order(const ClusterParts& parts, std::span<const int> order) {
  const int old_inputs = parts.cluster.input_count;
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
  result.cluster = parts.cluster;
  result.cluster.input_count = static_cast<int>(order.size());
  for (ClusterInstruction& instruction : result.cluster.instructions) {
    for (int& operand : instruction.operands) operand = renumber(operand);
  }
  for (int& output : result.cluster.outputs) output = renumber(output);
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
  const auto for_each_edge = [&](auto&& visit) {
    for (std::size_t group = 0; group < members.size(); ++group) {
      for (const Node* member : members[group]) {
        for (const Value& input : member->inputs()) {
          const std::size_t producer = at(groups.find(input.node().id()));
          if (producer != group) visit(producer, group);
        }
      }
    }
  };
  ListsOf<int> users(members.size());
  std::vector<int> missing(members.size(), 0);
  for_each_edge([&](std::size_t producer, std::size_t group) {
    users.count(producer);
    ++missing[group];
  });
  users.allocate();
  for_each_edge([&](std::size_t producer, std::size_t group) {
    users.add(producer, static_cast<int>(group));
  });
  // The next group is the one whose last member came first: close to the original order.
  using Ready = std::pair<int, int>;
  std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
  const auto enqueue = [&](int group) { ready.emplace(members[at(group)].back()->id(), group); };
  std::size_t count = 0;
  for (std::size_t group = 0; group < members.size(); ++group) {
    if (members[group].empty()) continue;
    ++count;
    if (missing[group] == 0) enqueue(static_cast<int>(group));
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int group = ready.top().second;
    ready.pop();
    order.push_back(group);
    for (const int user : users[at(group)]) {
      if (--missing[at(user)] == 0) enqueue(user);
    }
  }
  if (order.size() != count) {
    throw Error("a fusion pass made groups of nodes that need each other, in a graph of " +
                std::to_string(graph.nodes().size()) + " nodes");
  }
  return order;
}

void emit_cluster(GraphRewriter& rewriter, std::string_view op, const ClusterParts& parts,
                  const Node& last) {
  Node& node =
      rewriter.build(find_op(op), rewriter.map(parts.inputs),
                     {{"cluster", std::make_shared<const Cluster>(parts.cluster)}}, last, true);
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
