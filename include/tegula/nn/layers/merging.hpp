#pragma once
// Layers that make one value of several.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/nn/axes.hpp"
#include "tegula/nn/layer_with_options.hpp"

namespace tegula::nn {

/// What becomes of values that are broadcast together.
enum class Merging { add, subtract, multiply, average, maximum, minimum };

template <Merging Kind>
struct MergingOptions {
  std::string name = {};
  static auto fields() {
    return std::tuple{field<&MergingOptions::name>("name", "Name of the layer.")};
  }
};

template <Merging Kind>
class TEGULA_API MergingLayer : public LayerWithOptions<MergingLayer<Kind>, MergingOptions<Kind>> {
 public:
  using Base = LayerWithOptions<MergingLayer<Kind>, MergingOptions<Kind>>;
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kName = Kind == Merging::add        ? "Add"
                                       : Kind == Merging::subtract ? "Subtract"
                                       : Kind == Merging::multiply ? "Multiply"
                                       : Kind == Merging::average  ? "Average"
                                       : Kind == Merging::maximum  ? "Maximum"
                                                                   : "Minimum";
  static constexpr const char* kDoc =
      Kind == Merging::add        ? "The sum of a list of values, element by element."
      : Kind == Merging::subtract ? "The first of two values minus the second."
      : Kind == Merging::multiply ? "The product of a list of values, element by element."
      : Kind == Merging::average  ? "The mean of a list of values, element by element."
      : Kind == Merging::maximum  ? "The largest of a list of values, element by element."
                                  : "The smallest of a list of values, element by element.";
  using Base::Base;

 protected:
  void build_all(const ValueTypes& inputs) override;
  Values call_all(const Values& x, bool training) override;
  /// Counts what counts in any; none when an input has none.
  Masks compute_mask(const Values& x, const Masks& masks) override;
};
using Add = MakeLayer<MergingLayer<Merging::add>>;
using Subtract = MakeLayer<MergingLayer<Merging::subtract>>;
using Multiply = MakeLayer<MergingLayer<Merging::multiply>>;
using Average = MakeLayer<MergingLayer<Merging::average>>;
using Maximum = MakeLayer<MergingLayer<Merging::maximum>>;
using Minimum = MakeLayer<MergingLayer<Merging::minimum>>;

struct ConcatenateOptions {
  std::int64_t axis = -1;
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&ConcatenateOptions::axis>("axis", "Where the values are joined.", any_finite),
        field<&ConcatenateOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API ConcatenateLayer : public LayerWithOptions<ConcatenateLayer, ConcatenateOptions> {
 public:
  static constexpr const char* kName = "Concatenate";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "A list of values, one after the other along an axis.";
  using LayerWithOptions::LayerWithOptions;

 protected:
  void build_all(const ValueTypes& inputs) override;
  Values call_all(const Values& x, bool training) override;
  Masks compute_mask(const Values& x, const Masks& masks) override;
};
using Concatenate = MakeLayer<ConcatenateLayer>;

struct DotOptions {
  /// One axis for both, or one of each.
  Axes axes = {};
  bool normalize = false;
  std::string name = {};
  static auto fields() {
    return std::tuple{
        field<&DotOptions::axes>("axes", "The axis of both values, or one of each, to sum over.",
                                 any_finite)
            .required(),
        field<&DotOptions::normalize>("normalize",
                                      "Whether the values get norm 1 along their axes first."),
        field<&DotOptions::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API DotLayer : public LayerWithOptions<DotLayer, DotOptions> {
 public:
  static constexpr const char* kName = "Dot";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc = "Products of two values' samples, summed over an axis.";
  explicit DotLayer(DotOptions options);

 protected:
  Values call_all(const Values& x, bool training) override;
  Masks compute_mask(const Values& x, const Masks& masks) override;
};
using Dot = MakeLayer<DotLayer>;

}  // namespace tegula::nn
