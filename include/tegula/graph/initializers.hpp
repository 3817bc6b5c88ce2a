#pragma once
// First values of variables: recipes for `graph.variable(glorot_uniform({784, 10}), "w")`.
//
// Names, defaults and arithmetic are Keras's. Random recipes draw from the session's seed and from
// their place in the graph; a `seed` >= 0 replaces the session's. They compute in f64 for f64, else
// in f32, and cast. All throw ShapeError for a shape with unknown dimensions.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tegula/graph/graph.hpp"

namespace tegula {

TEGULA_API InitialValue zeros(const Shape& shape, DType dtype = DType::f32);
TEGULA_API InitialValue ones(const Shape& shape, DType dtype = DType::f32);
TEGULA_API InitialValue constant(const Shape& shape, double value, DType dtype = DType::f32);
/// `value` broadcast to the shape. Throws ShapeError when it cannot be.
TEGULA_API InitialValue constant(const Shape& shape, const Tensor& value, DType dtype = DType::f32);
/// A matrix with `gain` on its main diagonal and 0 elsewhere. Throws ShapeError for other ranks.
TEGULA_API InitialValue identity_matrix(const Shape& shape, double gain = 1,
                                        DType dtype = DType::f32);

TEGULA_API InitialValue random_uniform(const Shape& shape, double low = -0.05, double high = 0.05,
                                       DType dtype = DType::f32, std::int64_t seed = -1);
TEGULA_API InitialValue random_normal(const Shape& shape, double mean = 0, double stddev = 0.05,
                                      DType dtype = DType::f32, std::int64_t seed = -1);
/// Normal, restricted to two standard deviations around the mean.
TEGULA_API InitialValue truncated_normal(const Shape& shape, double mean = 0, double stddev = 0.05,
                                         DType dtype = DType::f32, std::int64_t seed = -1);

/// Numbers of inputs and outputs of one unit of a weight: of a matrix [in, out]; of a vector both
/// are its length; of a kernel [..., in, out] both are multiplied by the product of the leading
/// dimensions; of a scalar both are 1.
struct Fans {
  double in = 1;
  double out = 1;
};
TEGULA_API Fans fans_of(const Shape& shape);
/// The product of the dimensions at each list of axes, which count from the end where negative.
/// Throws InvalidArgument for an axis that is not there.
TEGULA_API Fans fans_of(const Shape& shape, std::span<const std::int64_t> input_axes,
                        std::span<const std::int64_t> output_axes);

enum class FanMode { fan_in, fan_out, fan_avg };
enum class WeightDistribution { truncated_normal, untruncated_normal, uniform };

struct VarianceScaling {
  /// > 0
  double scale = 1;
  FanMode mode = FanMode::fan_in;
  WeightDistribution distribution = WeightDistribution::truncated_normal;
  /// Given both, the fans are the products of these dimensions.
  std::optional<std::vector<std::int64_t>> input_axes = {};
  std::optional<std::vector<std::int64_t>> output_axes = {};
};
/// Mean 0 and variance scale / fan, whatever the distribution.
TEGULA_API InitialValue variance_scaling(const Shape& shape, const VarianceScaling& options,
                                         DType dtype = DType::f32, std::int64_t seed = -1);

/// Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
/// 2010: variance 2 / (in + out).
TEGULA_API InitialValue glorot_uniform(const Shape& shape, DType dtype = DType::f32,
                                       std::int64_t seed = -1);
TEGULA_API InitialValue glorot_normal(const Shape& shape, DType dtype = DType::f32,
                                      std::int64_t seed = -1);
/// He et al., "Delving deep into rectifiers", 2015: variance 2 / in.
TEGULA_API InitialValue he_uniform(const Shape& shape, DType dtype = DType::f32,
                                   std::int64_t seed = -1);
TEGULA_API InitialValue he_normal(const Shape& shape, DType dtype = DType::f32,
                                  std::int64_t seed = -1);
/// LeCun et al., "Efficient backprop", 1998: variance 1 / in.
TEGULA_API InitialValue lecun_uniform(const Shape& shape, DType dtype = DType::f32,
                                      std::int64_t seed = -1);
TEGULA_API InitialValue lecun_normal(const Shape& shape, DType dtype = DType::f32,
                                     std::int64_t seed = -1);

/// Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural
/// networks", 2013: as a matrix [product of the leading dimensions, last dimension], its shorter
/// side's vectors are orthogonal and of length `gain`. Throws ShapeError below rank 2.
TEGULA_API InitialValue orthogonal(const Shape& shape, double gain = 1, DType dtype = DType::f32,
                                   std::int64_t seed = -1);

}  // namespace tegula
