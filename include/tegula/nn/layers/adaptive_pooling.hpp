#pragma once
// Pooling to a given number of windows along one to three spatial axes.

#include <string>
#include <tuple>

#include "tegula/nn/layers/pooling.hpp"

namespace tegula::nn {

template <int Rank>
struct AdaptivePoolingOptions {
  Sizes output_size = 1;
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = AdaptivePoolingOptions;
    return std::tuple{
        field<&Self::output_size>("output_size", "Number of windows along each spatial axis.")
            .required(),
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\"."),
        field<&Self::name>("name", "Name of the layer.")};
  }
};

template <Pooling Kind, int Rank>
class TEGULA_API AdaptivePoolingLayer
    : public LayerWithOptions<AdaptivePoolingLayer<Kind, Rank>, AdaptivePoolingOptions<Rank>> {
 public:
  using Base = LayerWithOptions<AdaptivePoolingLayer<Kind, Rank>, AdaptivePoolingOptions<Rank>>;
  static constexpr const char* kName = Kind == Pooling::max
                                           ? (Rank == 1   ? "AdaptiveMaxPooling1D"
                                              : Rank == 2 ? "AdaptiveMaxPooling2D"
                                                          : "AdaptiveMaxPooling3D")
                                           : (Rank == 1   ? "AdaptiveAveragePooling1D"
                                              : Rank == 2 ? "AdaptiveAveragePooling2D"
                                                          : "AdaptiveAveragePooling3D");
  static constexpr const char* kDoc =
      Kind == Pooling::max
          ? "The largest element of each of a number of windows that cover the spatial axes."
          : "The mean of each of a number of windows that cover the spatial axes.";
  explicit AdaptivePoolingLayer(AdaptivePoolingOptions<Rank> options);

 protected:
  Value call(Value x, bool training) override;
};
using AdaptiveMaxPooling1D = MakeLayer<AdaptivePoolingLayer<Pooling::max, 1>>;
using AdaptiveMaxPooling2D = MakeLayer<AdaptivePoolingLayer<Pooling::max, 2>>;
using AdaptiveMaxPooling3D = MakeLayer<AdaptivePoolingLayer<Pooling::max, 3>>;
using AdaptiveAveragePooling1D = MakeLayer<AdaptivePoolingLayer<Pooling::average, 1>>;
using AdaptiveAveragePooling2D = MakeLayer<AdaptivePoolingLayer<Pooling::average, 2>>;
using AdaptiveAveragePooling3D = MakeLayer<AdaptivePoolingLayer<Pooling::average, 3>>;

}  // namespace tegula::nn
