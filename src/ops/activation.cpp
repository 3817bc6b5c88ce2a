// Elementwise activation functions.

#include <cmath>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

constexpr double kRootHalf = 0.70710678118654752440;          // sqrt(1/2)
constexpr double kInverseRootTwoPi = 0.39894228040143267794;  // 1 / sqrt(2 pi)
constexpr double kRootTwoOverPi = 0.79788456080286535588;     // sqrt(2 / pi)
constexpr double kCubic = 0.044715;  // Hendrycks and Gimpel, "Gaussian error linear units", 2016

double sigmoid_of(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}

double gelu_tanh_of(double x) {
  return 0.5 * x * (1 + std::tanh(kRootTwoOverPi * (x + kCubic * x * x * x)));
}

/// Phi(x) + x phi(x), phi the density of the normal distribution.
Value gelu_gradient(Value x, Value, Value dy, const Attrs&) {
  const Value cumulative = (erf(x * kRootHalf) + 1.0) * 0.5;
  const Value density = exp(square(x) * -0.5) * kInverseRootTwoPi;
  return dy * (cumulative + x * density);
}

Value gelu_tanh_gradient(Value given, Value, Value dy, const Attrs&) {
  // Beyond these bounds the derivative is 0 or 1, and powers of x might overflow.
  const Value x = clip(given, -100, 100);
  const Value t = tanh((x + x * square(x) * kCubic) * kRootTwoOverPi);
  const Value inner = (square(x) * (3 * kCubic) + 1.0) * kRootTwoOverPi;
  return dy * ((t + 1.0) * 0.5 + x * 0.5 * (1.0 - square(t)) * inner);
}

Value silu_gradient(Value x, Value y, Value dy, const Attrs&) {
  const Value s = sigmoid(x);
  return dy * (y + s * (1.0 - y));
}

Value elu_gradient(Value x, Value y, Value dy, const Attrs& attrs) {
  return where(greater(x, 0.0), dy, dy * (y + number(attrs, "alpha")));
}

}  // namespace

void register_activation(OpRegistry& registry) {
  unary(registry,
        {.name = "tanh",
         .doc = "Hyperbolic tangent",
         .evaluate = [](double x, const Attrs&) { return std::tanh(x); },
         .gradient = [](Value, Value y, Value dy, const Attrs&) { return dy * (1.0 - square(y)); },
         .flops = 10});
  unary(registry,
        {.name = "sigmoid",
         .doc = "1 / (1 + exp(-x))",
         .evaluate = [](double x, const Attrs&) { return sigmoid_of(x); },
         .gradient = [](Value, Value y, Value dy, const Attrs&) { return dy * y * (1.0 - y); },
         .flops = 12});
  unary(registry, {.name = "relu",
                   .doc = "max(x, 0); derivative 0 at 0",
                   .evaluate = [](double x, const Attrs&) { return x < 0 ? 0 : x; },
                   .gradient = [](Value, Value y, Value dy,
                                  const Attrs&) { return where(greater(y, 0.0), dy, 0.0); },
                   .accepts = Accepts::numbers,
                   .low = 0.1});
  unary(registry,
        {.name = "leaky_relu",
         .doc = "x, or alpha · x below 0",
         .evaluate = [](double x,
                        const Attrs& attrs) { return x > 0 ? x : number(attrs, "alpha") * x; },
         .gradient =
             [](Value x, Value, Value dy, const Attrs& attrs) {
               return where(greater(x, 0.0), dy, dy * number(attrs, "alpha"));
             },
         .low = 0.1,
         .attrs = {{"alpha", 0.2, false, "Slope below 0."}},
         .flops = 2});
  unary(registry, {.name = "elu",
                   .doc = "x, or alpha · (exp(x) - 1) below 0",
                   .evaluate =
                       [](double x, const Attrs& attrs) {
                         return x > 0 ? x : number(attrs, "alpha") * std::expm1(x);
                       },
                   .gradient = elu_gradient,
                   .low = -2,
                   .attrs = {{"alpha", 1.0, false, "Limit below 0."}},
                   .flops = 12});
  unary(registry,
        {.name = "gelu",
         .doc = "x · Phi(x), Phi the normal distribution",
         .evaluate = [](double x, const Attrs&) { return 0.5 * x * std::erfc(-x * kRootHalf); },
         .gradient = gelu_gradient,
         .flops = 18});
  unary(registry, {.name = "gelu_tanh",
                   .doc = "gelu with Phi approximated by tanh",
                   .evaluate = [](double x, const Attrs&) { return gelu_tanh_of(x); },
                   .gradient = gelu_tanh_gradient,
                   .flops = 16});
  unary(registry, {.name = "silu",
                   .doc = "x · sigmoid(x)",
                   .evaluate = [](double x, const Attrs&) { return x * sigmoid_of(x); },
                   .gradient = silu_gradient,
                   .flops = 13});
  unary(registry,
        {.name = "softplus",
         .doc = "log(1 + exp(x))",
         .evaluate =
             [](double x, const Attrs&) {
               return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
             },
         .gradient = [](Value x, Value, Value dy, const Attrs&) { return dy * sigmoid(x); },
         .flops = 22});
}

}  // namespace tegula::ops

namespace tegula {

Value tanh(Operand x) { return build("tanh", {x}); }
Value sigmoid(Operand x) { return build("sigmoid", {x}); }
Value relu(Operand x) { return build("relu", {x}); }
Value leaky_relu(Operand x, double alpha) { return build("leaky_relu", {x}, {{"alpha", alpha}}); }
Value elu(Operand x, double alpha) { return build("elu", {x}, {{"alpha", alpha}}); }
Value gelu(Operand x, bool approximate) { return build(approximate ? "gelu_tanh" : "gelu", {x}); }
Value silu(Operand x) { return build("silu", {x}); }
Value softplus(Operand x) { return build("softplus", {x}); }

}  // namespace tegula
