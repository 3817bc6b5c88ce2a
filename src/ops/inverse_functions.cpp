// Inverses of trigonometric and hyperbolic functions, and of the error function; Bessel functions.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "src/ops/family.hpp"
#include "tegula/graph/numeric.hpp"

namespace tegula::ops {

namespace {

using Values = std::vector<Value>;

/// Winitzki's elementary approximation ("A handy approximation for the error function and its
/// inverse", 2008), then Newton's method on erfc, which keeps its digits where erf is nearly 1.
double inverse_of_erf(double x) {
  if (!(std::abs(x) < 1)) {
    const double infinity = std::numeric_limits<double>::infinity();
    return std::abs(x) == 1 ? std::copysign(infinity, x) : std::numeric_limits<double>::quiet_NaN();
  }
  constexpr double a = 0.147;
  const double size = std::abs(x);
  const double log = std::log1p(-size * size);
  const double mean = 2 / (std::numbers::pi * a) + log / 2;
  double y = std::sqrt(std::max(std::sqrt(mean * mean - log / a) - mean, 0.0));
  for (int step = 0; step < 4; ++step) {
    const double slope = 2 * std::numbers::inv_sqrtpi * std::exp(-y * y);
    if (slope == 0) break;
    y += (size < 0.5 ? size - std::erf(y) : std::erfc(y) - (1 - size)) / slope;
  }
  return std::copysign(y, x);
}

/// Beyond this the Bessel functions are infinite in double precision.
constexpr double kLargestBesselArgument = 713;

double bessel(double order, double x) {
  if (std::isnan(x)) return x;
  const double size = std::abs(x);
  return size > kLargestBesselArgument ? std::numeric_limits<double>::infinity()
                                       : std::cyl_bessel_i(order, size);
}

void register_inverse_trigonometric(OpRegistry& registry) {
  unary(registry,
        {.name = "arcsin",
         .doc = "The angle, -π/2 to π/2, whose sine is x",
         .evaluate = [](double x, const Attrs&) { return std::asin(x); },
         .gradient = [](Value x, Value, Value dy,
                        const Attrs&) { return where_flows(dy, dy * rsqrt(1.0 - square(x))); },
         .low = -0.9,
         .high = 0.9,
         .flops = 20,
         .fusion = FusionClass::opaque});
  unary(registry,
        {.name = "arccos",
         .doc = "The angle, 0 to π, whose cosine is x",
         .evaluate = [](double x, const Attrs&) { return std::acos(x); },
         .gradient = [](Value x, Value, Value dy,
                        const Attrs&) { return where_flows(dy, -(dy * rsqrt(1.0 - square(x)))); },
         .low = -0.9,
         .high = 0.9,
         .flops = 20,
         .fusion = FusionClass::opaque});
  unary(registry,
        {.name = "arctan",
         .doc = "The angle, -π/2 to π/2, whose tangent is x",
         .evaluate = [](double x, const Attrs&) { return std::atan(x); },
         .gradient = [](Value x, Value, Value dy, const Attrs&) { return dy / (square(x) + 1.0); },
         .flops = 20,
         .fusion = FusionClass::opaque});
  binary(registry,
         {.name = "arctan2",
          .doc = "The angle, -π to π, of the point with the coordinates b and a",
          .evaluate = [](double a, double b) { return std::atan2(a, b); },
          .gradient =
              [](Value a, Value b, Value, Value dy) {
                const Value scaled = dy / (square(a) + square(b));
                return Values{where_flows(dy, scaled * b), where_flows(dy, -(scaled * a))};
              },
          .accepts = Accepts::floating,
          .low_a = 0.5,
          .high_a = 2,
          .fusion = FusionClass::opaque});
}

void register_inverse_hyperbolic(OpRegistry& registry) {
  unary(registry, {.name = "arcsinh",
                   .doc = "The number whose hyperbolic sine is x",
                   .evaluate = [](double x, const Attrs&) { return std::asinh(x); },
                   .gradient = [](Value x, Value, Value dy,
                                  const Attrs&) { return dy * rsqrt(square(x) + 1.0); },
                   .flops = 30,
                   .fusion = FusionClass::opaque});
  unary(registry,
        {.name = "arccosh",
         .doc = "The number >= 0 whose hyperbolic cosine is x",
         .evaluate = [](double x, const Attrs&) { return std::acosh(x); },
         .gradient = [](Value x, Value, Value dy,
                        const Attrs&) { return where_flows(dy, dy * rsqrt(square(x) - 1.0)); },
         .low = 1.2,
         .high = 3,
         .flops = 30,
         .fusion = FusionClass::opaque});
  unary(registry, {.name = "arctanh",
                   .doc = "The number whose hyperbolic tangent is x",
                   .evaluate = [](double x, const Attrs&) { return std::atanh(x); },
                   .gradient = [](Value x, Value, Value dy,
                                  const Attrs&) { return where_flows(dy, dy / (1.0 - square(x))); },
                   .low = -0.8,
                   .high = 0.8,
                   .flops = 30,
                   .fusion = FusionClass::opaque});
}

void register_error_functions(OpRegistry& registry) {
  unary(registry, {.name = "erfc",
                   .doc = "1 - erf(x), exact where erf is nearly 1",
                   .evaluate = [](double x, const Attrs&) { return std::erfc(x); },
                   .gradient =
                       [](Value x, Value, Value dy, const Attrs&) {
                         return dy * exp(-square(x)) * (-2 * std::numbers::inv_sqrtpi);
                       },
                   .flops = 30,
                   .fusion = FusionClass::opaque});
  unary(registry, {.name = "erfinv",
                   .doc = "The number whose error function is x",
                   .evaluate = [](double x, const Attrs&) { return inverse_of_erf(x); },
                   .gradient =
                       [](Value, Value y, Value dy, const Attrs&) {
                         return where_flows(dy,
                                            dy * exp(square(y)) * (0.5 / std::numbers::inv_sqrtpi));
                       },
                   .low = -0.9,
                   .high = 0.9,
                   .flops = 60,
                   .fusion = FusionClass::opaque});
}

void register_bessel(OpRegistry& registry) {
  unary(registry, {.name = "bessel_i0",
                   .doc = "Modified Bessel function of the first kind of order 0",
                   .evaluate = [](double x, const Attrs&) { return bessel(0, x); },
                   .gradient = [](Value x, Value, Value dy,
                                  const Attrs&) { return where_flows(dy, dy * bessel_i1(x)); },
                   .flops = 60,
                   .fusion = FusionClass::opaque});
  unary(registry,
        {.name = "bessel_i1",
         .doc = "Modified Bessel function of the first kind of order 1",
         .evaluate = [](double x, const Attrs&) { return std::copysign(bessel(1, x), x); },
         .gradient = [](Value x, Value y, Value dy,
                        const Attrs&) { return where_flows(dy, dy * (bessel_i0(x) - y / x)); },
         .low = 0.3,
         .high = 2,
         .flops = 60,
         .fusion = FusionClass::opaque});
}

}  // namespace

void register_inverse_functions(OpRegistry& registry);

void register_inverse_functions(OpRegistry& registry) {
  register_inverse_trigonometric(registry);
  register_inverse_hyperbolic(registry);
  register_error_functions(registry);
  register_bessel(registry);
}

}  // namespace tegula::ops

namespace tegula {

Value arcsin(Operand x) { return build("arcsin", {x}); }
Value arccos(Operand x) { return build("arccos", {x}); }
Value arctan(Operand x) { return build("arctan", {x}); }
Value arctan2(Operand y, Operand x) { return build("arctan2", {y, x}); }
Value arcsinh(Operand x) { return build("arcsinh", {x}); }
Value arccosh(Operand x) { return build("arccosh", {x}); }
Value arctanh(Operand x) { return build("arctanh", {x}); }
Value erfc(Operand x) { return build("erfc", {x}); }
Value erfinv(Operand x) { return build("erfinv", {x}); }
Value bessel_i0(Operand x) { return build("bessel_i0", {x}); }
Value bessel_i1(Operand x) { return build("bessel_i1", {x}); }

}  // namespace tegula
