#pragma once
// Layers that pad, cut, repeat and reorder.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/nn/layer_with_options.hpp"
#include "tegula/nn/sizes.hpp"

namespace tegula::nn {

template <int Rank>
struct ZeroPaddingOptions {
  Margins padding = 1;
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = ZeroPaddingOptions;
    return std::tuple{
        field<&Self::padding>("padding", "Zeros before and after each spatial axis."),
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\"."),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
template <int Rank>
class TEGULA_API ZeroPaddingLayer
    : public LayerWithOptions<ZeroPaddingLayer<Rank>, ZeroPaddingOptions<Rank>> {
 public:
  using Base = LayerWithOptions<ZeroPaddingLayer<Rank>, ZeroPaddingOptions<Rank>>;
  static constexpr const char* kName = Rank == 1   ? "ZeroPadding1D"
                                       : Rank == 2 ? "ZeroPadding2D"
                                                   : "ZeroPadding3D";
  static constexpr const char* kDoc = "Adds zeros around the spatial axes.";
  explicit ZeroPaddingLayer(ZeroPaddingOptions<Rank> options);

 protected:
  Value call(Value x, bool training) override;
};
using ZeroPadding1D = MakeLayer<ZeroPaddingLayer<1>>;
using ZeroPadding2D = MakeLayer<ZeroPaddingLayer<2>>;
using ZeroPadding3D = MakeLayer<ZeroPaddingLayer<3>>;

template <int Rank>
struct CroppingOptions {
  Margins cropping = Rank == 2 ? Margins(0) : Margins(1);
  std::string data_format = "channels_last";
  std::string name = {};
  static auto fields() {
    using Self = CroppingOptions;
    return std::tuple{
        field<&Self::cropping>("cropping", "Elements cut before and after each spatial axis."),
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\"."),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
template <int Rank>
class TEGULA_API CroppingLayer
    : public LayerWithOptions<CroppingLayer<Rank>, CroppingOptions<Rank>> {
 public:
  using Base = LayerWithOptions<CroppingLayer<Rank>, CroppingOptions<Rank>>;
  static constexpr const char* kName = Rank == 1   ? "Cropping1D"
                                       : Rank == 2 ? "Cropping2D"
                                                   : "Cropping3D";
  static constexpr const char* kDoc = "Cuts elements off the spatial axes.";
  explicit CroppingLayer(CroppingOptions<Rank> options);

 protected:
  Value call(Value x, bool training) override;
};
using Cropping1D = MakeLayer<CroppingLayer<1>>;
using Cropping2D = MakeLayer<CroppingLayer<2>>;
using Cropping3D = MakeLayer<CroppingLayer<3>>;

template <int Rank>
struct UpSamplingOptions {
  Sizes size = 2;
  std::string data_format = "channels_last";
  /// Of two axes alone.
  std::string interpolation = "nearest";
  std::string name = {};
  static auto fields() {
    using Self = UpSamplingOptions;
    const auto size = field<&Self::size>("size", "Repetitions along each spatial axis.");
    const auto format =
        field<&Self::data_format>("data_format", "\"channels_last\" or \"channels_first\".");
    const auto name = field<&Self::name>("name", "Name of the layer.");
    if constexpr (Rank == 2) {
      return std::tuple{
          size, format,
          field<&Self::interpolation>(
              "interpolation",
              "\"nearest\", \"bilinear\", \"bicubic\", \"lanczos3\" or \"lanczos5\"."),
          name};
    } else {
      return std::tuple{size, format, name};
    }
  }
};
template <int Rank>
class TEGULA_API UpSamplingLayer
    : public LayerWithOptions<UpSamplingLayer<Rank>, UpSamplingOptions<Rank>> {
 public:
  using Base = LayerWithOptions<UpSamplingLayer<Rank>, UpSamplingOptions<Rank>>;
  static constexpr const char* kName = Rank == 1   ? "UpSampling1D"
                                       : Rank == 2 ? "UpSampling2D"
                                                   : "UpSampling3D";
  static constexpr const char* kDoc =
      "Repeats each element along the spatial axes, or interpolates between elements.";
  explicit UpSamplingLayer(UpSamplingOptions<Rank> options);

 protected:
  Value call(Value x, bool training) override;
};
using UpSampling1D = MakeLayer<UpSamplingLayer<1>>;
using UpSampling2D = MakeLayer<UpSamplingLayer<2>>;
using UpSampling3D = MakeLayer<UpSamplingLayer<3>>;

struct PermuteOptions {
  std::vector<std::int64_t> dims = {};
  std::string name = {};
  static auto fields() {
    return std::tuple{field<&PermuteOptions::dims>(
                          "dims", "The new order of the axes, counted from 1.", at_least(1))
                          .required(),
                      field<&PermuteOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API PermuteLayer : public LayerWithOptions<PermuteLayer, PermuteOptions> {
 public:
  static constexpr const char* kName = "Permute";
  static constexpr const char* kDoc = "Reorders the axes of each sample.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  /// Throws InvalidArgument unless `dims` are 1, 2, … in some order.
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;
};
using Permute = MakeLayer<PermuteLayer>;

struct RepeatVectorOptions {
  std::int64_t n = 1;
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&RepeatVectorOptions::n>("n", "Number of repetitions.", at_least(1)).required(),
        field<&RepeatVectorOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API RepeatVectorLayer
    : public LayerWithOptions<RepeatVectorLayer, RepeatVectorOptions> {
 public:
  static constexpr const char* kName = "RepeatVector";
  static constexpr const char* kDoc = "[batch, features] to [batch, n, features].";
  using LayerWithOptions::LayerWithOptions;

 protected:
  Value call(Value x, bool training) override;
};
using RepeatVector = MakeLayer<RepeatVectorLayer>;

}  // namespace tegula::nn
