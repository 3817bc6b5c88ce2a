#pragma once
// Losses of how far embeddings of one class lie apart, and those of several classes together.

#include <string>
#include <tuple>

#include "tegula/nn/losses/with_options.hpp"

namespace tegula::nn {

struct CircleOptions {
  double gamma = 80;
  double margin = 0.4;
  bool remove_diagonal = true;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  static auto fields() {
    using Self = CircleOptions;
    return std::tuple{
        field<&Self::gamma>("gamma", "Scale of the similarities.", any_finite),
        field<&Self::margin>("margin", "Margin between similar and other pairs.", any_finite),
        field<&Self::remove_diagonal>("remove_diagonal",
                                      "Whether a sample is no partner of itself."),
        field<&Self::reduction>("reduction", "How samples become one number."),
        field<&Self::name>("name", "Name of the loss.")};
  }
};

namespace loss_values {
/// Of each row of `y_pred` [n, d], a vector of length 1, among the rows of `references` [m, d]. The
/// labels are class indices, [n] and [m] or with an axis of size 1; `reduction` and `name` do
/// nothing here.
TEGULA_API Value circle(Value y_true, Value y_pred, Value reference_labels, Value references,
                        const CircleOptions& options = {});
}  // namespace loss_values

/// Sun et al., "Circle loss: a unified perspective of pair similarity optimization", CVPR 2020.
/// Samples whose loss is 0 do not count.
class TEGULA_API CircleLoss : public LossWithOptions<CircleLoss, CircleOptions> {
 public:
  static constexpr const char* kName = "Circle";
  static constexpr const char* kDefaultName = "circle";
  static constexpr const char* kDoc =
      "Draws embeddings of length 1 together in their class, and apart from others.";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override;
  Value operator()(Value y_true, Value y_pred, Value sample_weight = {}) const override;
};
using Circle = Make<CircleLoss, Loss>;

}  // namespace tegula::nn
