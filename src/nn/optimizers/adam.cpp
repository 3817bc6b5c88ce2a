#include "tegula/nn/optimizers/adam.hpp"

namespace tegula::nn {

namespace {

/// `average` after it has moved towards `x`.
Value moved(const Variable& average, Value x, double decay) {
  return average + (x - average) * (1 - decay);
}

}  // namespace

OptimizerBase::Update AdamRule::update(std::size_t index, Value weight, Value gradient, Value rate,
                                       Value step, const Coefficients& coefficients) const {
  const auto [beta_1, beta_2, epsilon] = coefficients;
  const Value correction_1 = 1.0 - pow(beta_1, step);
  const Value correction_2 = 1.0 - pow(beta_2, step);
  const Value alpha = rate * sqrt(correction_2) / correction_1;
  const Value momentum = moved(momenta[index], gradient, beta_1);
  const Value velocity = moved(velocities[index], square(gradient), beta_2);
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

OptimizerBase::Update AdamaxOptimizer::update(std::size_t index, Value weight, Value gradient,
                                              Value rate) {
  const Value momentum = moved(momenta_[index], gradient, options_.beta_1);
  const Value norm = maximum(velocities_[index] * options_.beta_2, abs(gradient));
  const Value correction = 1.0 - pow(options_.beta_1, update_count());
  return {weight - momentum * rate / (correction * (norm + options_.epsilon)),
          {{momenta_[index], momentum}, {velocities_[index], norm}}};
}

void NadamOptimizer::build_slots() {
  OptimizerWithMoments::build_slots();
  product_ = add_state("momentum_product", Tensor::scalar(1.0f));
}

/// The momentum warms up to beta_1.
Value NadamOptimizer::momentum_at(Value step) const {
  constexpr double kDecay = 0.96;
  return (1.0 - pow(kDecay, step) * 0.5) * options_.beta_1;
}

std::vector<std::pair<Variable, Value>> NadamOptimizer::update_shared() {
  next_product_ = product_ * momentum_at(update_count());
  return {{product_, next_product_}};
}

OptimizerBase::Update NadamOptimizer::update(std::size_t index, Value weight, Value gradient,
                                             Value rate) {
  const Value step = update_count();
  const Value now = momentum_at(step);
  const Value next = momentum_at(step + 1.0);
  const Value momentum = moved(momenta_[index], gradient, options_.beta_1);
  const Value velocity = moved(velocities_[index], square(gradient), options_.beta_2);
  const Value direction = momentum * (next / (1.0 - next_product_ * next)) +
                          gradient * ((1.0 - now) / (1.0 - next_product_));
  const Value variance = velocity / (1.0 - pow(options_.beta_2, step));
  return {weight - direction * rate / (sqrt(variance) + options_.epsilon),
          {{momenta_[index], momentum}, {velocities_[index], velocity}}};
}

OptimizerBase::Update LambOptimizer::update(std::size_t index, Value weight, Value gradient,
                                            Value rate) {
  const Value step = update_count();
  const Value momentum = moved(momenta_[index], gradient, options_.beta_1);
  const Value velocity = moved(velocities_[index], square(gradient), options_.beta_2);
  const Value average = momentum / (1.0 - pow(options_.beta_1, step));
  const Value variance = velocity / (1.0 - pow(options_.beta_2, step));
  const Value direction = average / (sqrt(variance) + options_.epsilon);
  const auto length_of = [](Value x) { return sqrt(sum(square(x))); };
  const Value length = length_of(weight);
  const Value step_length = length_of(direction);
  const Value both = logical_and(greater(length, 0.0), greater(step_length, 0.0));
  return {weight - direction * (where(both, length / step_length, 1.0) * rate),
          {{momenta_[index], momentum}, {velocities_[index], velocity}}};
}

/// In the paper's words: the weight is y, where gradients are taken, the momentum is z, and x is
/// the average of the z so far.
OptimizerBase::Update ScheduleFreeAdamWOptimizer::update(std::size_t index, Value weight,
                                                         Value gradient, Value rate) {
  const Value step = update_count();
  const double share = options_.beta_1;
  if (options_.warmup_steps > 0) {
    rate = rate * minimum(step / static_cast<double>(options_.warmup_steps), 1.0);
  }
  // z starts as the weight.
  const Value z_before = where(equal(step, 1.0), trainable()[index], momenta_[index]);
  const Value velocity = moved(velocities_[index], square(gradient), options_.beta_2);
  const Value variance = velocity / (1.0 - pow(options_.beta_2, step));
  const Value z = z_before - gradient * rate / (sqrt(variance) + options_.epsilon);
  const Value x_before = (weight - z_before * (1 - share)) / share;
  const Value x = x_before * (1.0 - 1.0 / step) + z / step;
  return {z * (1 - share) + x * share, {{momenta_[index], z}, {velocities_[index], velocity}}};
}

}  // namespace tegula::nn
