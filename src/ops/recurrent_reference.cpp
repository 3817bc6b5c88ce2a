#include "src/ops/recurrent_reference.hpp"

#include <algorithm>
#include <cmath>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

using Numbers = std::vector<double>;

double activated(const std::string& activation, double x) {
  if (activation == "relu") return std::max(x, 0.0);
  if (activation == "tanh") return std::tanh(x);
  if (activation == "sigmoid") return 1 / (1 + std::exp(-x));
  if (activation == "hard_sigmoid") return std::clamp(x / 6 + 0.5, 0.0, 1.0);
  return x;
}

/// dy times the derivative where the activation is y.
double passed_on(const std::string& activation, double y, double dy) {
  if (activation == "relu") return y > 0 ? dy : 0;
  if (activation == "tanh") return dy * (1 - y * y);
  if (activation == "sigmoid") return dy * (y * (1 - y));
  if (activation == "hard_sigmoid") return y > 0 && y < 1 ? dy / 6 : 0;
  return dy;
}

bool any_of(const double* values, std::size_t count) {
  return std::any_of(values, values + count, [](double value) { return value != 0; });
}

Numbers numbers_of(const Tensor& tensor) {
  Numbers result;
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) result.push_back(tensor.at(i));
  return result;
}

struct Layer {
  std::size_t batch, steps, features, units, gates, saved;
  bool lstm, gru, reset_after;
  std::string activation, recurrent_activation;
  const Tensor& mask;

  Layer(const RecurrentCell& cell, const Attrs& attrs, const Shape& x,
        const Shape& recurrent_kernel, const Tensor& mask_given)
      : batch(static_cast<std::size_t>(x[0])),
        steps(static_cast<std::size_t>(x[1])),
        features(static_cast<std::size_t>(x[2])),
        units(static_cast<std::size_t>(recurrent_kernel[0])),
        gates(static_cast<std::size_t>(cell.gates)),
        saved(static_cast<std::size_t>(cell.saved)),
        lstm(cell.has_carry),
        gru(cell.gates == 3),
        reset_after(gru && flag(attrs, "reset_after")),
        activation(attrs.get<std::string>("activation")),
        recurrent_activation(gates == 1 ? "" : attrs.get<std::string>("recurrent_activation")),
        mask(mask_given) {}

  /// Whether the step changes the sample's states.
  bool counts(std::size_t sample, std::size_t step) const {
    const std::int64_t row = mask.shape()[0] == 1 ? 0 : static_cast<std::int64_t>(sample);
    const std::int64_t column = mask.shape()[1] == 1 ? 0 : static_cast<std::int64_t>(step);
    return mask.at(row * mask.shape()[1] + column) != 0;
  }
  const std::string& activation_of(std::size_t gate) const {
    return gate == (lstm ? 2 : gates - 1) ? activation : recurrent_activation;
  }
};

/// sums[column] += row · matrix, for the gates [first, last).
void add_product(Numbers& sums, const double* row, const Numbers& matrix, const Layer& layer,
                 std::size_t rows, std::size_t first, std::size_t last) {
  const std::size_t columns = layer.gates * layer.units;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = first * layer.units; j < last * layer.units; ++j) {
      sums[j] += row[i] * matrix[i * columns + j];
    }
  }
}

/// sums[i] += columns · matrix's row i, for the gates [first, last).
void add_transposed_product(double* sums, const Numbers& columns, const Numbers& matrix,
                            const Layer& layer, std::size_t rows, std::size_t first,
                            std::size_t last) {
  const std::size_t count = layer.gates * layer.units;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = first * layer.units; j < last * layer.units; ++j) {
      sums[i] += columns[j] * matrix[i * count + j];
    }
  }
}

/// matrix += row ⊗ columns, for the gates [first, last).
void add_outer_product(Numbers& matrix, const double* row, const Numbers& columns,
                       const Layer& layer, std::size_t rows, std::size_t first, std::size_t last) {
  const std::size_t count = layer.gates * layer.units;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = first * layer.units; j < last * layer.units; ++j) {
      matrix[i * count + j] += row[i] * columns[j];
    }
  }
}

