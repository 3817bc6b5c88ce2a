#include "tegula/graph/evaluate.hpp"

#include <string>
#include <unordered_map>

#include "src/core/rethrow.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace {

void check_feed(const Value& value, const Tensor& tensor) {
  const std::string problem = "the value fed for \"" + value.name() + "\" is " +
                              ValueType{tensor.dtype(), tensor.shape()}.to_string() +
                              ", expected " + value.type().to_string();
  if (tensor.dtype() != value.dtype()) throw DTypeError(problem);
  if (!compatible(tensor.shape(), value.shape())) throw ShapeError(problem);
}

/// Computes nodes after what they need, without recursion: graphs may be deep.
class Evaluation {
 public:
  Evaluation(std::span<const std::pair<Value, Tensor>> feeds, const RandomKey& key) : key_(key) {
    for (const auto& [value, tensor] : feeds) {
      check_feed(value, tensor);
      fed_[&value.node()].emplace_back(value.index(), tensor);
    }
  }

  Tensor value_of(const Value& value) {
    if (const Tensor* tensor = find(value)) return *tensor;
    std::vector<Node*> pending = {&value.node()};
    while (!pending.empty()) {
      Node& node = *pending.back();
      if (results_.contains(&node)) {
        pending.pop_back();
        continue;
      }
      const std::size_t before = pending.size();
      for (const Value& needed : needs(node)) {
        if (find(needed) == nullptr) pending.push_back(&needed.node());
      }
      if (pending.size() == before) {
        results_[&node] = compute(node);
        pending.pop_back();
      } else if (!entered_.emplace(&node, true).second) {
        throw InvalidArgument("an initial value depends on its own variable: " + node.describe());
      }
    }
    return *find(value);
  }

 private:
  const Tensor* find(const Value& value) const {
    if (const auto fed = fed_.find(&value.node()); fed != fed_.end()) {
      for (const auto& [index, tensor] : fed->second) {
        if (index == value.index()) return &tensor;
      }
    }
    const auto result = results_.find(&value.node());
    return result == results_.end() ? nullptr
                                    : &result->second[static_cast<std::size_t>(value.index())];
  }

  /// Inputs, or a variable's initial value.
  static std::vector<Value> needs(Node& node) {
    if (!node.inputs().empty()) return {node.inputs().begin(), node.inputs().end()};
    if (const Value initial = node.graph().initial_value(node.output())) return {initial};
    return {};
  }

  std::vector<Tensor> compute(Node& node) const {
    std::vector<Tensor> inputs;
    for (const Value& needed : needs(node)) inputs.push_back(*find(needed));
    if (node.op().reference) return evaluate_node(node, inputs, key_);
    // State: an assignment passes on what it assigns, a variable its initial value.
    if (!inputs.empty()) return {inputs.back()};
    throw RunError("no value was fed for " + node.describe());
  }

  RandomKey key_;
  std::unordered_map<const Node*, std::vector<std::pair<int, Tensor>>> fed_;
  std::unordered_map<const Node*, std::vector<Tensor>> results_;
  std::unordered_map<const Node*, bool> entered_;
};

}  // namespace

std::vector<Tensor> evaluate_node(const Node& node, std::span<const Tensor> inputs,
                                  const RandomKey& key) {
  std::vector<ValueType> types;
  for (const Tensor& input : inputs) types.push_back({input.dtype(), input.shape()});
  try {
    const std::vector<ValueType> outputs = node.op().infer({types, node.attrs()});
    for (const ValueType& output : outputs) {
      if (!output.shape.is_known()) {
        throw RunError("the shape " + output.shape.to_string() + " of a result is not known");
      }
    }
    return node.op().reference({inputs, node.attrs(), outputs, key});
  } catch (const Error&) {
    detail::rethrow_with(
        [&node](const Error& error) { return node.describe() + ": " + error.what(); });
  }
}

std::vector<Tensor> evaluate(std::span<const Value> fetches,
                             std::span<const std::pair<Value, Tensor>> feeds,
                             const RandomKey& key) {
  Evaluation evaluation(feeds, key);
  std::vector<Tensor> results;
  for (const Value& fetch : fetches) {
    if (!fetch) throw InvalidArgument("evaluate: a fetch is an empty value");
    results.push_back(evaluation.value_of(fetch));
  }
  return results;
}

Tensor evaluate(Value fetch, std::initializer_list<std::pair<Value, Tensor>> feeds,
                const RandomKey& key) {
  return evaluate(std::span(&fetch, 1), std::span(feeds.begin(), feeds.size()), key)[0];
}

}  // namespace tegula
