// Resizing images: weights of TensorFlow's `tf.image.resize`, along one axis after the other.

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include "tegula/core/error.hpp"
#include "tegula/graph/image.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula {

namespace {

/// A window over the distance from the sampled point; 0 beyond its radius.
struct Filter {
  std::string_view name;
  double radius;
  double (*at)(double distance);
};

/// Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2.
double keys_cubic(double x) {
  if (x >= 2) return 0;
  if (x >= 1) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return (1.5 * x - 2.5) * x * x + 1;
}

/// Mitchell and Netravali, "Reconstruction filters in computer graphics", 1988, B = C = 1/3.
double mitchell_cubic(double x) {
  if (x >= 2) return 0;
  if (x >= 1) return ((-7 * x / 18 + 2) * x - 10.0 / 3) * x + 16.0 / 9;
  return (7 * x / 6 - 2) * x * x + 8.0 / 9;
}

double lanczos(double x, double radius) {
  if (x > radius) return 0;
  if (x <= 1e-3) return 1;
  const double angle = std::numbers::pi * x;
  return radius * std::sin(angle) * std::sin(angle / radius) / (angle * angle);
}

constexpr Filter kFilters[] = {
    {"bilinear", 1, [](double x) { return std::max(0.0, 1 - x); }},
    {"bicubic", 2, keys_cubic},
    {"lanczos3", 3, [](double x) { return lanczos(x, 3); }},
    {"lanczos5", 5, [](double x) { return lanczos(x, 5); }},
    {"gaussian", 1.5, [](double x) { return x >= 1.5 ? 0 : std::exp(-2 * x * x); }},
    {"mitchellcubic", 2, mitchell_cubic},
};

/// Elements [first, last) with weights whose sum is 1, less those at the ends that have none.
template <typename Weight>
Taps normalized(std::int64_t first, std::int64_t last, Weight&& weight) {
  while (weight(first) == 0) ++first;
  while (weight(last - 1) == 0) --last;
  Taps taps{first, {}};
  double total = 0;
  for (std::int64_t i = first; i < last; ++i) {
    taps.weights.push_back(weight(i));
    total += taps.weights.back();
  }
  for (double& one : taps.weights) one /= total;
  return taps;
}

/// Where the center of pixel i of `results` lies among `size` elements whose centers are at
/// integers. In float, as there, because ties decide what "nearest" takes.
double center_of(std::int64_t i, std::int64_t size, std::int64_t results) {
  const float scale = static_cast<float>(size) / static_cast<float>(results);
  return (static_cast<float>(i) + 0.5f) * scale - 0.5f;
}

/// The filter, made wider by `widening`, at a point.
Taps filtered(const Filter& filter, double widening, double point, std::int64_t size) {
  const double reach = filter.radius * widening;
  const auto bounded = [size](double position) {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(position), 0, size - 1);
  };
  return normalized(bounded(std::ceil(point - reach)), bounded(std::floor(point + reach)) + 1,
                    [&](std::int64_t i) {
                      return filter.at(std::abs(static_cast<double>(i) - point) / widening);
                    });
}

/// The part of [begin, end) that each element covers.
Taps covered(double begin, double end, std::int64_t size) {
  const auto first = static_cast<std::int64_t>(std::floor(begin));
  const auto last = std::min(static_cast<std::int64_t>(std::ceil(end)), size);
  return normalized(first, last, [&](std::int64_t i) {
    const auto left = static_cast<double>(i);
    return std::min(left + 1, end) - std::max(left, begin);
  });
}

Taps taps_at(const ResizeOptions& options, std::int64_t i, std::int64_t size,
             std::int64_t results) {
  const double scale = static_cast<double>(size) / static_cast<double>(results);
  if (options.method == "area") {
    return covered(static_cast<double>(i) * scale, static_cast<double>(i + 1) * scale, size);
  }
  const Filter& filter = *std::ranges::find(kFilters, options.method, &Filter::name);
  double point = center_of(i, size, results);
  if (options.antialias) return filtered(filter, std::max(scale, 1.0), point, size);
  if (options.method == "bicubic") {
    // TensorFlow has a table of this many weights between two pixels.
    constexpr double kSteps = 1024;
    point = std::floor(point) + std::nearbyint((point - std::floor(point)) * kSteps) / kSteps;
  }
  return filtered(filter, 1, point, size);
}

Value resize_axis(Value x, std::int64_t axis, std::int64_t results, const ResizeOptions& options) {
  const std::int64_t size = x.shape().dim(static_cast<int>(axis));
  if (size == results) return x;
  if (options.method == "nearest") {
    Tensor indices(DType::i64, {results});
    for (std::int64_t i = 0; i < results; ++i) {
      const auto nearest = static_cast<std::int64_t>(std::floor(center_of(i, size, results) + 0.5));
      indices.set(i, static_cast<double>(std::min(nearest, size - 1)));
    }
    return gather(x, indices, axis);
  }
  std::vector<Taps> taps;
  for (std::int64_t i = 0; i < results; ++i) taps.push_back(taps_at(options, i, size, results));
  return resample(x, axis, taps);
}

void check_method(const std::string& method) {
  if (method == "nearest" || method == "area") return;
  if (std::ranges::find(kFilters, method, &Filter::name) != std::end(kFilters)) return;
  throw InvalidArgument("resize: method \"" + method +
                        "\" is not known; expected nearest, bilinear, bicubic, lanczos3, lanczos5, "
                        "gaussian, mitchellcubic or area");
}

}  // namespace

Value resize(Operand x, std::int64_t height, std::int64_t width, const ResizeOptions& options) {
  check_method(options.method);
  if (height < 1 || width < 1) {
    throw InvalidArgument("resize: the size must be at least 1 by 1, got " +
                          std::to_string(height) + " by " + std::to_string(width));
  }
  const Value* images = x.value();
  if (images == nullptr || !*images) throw InvalidArgument("resize takes a value of a graph");
  const Shape& shape = images->shape();
  if (shape.rank() < 3 || shape.dim(-3) == kUnknown || shape.dim(-2) == kUnknown ||
      shape.dim(-3) == 0 || shape.dim(-2) == 0) {
    throw ShapeError(
        "resize takes [..., height, width, channels] with a height and width that are "
        "known and not 0, got " +
        shape.to_string());
  }
  // First the axis that leaves less to do for the other.
  const bool rows_first = height * shape.dim(-2) <= width * shape.dim(-3);
  const Value half = rows_first ? resize_axis(*images, shape.rank() - 3, height, options)
                                : resize_axis(*images, shape.rank() - 2, width, options);
  return rows_first ? resize_axis(half, shape.rank() - 2, width, options)
                    : resize_axis(half, shape.rank() - 3, height, options);
}

}  // namespace tegula
