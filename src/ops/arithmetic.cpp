// Elementwise arithmetic.

#include <cmath>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

using Values = std::vector<Value>;

std::int64_t integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    throw RunError("an integer to the power of " + std::to_string(exponent) +
                   " is no integer; cast to a floating dtype first");
  }
  // Unsigned arithmetic wraps around where signed overflow would be undefined.
  std::uint64_t result = 1;
  auto factor = static_cast<std::uint64_t>(base);
  for (auto e = static_cast<std::uint64_t>(exponent); e != 0; e >>= 1, factor *= factor) {
    if (e & 1) result *= factor;
  }
  return static_cast<std::int64_t>(result);
}

std::int64_t wrapping(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

/// d(a^b)/db = a^b log(a), taken as 0 where a <= 0, as TensorFlow does.
Values power_gradient(Value a, Value b, Value y, Value dy) {
  const Value positive = greater(a, 0.0);
  const Value log_a = where(positive, log(where(positive, a, 1.0)), 0.0);
  return {where_flows(dy, dy * b * pow(a, b - 1.0)), where_flows(dy, dy * y * log_a)};
}

/// The first operand gets the gradient of ties, as in TensorFlow.
Values maximum_gradient(Value a, Value b, Value, Value dy) {
  const Value first = greater_equal(a, b);
  return {where(first, dy, 0.0), where(first, 0.0, dy)};
}

Values minimum_gradient(Value a, Value b, Value, Value dy) {
  const Value first = less_equal(a, b);
  return {where(first, dy, 0.0), where(first, 0.0, dy)};
}

Value two_over_root_pi(Value x, Value, Value dy, const Attrs&) {
  constexpr double kTwoOverRootPi = 1.12837916709551257390;
  return dy * exp(-square(x)) * kTwoOverRootPi;
}

void register_binary(OpRegistry& registry) {
  binary(registry,
         {.name = "add",
          .doc = "a + b",
          .evaluate = [](double a, double b) { return a + b; },
          .on_integers = [](std::int64_t a, std::int64_t b) { return wrapping(bits(a) + bits(b)); },
          .gradient =
              [](Value, Value, Value, Value dy) {
                return Values{dy, dy};
              },
          .commutative = true});
  binary(registry,
         {.name = "sub",
          .doc = "a - b",
          .evaluate = [](double a, double b) { return a - b; },
          .on_integers = [](std::int64_t a, std::int64_t b) { return wrapping(bits(a) - bits(b)); },
          .gradient =
              [](Value, Value, Value, Value dy) {
                return Values{dy, -dy};
              }});
  binary(registry,
         {.name = "mul",
          .doc = "a · b",
          .evaluate = [](double a, double b) { return a * b; },
          .on_integers = [](std::int64_t a, std::int64_t b) { return wrapping(bits(a) * bits(b)); },
          .gradient =
              [](Value a, Value b, Value, Value dy) {
                return Values{dy * b, dy * a};
              },
          .commutative = true});
  binary(registry, {.name = "pow",
                    .doc = "a to the power of b; for integers, b < 0 is a RunError",
                    .evaluate = [](double a, double b) { return std::pow(a, b); },
                    .on_integers = integer_power,
                    .gradient = power_gradient,
                    .low_a = 0.5,
                    .high_a = 2,
                    .low_b = 0});
  binary(registry, {.name = "maximum",
                    .doc = "The larger of a and b; NaN if one is NaN",
                    .evaluate = [](double a, double b) { return std::isnan(a) || a > b ? a : b; },
                    .on_integers = [](std::int64_t a, std::int64_t b) { return a > b ? a : b; },
                    .gradient = maximum_gradient,
                    .commutative = true});
  binary(registry, {.name = "minimum",
                    .doc = "The smaller of a and b; NaN if one is NaN",
                    .evaluate = [](double a, double b) { return std::isnan(a) || a < b ? a : b; },
                    .on_integers = [](std::int64_t a, std::int64_t b) { return a < b ? a : b; },
                    .gradient = minimum_gradient,
                    .commutative = true});
}

void register_signs_and_rounding(OpRegistry& registry) {
  const auto no_gradient = [](Value, Value, Value, const Attrs&) { return Value(); };
  unary(registry, {.name = "neg",
                   .doc = "-x",
                   .evaluate = [](double x, const Attrs&) { return -x; },
                   .gradient = [](Value, Value, Value dy, const Attrs&) { return -dy; },
                   .accepts = Accepts::numbers,
                   .on_integers = [](std::int64_t x) { return wrapping(0 - bits(x)); }});
  unary(registry,
        {.name = "abs",
         .doc = "|x|; derivative 0 at 0",
         .evaluate = [](double x, const Attrs&) { return std::abs(x); },
         .gradient = [](Value x, Value, Value dy, const Attrs&) { return dy * sign(x); },
         .accepts = Accepts::numbers,
         .low = 0.1,
         .on_integers = [](std::int64_t x) { return x < 0 ? wrapping(0 - bits(x)) : x; }});
  unary(registry,
        {.name = "sign",
         .doc = "-1, 0 or 1",
         .evaluate = [](double x, const Attrs&) { return x > 0   ? 1.0
                                                         : x < 0 ? -1.0
                                                                 : x; },
         .gradient = [](Value x, Value, Value, const Attrs&) { return zeros_like(x); },
         .accepts = Accepts::numbers,
         .low = 0.1});
  unary(registry, {.name = "floor",
                   .doc = "The largest integer <= x",
                   .evaluate = [](double x, const Attrs&) { return std::floor(x); },
                   .gradient = no_gradient,
                   .low = 0.1,
                   .high = 0.9});
  unary(registry, {.name = "ceil",
                   .doc = "The smallest integer >= x",
                   .evaluate = [](double x, const Attrs&) { return std::ceil(x); },
                   .gradient = no_gradient,
                   .low = 0.1,
                   .high = 0.9});
  unary(registry, {.name = "round",
                   .doc = "The nearest integer, halves to even",
                   .evaluate = [](double x, const Attrs&) { return std::nearbyint(x); },
                   .gradient = no_gradient,
                   .low = 0.1,
                   .high = 0.4});
}

void register_powers(OpRegistry& registry) {
  unary(registry, {.name = "sqrt",
                   .doc = "Square root",
                   .evaluate = [](double x, const Attrs&) { return std::sqrt(x); },
                   .gradient = [](Value, Value y, Value dy,
                                  const Attrs&) { return where_flows(dy, dy * 0.5 / y); },
                   .low = 0.5});
  unary(registry, {.name = "rsqrt",
                   .doc = "1 / sqrt(x)",
                   .evaluate = [](double x, const Attrs&) { return 1 / std::sqrt(x); },
                   .gradient = [](Value, Value y, Value dy,
                                  const Attrs&) { return where_flows(dy, dy * -0.5 * y * y * y); },
                   .low = 0.5,
                   .flops = 2});
  unary(registry, {.name = "square",
                   .doc = "x · x",
                   .evaluate = [](double x, const Attrs&) { return x * x; },
                   .gradient = [](Value x, Value, Value dy, const Attrs&) { return dy * 2.0 * x; },
                   .accepts = Accepts::numbers,
                   .on_integers = [](std::int64_t x) { return wrapping(bits(x) * bits(x)); }});
  unary(registry, {.name = "reciprocal",
                   .doc = "1 / x",
                   .evaluate = [](double x, const Attrs&) { return 1 / x; },
                   .gradient = [](Value, Value y, Value dy,
                                  const Attrs&) { return where_flows(dy, -(dy * y * y)); },
                   .low = 0.5});
}

void register_transcendental(OpRegistry& registry) {
  unary(registry,
        {.name = "exp",
         .doc = "e to the power of x",
         .evaluate = [](double x, const Attrs&) { return std::exp(x); },
         .gradient = [](Value, Value y, Value dy, const Attrs&) { return where_flows(dy, dy * y); },
         .flops = 10});
  unary(registry, {.name = "expm1",
                   .doc = "exp(x) - 1, exact near 0",
                   .evaluate = [](double x, const Attrs&) { return std::expm1(x); },
                   .gradient = [](Value, Value y, Value dy,
                                  const Attrs&) { return where_flows(dy, dy * (y + 1.0)); },
                   .flops = 12});
  unary(registry,
        {.name = "log",
         .doc = "Natural logarithm",
         .evaluate = [](double x, const Attrs&) { return std::log(x); },
         .gradient = [](Value x, Value, Value dy, const Attrs&) { return where_flows(dy, dy / x); },
         .low = 0.5,
         .flops = 10});
  unary(registry, {.name = "log1p",
                   .doc = "log(1 + x), exact near 0",
                   .evaluate = [](double x, const Attrs&) { return std::log1p(x); },
                   .gradient = [](Value x, Value, Value dy,
                                  const Attrs&) { return where_flows(dy, dy / (x + 1.0)); },
                   .low = -0.5,
                   .flops = 12});
  unary(registry, {.name = "sin",
                   .doc = "Sine",
                   .evaluate = [](double x, const Attrs&) { return std::sin(x); },
                   .gradient = [](Value x, Value, Value dy, const Attrs&) { return dy * cos(x); },
                   .flops = 10});
  unary(registry,
        {.name = "cos",
         .doc = "Cosine",
         .evaluate = [](double x, const Attrs&) { return std::cos(x); },
         .gradient = [](Value x, Value, Value dy, const Attrs&) { return -(dy * sin(x)); },
         .flops = 10});
  unary(registry, {.name = "erf",
                   .doc = "Error function",
                   .evaluate = [](double x, const Attrs&) { return std::erf(x); },
                   .gradient = two_over_root_pi,
                   .flops = 15});
}

void register_clip(OpRegistry& registry) {
  unary(registry,
        {.name = "clip",
         .doc = "min(max(x, min), max); the gradient passes within the bounds",
         .evaluate =
             [](double x, const Attrs& attrs) {
               return std::isnan(x)
                          ? x
                          : std::min(std::max(x, number(attrs, "min")), number(attrs, "max"));
             },
         .gradient =
             [](Value x, Value, Value dy, const Attrs& attrs) {
               const Value inside = logical_and(greater_equal(x, number(attrs, "min")),
                                                less_equal(x, number(attrs, "max")));
               return where(inside, dy, 0.0);
             },
         .accepts = Accepts::numbers,
         .attrs = {{"min", -1.0, false, "Lower bound."}, {"max", 1.0, false, "Upper bound."}},
         .flops = 2});
}

}  // namespace