Tensor tensor_of(const Numbers& numbers, const ValueType& type) {
  return Tensor::from(numbers, type.shape).cast(type.dtype);
}

}  // namespace

std::vector<Tensor> evaluate_recurrent(const RecurrentCell& cell, const EvaluateContext& context) {
  const Layer layer(cell, context.attrs, context.input(0).shape(), context.input(2).shape(),
                    context.input(4));
  const Numbers x = numbers_of(context.input(0)), kernel = numbers_of(context.input(1)),
                recurrent = numbers_of(context.input(2)), bias = numbers_of(context.input(3));
  Numbers h = numbers_of(context.input(5));
  Numbers carry = layer.lstm ? numbers_of(context.input(6)) : Numbers();
  const std::size_t units = layer.units, columns = layer.gates * units;
  Numbers all(layer.batch * layer.steps * units);
  Numbers saved(layer.batch * layer.steps * layer.saved * units);
  for (std::size_t b = 0; b < layer.batch; ++b) {
    for (std::size_t t = 0; t < layer.steps; ++t) {
      const std::size_t place = b * layer.steps + t;
      double* const state = h.data() + b * units;
      double* const gate = saved.data() + place * layer.saved * units;
      const auto value = [&](std::size_t block, std::size_t u) -> double& {
        return gate[block * units + u];
      };
      Numbers from_x(bias.begin(), bias.begin() + static_cast<std::ptrdiff_t>(columns));
      Numbers from_h(columns, 0.0);
      if (layer.reset_after)
        from_h.assign(bias.begin() + static_cast<std::ptrdiff_t>(columns), bias.end());
      add_product(from_x, x.data() + place * layer.features, kernel, layer, layer.features, 0,
                  layer.gates);
      const bool reset_before = layer.gru && !layer.reset_after;
      add_product(from_h, state, recurrent, layer, units, 0, layer.gates - (reset_before ? 1 : 0));
      const auto activate = [&](std::size_t g, std::size_t u) {
        value(g, u) =
            activated(layer.activation_of(g), from_x[g * units + u] + from_h[g * units + u]);
      };
      for (std::size_t u = 0; u < units; ++u) {
        for (std::size_t g = 0; g < layer.gates; ++g) activate(g, u);
        if (layer.gru)
          value(3, u) = layer.reset_after ? from_h[2 * units + u] : value(1, u) * state[u];
        if (layer.reset_after) from_h[2 * units + u] *= value(1, u);
      }
      if (reset_before) add_product(from_h, &value(3, 0), recurrent, layer, units, 2, 3);
      for (std::size_t u = 0; u < units; ++u) {
        if (layer.gru) activate(2, u);
        const bool counts = layer.counts(b, t);
        if (layer.lstm) {
          double& c = carry[b * units + u];
          if (counts) c = value(1, u) * c + value(0, u) * value(2, u);
          value(4, u) = c;
          if (counts) state[u] = value(3, u) * activated(layer.activation, c);
        } else if (counts) {
          state[u] =
              layer.gru ? value(0, u) * state[u] + (1 - value(0, u)) * value(2, u) : value(0, u);
        }
        all[place * units + u] = state[u];
      }
    }
  }
  std::vector<Tensor> results = {tensor_of(all, context.outputs[0]),
                                 tensor_of(h, context.outputs[1])};
  if (layer.lstm) results.push_back(tensor_of(carry, context.outputs[2]));
  results.push_back(tensor_of(saved, context.outputs.back()));
  return results;
}

