#pragma once
// Layers that hold another one.

#include <memory>
#include <source_location>
#include <string>

#include "tegula/nn/layer.hpp"

namespace tegula::nn {

/// Another layer, applied to every step: (batch, steps, ...) to (batch, steps, ...). All steps of
/// all samples are one batch of the other layer.
class TEGULA_API TimeDistributedLayer : public LayerBase {
 public:
  static constexpr const char* kName = "TimeDistributed";

  /// Throws InvalidArgument for an empty layer.
  TimeDistributedLayer(const Layer& layer, std::string name);

  std::string_view class_name() const override;
  Config config() const override;
  Config base_config() const override;
  static std::shared_ptr<TimeDistributedLayer> from_config(const Config& config);

  const std::shared_ptr<LayerBase>& layer() const { return layer_; }
  DType input_dtype(std::size_t input, DType given) const override;

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;

 private:
  /// Throws ShapeError for fewer than three axes.
  Shape step_shape(const Shape& input) const;

  std::shared_ptr<LayerBase> layer_;
};
class TimeDistributed : public Layer {
 public:
  explicit TimeDistributed(const Layer& layer, std::string name = "",
                           std::source_location location = std::source_location::current())
      : Layer(std::make_shared<TimeDistributedLayer>(layer, std::move(name)), location) {}
};

}  // namespace tegula::nn
