#pragma once
// The learning-rate schedules, with Keras's names, arguments and arithmetic.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/nn/schedule.hpp"

namespace tegula::nn {

struct ExponentialDecayOptions {
  double initial_learning_rate = 0.001;
  std::int64_t decay_steps = 1;
  double decay_rate = 0.9;
  bool staircase = false;
  static auto fields() {
    using Self = ExponentialDecayOptions;
    return std::tuple{
        field<&Self::initial_learning_rate>("initial_learning_rate", "Rate at step 0.", at_least(0))
            .required(),
        field<&Self::decay_steps>("decay_steps", "Steps per factor.", at_least(1)).required(),
        field<&Self::decay_rate>("decay_rate", "Factor per decay_steps.", at_least(0)).required(),
        field<&Self::staircase>("staircase", "Decay in whole intervals only.")};
  }
};
/// initial · decay_rate^(step / decay_steps)
class TEGULA_API ExponentialDecaySchedule
    : public WithOptions<ScheduleBase, ExponentialDecaySchedule, ExponentialDecayOptions> {
 public:
  static constexpr const char* kName = "ExponentialDecay";
  static constexpr const char* kDoc = "The rate times a constant factor per interval.";
  using WithOptions::WithOptions;
  Value operator()(Value step) const override;
};
using ExponentialDecay = Make<ExponentialDecaySchedule, Schedule>;

struct InverseTimeDecayOptions {
  double initial_learning_rate = 0.001;
  std::int64_t decay_steps = 1;
  double decay_rate = 0.9;
  bool staircase = false;
  static auto fields() {
    using Self = InverseTimeDecayOptions;
    return std::tuple{
        field<&Self::initial_learning_rate>("initial_learning_rate", "Rate at step 0.", at_least(0))
            .required(),
        field<&Self::decay_steps>("decay_steps", "Steps per interval.", at_least(1)).required(),
        field<&Self::decay_rate>("decay_rate", "How fast the rate falls.", at_least(0)).required(),
        field<&Self::staircase>("staircase", "Decay in whole intervals only.")};
  }
};
/// initial / (1 + decay_rate · step / decay_steps)
class TEGULA_API InverseTimeDecaySchedule
    : public WithOptions<ScheduleBase, InverseTimeDecaySchedule, InverseTimeDecayOptions> {
 public:
  static constexpr const char* kName = "InverseTimeDecay";
  static constexpr const char* kDoc = "The rate divided by a growing number.";
  using WithOptions::WithOptions;
  Value operator()(Value step) const override;
};
using InverseTimeDecay = Make<InverseTimeDecaySchedule, Schedule>;

struct PiecewiseConstantDecayOptions {
  std::vector<double> boundaries = {};
  std::vector<double> values = {};
  static auto fields() {
    using Self = PiecewiseConstantDecayOptions;
    return std::tuple{field<&Self::boundaries>(
                          "boundaries", "Last step of each interval, increasing.", any_finite)
                          .required(),
                      field<&Self::values>(
                          "values", "Rate of each interval: one more than boundaries.", at_least(0))
                          .required()};
  }
};
/// values[0] up to and including boundaries[0], then values[1] …
class TEGULA_API PiecewiseConstantDecaySchedule
    : public WithOptions<ScheduleBase, PiecewiseConstantDecaySchedule,
                         PiecewiseConstantDecayOptions> {
 public:
  static constexpr const char* kName = "PiecewiseConstantDecay";
  static constexpr const char* kDoc = "A constant rate per interval.";
  explicit PiecewiseConstantDecaySchedule(PiecewiseConstantDecayOptions options);
  Value operator()(Value step) const override;
};
using PiecewiseConstantDecay = Make<PiecewiseConstantDecaySchedule, Schedule>;

struct PolynomialDecayOptions {
  double initial_learning_rate = 0.001;
  std::int64_t decay_steps = 1;
  double end_learning_rate = 0.0001;
  double power = 1;
  bool cycle = false;
  static auto fields() {
    using Self = PolynomialDecayOptions;
    return std::tuple{
        field<&Self::initial_learning_rate>("initial_learning_rate", "Rate at step 0.", at_least(0))
            .required(),
        field<&Self::decay_steps>("decay_steps", "Steps until the end rate.", at_least(1))
            .required(),
        field<&Self::end_learning_rate>("end_learning_rate", "Last rate.", at_least(0)),
        field<&Self::power>("power", "Exponent; 1 is linear.", at_least(0)),
        field<&Self::cycle>("cycle", "Start over, ever longer, instead of staying.")};
  }
};
/// (initial − end) · (1 − step / decay_steps)^power + end
class TEGULA_API PolynomialDecaySchedule
    : public WithOptions<ScheduleBase, PolynomialDecaySchedule, PolynomialDecayOptions> {
 public:
  static constexpr const char* kName = "PolynomialDecay";
  static constexpr const char* kDoc = "A polynomial from the first rate to the last.";
  using WithOptions::WithOptions;
  Value operator()(Value step) const override;
};
using PolynomialDecay = Make<PolynomialDecaySchedule, Schedule>;

struct CosineDecayOptions {
  double initial_learning_rate = 0.001;
  std::int64_t decay_steps = 1;
  double alpha = 0;
  std::string name = "CosineDecay";
  std::optional<double> warmup_target = {};
  std::int64_t warmup_steps = 0;
  static auto fields() {
    using Self = CosineDecayOptions;
    return std::tuple{
        field<&Self::initial_learning_rate>("initial_learning_rate", "Rate at step 0.", at_least(0))
            .required(),
        field<&Self::decay_steps>("decay_steps", "Steps of the cosine.", at_least(1)).required(),
        field<&Self::alpha>("alpha", "Last rate, as a fraction of the first.", at_least(0)),
        field<&Self::name>("name", "Name of the schedule."),
        field<&Self::warmup_target>("warmup_target", "Rate after the warm-up; None: no warm-up.",
                                    at_least(0)),
        field<&Self::warmup_steps>("warmup_steps", "Steps of linear warm-up.", at_least(0))};
  }
};
/// Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts.
class TEGULA_API CosineDecaySchedule
    : public WithOptions<ScheduleBase, CosineDecaySchedule, CosineDecayOptions> {
 public:
  static constexpr const char* kName = "CosineDecay";
  static constexpr const char* kDoc = "Half a cosine, after an optional linear warm-up.";
  using WithOptions::WithOptions;
  Value operator()(Value step) const override;
};
using CosineDecay = Make<CosineDecaySchedule, Schedule>;

struct CosineDecayRestartsOptions {
  double initial_learning_rate = 0.001;
  std::int64_t first_decay_steps = 1;
  double t_mul = 2;
  double m_mul = 1;
  double alpha = 0;
  static auto fields() {
    using Self = CosineDecayRestartsOptions;
    return std::tuple{
        field<&Self::initial_learning_rate>("initial_learning_rate", "Rate at step 0.", at_least(0))
            .required(),
        field<&Self::first_decay_steps>("first_decay_steps", "Steps of the first cosine.",
                                        at_least(1))
            .required(),
        field<&Self::t_mul>("t_mul", "Growth of the period at each restart.", at_least(1)),
        field<&Self::m_mul>("m_mul", "Growth of the rate at each restart.", at_least(0)),
        field<&Self::alpha>("alpha", "Last rate, as a fraction of the first.", at_least(0))};
  }
};
/// Loshchilov and Hutter, "SGDR", ICLR 2017.
class TEGULA_API CosineDecayRestartsSchedule
    : public WithOptions<ScheduleBase, CosineDecayRestartsSchedule, CosineDecayRestartsOptions> {
 public:
  static constexpr const char* kName = "CosineDecayRestarts";
  static constexpr const char* kDoc = "Half a cosine, again and again.";
  using WithOptions::WithOptions;
  Value operator()(Value step) const override;
};
using CosineDecayRestarts = Make<CosineDecayRestartsSchedule, Schedule>;

}  // namespace tegula::nn
