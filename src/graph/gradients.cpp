// Reverse-mode differentiation.
//
// Nodes are visited once, from the last to the first. A value's gradient is the sum of what its
// users contribute; all of them come later in the graph, so the sum is complete when the value's
// own node is visited. The work is linear in the number of nodes.

#include "tegula/graph/gradients.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "tegula/graph/op_def.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula {

namespace {

/// `number` in every element of a value like `like`.
Value filled_like(const Value& like, double number) {
  Graph graph = like.graph();
  const Value scalar = graph.constant(Tensor::full(like.dtype(), {}, number));
  if (like.shape() == Shape{}) return scalar;
  return like.shape().is_known() ? broadcast_to(scalar, like.shape())
                                 : broadcast_like(scalar, like);
}

void check_fits(const Value& gradient, const Value& value, const std::string& whose) {
  const bool fits =
      gradient.dtype() == value.dtype() && compatible(gradient.shape(), value.shape());
  if (fits) return;
  throw InvalidArgument(whose + " is " + gradient.type().to_string() + ", but the value \"" +
                        value.name() + "\" is " + value.type().to_string());
}

/// One call of `gradients`.
class Differentiation {
 public:
  Differentiation(std::span<const Value> ys, std::span<const Value> xs,
                  std::span<const Value> stops)
      : xs_(xs), stops_(stops) {
    for (const Value& y : ys) last_ = std::max(last_, y.node().id());
    for (const Value& x : xs) last_ = std::max(last_, x.node().id());
    contributions_.resize(static_cast<std::size_t>(last_) + 1);
    find_dependent_nodes(ys[0].graph());
  }

  void contribute(const Value& value, const Value& gradient) {
    auto& of_node = contributions_[static_cast<std::size_t>(value.node().id())];
    of_node.resize(static_cast<std::size_t>(value.node().output_count()));
    of_node[static_cast<std::size_t>(value.index())].push_back(gradient);
  }

  void run(const Graph& graph) {
    for (int id = last_; id >= 0; --id) {
      if (depends_[static_cast<std::size_t>(id)]) visit(graph.node(id));
    }
  }

  /// The sum of the contributions so far; no value when there is none.
  Value gradient_of(const Value& value) {
    auto& of_node = contributions_[static_cast<std::size_t>(value.node().id())];
    if (of_node.empty()) return {};
    auto& terms = of_node[static_cast<std::size_t>(value.index())];
    if (terms.empty()) return {};
    LocationScope location(value.node().location());
    Value total = terms[0];
    for (std::size_t i = 1; i < terms.size(); ++i) total = add(total, terms[i]);
    terms.assign(1, total);
    return total;
  }

 private:
  /// Marks nodes whose results change with an x: gradients flow through these only.
  void find_dependent_nodes(const Graph& graph) {
    std::set<std::pair<int, int>> xs;
    for (const Value& x : xs_) xs.emplace(x.node().id(), x.index());
    depends_.resize(static_cast<std::size_t>(last_) + 1);
    for (std::size_t id = 0; id < depends_.size(); ++id) {
      const auto inputs = graph.node(static_cast<int>(id)).inputs();
      depends_[id] = std::any_of(inputs.begin(), inputs.end(), [&](const Value& input) {
        const int source = input.node().id();
        const bool passes = depends_[static_cast<std::size_t>(source)] && !stopped(input);
        return is_floating(input.dtype()) && (passes || xs.contains({source, input.index()}));
      });
    }
  }

