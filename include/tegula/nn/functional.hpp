#pragma once
// A layer that is a graph of calls of layers.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tegula/nn/layer.hpp"

namespace tegula::nn {

struct LayerCall;

/// An output of a call of a layer, which is counted among the sublayers of a model.
struct SymbolSource {
  std::size_t layer = 0;
  std::int64_t call = 0;
  std::int64_t output = 0;
};

/// A call of a layer of a model, and where its inputs come from.
struct ConnectedCall {
  std::size_t layer = 0;
  std::vector<SymbolSource> inputs;
};

/// What makes its outputs of its inputs, which are symbols: the calls of layers, and the ops,
/// between them. Its sublayers are in Keras's order: by how far they are from the outputs.
class TEGULA_API FunctionalLayer : public LayerBase {
 public:
  static constexpr const char* kName = "Functional";

  /// Throws InvalidArgument when an output depends on an input that is not listed, and for inputs
  /// that no `Input` or layer gave.
  FunctionalLayer(const Values& inputs, const Values& outputs, std::string name);

  std::string_view class_name() const override;
  Config config() const override;
  Config base_config() const override;
  static std::shared_ptr<FunctionalLayer> from_config(const Config& config);

  /// The symbols that it was made of; they can be used in other models.
  const Values& inputs() const { return inputs_; }
  const Values& outputs() const { return outputs_; }
  /// As named, or the names of the layers that give them.
  const std::vector<std::string>& output_names() const { return output_names_; }
  /// In the order of computation.
  std::vector<ConnectedCall> connected_calls() const;
  std::vector<SymbolSource> input_sources() const;
  std::vector<SymbolSource> output_sources() const;
  /// `config` with `describe(layer)` in place of each layer's description.
  Config described(const std::function<Config(const std::shared_ptr<LayerBase>&)>& describe) const;

  DType input_dtype(std::size_t input, DType given) const override;

 protected:
  Values call_all(const Values& x, bool training) override;
  bool names_scope() const override { return false; }
  bool cuts_itself() const override { return true; }

 private:
  class Walk;
  class Sources;
  struct Cut;

  /// Where parts end that training computes again, in order of calls.
  std::vector<Cut> cuts() const;

  /// Throws InvalidArgument for two layers of one name.
  void check_names(const std::vector<std::shared_ptr<LayerBase>>& layers) const;

  Values inputs_;
  Values outputs_;
  std::vector<std::string> output_names_;
  /// One per input.
  std::vector<std::shared_ptr<LayerBase>> input_layers_;
  /// Keep the symbols.
  std::vector<Graph> graphs_;
  std::vector<std::shared_ptr<const LayerCall>> calls_;
};

/// Ops between layers, as a layer of a model of symbols.
class TEGULA_API OperationLayer : public LayerBase {
 public:
  static constexpr const char* kName = "Operation";

  /// `graph` has a placeholder for each input, in order, and fetches.
  OperationLayer(Graph graph, std::string name);

  std::string_view class_name() const override { return kName; }
  /// `{"name", "graph"}`, the graph in its text form.
  Config config() const override;
  static std::shared_ptr<OperationLayer> from_config(const Config& config);

  DType input_dtype(std::size_t input, DType given) const override;

 protected:
  Values call_all(const Values& x, bool training) override;

 private:
  std::vector<Value> placeholders() const;

  Graph operation_;
};

/// `with_mask` of symbols: its two inputs are a value and the value's mask.
class TEGULA_API MaskedLayer : public LayerBase {
 public:
  static constexpr const char* kName = "Masked";

  explicit MaskedLayer(std::string name);

  std::string_view class_name() const override { return kName; }
  Config config() const override;
  static std::shared_ptr<MaskedLayer> from_config(const Config& config);

  DType input_dtype(std::size_t input, DType given) const override;

 protected:
  Values call_all(const Values& x, bool training) override;
};

/// The symbols of a layer that was called on symbols once. Throws InvalidArgument when it was
/// called more often, and NotFound when it was not; the symbols live as long as a model or symbol
/// of theirs.
TEGULA_API Values symbolic_inputs(const LayerBase& layer);
TEGULA_API Values symbolic_outputs(const LayerBase& layer);

/// Whether the values of the graph are symbols.
TEGULA_API bool is_symbolic(const Graph& graph);
/// The input layer that gave a symbol; null for other values.
TEGULA_API std::shared_ptr<LayerBase> input_layer_of(const Value& value);
/// A new symbol of an input layer, and the graph that it lives in. Throws InvalidArgument for other
/// layers.
TEGULA_API std::pair<Graph, Value> symbol_of(const std::shared_ptr<LayerBase>& input_layer);

}  // namespace tegula::nn
