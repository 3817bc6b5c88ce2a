#pragma once
// Layers that are made of another one, or of a function.

#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "tegula/nn/layer.hpp"

namespace tegula::nn {

/// Base of layers that hold another one, which is trained, saved and loaded with them. A class of
/// your own defines `call`, and is found by its name once it is registered.
class TEGULA_API WrapperLayer : public LayerBase {
 public:
  std::string_view class_name() const override;
  /// `{"name", "layer"}`.
  Config config() const override;
  Config base_config() const override;

  const std::shared_ptr<LayerBase>& layer() const { return layer_; }
  DType input_dtype(std::size_t input, DType given) const override;

 protected:
  /// Throws InvalidArgument for an empty layer.
  WrapperLayer(const Layer& layer, std::string_view name, std::string_view class_name);
  /// The layer of a configuration that `config` gave.
  static Layer wrapped_in(const Config& config);

  /// Makes the other layer's weights for the same inputs.
  void build_all(const ValueTypes& inputs) override;

 private:
  std::shared_ptr<LayerBase> layer_;
  std::string class_name_;
};

/// Another layer, applied to every step: (batch, steps, ...) to (batch, steps, ...). All steps of
/// all samples are one batch of the other layer.
class TEGULA_API TimeDistributedLayer : public WrapperLayer {
 public:
  static constexpr const char* kName = "TimeDistributed";

  TimeDistributedLayer(const Layer& layer, std::string_view name);

  static std::shared_ptr<TimeDistributedLayer> from_config(const Config& config);

 protected:
  void build_all(const ValueTypes& inputs) override;
  Value call(Value x, bool training) override;

 private:
  /// Throws ShapeError for fewer than three axes.
  Shape step_shape(const Shape& input) const;
};
class TimeDistributed : public Layer {
 public:
  explicit TimeDistributed(const Layer& layer, std::string_view name = "",
                           std::source_location location = std::source_location::current())
      : Layer(std::make_shared<TimeDistributedLayer>(layer, name), location) {}
};

/// Another layer, whose kernel (or table of embeddings) every training step first divides by its
/// largest singular value, as found by power iteration (Miyato et al. 2018, arXiv:1802.05957).
class TEGULA_API SpectralNormalizationLayer : public WrapperLayer {
 public:
  static constexpr const char* kName = "SpectralNormalization";

  /// Throws InvalidArgument unless there is at least one iteration.
  SpectralNormalizationLayer(const Layer& layer, std::int64_t power_iterations,
                             std::string_view name);

  Config base_config() const override;
  static std::shared_ptr<SpectralNormalizationLayer> from_config(const Config& config);

  std::int64_t power_iterations() const { return power_iterations_; }

 protected:
  /// Throws InvalidArgument for a layer with neither `kernel` nor `embeddings`.
  void build_all(const ValueTypes& inputs) override;
  Value call(Value x, bool training) override;

 private:
  std::int64_t power_iterations_;
  Weight kernel_;
  Weight vector_;
};
class SpectralNormalization : public Layer {
 public:
  explicit SpectralNormalization(const Layer& layer, std::int64_t power_iterations = 1,
                                 std::string_view name = "",
                                 std::source_location location = std::source_location::current())
      : Layer(std::make_shared<SpectralNormalizationLayer>(layer, power_iterations, name),
              location) {}
};

/// What a function makes of its input. It has no weights, and no description: a model with it
/// cannot be saved (write a layer class for that).
class TEGULA_API LambdaLayer : public LayerBase {
 public:
  static constexpr const char* kName = "Lambda";
  using Function = std::function<Value(Value x)>;

  /// Throws InvalidArgument for an empty function.
  LambdaLayer(Function function, std::string_view name);

  std::string_view class_name() const override { return kName; }
  /// Throws InvalidArgument.
  Config config() const override;
  DType input_dtype(std::size_t /*input*/, DType given) const override { return given; }

 protected:
  Value call(Value x, bool training) override;

 private:
  Function function_;
};
/// `Lambda([](Value x) { return x * 2.0; })`.
class Lambda : public Layer {
 public:
  explicit Lambda(LambdaLayer::Function function, std::string_view name = "",
                  std::source_location location = std::source_location::current())
      : Layer(std::make_shared<LambdaLayer>(std::move(function), name), location) {}
};

}  // namespace tegula::nn