  void visit(Node& node) {
    std::vector<Value> output_gradients;
    for (int i = 0; i < node.output_count(); ++i) {
      const Value output = node.output(i);
      output_gradients.push_back(stopped(output) ? Value() : gradient_of(output));
    }
    const bool reached =
        std::any_of(output_gradients.begin(), output_gradients.end(),
                    [](const Value& gradient) { return static_cast<bool>(gradient); });
    if (!reached) return;
    if (!node.op().gradient) {
      throw InvalidArgument("gradients: " + node.op().name +
                            " is not differentiable, but the result depends on it; use "
                            "stop_gradient to treat it as constant: " +
                            node.describe());
    }
    LocationScope location(node.location());
    const std::vector<Value> input_gradients = node.op().gradient({node, output_gradients});
    if (input_gradients.size() != node.inputs().size()) {
      throw Error("gradients: the rule of " + node.op().name + " gives " +
                  std::to_string(input_gradients.size()) + " values for " +
                  std::to_string(node.inputs().size()) + " inputs");
    }
    for (std::size_t i = 0; i < input_gradients.size(); ++i) {
      const Value& input = node.inputs()[i];
      if (!input_gradients[i] || !is_floating(input.dtype())) continue;
      check_fits(input_gradients[i], input, "the gradient by the rule of " + node.op().name);
      contribute(input, input_gradients[i]);
    }
  }

  bool stopped(const Value& value) const {
    return std::find(stops_.begin(), stops_.end(), value) != stops_.end();
  }

  std::span<const Value> xs_;
  std::span<const Value> stops_;
  int last_ = 0;
  /// Per node id.
  std::vector<bool> depends_;
  /// Per node id and output.
  std::vector<std::vector<std::vector<Value>>> contributions_;
};

void check_arguments(std::span<const Value> ys, std::span<const Value> xs,
                     std::span<const Value> output_gradients) {
  if (ys.empty()) throw InvalidArgument("gradients: needs at least one y");
  for (const auto& values : {ys, xs}) {
    for (const Value& value : values) {
      if (!value) throw InvalidArgument("gradients: an argument is an empty value");
      if (!(value.graph() == ys[0].graph())) {
        throw InvalidArgument("gradients: \"" + value.name() + "\" belongs to another graph");
      }
    }
  }
  for (const Value& y : ys) {
    if (!is_floating(y.dtype())) {
      throw DTypeError("gradients: only floating values have gradients, but y is " +
                       y.type().to_string() + ": " + y.node().describe());
    }
  }
  if (!output_gradients.empty() && output_gradients.size() != ys.size()) {
    throw InvalidArgument("gradients: " + std::to_string(output_gradients.size()) +
                          " output gradients for " + std::to_string(ys.size()) + " ys");
  }
  for (std::size_t i = 0; i < output_gradients.size(); ++i) {
    if (output_gradients[i]) check_fits(output_gradients[i], ys[i], "an output gradient");
  }
}

}  // namespace

std::vector<Value> gradients(std::span<const Value> ys, std::span<const Value> xs,
                             std::span<const Value> output_gradients, Unconnected unconnected,
                             std::span<const Value> stops) {
  check_arguments(ys, xs, output_gradients);
  const Graph graph = ys[0].graph();
  const NameScope scope(graph, "gradients");
  Differentiation differentiation(ys, xs, stops);
  for (std::size_t i = 0; i < ys.size(); ++i) {
    LocationScope location(ys[i].node().location());
    const bool given = !output_gradients.empty() && output_gradients[i];
    differentiation.contribute(ys[i], given ? output_gradients[i] : filled_like(ys[i], 1));
  }
  differentiation.run(graph);
  std::vector<Value> results;
  for (const Value& x : xs) {
    Value gradient = differentiation.gradient_of(x);
    LocationScope location(x.node().location());
    if (!gradient && unconnected == Unconnected::kZeros) gradient = filled_like(x, 0);
    results.push_back(gradient);
  }
  return results;
}

std::vector<Value> gradients(Value y, std::span<const Value> xs, Unconnected unconnected) {
  return gradients(std::span(&y, 1), xs, {}, unconnected);
}

std::vector<Value> gradients(Value y, std::initializer_list<Value> xs, Unconnected unconnected) {
  return gradients(y, std::span(xs.begin(), xs.size()), unconnected);
}

}  // namespace tegula
