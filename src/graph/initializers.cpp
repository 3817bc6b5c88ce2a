#include "tegula/graph/initializers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "tegula/graph/ops.hpp"

namespace tegula {

namespace {

/// Standard deviation of a standard normal distribution that is cut at two standard deviations.
constexpr double kTruncatedDeviation = 0.87962566103423978;

void check_known(const Shape& shape) {
  if (shape.is_known()) return;
  throw ShapeError("an initializer needs a known shape, got " + shape.to_string());
}

/// Dtype in which a floating recipe computes.
DType computing(DType dtype) { return dtype == DType::f64 ? DType::f64 : DType::f32; }

Value as(Value value, DType dtype) { return value.dtype() == dtype ? value : cast(value, dtype); }

template <typename Build>
InitialValue recipe(const Shape& shape, DType dtype, Build build) {
  check_known(shape);
  return {{dtype, shape}, [=](Graph& graph) { return as(build(graph), dtype); }};
}

double product_of(const Shape& shape, std::span<const std::int64_t> axes) {
  double product = 1;
  for (const std::int64_t axis : axes) {
    product *= static_cast<double>(shape[normalize_axis(axis, shape.rank())]);
  }
  return product;
}

double fan_of(const Shape& shape, const VarianceScaling& options) {
  const bool stated = options.input_axes && options.output_axes;
  const Fans fans =
      stated ? fans_of(shape, *options.input_axes, *options.output_axes) : fans_of(shape);
  const FanMode mode = options.mode;
  switch (mode) {
    case FanMode::fan_in:
      return fans.in;
    case FanMode::fan_out:
      return fans.out;
    case FanMode::fan_avg:
      return (fans.in + fans.out) / 2;
  }
  return 1;
}

/// Scalars are broadcast when they are needed, so that the graph does not hold large constants.
Value filled(Graph& graph, const Shape& shape, double value, DType dtype) {
  return broadcast_to(graph.constant(Tensor::full(dtype, {}, value)), shape);
}

bool broadcasts_to(const Shape& from, const Shape& to) {
  const int missing = to.rank() - from.rank();
  if (missing < 0) return false;
  for (int i = 0; i < from.rank(); ++i) {
    if (from[i] != 1 && from[i] != to[missing + i]) return false;
  }
  return true;
}

}  // namespace

InitialValue zeros(const Shape& shape, DType dtype) { return constant(shape, 0, dtype); }
InitialValue ones(const Shape& shape, DType dtype) { return constant(shape, 1, dtype); }

InitialValue constant(const Shape& shape, double value, DType dtype) {
  return recipe(shape, dtype, [=](Graph& graph) { return filled(graph, shape, value, dtype); });
}

InitialValue constant(const Shape& shape, const Tensor& value, DType dtype) {
  if (!broadcasts_to(value.shape(), shape)) {
    throw ShapeError("a constant of shape " + value.shape().to_string() +
                     " does not fit a weight of shape " + shape.to_string());
  }
  return recipe(shape, dtype, [=](Graph& graph) {
    return broadcast_to(graph.constant(value.cast(dtype)), shape);
  });
}

InitialValue identity_matrix(const Shape& shape, double gain, DType dtype) {
  if (shape.rank() != 2) {
    throw ShapeError("identity_matrix: needs a shape of rank 2, got " + shape.to_string());
  }
  return recipe(shape, dtype, [=](Graph& graph) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(shape[0]));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    const Value indices = graph.constant(Tensor::from(rows, {shape[0]}));
    return one_hot(indices, shape[1], gain, 0, computing(dtype));
  });
}

InitialValue random_uniform(const Shape& shape, double low, double high, DType dtype,
                            std::int64_t seed) {
  return recipe(shape, dtype, [=](Graph& graph) {
    return random_uniform(graph, shape, low, high, computing(dtype), seed);
  });
}

InitialValue random_normal(const Shape& shape, double mean, double stddev, DType dtype,
                           std::int64_t seed) {
  return recipe(shape, dtype, [=](Graph& graph) {
    return random_normal(graph, shape, mean, stddev, computing(dtype), seed);
  });
}

