#pragma once
// Losses of sequences whose alignment is not known.

#include "tegula/nn/losses/with_options.hpp"

namespace tegula::nn {

/// Graves et al., "Connectionist temporal classification", ICML 2006. Targets are class indices
/// (batch, labels), followed by zeros where a sequence is shorter; predictions are logits (batch,
/// time, classes), of which class 0 is the blank.
class TEGULA_API CTCLoss : public LossWithOptions<CTCLoss, PlainLossOptions> {
 public:
  static constexpr const char* kName = "CTC";
  static constexpr const char* kDefaultName = "ctc";
  static constexpr const char* kDoc =
      "-log of the probability of all alignments of the target's labels.";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override;
};
using CTC = Make<CTCLoss, Loss>;

}  // namespace tegula::nn
