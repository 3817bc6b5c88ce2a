#pragma once
// The regularizers, with Keras's names, arguments and defaults.

#include <tuple>

#include "tegula/nn/regularizer.hpp"

namespace tegula::nn {

struct L1Options {
  double l1 = 0.01;
  static auto fields() {
    return std::tuple{field<&L1Options::l1>("l1", "Weight of the sum of magnitudes.", at_least(0))};
  }
};
class TEGULA_API L1Regularizer : public WithOptions<RegularizerBase, L1Regularizer, L1Options> {
 public:
  static constexpr const char* kName = "L1";
  static constexpr const char* kDoc = "l1 · sum |x|";
  using WithOptions::WithOptions;
  Value operator()(Value x) const override;
};
using L1 = Make<L1Regularizer, Regularizer>;

struct L2Options {
  double l2 = 0.01;
  static auto fields() {
    return std::tuple{field<&L2Options::l2>("l2", "Weight of the sum of squares.", at_least(0))};
  }
};
class TEGULA_API L2Regularizer : public WithOptions<RegularizerBase, L2Regularizer, L2Options> {
 public:
  static constexpr const char* kName = "L2";
  static constexpr const char* kDoc = "l2 · sum x²";
  using WithOptions::WithOptions;
  Value operator()(Value x) const override;
};
using L2 = Make<L2Regularizer, Regularizer>;

struct L1L2Options {
  double l1 = 0;
  double l2 = 0;
  static auto fields() {
    return std::tuple{
        field<&L1L2Options::l1>("l1", "Weight of the sum of magnitudes.", at_least(0)),
        field<&L1L2Options::l2>("l2", "Weight of the sum of squares.", at_least(0))};
  }
};
class TEGULA_API L1L2Regularizer
    : public WithOptions<RegularizerBase, L1L2Regularizer, L1L2Options> {
 public:
  static constexpr const char* kName = "L1L2";
  static constexpr const char* kDoc = "l1 · sum |x| + l2 · sum x²";
  using WithOptions::WithOptions;
  Value operator()(Value x) const override;
};
using L1L2 = Make<L1L2Regularizer, Regularizer>;

struct OrthogonalRegularizerOptions {
  double factor = 0.01;
  std::string mode = "rows";
  static auto fields() {
    using Self = OrthogonalRegularizerOptions;
    return std::tuple{field<&Self::factor>("factor", "Weight of the penalty.", at_least(0)),
                      field<&Self::mode>("mode", "\"rows\" or \"columns\".")};
  }
};
class TEGULA_API OrthogonalPenalty
    : public WithOptions<RegularizerBase, OrthogonalPenalty, OrthogonalRegularizerOptions> {
 public:
  static constexpr const char* kName = "OrthogonalRegularizer";
  static constexpr const char* kDoc = "Mean magnitude of the products of different unit rows.";
  explicit OrthogonalPenalty(OrthogonalRegularizerOptions options);
  Value operator()(Value x) const override;
};
using OrthogonalRegularizer = Make<OrthogonalPenalty, Regularizer>;

}  // namespace tegula::nn