InitialValue truncated_normal(const Shape& shape, double mean, double stddev, DType dtype,
                              std::int64_t seed) {
  return recipe(shape, dtype, [=](Graph& graph) {
    return truncated_normal(graph, shape, mean, stddev, computing(dtype), seed);
  });
}

Fans fans_of(const Shape& shape) {
  check_known(shape);
  const int rank = shape.rank();
  if (rank == 0) return {};
  if (rank == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  double receptive_field = 1;
  for (int i = 0; i < rank - 2; ++i) receptive_field *= static_cast<double>(shape[i]);
  return {receptive_field * static_cast<double>(shape[rank - 2]),
          receptive_field * static_cast<double>(shape[rank - 1])};
}

Fans fans_of(const Shape& shape, std::span<const std::int64_t> input_axes,
             std::span<const std::int64_t> output_axes) {
  check_known(shape);
  return {product_of(shape, input_axes), product_of(shape, output_axes)};
}

InitialValue variance_scaling(const Shape& shape, const VarianceScaling& options, DType dtype,
                              std::int64_t seed) {
  if (!(options.scale > 0)) {
    throw InvalidArgument("variance_scaling: the scale must be positive, got " +
                          std::to_string(options.scale));
  }
  const double variance = options.scale / std::max(1.0, fan_of(shape, options));
  const double deviation = std::sqrt(variance);
  switch (options.distribution) {
    case WeightDistribution::uniform: {
      const double limit = std::sqrt(3 * variance);
      return random_uniform(shape, -limit, limit, dtype, seed);
    }
    case WeightDistribution::untruncated_normal:
      return random_normal(shape, 0, deviation, dtype, seed);
    case WeightDistribution::truncated_normal:
      return truncated_normal(shape, 0, deviation / kTruncatedDeviation, dtype, seed);
  }
  throw InvalidArgument("variance_scaling: unknown distribution");
}

InitialValue glorot_uniform(const Shape& shape, DType dtype, std::int64_t seed) {
  return variance_scaling(shape, {1, FanMode::fan_avg, WeightDistribution::uniform}, dtype, seed);
}
InitialValue glorot_normal(const Shape& shape, DType dtype, std::int64_t seed) {
  return variance_scaling(shape, {1, FanMode::fan_avg}, dtype, seed);
}
InitialValue he_uniform(const Shape& shape, DType dtype, std::int64_t seed) {
  return variance_scaling(shape, {2, FanMode::fan_in, WeightDistribution::uniform}, dtype, seed);
}
InitialValue he_normal(const Shape& shape, DType dtype, std::int64_t seed) {
  return variance_scaling(shape, {2, FanMode::fan_in}, dtype, seed);
}
InitialValue lecun_uniform(const Shape& shape, DType dtype, std::int64_t seed) {
  return variance_scaling(shape, {1, FanMode::fan_in, WeightDistribution::uniform}, dtype, seed);
}
InitialValue lecun_normal(const Shape& shape, DType dtype, std::int64_t seed) {
  return variance_scaling(shape, {1, FanMode::fan_in}, dtype, seed);
}

InitialValue orthogonal(const Shape& shape, double gain, DType dtype, std::int64_t seed) {
  if (shape.rank() < 2) {
    throw ShapeError("orthogonal: needs a shape of rank 2 or more, got " + shape.to_string());
  }
  return recipe(shape, dtype, [=](Graph& graph) {
    const std::int64_t columns = shape[shape.rank() - 1];
    const std::int64_t rows = columns == 0 ? 0 : shape.element_count() / columns;
    const Shape tall = {std::max(rows, columns), std::min(rows, columns)};
    const Value normal = random_normal(graph, tall, 0, 1, computing(dtype), seed);
    Value vectors = orthonormalize(normal);
    if (rows < columns) vectors = transpose(vectors);
    return reshape(vectors * gain, {shape.begin(), shape.end()});
  });
}

}  // namespace tegula
