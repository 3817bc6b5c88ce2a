#include "tegula/nn/optimizers.hpp"

namespace tegula::nn {

void SGDOptimizer::build_slots() {
  momenta_.clear();
  if (options_.momentum == 0) return;
  for (const Variable& variable : trainable()) momenta_.push_back(add_slot("momentum", variable));
}

OptimizerBase::Update SGDOptimizer::update(std::size_t index, Value weight, Value gradient,
                                           Value rate) {
  const Value step = gradient * rate;
  if (momenta_.empty()) return {weight - step, {}};
  const Value momentum = momenta_[index] * options_.momentum - step;
  const Value updated =
      options_.nesterov ? weight + momentum * options_.momentum - step : weight + momentum;
  return {updated, {{momenta_[index], momentum}}};
}

void RMSpropOptimizer::build_slots() {
  velocities_.clear();
  momenta_.clear();
  averages_of_gradient_.clear();
  for (const Variable& variable : trainable()) {
    velocities_.push_back(add_slot("velocity", variable));
  }
  if (options_.momentum > 0) {
    for (const Variable& variable : trainable()) momenta_.push_back(add_slot("momentum", variable));
  }
  if (options_.centered) {
    for (const Variable& variable : trainable()) {
      averages_of_gradient_.push_back(add_slot("average_gradient", variable));
    }
  }
}

OptimizerBase::Update RMSpropOptimizer::update(std::size_t index, Value weight, Value gradient,
                                               Value rate) {
  const double rho = options_.rho;
  Update result;
  const Value velocity = velocities_[index] * rho + square(gradient) * (1 - rho);
  result.slots.emplace_back(velocities_[index], velocity);
  Value variance = velocity;
  if (options_.centered) {
    const Value average = averages_of_gradient_[index] * rho + gradient * (1 - rho);
    result.slots.emplace_back(averages_of_gradient_[index], average);
    variance = velocity - square(average);
  }
  Value step = gradient * rate / sqrt(variance + options_.epsilon);
  if (options_.momentum > 0) {
    step = momenta_[index] * options_.momentum + step;
    result.slots.emplace_back(momenta_[index], step);
  }
  result.weight = weight - step;
  return result;
}

void AdagradOptimizer::build_slots() {
  accumulators_of_squares_.clear();
  for (const Variable& variable : trainable()) {
    accumulators_of_squares_.push_back(
        add_slot("accumulator", variable, options_.initial_accumulator_value));
  }
}

OptimizerBase::Update AdagradOptimizer::update(std::size_t index, Value weight, Value gradient,
                                               Value rate) {
  const Value accumulator = accumulators_of_squares_[index] + square(gradient);
  const Value step = gradient * rate / sqrt(accumulator + options_.epsilon);
  return {weight - step, {{accumulators_of_squares_[index], accumulator}}};
}

OptimizerBase::Update AdamRule::update(std::size_t index, Value weight, Value gradient, Value rate,
                                       Value step, const Coefficients& coefficients) const {
  const auto [beta_1, beta_2, epsilon] = coefficients;
  const Value correction_1 = 1.0 - pow(beta_1, step);
  const Value correction_2 = 1.0 - pow(beta_2, step);
  const Value alpha = rate * sqrt(correction_2) / correction_1;
  const Value momentum = momenta[index] + (gradient - momenta[index]) * (1 - beta_1);
  const Value velocity = velocities[index] + (square(gradient) - velocities[index]) * (1 - beta_2);
  std::vector<std::pair<Variable, Value>> slots = {{momenta[index], momentum},
                                                   {velocities[index], velocity}};
  Value divisor = velocity;
  if (!largest_velocities.empty()) {
    divisor = maximum(largest_velocities[index], velocity);
    slots.emplace_back(largest_velocities[index], divisor);
  }
  return {weight - momentum * alpha / (sqrt(divisor) + epsilon), std::move(slots)};
}

AdamWOptimizer::AdamWOptimizer(AdamWOptions options) : AdamFamily(std::move(options)) {
  if (!options_.common.weight_decay) {
    throw InvalidArgument("AdamW: `weight_decay` must be a number");
  }
}

}  // namespace tegula::nn