void register_arithmetic(OpRegistry& registry) {
  register_binary(registry);
  register_signs_and_rounding(registry);
  register_powers(registry);
  register_transcendental(registry);
  register_clip(registry);
}

}  // namespace tegula::ops

namespace tegula {

Value add(Operand a, Operand b) { return build("add", {a, b}); }
Value sub(Operand a, Operand b) { return build("sub", {a, b}); }
Value mul(Operand a, Operand b) { return build("mul", {a, b}); }
Value pow(Operand a, Operand b) { return build("pow", {a, b}); }
Value maximum(Operand a, Operand b) { return build("maximum", {a, b}); }
Value minimum(Operand a, Operand b) { return build("minimum", {a, b}); }
Value neg(Operand x) { return build("neg", {x}); }
Value abs(Operand x) { return build("abs", {x}); }
Value sign(Operand x) { return build("sign", {x}); }
Value exp(Operand x) { return build("exp", {x}); }
Value expm1(Operand x) { return build("expm1", {x}); }
Value log(Operand x) { return build("log", {x}); }
Value log1p(Operand x) { return build("log1p", {x}); }
Value sqrt(Operand x) { return build("sqrt", {x}); }
Value rsqrt(Operand x) { return build("rsqrt", {x}); }
Value square(Operand x) { return build("square", {x}); }
Value reciprocal(Operand x) { return build("reciprocal", {x}); }
Value sin(Operand x) { return build("sin", {x}); }
Value cos(Operand x) { return build("cos", {x}); }
Value erf(Operand x) { return build("erf", {x}); }
Value floor(Operand x) { return build("floor", {x}); }
Value ceil(Operand x) { return build("ceil", {x}); }
Value round(Operand x) { return build("round", {x}); }

Value clip(Operand x, double low, double high) {
  if (!(low <= high)) {
    throw InvalidArgument("clip: the lower bound " + std::to_string(low) +
                          " is above the upper bound " + std::to_string(high));
  }
  return build("clip", {x}, {{"min", low}, {"max", high}});
}

}  // namespace tegula
