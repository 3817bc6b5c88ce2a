#include "src/passes/functions.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "src/graph/loop_forms.hpp"
#include "src/graph/place.hpp"
#include "src/passes/passes.hpp"
#include "src/passes/rewriter.hpp"
#include "tegula/graph/function.hpp"

namespace tegula::passes {

namespace {

/// The function after `change`, which may drop parameters but keeps their names.
FunctionPointer changed(const FunctionPointer& function,
                        const std::function<Graph(const Graph&)>& change) {
  const FunctionPointer copy = make_function(function->parameters, function->results);
  Graph before = copy->graph;
  before.set_fetches(copy->results);
  const Graph after = change(before);
  if (after == before) return copy;
  std::vector<Value> parameters;
  for (const Value& parameter : copy->parameters) {
    Node* const kept = after.find(parameter.node().name());
    parameters.push_back(kept != nullptr ? kept->output() : parameter);
  }
  return make_function(parameters, after.fetches());
}

using Functions = std::map<std::string, FunctionPointer, std::less<>>;

/// What becomes of a node with functions.
struct Rewrite {
  Functions functions;
  std::vector<bool> operands;  ///< which are kept
  std::vector<bool> results;
};

/// Functions with known types; of cond and scan, what is read of their results, and what that
/// needs.
class Rewrites {
 public:
  explicit Rewrites(const Graph& graph) : live_(graph.nodes().size(), false) {
    const ValueNumbers numbers(graph);
    std::vector<bool> needed(numbers.count(), false);
    const auto need = [&](const Value& value) { needed[numbers(value)] = true; };
    for (const Value& value : graph.fetches()) need(value);
    for (const Value& value : graph.targets()) need(value);
    for (std::size_t id = graph.nodes().size(); id-- > 0;) {
      Node& node = graph.node(static_cast<int>(id));
      std::vector<bool> read;
      for (const Value& output : outputs_of(node)) read.push_back(needed[numbers(output)]);
      live_[id] = std::ranges::find(read, true) != read.end();
      if (!live_[id]) continue;
      std::vector<bool> operands(node.inputs().size(), true);
      if (node.op().parameter_types) {
        operands = rewrites_.emplace(&node, rewrite(node, read)).first->second.operands;
      }
      for (std::size_t i = 0; i < operands.size(); ++i) {
        if (operands[i]) need(node.inputs()[i]);
      }
    }
  }

  bool live(const Node& node) const { return live_[static_cast<std::size_t>(node.id())]; }
  /// Null for a node without functions.
  const Rewrite* find(const Node& node) const {
    const auto known = rewrites_.find(&node);
    return known == rewrites_.end() ? nullptr : &known->second;
  }

 private:
  static Rewrite rewrite(const Node& node, const std::vector<bool>& read) {
    Rewrite made{{}, std::vector<bool>(node.inputs().size(), true), read};
    const bool cond = node.op().name == "cond", scan = node.op().name == "scan";
    const std::size_t states = scan ? scan_form(node).states : 0;
    std::fill_n(made.results.begin(), cond || scan ? states : read.size(), true);
    const std::vector<ValueType> inputs = types_of(node.inputs());
    for (const auto& [name, value] : node.attrs()) {
      const auto* function = std::get_if<FunctionPointer>(&value);
      if (function == nullptr) continue;
      FunctionPointer special =
          specialized(*function, node.op().parameter_types({inputs, node.attrs()}, name));
      if (cond || scan) {
        special = make_function(special->parameters, those(special->results, made.results));
      }
      made.functions[name] = changed(special, specialize_shapes);
    }
    if (cond || scan) drop_operands(made, cond ? 1 : states, node.inputs().size());
    return made;
  }

  /// Operands from `first` on that no function uses. A scan keeps a sequence for its length.
  static void drop_operands(Rewrite& made, std::size_t first, std::size_t count) {
    const std::size_t shift = made.functions.contains("body") ? 0 : 1;
    std::vector<bool> used(count, false);
    for (const auto& [name, function] : made.functions) {
      const std::vector<bool> of_function = used_parameters(*function);
      for (std::size_t i = first; i < count; ++i) used[i] = used[i] || of_function[i - shift];
    }
    for (std::size_t i = first; i < count; ++i) made.operands[i] = used[i];
  }

