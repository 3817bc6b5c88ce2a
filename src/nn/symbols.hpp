#pragma once
// Symbols: values that stand for what a model of them will compute. Private to src/nn.
//
// They live in graphs of their own. What an `Input` gives and what a layer makes of symbols are
// placeholders there; ops on them are nodes.

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "src/nn/graph_notes.hpp"
#include "tegula/nn/functional.hpp"
#include "tegula/nn/layer.hpp"

namespace tegula::nn {

/// A layer that was called on symbols, or an input layer, which has no inputs.
struct LayerCall {
  std::shared_ptr<LayerBase> layer;
  Values inputs = {};
  /// As given; none: that of the model.
  std::optional<bool> training = {};
  LayerBase::CallFunction function = {};
  Values outputs = {};
  /// Other graphs that inputs belong to.
  std::vector<Graph> graphs = {};
};

/// What a layer knows of its calls on symbols.
struct SymbolicCalls {
  static void note(LayerBase& layer, const std::shared_ptr<const LayerCall>& call);
  /// Those that are still there.
  static std::vector<std::shared_ptr<const LayerCall>> of(const LayerBase& layer);
};

/// Where the next input belongs. Inputs that may come together in a model, because no model has
/// been made since the first of them, are of one graph.
Graph symbolic_graph();
/// A new symbol for a batch of this type, which `layer` names.
Value input_symbol(Graph graph, const ValueType& type, const std::shared_ptr<LayerBase>& layer);
/// Lets the next input begin another graph.
void end_symbolic_graph();

/// The symbols that the call gives, of these types.
Values add_call(LayerCall call, const ValueTypes& outputs);

/// The call that gave this symbol; that of an OperationLayer for what ops make of symbols. Throws
/// InvalidArgument for other values.
std::shared_ptr<const LayerCall> call_of(const Value& symbol);

}  // namespace tegula::nn
