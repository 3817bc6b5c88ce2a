#include "tegula/nn/optimizers/matrix.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <regex>

#include "tegula/graph/initializers.hpp"

namespace tegula::nn {

namespace {

Value root_mean_square(Value x) { return sqrt(mean(square(x))); }

}  // namespace

void AdafactorOptimizer::build_slots() {
  averages_of_squares_.clear();
  for (const Variable& variable : trainable()) {
    const std::string& path = variable.node().name();
    const Shape& shape = variable.shape();
    // As in Keras, whose state has scalars in the place of what vectors do not need.
    Shape rows, columns;
    if (shape.rank() >= 2) {
      rows = columns = Shape(shape.dims().first(static_cast<std::size_t>(shape.rank() - 2)));
      rows.append(shape.dim(-2));
      columns.append(shape.dim(-1));
    }
    averages_of_squares_.push_back(
        {.rows = add_state(path + "/rows", zeros(rows, variable.dtype())),
         .columns = add_state(path + "/columns", zeros(columns, variable.dtype())),
         .elements = add_slot("velocity", variable)});
  }
}

OptimizerBase::Update AdafactorOptimizer::update(std::size_t index, Value weight, Value gradient,
                                                 Value rate) {
  const Averages& averages = averages_of_squares_[index];
  const Value step = update_count();
  const Value decay = 1.0 - pow(step, options_.beta_2_decay);
  const Value squares = square(gradient) + options_.epsilon_1;
  const auto moved = [&decay](Value average, Value x) {
    return average * decay + x * (1.0 - decay);
  };
  Update result;
  Value elements;
  if (weight.shape().rank() >= 2) {
    const Value rows = moved(averages.rows, mean(squares, -1));
    const Value columns = moved(averages.columns, mean(squares, -2));
    elements = expand_dims(rows / mean(rows, -1, true), -1) * expand_dims(columns, -2);
    result.slots = {{averages.rows, rows}, {averages.columns, columns}};
  } else {
    elements = moved(averages.elements, squares);
  }
  result.slots.emplace_back(averages.elements, elements);
  const Value direction = gradient / sqrt(elements);
  const Value excess = maximum(root_mean_square(direction) / options_.clip_threshold, 1.0);
  const Value size = maximum(root_mean_square(weight), options_.epsilon_2);
  result.weight = weight - direction * (size * minimum(rate, rsqrt(step)) / excess);
  return result;
}

MuonOptimizer::MuonOptimizer(MuonOptions options) : OptimizerWithOptions(std::move(options)) {
  for (const std::string& pattern : options_.exclude_layers) {
    try {
      const std::regex parsed(pattern);
    } catch (const std::regex_error& error) {
      throw InvalidArgument("Muon: `exclude_layers` takes regular expressions, got \"" + pattern +
                            "\": " + error.what());
    }
  }
}

bool MuonOptimizer::takes_adam(const Variable& variable) const {
  if (variable.shape().rank() != 2) return true;
  const std::string& path = variable.node().name();
  std::string lower = path;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (options_.exclude_embeddings && lower.find("embedding") != lower.npos) return true;
  return std::ranges::any_of(options_.exclude_layers, [&path](const std::string& pattern) {
    return std::regex_search(path, std::regex(pattern));
  });
}

std::optional<double> MuonOptimizer::weight_decay_of(const Variable& variable) const {
  return takes_adam(variable) ? options_.adam_weight_decay : options_.common.weight_decay;
}

void MuonOptimizer::build_slots() {
  adam_ = {};
  for (const Variable& variable : trainable()) {
    adam_.momenta.push_back(add_slot("momentum", variable));
    adam_.velocities.push_back(takes_adam(variable) ? add_slot("velocity", variable) : Variable());
  }
}

/// Newton-Schulz iterations towards the nearest matrix with singular values 1.
Value MuonOptimizer::orthogonalized(Value x) const {
  constexpr double kSmallest = 1e-7;
  const bool tall = x.shape()[0] > x.shape()[1];
  if (tall) x = transpose(x);
  x = x / (sqrt(sum(square(x))) + kSmallest);
  for (std::int64_t i = 0; i < options_.ns_steps; ++i) {
    const Value a = matmul(x, x, {.transpose_b = true});
    const Value b = a * options_.muon_b + matmul(a, a) * options_.muon_c;
    x = x * options_.muon_a + matmul(b, x);
  }
  return tall ? transpose(x) : x;
}

OptimizerBase::Update MuonOptimizer::update(std::size_t index, Value weight, Value gradient,
                                            Value rate) {
  if (adam_.velocities[index]) {
    return adam_.update(index, weight, gradient, rate * options_.adam_lr_ratio, update_count(),
                        {options_.adam_beta_1, options_.adam_beta_2, options_.epsilon});
  }
  const Variable& last = adam_.momenta[index];
  const Value momentum = last * options_.momentum + gradient;
  const Value direction = options_.nesterov ? gradient + momentum * options_.momentum : momentum;
  double scale = 1;
  if (options_.rms_rate) {
    const Shape& shape = weight.shape();
    scale = *options_.rms_rate * std::sqrt(static_cast<double>(std::max(shape[0], shape[1])));
  }
  return {weight - orthogonalized(direction) * rate * scale, {{last, momentum}}};
}

}  // namespace tegula::nn
