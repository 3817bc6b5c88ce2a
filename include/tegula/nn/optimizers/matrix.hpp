#pragma once
// Optimizers that treat matrices as matrices.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/nn/optimizers/adam.hpp"

namespace tegula::nn {

struct AdafactorOptions {
  LearningRate learning_rate = 0.001;
  double beta_2_decay = -0.8;
  double epsilon_1 = 1e-30;
  double epsilon_2 = 1e-3;
  double clip_threshold = 1;
  bool relative_step = true;
  OptimizerOptions common = {};
  static auto fields() {
    using Self = AdafactorOptions;
    return std::tuple_cat(
        rate_field<Self>(),
        std::tuple{
            field<&Self::beta_2_decay>("beta_2_decay", "Power of the step in the decay of squares.",
                                       at_most(0)),
            field<&Self::epsilon_1>("epsilon_1", "Added to squares.", at_least(0)),
            field<&Self::epsilon_2>("epsilon_2", "Smallest norm of a weight in its rate.",
                                    at_least(0)),
            field<&Self::clip_threshold>("clip_threshold", "Largest root mean square of a step.",
                                         positive),
            field<&Self::relative_step>(
                "relative_step", "Whether the rate is at most 1 / sqrt(step), as it is anyway.")},
        OptimizerOptions::fields_through<&Self::common>());
  }
};
/// Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", ICML 2018.
class TEGULA_API AdafactorOptimizer
    : public OptimizerWithOptions<AdafactorOptimizer, AdafactorOptions> {
 public:
  static constexpr const char* kName = "Adafactor";
  static constexpr const char* kDoc =
      "Squares averaged per row and column instead of per element of a matrix.";
  using OptimizerWithOptions::OptimizerWithOptions;

 protected:
  RowRule row_rule() const override { return RowRule::together; }
  void build_slots() override;
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;

 private:
  struct Averages {
    Variable rows;
    Variable columns;
    Variable elements;
  };
  std::vector<Averages> averages_of_squares_;
};
using Adafactor = Make<AdafactorOptimizer, Optimizer>;

struct MuonOptions {
  LearningRate learning_rate = 0.001;
  double adam_beta_1 = 0.9;
  double adam_beta_2 = 0.999;
  std::optional<double> adam_weight_decay = 0.004;
  double epsilon = 1e-7;
  OptimizerOptions common = {.weight_decay = 0.004};
  std::vector<std::string> exclude_layers = {};
  bool exclude_embeddings = true;
  double muon_a = 3.4445;
  double muon_b = -4.7750;
  double muon_c = 2.0315;
  double adam_lr_ratio = 1;
  double momentum = 0.95;
  std::int64_t ns_steps = 5;
  bool nesterov = true;
  std::optional<double> rms_rate = 0.2;
  static auto fields() {
    using Self = MuonOptions;
    return std::tuple_cat(
        rate_field<Self>(),
        std::tuple{field<&Self::adam_beta_1>("adam_beta_1", "Adam's decay of the average.",
                                             from_to_below(0, 1)),
                   field<&Self::adam_beta_2>("adam_beta_2", "Adam's decay of the square's average.",
                                             from_to_below(0, 1)),
                   field<&Self::adam_weight_decay>(
                       "adam_weight_decay", "Weight decay of what Adam trains.", at_least(0)),
                   field<&Self::epsilon>("epsilon", "Added to Adam's root.", at_least(0))},
        OptimizerOptions::fields_through<&Self::common>(),
        std::tuple{
            field<&Self::exclude_layers>("exclude_layers",
                                         "Regular expressions of paths that Adam trains.")
                .fixed_when_built(),
            field<&Self::exclude_embeddings>("exclude_embeddings",
                                             "Whether Adam trains paths with \"embedding\".")
                .fixed_when_built(),
            field<&Self::muon_a>("muon_a", "First coefficient of the iteration.", any_finite),
            field<&Self::muon_b>("muon_b", "Second coefficient of the iteration.", any_finite),
            field<&Self::muon_c>("muon_c", "Third coefficient of the iteration.", any_finite),
            field<&Self::adam_lr_ratio>("adam_lr_ratio", "Adam's share of the rate.", at_least(0)),
            field<&Self::momentum>("momentum", "Share of the last step.", in_range(0, 1)),
            field<&Self::ns_steps>("ns_steps", "Number of iterations.", at_least(0)),
            field<&Self::nesterov>("nesterov", "Look ahead along the momentum."),
            field<&Self::rms_rate>("rms_rate",
                                   "Root mean square of a step of rate 1; none: as it comes.",
                                   at_least(0))});
  }
};
/// Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024, with the scale
/// of Liu et al., "Muon is scalable for LLM training", 2025. What is no matrix, Adam trains.
class TEGULA_API MuonOptimizer : public OptimizerWithOptions<MuonOptimizer, MuonOptions> {
 public:
  static constexpr const char* kName = "Muon";
  static constexpr const char* kDoc = "Momentum whose singular values are all made about 1.";
  /// Throws InvalidArgument for what is no regular expression.
  explicit MuonOptimizer(MuonOptions options);

 protected:
  RowRule row_rule() const override { return RowRule::together; }
  void build_slots() override;
  Update update(std::size_t index, Value weight, Value gradient, Value rate) override;
  std::optional<double> weight_decay_of(const Variable& variable) const override;

 private:
  bool takes_adam(const Variable& variable) const;
  Value orthogonalized(Value x) const;

  /// Adam's state, without velocities where Muon's own rule trains.
  AdamRule adam_;
};
using Muon = Make<MuonOptimizer, Optimizer>;

}  // namespace tegula::nn
