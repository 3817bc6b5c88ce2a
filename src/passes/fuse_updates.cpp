// Updates of variables by the same program (an optimizer's step for each parameter) become one
// kernel that works through all of them.

#include <algorithm>
#include <map>

#include "src/passes/fusion.hpp"
#include "src/passes/passes.hpp"

namespace tegula::passes {

namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }

struct Update {
  Node* node = nullptr;
  ClusterParts parts;
};

bool is_scalar(const Value& value) { return value.shape().element_count() == 1; }

/// Equal programs compute the same from operands of the same kinds: 'e' for one with an element per
/// element of the space, 's' for a single one. Empty when there is another kind.
std::string signature(const Update& update) {
  const Shape& space = update.node->outputs()[0].shape;
  std::string text;
  for (const Value& input : update.parts.inputs) {
    const bool full = input.shape() == space;
    if (!full && !is_scalar(input)) return "";
    text += std::string(full ? "e" : "s") + std::string(to_string(input.dtype())) + " ";
  }
  return text + to_string(AttrValue(update.parts.cluster));
}

class UpdateFusion {
 public:
  explicit UpdateFusion(const Graph& graph)
      : graph_(graph), uses_(graph), groups_(graph.nodes().size()) {}

  Graph run() {
    find_updates();
    for (const auto& [text, updates] : by_signature_) {
      for (const Update& update : updates) {
        groups_.unite(updates.front().node->id(), update.node->id());
      }
    }
    return emit_groups(graph_, groups_, uses_,
                       [this](GraphRewriter& rewriter, std::span<Node* const> members) {
                         emit(rewriter, members);
                       });
  }

 private:
  /// Nothing can be computed from an update, so that updates never wait for each other.
  bool only_assigned(Node& node) const {
    for (int i = 0; i < node.output_count(); ++i) {
      for (Node* reader : uses_.readers(node.output(i))) {
        if (!reader->op().stateful || !uses_.readers(reader->output()).empty()) return false;
      }
    }
    return true;
  }

  bool is_assigned(Node& node) const {
    for (int i = 0; i < node.output_count(); ++i) {
      if (!uses_.readers(node.output(i)).empty()) return true;
    }
    return false;
  }

  void find_updates() {
    for (const Node& it : graph_.nodes()) {
      Node& node = graph_.node(it.id());
      if (!uses_.live(node) || !is_assigned(node) || !only_assigned(node)) continue;
      std::optional<ClusterParts> parts = cluster_parts(node, uses_);
      if (!parts || !node.outputs()[0].shape.is_known()) continue;
      const bool random = std::ranges::any_of(parts->cluster->instructions,
                                              [](const auto& step) { return step.op->random; });
      if (random) continue;
      Update update{&node, std::move(*parts)};
      const std::string text = signature(update);
      if (!text.empty()) by_signature_[text].push_back(std::move(update));
    }
  }

  void emit(GraphRewriter& rewriter, std::span<Node* const> members) {
    if (members.size() == 1) {
      rewriter.copy(*members.front());
      return;
    }
    std::vector<ClusterParts> segments;
    for (Node* member : members) segments.push_back(*cluster_parts(*member, uses_));
    const auto [order, shared] = shared_first(segments);
    std::vector<Value> inputs;
    std::vector<Value> outputs;
    for (const ClusterParts& segment : segments) {
      const std::size_t skipped = inputs.empty() ? 0 : shared;
      for (const int input : std::span(order).subspan(skipped)) {
        inputs.push_back(rewriter.map(segment.inputs[at(input)]));
      }
      outputs.insert(outputs.end(), segment.outputs.begin(), segment.outputs.end());
    }
    Node& node = rewriter.build(find_op("multi_cluster"), inputs,
                                {{"cluster", with_input_order(segments.front(), order).cluster},
                                 {"segments", static_cast<std::int64_t>(segments.size())},
                                 {"shared", static_cast<std::int64_t>(shared)}},
                                *members.back(), true);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      rewriter.replace(outputs[i], node.output(static_cast<int>(i)));
    }
  }

  struct InputOrder {
    std::vector<int> order;
    std::size_t shared = 0;
  };

  /// Scalars that all segments read come first.
  static InputOrder shared_first(std::span<const ClusterParts> segments) {
    const auto is_shared = [&](int input) {
      const Value& value = segments.front().inputs[at(input)];
      return is_scalar(value) && std::ranges::all_of(segments, [&](const ClusterParts& parts) {
               return parts.inputs[at(input)] == value;
             });
    };
    InputOrder result;
    std::vector<int> own;
    for (int i = 0; i < segments.front().cluster->input_count; ++i) {
      (is_shared(i) ? result.order : own).push_back(i);
    }
    result.shared = result.order.size();
    result.order.insert(result.order.end(), own.begin(), own.end());
    return result;
  }

  const Graph& graph_;
  Uses uses_;
  Groups groups_;
  std::map<std::string, std::vector<Update>> by_signature_;
};

}  // namespace

Graph fuse_updates(const Graph& graph) { return UpdateFusion(graph).run(); }

}  // namespace tegula::passes
