#pragma once
// Pooling over one to three spatial axes.

#include <string>
#include <tuple>

#include "tegula/nn/layer_with_options.hpp"
#include "tegula/nn/sizes.hpp"

namespace tegula::nn {

/// What windows give.
enum class Pooling { max, average };

template <Pooling Kind, int Rank>
struct PoolingOptions {
  Sizes pool_size = 2;
  Sizes strides = {};
  std::string padding = "valid";
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = PoolingOptions;
    const auto size = field<&Self::pool_size>("pool_size", "Size of the window.");
    return std::tuple{
        Kind == Pooling::average ? size.required() : size,  // as in Keras
        field<&Self::strides>("strides", "Steps of the window; none: its size."),
        field<&Self::padding>("padding", "\"valid\": windows within the input, or \"same\"."),
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\"."),
        field<&Self::name>("name", "Name of the layer.")};
  }
};

template <Pooling Kind, int Rank>
class TEGULA_API PoolingLayer
    : public LayerWithOptions<PoolingLayer<Kind, Rank>, PoolingOptions<Kind, Rank>> {
 public:
  using Base = LayerWithOptions<PoolingLayer<Kind, Rank>, PoolingOptions<Kind, Rank>>;
  static constexpr const char* kName = Kind == Pooling::max ? (Rank == 1   ? "MaxPooling1D"
                                                               : Rank == 2 ? "MaxPooling2D"
                                                                           : "MaxPooling3D")
                                                            : (Rank == 1   ? "AveragePooling1D"
                                                               : Rank == 2 ? "AveragePooling2D"
                                                                           : "AveragePooling3D");
  static constexpr const char* kDoc = Kind == Pooling::max
                                          ? "The largest element of each window."
                                          : "The mean of each window, padding left out.";
  explicit PoolingLayer(PoolingOptions<Kind, Rank> options);

 protected:
  Value call(Value x, bool training) override;
};
using MaxPooling1D = MakeLayer<PoolingLayer<Pooling::max, 1>>;
using MaxPooling2D = MakeLayer<PoolingLayer<Pooling::max, 2>>;
using MaxPooling3D = MakeLayer<PoolingLayer<Pooling::max, 3>>;
using AveragePooling1D = MakeLayer<PoolingLayer<Pooling::average, 1>>;
using AveragePooling2D = MakeLayer<PoolingLayer<Pooling::average, 2>>;
using AveragePooling3D = MakeLayer<PoolingLayer<Pooling::average, 3>>;

template <Pooling Kind, int Rank>
struct GlobalPoolingOptions {
  std::string data_format = "channels_last";
  bool keepdims = false;
  std::string name = {};
  static auto fields() {
    using Self = GlobalPoolingOptions;
    return std::tuple{
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\"."),
        field<&Self::keepdims>("keepdims", "Whether the spatial axes stay, with size 1."),
        field<&Self::name>("name", "Name of the layer.")};
  }
};

template <Pooling Kind, int Rank>
class TEGULA_API GlobalPoolingLayer
    : public LayerWithOptions<GlobalPoolingLayer<Kind, Rank>, GlobalPoolingOptions<Kind, Rank>> {
 public:
  using Base = LayerWithOptions<GlobalPoolingLayer<Kind, Rank>, GlobalPoolingOptions<Kind, Rank>>;
  static constexpr const char* kName = Kind == Pooling::max
                                           ? (Rank == 1   ? "GlobalMaxPooling1D"
                                              : Rank == 2 ? "GlobalMaxPooling2D"
                                                          : "GlobalMaxPooling3D")
                                           : (Rank == 1   ? "GlobalAveragePooling1D"
                                              : Rank == 2 ? "GlobalAveragePooling2D"
                                                          : "GlobalAveragePooling3D");
  static constexpr const char* kDoc =
      Kind == Pooling::max ? "The largest element of each channel." : "The mean of each channel.";
  /// Keras has masked means of steps only.
  static constexpr bool kSupportsMasking = Kind == Pooling::average && Rank == 1;
  explicit GlobalPoolingLayer(GlobalPoolingOptions<Kind, Rank> options);

 protected:
  Value call(Value x, bool training) override;
  Masks compute_mask(const Values& x, const Masks& masks) override;
};
using GlobalMaxPooling1D = MakeLayer<GlobalPoolingLayer<Pooling::max, 1>>;
using GlobalMaxPooling2D = MakeLayer<GlobalPoolingLayer<Pooling::max, 2>>;
using GlobalMaxPooling3D = MakeLayer<GlobalPoolingLayer<Pooling::max, 3>>;
using GlobalAveragePooling1D = MakeLayer<GlobalPoolingLayer<Pooling::average, 1>>;
using GlobalAveragePooling2D = MakeLayer<GlobalPoolingLayer<Pooling::average, 2>>;
using GlobalAveragePooling3D = MakeLayer<GlobalPoolingLayer<Pooling::average, 3>>;

}  // namespace tegula::nn
