#pragma once
// Losses of how little two regions overlap.

#include <string>
#include <tuple>

#include "tegula/nn/axes.hpp"
#include "tegula/nn/losses/with_options.hpp"

namespace tegula::nn {

namespace loss_values {
/// Over the axes; without any, one value for the whole batch.
TEGULA_API Value dice(Value y_true, Value y_pred, const Axes& axis = {});
TEGULA_API Value tversky(Value y_true, Value y_pred, double alpha = 0.5, double beta = 0.5,
                         const Axes& axis = {});
}  // namespace loss_values

struct DiceOptions {
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  Axes axis = {};
  static auto fields() {
    using Self = DiceOptions;
    return std::tuple{
        field<&Self::reduction>("reduction", "How samples become one number."),
        field<&Self::name>("name", "Name of the loss."),
        field<&Self::axis>("axis", "Axes of a region; none: the whole batch.", any_finite)};
  }
};
class TEGULA_API DiceLoss : public LossWithOptions<DiceLoss, DiceOptions> {
 public:
  static constexpr const char* kName = "Dice";
  static constexpr const char* kDefaultName = "dice";
  static constexpr const char* kDoc = "1 - 2 |both| / (|y_true| + |y_pred|)";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override;
};
using Dice = Make<DiceLoss, Loss>;

struct TverskyOptions {
  double alpha = 0.5;
  double beta = 0.5;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  Axes axis = {};
  static auto fields() {
    using Self = TverskyOptions;
    return std::tuple{
        field<&Self::alpha>("alpha", "Weight of what is missed.", any_finite),
        field<&Self::beta>("beta", "Weight of what is predicted wrongly.", any_finite),
        field<&Self::reduction>("reduction", "How samples become one number."),
        field<&Self::name>("name", "Name of the loss."),
        field<&Self::axis>("axis", "Axes of a region; none: the whole batch.", any_finite)};
  }
};
/// Salehi et al., "Tversky loss function for image segmentation", 2017; with alpha and beta 1/2 the
/// Dice loss.
class TEGULA_API TverskyLoss : public LossWithOptions<TverskyLoss, TverskyOptions> {
 public:
  static constexpr const char* kName = "Tversky";
  static constexpr const char* kDefaultName = "tversky";
  static constexpr const char* kDoc = "1 - |both| / (|both| + alpha |missed| + beta |wrong|)";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override;
};
using Tversky = Make<TverskyLoss, Loss>;

}  // namespace tegula::nn
