// Matrix products and convolutions take the elementwise ops that follow into their epilogue: bias,
// activation, dropout, residual, the mask of the backward pass.

#include <algorithm>

#include "src/passes/fusion.hpp"
#include "src/passes/passes.hpp"

namespace tegula::passes {

namespace {

/// Whether an operand can be read along with blocks of a product [..., m, n], seen as rows of n:
/// full, a row [n], a column [..., m, 1], or a scalar.
bool reads_along(const Shape& operand, const Shape& product) {
  if (operand == product || operand.element_count() == 1) return true;
  const int rank = product.rank();
  if (operand.rank() == 0 || operand.rank() > rank) return false;
  const bool row =
      operand.dim(-1) == product[rank - 1] && operand.element_count() == product[rank - 1];
  if (row) return true;
  if (operand.rank() != rank || operand[rank - 1] != 1) return false;
  return std::equal(operand.begin(), operand.end() - 1, product.begin());
}

/// The op that computes a cluster from the result of a product; null for other ops.
const OpDef* fused_form(const OpDef& op) {
  return op.fusion == FusionClass::contraction ? try_find_op("fused_" + op.name) : nullptr;
}

class MatmulFusion {
 public:
  explicit MatmulFusion(const Graph& graph)
      : graph_(graph), uses_(graph), groups_(graph.nodes().size()) {}

  Graph run() {
    for (const Node& node : graph_.nodes()) {
      if (uses_.live(node)) find_product(node);
    }
    return emit_groups(graph_, groups_, uses_,
                       [this](GraphRewriter& rewriter, std::span<Node* const> members) {
                         emit(rewriter, members);
                       });
  }

 private:
  /// Whether `product` is a plain product that only `reader` reads.
  bool can_end_with(const Value& product, const Node& reader) const {
    const Node& node = product.node();
    if (fused_form(node.op()) == nullptr || uses_.is_result(product)) return false;
    return std::ranges::all_of(uses_.readers(product),
                               [&](const Node* other) { return other == &reader; });
  }

  /// Unites an elementwise node with the first product among its inputs that can take it.
  void find_product(const Node& node) {
    const Shape& shape = node.outputs()[0].shape;
    const auto product = std::ranges::find_if(node.inputs(), [&](const Value& input) {
      return can_end_with(input, node) && input.shape() == shape;
    });
    if (product == node.inputs().end() || !shape.is_known()) return;
    if (node.op().name != "cluster" && !cluster_key(node)) return;
    const bool readable = std::ranges::all_of(
        node.inputs(), [&](const Value& input) { return reads_along(input.shape(), shape); });
    if (readable) groups_.unite(product->node().id(), node.id());
  }

  void emit(GraphRewriter& rewriter, std::span<Node* const> members) {
    if (members.size() == 1) {
      rewriter.copy(*members.front());
      return;
    }
    Node& product = *members.front();
    Node& epilogue = *members.back();
    const ClusterParts parts = product_first(*cluster_parts(epilogue, uses_), product);
    std::vector<Value> inputs = rewriter.map(product.inputs());
    for (std::size_t i = 1; i < parts.inputs.size(); ++i) {
      inputs.push_back(rewriter.map(parts.inputs[i]));
    }
    Attrs attrs = product.attrs();
    attrs.set("cluster", parts.cluster);
    Node& node =
        rewriter.build(*fused_form(product.op()), inputs, std::move(attrs), epilogue, true);
    for (std::size_t i = 0; i < parts.outputs.size(); ++i) {
      rewriter.replace(parts.outputs[i], node.output(static_cast<int>(i)));
    }
  }

  static ClusterParts product_first(const ClusterParts& parts, Node& product) {
    const auto position = std::ranges::find(parts.inputs, product.output());
    std::vector<int> order = {static_cast<int>(position - parts.inputs.begin())};
    for (int i = 0; i < parts.cluster->input_count; ++i) {
      if (i != order.front()) order.push_back(i);
    }
    return with_input_order(parts, order);
  }

  const Graph& graph_;
  Uses uses_;
  Groups groups_;
};

}  // namespace

Graph fuse_matmul(const Graph& graph) { return MatmulFusion(graph).run(); }

}  // namespace tegula::passes
