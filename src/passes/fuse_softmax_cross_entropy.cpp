// Softmax followed by a logarithm, and the cross-entropy spelled out, become the ops that compute
// them in one kernel, without overflow.

#include "src/passes/passes.hpp"
#include "src/passes/patterns.hpp"

namespace tegula::passes {

namespace {

using Integers = std::vector<std::int64_t>;

Value log_softmax_of(GraphRewriter& rewriter, Node& node, const Value& x, std::int64_t axis) {
  const Value input = rewriter.map(x);
  return rewriter.build(find_op("log_softmax"), std::span(&input, 1), {{"axis", axis}}, node, true)
      .output();
}

/// log(softmax(x)) is log_softmax(x)
Value log_of_softmax(GraphRewriter& rewriter, Node& node, const Uses&) {
  const Node& softmax = node.input(0).node();
  return log_softmax_of(rewriter, node, softmax.input(0),
                        softmax.attrs().get<std::int64_t>("axis"));
}

/// x - logsumexp(x, axis, keepdims) is log_softmax(x, axis)
Value minus_logsumexp(GraphRewriter& rewriter, Node& node, const Uses&) {
  const Value x = node.input(0);
  const Node& reduction = node.input(1).node();
  const auto& axes = reduction.attrs().get<Integers>("axes");
  const bool matches =
      reduction.input(0) == x && axes.size() == 1 && reduction.attrs().get<bool>("keepdims");
  return matches ? log_softmax_of(rewriter, node, x, axes[0]) : Value();
}

/// -sum(labels * log_softmax(logits), last axis) is softmax_cross_entropy(logits, labels), when
/// nothing else reads the products on the way.
Value negated_sum_of_products(GraphRewriter& rewriter, Node& node, const Uses& uses) {
  const Value total = node.input(0);
  if (!is_private(total, uses)) return {};
  const Node& sum = total.node();
  const Value product = sum.input(0);
  const int rank = product.shape().rank();
  const bool last_axis =
      sum.attrs().get<Integers>("axes") == Integers{rank - 1} && !sum.attrs().get<bool>("keepdims");
  if (!last_axis || !is_op(product, "mul") || !is_private(product, uses)) return {};
  for (const int i : {0, 1}) {
    const Value logarithm = product.node().input(i);
    const Value labels = product.node().input(1 - i);
    if (!is_op(logarithm, "log_softmax") || !is_private(logarithm, uses)) continue;
    if (labels.type() != logarithm.type() || !labels.shape().is_known()) continue;
    const Node& log_softmax = logarithm.node();
    if (normalize_axis(log_softmax.attrs().get<std::int64_t>("axis"), rank) != rank - 1) continue;
    const Value inputs[] = {rewriter.map(log_softmax.input(0)), rewriter.map(labels)};
    return rewriter.build(find_op("softmax_cross_entropy"), inputs, {}, node, true).output();
  }
  return {};
}

constexpr Pattern kPatterns[] = {
    {"log", 0, "softmax", log_of_softmax},
    {"neg", 0, "sum", negated_sum_of_products},
    {"sub", 1, "logsumexp", minus_logsumexp},
};

}  // namespace

Graph fuse_softmax_cross_entropy(const Graph& graph) {
  // First what makes log_softmax, then what reads it.
  return apply_patterns(apply_patterns(graph, kPatterns), kPatterns);
}

}  // namespace tegula::passes
