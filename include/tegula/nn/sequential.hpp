#pragma once
// A plain stack of layers.

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "tegula/nn/layers.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

/// Each layer's output is the next one's input. Starts with `Input`, or gets its input shape from
/// the first data it sees.
class TEGULA_API Sequential : public Model {
 public:
  Sequential(std::initializer_list<Layer> layers, std::string name = "");
  explicit Sequential(std::vector<Layer> layers = {}, std::string name = "");

  /// Appends a layer; a built model gets the new layer's weights too, the others keep theirs.
  void add(Layer layer);
  /// Removes the last layer. Throws RunError when there is none.
  void pop();

  /// Without the Input.
  std::vector<Layer> layers() const override;
  std::string_view class_name() const override { return "Sequential"; }
  static std::unique_ptr<Sequential> from_config(const Config& config);

 protected:
  Value forward(Value x, bool training) override;
  Config structure() const override;

 private:
  std::vector<Layer> layers_;
  std::string input_name_;
};

}  // namespace tegula::nn
