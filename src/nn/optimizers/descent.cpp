#include "tegula/nn/optimizers/descent.hpp"

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

void AdadeltaOptimizer::build_slots() {
  std::vector<std::vector<Variable>> slots =
      add_slots({"accumulated_grad", "accumulated_delta_var"});
  squares_of_gradient_ = std::move(slots[0]);
  squares_of_step_ = std::move(slots[1]);
}

OptimizerBase::Update AdadeltaOptimizer::update(std::size_t index, Value weight, Value gradient,
                                                Value rate) {
  const double rho = options_.rho;
  const auto root = [this](Value x) { return sqrt(x + options_.epsilon); };
  const Variable& of_gradient = squares_of_gradient_[index];
  const Variable& of_step = squares_of_step_[index];
  const Value squares = of_gradient * rho + square(gradient) * (1 - rho);
  const Value step = root(of_step) * gradient / root(squares);
  return {weight - step * rate,
          {{of_gradient, squares}, {of_step, of_step * rho + square(step) * (1 - rho)}}};
}

void FtrlOptimizer::build_slots() {
  accumulators_of_squares_.clear();
  linear_.clear();
  for (const Variable& variable : trainable()) {
    accumulators_of_squares_.push_back(
        add_slot("accumulator", variable, options_.initial_accumulator_value));
    linear_.push_back(add_slot("linear", variable));
  }
}

OptimizerBase::Update FtrlOptimizer::update(std::size_t index, Value weight, Value gradient,
                                            Value rate) {
  const double l1 = options_.l1_regularization_strength;
  const double l2 = options_.l2_regularization_strength;
  const auto inverse_rate = [&](Value squares) {
    return pow(squares, -options_.learning_rate_power) / rate;
  };
  const Variable& accumulator = accumulators_of_squares_[index];
  const Value squares = accumulator + square(gradient);
  const Value slope = gradient + weight * (2 * options_.l2_shrinkage_regularization_strength);
  const Value linear =
      linear_[index] + slope - (inverse_rate(squares) - inverse_rate(accumulator)) * weight;
  const Value quadratic = inverse_rate(squares) + 2 * l2 + options_.beta / rate;
  return {(tegula::clip(linear, -l1, l1) - linear) / quadratic,
          {{accumulator, squares}, {linear_[index], linear}}};
}

void LionOptimizer::build_slots() { momenta_ = std::move(add_slots({"momentum"}).front()); }

OptimizerBase::Update LionOptimizer::update(std::size_t index, Value weight, Value gradient,
                                            Value rate) {
  const auto [share, decay] = std::pair(options_.beta_1, options_.beta_2);
  const Variable& momentum = momenta_[index];
  const Value direction = sign(momentum * share + gradient * (1 - share));
  return {weight - direction * rate, {{momentum, momentum * decay + gradient * (1 - decay)}}};
}

}  // namespace tegula::nn