  std::vector<bool> live_;  // by node id
  std::map<const Node*, Rewrite> rewrites_;
};

/// The functions without the parameters for operands that are not kept.
Functions of_kept_operands(const Node& node, const Rewrite& rewrite) {
  Functions functions = rewrite.functions;
  const auto first = rewrite.operands.begin() + (node.op().name == "cond" ? 1 : 0);
  for (auto& [name, function] : functions) {
    std::vector<bool> kept(first, rewrite.operands.end());
    kept.resize(function->parameters.size(), true);
    function = make_function(those(function->parameters, kept), function->results);
  }
  return functions;
}

void replace_results(GraphRewriter& rewriter, const Node& node, const Rewrite& rewrite,
                     std::span<const Value> values) {
  Node& old = rewriter.source().node(node.id());
  std::size_t next = 0;
  for (std::size_t i = 0; i < rewrite.results.size(); ++i) {
    if (rewrite.results[i]) rewriter.replace(old.output(static_cast<int>(i)), values[next++]);
  }
}

/// A cond whose predicate is known is its branch.
void replace_by_branch(GraphRewriter& rewriter, const Node& node, const Rewrite& rewrite,
                       std::span<const Value> inputs) {
  const bool chosen = constant_value(inputs.front()).at(0) != 0;
  const Functions branches = of_kept_operands(node, rewrite);
  const FunctionPointer& branch = branches.find(chosen ? "then_branch" : "else_branch")->second;
  replace_results(rewriter, node, rewrite, inlined(*branch, rewriter.result(), inputs.subspan(1)));
}

}  // namespace

std::vector<bool> used_parameters(const Function& function) {
  std::set<const Node*> met;
  std::vector<Value> waiting = function.results;
  while (!waiting.empty()) {
    const Value value = waiting.back();
    waiting.pop_back();
    if (!met.insert(&value.node()).second) continue;
    waiting.insert(waiting.end(), value.node().inputs().begin(), value.node().inputs().end());
  }
  std::vector<bool> used;
  for (const Value& parameter : function.parameters) {
    used.push_back(met.contains(&parameter.node()));
  }
  return used;
}

Graph optimize_functions(const Graph& graph, const PassOptions& options) {
  const auto has_functions = [](const Node& node) {
    return static_cast<bool>(node.op().parameter_types);
  };
  if (std::ranges::none_of(graph.nodes(), has_functions)) return graph;
  const Rewrites rewrites(graph);
  GraphRewriter rewriter(graph);
  for (const Node& node : graph.nodes()) {
    if (!rewrites.live(node)) continue;
    const Rewrite* const rewrite = rewrites.find(node);
    if (rewrite == nullptr) {
      rewriter.copy(node);
      continue;
    }
    const std::vector<Value> operands(node.inputs().begin(), node.inputs().end());
    std::vector<Value> inputs = rewriter.map(those(operands, rewrite->operands));
    if (node.op().name == "cond" && is_constant(inputs.front())) {
      replace_by_branch(rewriter, node, *rewrite, inputs);
      continue;
    }
    Attrs attrs = node.attrs();
    auto functions = of_kept_operands(node, *rewrite);
    if (node.op().name == "scan") {
      const ScanForm form = scan_form(node);
      const auto sequence = rewrite->operands.begin() + std::ptrdiff_t(form.states);
      const auto sequences = std::count(sequence, sequence + std::ptrdiff_t(form.sequences), true);
      attrs.set("sequences", std::int64_t{sequences});
      attrs.set("length", form.length);
      const std::size_t own = form.states + static_cast<std::size_t>(sequences);
      const auto first_capture = inputs.begin() + std::ptrdiff_t(own);
      const Captures hoisted = hoist_invariants(functions["body"], own, rewriter.result(),
                                                {first_capture, inputs.end()});
      functions["body"] = hoisted.body;
      inputs.erase(first_capture, inputs.end());
      inputs.insert(inputs.end(), hoisted.operands.begin(), hoisted.operands.end());
    }
    for (const auto& [name, function] : functions) {
      attrs.set(name, changed(function,
                              [&](const Graph& body) { return optimize(body, options).graph; }));
    }
    Node& built = rewriter.build(node.op(), inputs, std::move(attrs), node, true);
    replace_results(rewriter, node, *rewrite, outputs_of(built));
  }
  return rewriter.finish();
}

}  // namespace tegula::passes
