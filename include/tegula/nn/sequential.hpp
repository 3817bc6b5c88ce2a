#pragma once
// A plain stack of layers.

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "tegula/nn/layers.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

/// A plain stack of layers: each one's output is the next one's input.
class TEGULA_API SequentialLayer : public LayerBase {
 public:
  static constexpr const char* kName = "Sequential";

  explicit SequentialLayer(std::string name);

  std::string_view class_name() const override;
  Config config() const override;
  Config base_config() const override;
  static std::shared_ptr<SequentialLayer> from_config(const Config& config);

  /// Appends a layer. Throws InvalidArgument for an empty one, a name that is there already, and an
  /// `Input` that is not the first.
  void add(const Layer& layer);
  /// Removes the last layer. Throws RunError when there is none.
  void pop();
  /// The type of a batch, when `Input` or the first layer states it.
  const std::optional<ValueType>& stated_input() const { return input_; }

  DType input_dtype(std::size_t input, DType given) const override;

 protected:
  Values call_all(const Values& x, bool training) override;
  bool names_scope() const override { return false; }
  bool cuts_itself() const override { return true; }

 private:
  std::optional<ValueType> input_;
};

/// A model of a plain stack of layers. Starts with `Input`, or gets its input shape from the first
/// data it sees.
class TEGULA_API Sequential : public Model {
 public:
  Sequential(std::initializer_list<Layer> layers, std::string name = "");
  explicit Sequential(std::vector<Layer> layers = {}, std::string name = "");
  /// The model of a stack; built when this states its input.
  explicit Sequential(std::shared_ptr<SequentialLayer> stack);

  /// Appends a layer; a built model gets the new layer's weights too, the others keep theirs.
  void add(Layer layer);
  /// Removes the last layer. Throws RunError when there is none.
  void pop();

 private:
  SequentialLayer& stack() const;
};

}  // namespace tegula::nn