std::vector<Tensor> evaluate_recurrent_gradient(const RecurrentCell& cell,
                                                const EvaluateContext& context) {
  const Layer layer(cell, context.attrs, context.input(0).shape(), context.input(2).shape(),
                    context.input(3));
  int next = 0;
  const auto numbers = [&] { return numbers_of(context.input(next++)); };
  const Numbers x = numbers(), kernel = numbers(), recurrent = numbers();
  ++next;  // the mask
  const Numbers h0 = numbers(), carry0 = layer.lstm ? numbers() : Numbers();
  const Numbers all = numbers(), saved = numbers(), d_all = numbers();
  Numbers dh = numbers(), dc = layer.lstm ? numbers() : Numbers();
  const std::size_t units = layer.units, columns = layer.gates * units;
  Numbers dx(x.size()), d_kernel(kernel.size()), d_recurrent(recurrent.size());
  Numbers d_bias(columns * (layer.reset_after ? 2 : 1));
  for (std::size_t b = 0; b < layer.batch; ++b) {
    for (std::size_t t = layer.steps; t-- > 0;) {
      const std::size_t place = b * layer.steps + t;
      const double* const gate = saved.data() + place * layer.saved * units;
      const auto value = [&](std::size_t block, std::size_t u) { return gate[block * units + u]; };
      double* const state = dh.data() + b * units;
      const bool flows =
          layer.counts(b, t) && (any_of(state, units) || any_of(&d_all[place * units], units) ||
                                 (layer.lstm && any_of(&dc[b * units], units)));
      for (std::size_t u = 0; u < units; ++u) state[u] += d_all[place * units + u];
      // Where no gradient flows through the step, the slopes do not count, nor do the states: where
      // sums overflow they are infinite or NaN.
      const Numbers nothing(units);
      const double* const h = !flows   ? nothing.data()
                              : t == 0 ? h0.data() + b * units
                                       : all.data() + (place - 1) * units;
      // Of what enters the activations; `to_h` where the candidate's way from h differs.
      Numbers d(columns), to_h;
      const auto through = [&](std::size_t g, std::size_t u, double dy) {
        d[g * units + u] = passed_on(layer.activation_of(g), value(g, u), dy);
      };
      for (std::size_t u = 0; flows && u < units; ++u) {
        if (layer.lstm) {
          double& c = dc[b * units + u];
          const double before = t == 0 ? carry0[b * units + u] : *(gate - units + u);
          const double squashed = activated(layer.activation, value(4, u));
          through(3, u, state[u] * squashed);
          c += passed_on(layer.activation, squashed, state[u] * value(3, u));
          through(0, u, c * value(2, u));
          through(1, u, c * before);
          through(2, u, c * value(0, u));
          c *= value(1, u);
          state[u] = 0;
        } else if (layer.gru) {
          through(0, u, state[u] * (h[u] - value(2, u)));
          through(2, u, state[u] * (1 - value(0, u)));
          state[u] *= value(0, u);
        } else {
          through(0, u, state[u]);
          state[u] = 0;
        }
      }
      if (layer.reset_after) {
        for (std::size_t u = 0; flows && u < units; ++u)
          through(1, u, d[2 * units + u] * value(3, u));
        to_h = d;
        for (std::size_t u = 0; flows && u < units; ++u) to_h[2 * units + u] *= value(1, u);
      } else if (layer.gru) {
        Numbers d_reset(units);  // of reset * h
        add_transposed_product(d_reset.data(), d, recurrent, layer, units, 2, 3);
        for (std::size_t u = 0; any_of(d_reset.data(), units) && u < units; ++u) {
          through(1, u, d_reset[u] * h[u]);
          state[u] += d_reset[u] * value(1, u);
        }
        add_outer_product(d_recurrent, flows ? gate + 3 * units : nothing.data(), d, layer, units,
                          2, 3);
      }
      const Numbers& from_h = to_h.empty() ? d : to_h;
      const std::size_t last = layer.gru && !layer.reset_after ? 2 : layer.gates;
      add_transposed_product(state, from_h, recurrent, layer, units, 0, last);
      add_outer_product(d_recurrent, h, from_h, layer, units, 0, last);
      add_transposed_product(dx.data() + place * layer.features, d, kernel, layer, layer.features,
                             0, layer.gates);
      add_outer_product(d_kernel, x.data() + place * layer.features, d, layer, layer.features, 0,
                        layer.gates);
      for (std::size_t j = 0; j < columns; ++j) {
        d_bias[j] += d[j];
        if (layer.reset_after) d_bias[columns + j] += to_h[j];
      }
    }
  }
  std::vector<Tensor> results;
  for (const Numbers* one : {&dx, &d_kernel, &d_recurrent, &d_bias, &dh}) {
    results.push_back(tensor_of(*one, context.outputs[results.size()]));
  }
  if (layer.lstm) results.push_back(tensor_of(dc, context.outputs[5]));
  return results;
}

}  // namespace tegula::ops
