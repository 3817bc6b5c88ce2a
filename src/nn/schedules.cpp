#include "tegula/nn/schedules.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "src/core/made_before_fork.hpp"

namespace tegula::nn {

namespace {

/// step / interval, in whole intervals when asked.
Value progress(Value step, std::int64_t interval, bool whole) {
  const Value share = step / static_cast<double>(interval);
  return whole ? floor(share) : share;
}

/// From 1 at share 0 to `alpha` at share 1.
Value half_cosine(Value share, double alpha) {
  return (cos(share * std::numbers::pi) + 1.0) * (0.5 * (1 - alpha)) + alpha;
}

}  // namespace

Value ExponentialDecaySchedule::operator()(Value step) const {
  const Value share = progress(step, options_.decay_steps, options_.staircase);
  return pow(options_.decay_rate, share) * options_.initial_learning_rate;
}

Value InverseTimeDecaySchedule::operator()(Value step) const {
  const Value share = progress(step, options_.decay_steps, options_.staircase);
  return options_.initial_learning_rate / (share * options_.decay_rate + 1.0);
}

PiecewiseConstantDecaySchedule::PiecewiseConstantDecaySchedule(
    PiecewiseConstantDecayOptions options)
    : WithOptions(std::move(options)) {
  if (options_.values.size() != options_.boundaries.size() + 1) {
    throw InvalidArgument(
        "The length of boundaries should be 1 less than the length of values. Received: "
        "boundaries of length " +
        std::to_string(options_.boundaries.size()) + ", values of length " +
        std::to_string(options_.values.size()));
  }
  if (!std::ranges::is_sorted(options_.boundaries)) {
    throw InvalidArgument("PiecewiseConstantDecay: `boundaries` must be increasing, got " +
                          to_config(options_.boundaries).to_string());
  }
}

Value PiecewiseConstantDecaySchedule::operator()(Value step) const {
  Value rate = broadcast_like(
      step.graph().constant(Tensor::scalar(static_cast<float>(options_.values.front()))), step);
  for (std::size_t i = 0; i < options_.boundaries.size(); ++i) {
    rate = where(greater(step, options_.boundaries[i]), options_.values[i + 1], rate);
  }
  return rate;
}

Value PolynomialDecaySchedule::operator()(Value step) const {
  const auto interval = static_cast<double>(options_.decay_steps);
  const double span = options_.initial_learning_rate - options_.end_learning_rate;
  const Value share = options_.cycle ? step / (maximum(ceil(step / interval), 1.0) * interval)
                                     : minimum(step, interval) / interval;
  return pow(1.0 - share, options_.power) * span + options_.end_learning_rate;
}

Value CosineDecaySchedule::operator()(Value step) const {
  const auto interval = static_cast<double>(options_.decay_steps);
  const double first = options_.initial_learning_rate;
  if (!options_.warmup_target) {
    return half_cosine(minimum(step, interval) / interval, options_.alpha) * first;
  }
  const auto warmup = static_cast<double>(options_.warmup_steps);
  const double target = *options_.warmup_target;
  const Value after = maximum(minimum(step - warmup, interval), 0.0);
  const Value decayed = half_cosine(after / interval, options_.alpha) * target;
  if (options_.warmup_steps == 0) return decayed;
  const Value rising = step / warmup * (target - first) + first;
  return where(less(step, warmup), rising, decayed);
}

Value CosineDecayRestartsSchedule::operator()(Value step) const {
  const Value periods = step / static_cast<double>(options_.first_decay_steps);
  Value restarts;
  Value share;
  if (options_.t_mul == 1) {
    restarts = floor(periods);
    share = periods - restarts;
  } else {
    // Period i is t_mul^i long, so i of them end at (t_mul^i - 1) / (t_mul - 1).
    const double growth = options_.t_mul - 1;
    restarts = floor(log(periods * growth + 1.0) / std::log(options_.t_mul));
    const Value length = pow(options_.t_mul, restarts);
    share = (periods - (length - 1.0) / growth) / length;
  }
  const double alpha = options_.alpha;
  const Value cosine = half_cosine(share, 0) * pow(options_.m_mul, restarts);
  return (cosine * (1 - alpha) + alpha) * options_.initial_learning_rate;
}

Config to_config(const LearningRate& rate) {
  return rate.schedule() != nullptr ? to_config(*rate.schedule()) : Config(rate.constant());
}

bool put_object(LearningRate& rate, const std::shared_ptr<Object>& object) {
  auto schedule = std::dynamic_pointer_cast<ScheduleBase>(object);
  if (schedule == nullptr) return false;
  rate = LearningRate(Schedule(std::move(schedule)));
  return true;
}

void from_config(const Config& config, LearningRate& rate) {
  if (!config.is_object() && !config.is_string()) {
    if (std::holds_alternative<std::int64_t>(config.storage())) {
      throw InvalidArgument(
          "a learning rate must be a float, a schedule or a function, got the "
          "integer " +
          config.to_string());
    }
    rate = LearningRate(config.as_float());
    return;
  }
  Schedule schedule;
  from_config(config, schedule);
  rate = LearningRate(schedule);
}

template <>
const std::vector<ObjectClass<ScheduleBase>>& object_classes<ScheduleBase>() {
  static const std::vector<ObjectClass<ScheduleBase>> classes = {
      object_class<ScheduleBase, ExponentialDecaySchedule>({}),
      object_class<ScheduleBase, InverseTimeDecaySchedule>({}),
      object_class<ScheduleBase, PiecewiseConstantDecaySchedule>({}),
      object_class<ScheduleBase, PolynomialDecaySchedule>({}),
      object_class<ScheduleBase, CosineDecaySchedule>({}),
      object_class<ScheduleBase, CosineDecayRestartsSchedule>({}),
  };
  return classes;
}

namespace {

const detail::MadeBeforeFork kMadeBeforeFork([] { object_classes<ScheduleBase>(); });

}  // namespace

}  // namespace tegula::nn
