// Elementwise programs against double-precision references.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kernel_test.hpp"
#include "kernels/cpu/elementwise.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/random.hpp"

using namespace tegula;
using namespace tegula::kernels;
using namespace tegula::testing;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

struct UnaryCase {
  ElementwiseOp op;
  double low, high;  ///< range of ordinary arguments
  std::function<double(double)> reference;
  std::array<double, 2> immediates = {0, 0};
  double tolerance = 1;  ///< factor on the usual relative tolerance
  double absolute = 0;   ///< near zeros of the function
};

double sigmoid_reference(double x) { return 1 / (1 + std::exp(-x)); }

const std::vector<UnaryCase>& unary_cases() {
  using Op = ElementwiseOp;
  static const std::vector<UnaryCase> cases = {
      {Op::neg, -9, 9, [](double x) { return -x; }},
      {Op::abs, -9, 9, [](double x) { return std::abs(x); }},
      {Op::sign, -9, 9, [](double x) { return std::isnan(x) ? x : double(x > 0) - double(x < 0); }},
      {Op::exp, -100, 88, [](double x) { return std::exp(x); }},
      {Op::log, 1e-6, 50, [](double x) { return std::log(x); }},
      {Op::log1p, -0.999, 50, [](double x) { return std::log1p(x); }},
      {Op::expm1, -20, 20, [](double x) { return std::expm1(x); }},
      {Op::sqrt, 0, 1e4, [](double x) { return std::sqrt(x); }},
      {Op::rsqrt, 1e-3, 1e4, [](double x) { return 1 / std::sqrt(x); }},
      {Op::square, -9, 9, [](double x) { return x * x; }},
      {Op::reciprocal, -9, 9, [](double x) { return 1 / x; }},
      {Op::tanh, -12, 12, [](double x) { return std::tanh(x); }},
      {Op::sigmoid, -40, 40, sigmoid_reference},
      {Op::relu, -9, 9, [](double x) { return x <= 0 ? 0 : x; }},
      {Op::leaky_relu, -9, 9, [](double x) { return x < 0 ? 0.25 * x : x; }, {0.25, 0}},
      {Op::elu, -9, 9, [](double x) { return x < 0 ? 1.5 * std::expm1(x) : x; }, {1.5, 0}},
      // Further out, rounding x / sqrt 2 costs digits of a result that is nearly 0.
      {Op::gelu, -4, 9, [](double x) { return x / 2 * std::erfc(-x / std::sqrt(2.0)); }, {}, 6},
      {Op::gelu_tanh,
       -4,
       9,
       [](double x) {
         return x *
                sigmoid_reference(2 * std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x));
       },
       {},
       6},
      {Op::silu, -40, 40, [](double x) { return x * sigmoid_reference(x); }},
      {Op::softplus, -40, 40,
       [](double x) {
         return std::isnan(x) ? x : std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
       }},
      {Op::erf, -6, 6, [](double x) { return std::erf(x); }},
      {Op::sin, -30, 30, [](double x) { return std::sin(x); }},
      {Op::cos, -30, 30, [](double x) { return std::cos(x); }},
      {Op::floor, -9, 9, [](double x) { return std::floor(x); }},
      {Op::ceil, -9, 9, [](double x) { return std::ceil(x); }},
      {Op::round, -9, 9, [](double x) { return std::nearbyint(x); }},
      {Op::clip,
       -9,
       9,
       [](double x) { return std::isnan(x) ? x : std::min(std::max(x, -2.0), 3.0); },
       {-2, 3}},
      {Op::identity, -9, 9, [](double x) { return x; }},
      {Op::logical_not, -1, 1, [](double x) { return double(x == 0); }},
      {Op::is_nan, -1, 1, [](double x) { return double(std::isnan(x)); }},
      {Op::is_finite, -1, 1, [](double x) { return double(std::isfinite(x)); }},
      {Op::cast, -1, 1, [](double x) { return double(x != 0); }, {1, 0}},
  };
  return cases;
}

struct BinaryCase {
  ElementwiseOp op;
  std::function<double(double, double)> reference;
};

double nan_max(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? kNan : std::max(a, b);
}
double nan_min(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? kNan : std::min(a, b);
}

const std::vector<BinaryCase>& binary_cases() {
  using Op = ElementwiseOp;
  static const std::vector<BinaryCase> cases = {
      {Op::add, [](double a, double b) { return a + b; }},
      {Op::sub, [](double a, double b) { return a - b; }},
      {Op::mul, [](double a, double b) { return a * b; }},
      {Op::div, [](double a, double b) { return a / b; }},
      {Op::pow, [](double a, double b) { return std::pow(a, b); }},
      {Op::maximum, nan_max},
      {Op::minimum, nan_min},
      {Op::equal, [](double a, double b) { return double(a == b); }},
      {Op::not_equal, [](double a, double b) { return double(a != b); }},
      {Op::less, [](double a, double b) { return double(a < b); }},
      {Op::less_equal, [](double a, double b) { return double(a <= b); }},
      {Op::greater, [](double a, double b) { return double(a > b); }},
      {Op::greater_equal, [](double a, double b) { return double(a >= b); }},
      {Op::logical_and, [](double a, double b) { return double(a != 0 && b != 0); }},
      {Op::logical_or, [](double a, double b) { return double(a != 0 || b != 0); }},
      {Op::logical_xor, [](double a, double b) { return double((a != 0) != (b != 0)); }},
  };
  return cases;
}

template <typename T>
double usual_tolerance() {
  return sizeof(T) == 4 ? 2.2e-7 : 9e-16;
}

Program single(ElementwiseOp op, std::array<double, 2> immediates = {0, 0}) {
  Program program;
  program.inputs = operand_count(op);
  program.outputs = {program.append(op, {0, 1, 2}, immediates)};
  return program;
}

/// Runs a program of floating-point inputs and outputs over a whole space.
template <typename T>
std::vector<std::vector<T>> run_whole(const Program& program, const std::vector<Shape>& shapes,
                                      const std::vector<std::vector<T>>& inputs,
                                      const Shape& output, RandomState random = {}) {
  std::vector<ElementwiseInput> kinds;
  std::vector<const void*> in;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    kinds.push_back({dtype_of<T>, shapes[i]});
    in.push_back(inputs[i].data());
  }
  const std::vector<DType> dtypes(program.outputs.size(), dtype_of<T>);
  std::vector<std::vector<T>> results(program.outputs.size());
  std::vector<void*> out;
  for (auto& result : results) {
    result.assign(static_cast<std::size_t>(output.element_count()), T(-77));
    out.push_back(result.data());
  }
  ElementwisePlan::whole(program, dtype_of<T>, kinds, output, dtypes)
      .run(in.data(), out.data(), random);
  return results;
}

template <typename T>
std::vector<T> special_values() {
  using Limits = std::numeric_limits<T>;
  const T infinity = Limits::infinity();
  return {T(0),
          T(-0.0),
          infinity,
          -infinity,
          Limits::quiet_NaN(),
          Limits::max(),
          Limits::lowest(),
          Limits::min(),
          Limits::denorm_min(),
          -Limits::denorm_min(),
          T(1),
          T(-1),
          T(1000),
          T(-1000),
          T(0.5),
          T(-0.5),
          T(1.5),
          T(2.5),
          T(-2.5),
          T(-1.0000001)};
}

template <typename T>
void check_unary(const UnaryCase& c) {
  CAPTURE(std::string(to_string(c.op)));
  CAPTURE(sizeof(T));
  std::vector<T> x = uniform_values<T>(20000, c.low, c.high);
  const auto y = run_whole<T>(single(c.op, c.immediates), {{20000}}, {x}, {20000})[0];
  double worst = 0;
  T at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected = c.reference(static_cast<double>(x[i]));
    // Results below the smallest normal number cannot have full relative precision.
    const double absolute = std::max(c.absolute, double(std::numeric_limits<T>::min()) * 1e-6);
    const double error = relative_error(y[i], expected, absolute);
    if (error > worst) {
      worst = error;
      at = x[i];
    }
  }
  CAPTURE(at);
  CHECK(worst <= c.tolerance * usual_tolerance<T>());
}

template <typename T>
void check_unary_specials(const UnaryCase& c) {
  CAPTURE(std::string(to_string(c.op)));
  CAPTURE(sizeof(T));
  const std::vector<T> x = special_values<T>();
  const auto count = static_cast<std::int64_t>(x.size());
  const auto y = run_whole<T>(single(c.op, c.immediates), {{count}}, {x}, {count})[0];
  for (std::size_t i = 0; i < x.size(); ++i) {
    const T expected = static_cast<T>(c.reference(static_cast<double>(x[i])));
    CAPTURE(x[i]);
    CAPTURE(y[i]);
    CAPTURE(expected);
    CHECK(relative_error(y[i], expected, double(std::numeric_limits<T>::min())) <=
          4 * usual_tolerance<T>());
  }
}

template <typename T>
void check_binary(const BinaryCase& c, bool a_scalar, bool b_scalar) {
  CAPTURE(std::string(to_string(c.op)));
  CAPTURE(sizeof(T));
  std::vector<T> a = uniform_values<T>(1000, 0, 4, 1), b = uniform_values<T>(1000, -3, 3, 2);
  const std::vector<T> specials = special_values<T>();
  for (std::size_t i = 0; i < 200; ++i) {
    a[i] = specials[i % specials.size()];
    b[i] = specials[i / 10 % specials.size()];
  }
  for (std::size_t i = 200; i < 220; ++i) a[i] = b[i];
  if (a_scalar) a.resize(1, T(1.25));
  if (b_scalar) b.resize(1, T(-0.75));
  if (a_scalar) a[0] = T(1.25);
  if (b_scalar) b[0] = T(-0.75);
  const Shape a_shape{static_cast<std::int64_t>(a.size())};
  const Shape b_shape{static_cast<std::int64_t>(b.size())};
  const auto y = run_whole<T>(single(c.op), {a_shape, b_shape}, {a, b}, {1000})[0];
  for (std::size_t i = 0; i < y.size(); ++i) {
    const T left = a[a_scalar ? 0 : i], right = b[b_scalar ? 0 : i];
    const T expected = static_cast<T>(c.reference(left, right));
    CAPTURE(left);
    CAPTURE(right);
    REQUIRE(relative_error(y[i], expected, double(std::numeric_limits<T>::min()) * 1e-6) <=
            usual_tolerance<T>());
  }
}

/// Position in a contiguous input of the element that output position `flat` reads.
std::int64_t broadcast_index(std::int64_t flat, const Shape& input, const Shape& output) {
  std::int64_t index = 0, stride = 1;
  for (int axis = output.rank() - 1, i = input.rank() - 1; axis >= 0; --axis, --i) {
    const std::int64_t position = flat % output[axis];
    flat /= output[axis];
    if (i < 0) continue;
    if (input[i] != 1) index += position * stride;
    stride *= input[i];
  }
  return index;
}

/// Adam on one array: p, m, v, g and the step size; outputs m, v, p.
Program adam_program() {
  using Op = ElementwiseOp;
  Program program;
  program.inputs = 5;
  auto constant = [&](double value) {
    return program.append(Op::constant, {-1, -1, -1}, {value, 0});
  };
  const int m = program.append(Op::add, {program.append(Op::mul, {1, constant(0.9)}),
                                         program.append(Op::mul, {3, constant(0.1)})});
  const int v = program.append(
      Op::add, {program.append(Op::mul, {2, constant(0.999)}),
                program.append(Op::mul, {program.append(Op::square, {3}), constant(0.001)})});
  const int denominator = program.append(Op::add, {program.append(Op::sqrt, {v}), constant(1e-7)});
  const int step = program.append(Op::div, {program.append(Op::mul, {4, m}), denominator});
  program.outputs = {m, v, program.append(Op::sub, {0, step})};
  return program;
}

/// relu(c + bias) with dropout: an epilogue over accumulator, bias and a column.
Program epilogue_program() {
  using Op = ElementwiseOp;
  Program program;
  program.inputs = 3;
  const int sum = program.append(Op::add, {0, 1});
  const int scaled = program.append(Op::mul, {sum, 2});
  const int active = program.append(Op::tanh, {scaled});
  program.outputs = {program.append(Op::dropout, {active}, {0.3, 0}, 7)};
  return program;
}

}  // namespace

TEST_CASE("names and opcodes map both ways") {
  for (const UnaryCase& c : unary_cases()) CHECK(elementwise_op(to_string(c.op)) == c.op);
  for (const BinaryCase& c : binary_cases()) CHECK(elementwise_op(to_string(c.op)) == c.op);
  CHECK(elementwise_op("where") == ElementwiseOp::where);
  CHECK_FALSE(elementwise_op("matmul").has_value());
}

TEST_CASE("unary instructions are accurate over their range") {
  for_each_isa([] {
    for (const UnaryCase& c : unary_cases()) {
      check_unary<float>(c);
      check_unary<double>(c);
    }
  });
}

TEST_CASE("unary instructions treat special values as the standard library does") {
  for_each_isa([] {
    for (const UnaryCase& c : unary_cases()) {
      check_unary_specials<float>(c);
      check_unary_specials<double>(c);
    }
  });
}

TEST_CASE("binary instructions are right for arrays and scalars on either side") {
  for_each_isa([] {
    for (const BinaryCase& c : binary_cases()) {
      check_binary<float>(c, false, false);
      check_binary<float>(c, true, false);
      check_binary<float>(c, false, true);
      check_binary<float>(c, true, true);
      check_binary<double>(c, false, false);
      check_binary<double>(c, false, true);
    }
  });
}

TEST_CASE("inputs broadcast as NumPy broadcasts") {
  struct Case {
    Shape a, b, output;
  };
  const Case cases[] = {
      {{}, {}, {}},
      {{1}, {1}, {1}},
      {{0}, {1}, {0}},
      {{5}, {5}, {5}},
      {{3, 0}, {0}, {3, 0}},
      {{7}, {}, {7}},
      {{1, 1}, {1}, {1, 1}},
      {{32, 128}, {128}, {32, 128}},
      {{33, 10}, {10}, {33, 10}},
      {{33, 10}, {33, 1}, {33, 10}},
      {{33, 1}, {1, 10}, {33, 10}},
      {{5, 3000}, {5, 1}, {5, 3000}},
      {{5, 3001}, {3001}, {5, 3001}},
      {{5, 1}, {3001}, {5, 3001}},
      {{2, 1, 4}, {2, 3, 1}, {2, 3, 4}},
      {{2, 3, 1, 5}, {4, 1}, {2, 3, 4, 5}},
      {{1, 3, 1, 5, 1}, {2, 1, 4, 1, 6}, {2, 3, 4, 5, 6}},
      {{70000}, {70000}, {70000}},
      {{300, 1000}, {1000}, {300, 1000}},
      {{2, 1, 2, 1, 2, 1, 2, 1}, {1, 2, 1, 2, 1, 2, 1, 2}, {2, 2, 2, 2, 2, 2, 2, 2}},
      {{1000, 1}, {1000, 1}, {1000, 1}},
      {{1000, 1}, {}, {1000, 1}},
  };
  for_each_isa([&] {
    for (const Case& c : cases) {
      CAPTURE(c.a.to_string());
      CAPTURE(c.b.to_string());
      const auto a = uniform_values<float>(static_cast<std::size_t>(c.a.element_count()), -2, 2, 3);
      const auto b = uniform_values<float>(static_cast<std::size_t>(c.b.element_count()), -2, 2, 4);
      const auto y = run_whole<float>(single(ElementwiseOp::sub), {c.a, c.b}, {a, b}, c.output)[0];
      for (std::size_t i = 0; i < y.size(); ++i) {
        const auto flat = static_cast<std::int64_t>(i);
        const float expected = a[static_cast<std::size_t>(broadcast_index(flat, c.a, c.output))] -
                               b[static_cast<std::size_t>(broadcast_index(flat, c.b, c.output))];
        REQUIRE(y[i] == expected);
      }
    }
  });
}

TEST_CASE("column values are computed once per row and mixed with rows and scalars") {
  // (x - mean) * rsqrt(variance + eps) * gain + shift, as in layer normalization.
  using Op = ElementwiseOp;
  Program program;
  program.inputs = 5;
  const int eps = program.append(Op::constant, {-1, -1, -1}, {1e-3, 0});
  const int scale = program.append(Op::rsqrt, {program.append(Op::add, {2, eps})});
  const int centered = program.append(Op::sub, {0, 1});
  const int normal = program.append(Op::mul, {centered, scale});
  program.outputs = {program.append(Op::add, {program.append(Op::mul, {normal, 3}), 4}), scale};
  for_each_isa([&] {
    for (const std::int64_t columns : {1, 3, 16, 700, 2500}) {
      CAPTURE(columns);
      const std::int64_t rows = 9;
      const auto n = static_cast<std::size_t>(columns);
      const auto x = uniform_values<double>(9 * n, -2, 2), mean = uniform_values<double>(9, -1, 1),
                 variance = uniform_values<double>(9, 0.5, 2),
                 gain = uniform_values<double>(n, 1, 2), shift = uniform_values<double>(n, -1, 1);
      const auto y =
          run_whole<double>(program, {{rows, columns}, {rows, 1}, {rows, 1}, {columns}, {columns}},
                            {x, mean, variance, gain, shift}, {rows, columns});
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double factor = 1 / std::sqrt(variance[i / n] + 1e-3);
        REQUIRE(y[0][i] ==
                doctest::Approx((x[i] - mean[i / n]) * factor * gain[i % n] + shift[i % n])
                    .epsilon(1e-13));
        REQUIRE(y[1][i] == doctest::Approx(factor).epsilon(1e-14));
      }
    }
  });
}

TEST_CASE("where chooses for every mix of arrays and scalars") {
  for_each_isa([] {
    for (int mask = 0; mask < 8; ++mask) {
      CAPTURE(mask);
      std::vector<std::vector<float>> inputs;
      std::vector<Shape> shapes;
      for (int k = 0; k < 3; ++k) {
        const std::size_t n = (mask >> k & 1) != 0 ? 1 : 203;
        inputs.push_back(uniform_values<float>(n, -1, 1, static_cast<unsigned>(k + 1)));
        if (k == 0) {
          for (float& value : inputs[0]) value = value > 0 ? 1.0f : 0.0f;
        }
        shapes.push_back({static_cast<std::int64_t>(n)});
      }
      const auto y = run_whole<float>(single(ElementwiseOp::where), shapes, inputs, {203})[0];
      for (std::size_t i = 0; i < y.size(); ++i) {
        auto at = [&](std::size_t k) { return inputs[k][inputs[k].size() == 1 ? 0 : i]; };
        REQUIRE(y[i] == (at(0) != 0 ? at(1) : at(2)));
      }
    }
  });
}

TEST_CASE("products and sums are fused in every form") {
  using Op = ElementwiseOp;
  struct Case {
    Op op;
    bool product_first;
    std::function<double(double, double, double)> reference;
  };
  const Case cases[] = {
      {Op::add, true, [](double a, double b, double c) { return a * b + c; }},
      {Op::add, false, [](double a, double b, double c) { return c + a * b; }},
      {Op::sub, true, [](double a, double b, double c) { return a * b - c; }},
      {Op::sub, false, [](double a, double b, double c) { return c - a * b; }},
  };
  for_each_isa([&] {
    for (const Case& c : cases) {
      for (int mask = 0; mask < 8; ++mask) {
        CAPTURE(mask);
        Program program;
        program.inputs = 3;
        const int product = program.append(Op::mul, {0, 1});
        program.outputs = {c.product_first ? program.append(c.op, {product, 2})
                                           : program.append(c.op, {2, product})};
        std::vector<std::vector<double>> inputs;
        std::vector<Shape> shapes;
        for (int k = 0; k < 3; ++k) {
          const std::size_t n = (mask >> k & 1) != 0 ? 1 : 77;
          inputs.push_back(uniform_values<double>(n, 1, 2, static_cast<unsigned>(k + 1)));
          shapes.push_back({static_cast<std::int64_t>(n)});
        }
        const auto y = run_whole<double>(program, shapes, inputs, {77})[0];
        for (std::size_t i = 0; i < y.size(); ++i) {
          auto at = [&](std::size_t k) { return inputs[k][inputs[k].size() == 1 ? 0 : i]; };
          REQUIRE(y[i] == doctest::Approx(c.reference(at(0), at(1), at(2))).epsilon(1e-14));
        }
      }
    }
  });
}

TEST_CASE("every dtype is read and written") {
  // In f64, so that integers are exact.
  for (const DType dtype : kAllDTypes) {
    CAPTURE(std::string(to_string(dtype)));
    constexpr std::size_t kCount = 37;
    std::vector<unsigned char> in(kCount * size_of(dtype)), out(kCount * size_of(dtype));
    visit_dtype(dtype, [&]<typename T>() {
      for (std::size_t i = 0; i < kCount; ++i) {
        if constexpr (std::is_same_v<T, bool>) {
          reinterpret_cast<T*>(in.data())[i] = i % 3 == 0;
        } else {
          reinterpret_cast<T*>(in.data())[i] = T(static_cast<float>(i));
        }
      }
    });
    const ElementwiseInput input{dtype, {kCount}};
    const void* inputs[] = {in.data()};
    void* outputs[] = {out.data()};
    ElementwisePlan::whole(single(ElementwiseOp::identity), DType::f64, {&input, 1}, {kCount},
                           {&dtype, 1})
        .run(inputs, outputs);
    CHECK(in == out);
  }
}

TEST_CASE("comparisons store booleans") {
  const auto a = uniform_values<float>(1001, -1, 1);
  const auto result = std::make_unique<bool[]>(1001);
  Program program = single(ElementwiseOp::greater);
  const ElementwiseInput kinds[] = {{DType::f32, {1001}}, {DType::f32, {}}};
  const float zero = 0;
  const void* inputs[] = {a.data(), &zero};
  void* outputs[] = {result.get()};
  const DType dtype = DType::boolean;
  ElementwisePlan::whole(program, DType::f32, kinds, {1001}, {&dtype, 1}).run(inputs, outputs);
  for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(result[i] == (a[i] > 0));
}

TEST_CASE("random instructions are those of the scalar stream") {
  using Op = ElementwiseOp;
  const RandomState random{.seed = 0x123456789abcdefULL, .step = 5};
  const RandomKey key{random.seed, 9, random.step};
  Program program;
  program.inputs = 1;
  program.outputs = {program.append(Op::random_uniform, {-1, -1, -1}, {-2, 3}, 9),
                     program.append(Op::random_normal, {-1, -1, -1}, {1, 0.5}, 9),
                     program.append(Op::dropout, {0}, {0.4, 0}, 9)};
  for_each_isa([&] {
    const auto x = uniform_values<float>(5003, -1, 1);
    const auto xd = std::vector<double>(x.begin(), x.end());
    const auto y = run_whole<float>(program, {{5003}}, {x}, {5003}, random);
    const auto yd = run_whole<double>(program, {{5003}}, {xd}, {5003}, random);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float u = random_uniform_at(key, i), z = random_normal_at(key, i);
      REQUIRE(y[0][i] == -2.0f + u * 5.0f);
      REQUIRE(yd[0][i] == -2.0 + static_cast<double>(u) * 5.0);
      REQUIRE(y[1][i] == 1.0f + z * 0.5f);
      REQUIRE(y[2][i] == (u >= 0.4f ? x[i] / 0.6f : 0.0f));
      REQUIRE(yd[2][i] == (u >= 0.4f ? xd[i] / 0.6 : 0.0));
    }
  });
}

TEST_CASE("dropout of everything and of nothing") {
  for (const double rate : {0.0, 1.0}) {
    Program program;
    program.inputs = 1;
    program.outputs = {program.append(ElementwiseOp::dropout, {0}, {rate, 0}, 3)};
    const auto x = uniform_values<float>(999, 1, 2);
    const auto y = run_whole<float>(program, {{999}}, {x}, {999})[0];
    for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(y[i] == (rate == 0 ? x[i] : 0.0f));
  }
}

TEST_CASE("one and several threads give the same bits") {
  for_each_isa([] {
    const Program program = epilogue_program();
    const auto x = uniform_values<float>(500 * 1001, -2, 2);
    const auto row = uniform_values<float>(1001, -2, 2), column = uniform_values<float>(500, -2, 2);
    auto run_with = [&](int threads) {
      const ThreadCount scope(threads);
      return run_whole<float>(program, {{500, 1001}, {1001}, {500, 1}}, {x, row, column},
                              {500, 1001}, {.seed = 3})[0];
    };
    const auto one = run_with(1);
    CHECK(same_bits(one, run_with(2)));
    CHECK(same_bits(one, run_with(5)));
  });
}

TEST_CASE("blocks give the bits of the whole, in place") {
  for_each_isa([] {
    const Program program = epilogue_program();
    for (const auto& [rows, columns] :
         {std::pair<std::int64_t, std::int64_t>{32, 128}, {33, 10}, {7, 1}, {1, 45}, {65, 1003}}) {
      CAPTURE(rows);
      CAPTURE(columns);
      const auto x = uniform_values<float>(static_cast<std::size_t>(rows * columns), -2, 2);
      const auto row = uniform_values<float>(static_cast<std::size_t>(columns), -2, 2);
      const auto column = uniform_values<float>(static_cast<std::size_t>(rows), -2, 2);
      const std::vector<Shape> shapes = {{rows, columns}, {columns}, {rows, 1}};
      const auto expected =
          run_whole<float>(program, shapes, {x, row, column}, {rows, columns}, {.seed = 3})[0];
      std::vector<ElementwiseInput> kinds;
      for (const Shape& shape : shapes) kinds.push_back({DType::f32, shape});
      const DType dtype = DType::f32;
      const auto plan =
          ElementwisePlan::blocks(program, DType::f32, kinds, {rows, columns}, {&dtype, 1});
      kinds[0].block_only = true;
      const auto from_block =
          ElementwisePlan::blocks(program, DType::f32, kinds, {rows, columns}, {&dtype, 1});
      for (const auto& [height, width] :
           {std::pair<std::int64_t, std::int64_t>{8, 16}, {5, 3}, {1, 1000}, {100, 1}}) {
        std::vector<float> c = x;
        const void* inputs[] = {c.data(), row.data(), column.data()};
        void* outputs[] = {c.data()};
        for (std::int64_t r = 0; r < rows; r += height) {
          for (std::int64_t k = 0; k < columns; k += width) {
            plan.run_block({r, std::min(height, rows - r), k, std::min(width, columns - k)}, inputs,
                           outputs, {.seed = 3});
          }
        }
        CHECK(same_bits(c, expected));

        std::vector<float> result(x.size());
        outputs[0] = result.data();
        for (std::int64_t r = 0; r < rows; r += height) {
          for (std::int64_t k = 0; k < columns; k += width) {
            const Block block{r, std::min(height, rows - r), k, std::min(width, columns - k)};
            std::vector<float> cut;
            for (std::int64_t i = 0; i < block.rows; ++i) {
              const auto begin = x.begin() + (r + i) * columns + k;
              cut.insert(cut.end(), begin, begin + block.columns);
            }
            inputs[0] = cut.data();
            from_block.run_block(block, inputs, outputs, {.seed = 3});
          }
        }
        CHECK(same_bits(result, expected));
      }
    }
  });
}

TEST_CASE("an optimizer update runs over segments in place") {
  for_each_isa([] {
    const Program program = adam_program();
    const std::int64_t lengths[] = {0, 1, 10, 128, 1280, 70001};
    std::vector<ElementwiseInput> kinds(5, {DType::f32, {2}});
    kinds[4].shape = {};
    const std::vector<DType> dtypes(3, DType::f32);
    const auto plan = ElementwisePlan::linear(program, DType::f32, kinds, dtypes);
    const float rate = 0.01f;
    auto run_with = [&](int threads) {
      const ThreadCount scope(threads);
      std::vector<std::array<std::vector<float>, 4>> arrays;
      for (const std::int64_t length : lengths) {
        const auto n = static_cast<std::size_t>(length);
        arrays.push_back({uniform_values<float>(n, -1, 1, 1), uniform_values<float>(n, -1, 1, 2),
                          uniform_values<float>(n, 0, 1, 3), uniform_values<float>(n, -1, 1, 4)});
      }
      std::vector<std::array<const void*, 5>> inputs;
      std::vector<std::array<void*, 3>> outputs;
      for (auto& a : arrays) {
        inputs.push_back({a[0].data(), a[1].data(), a[2].data(), a[3].data(), &rate});
        outputs.push_back({a[1].data(), a[2].data(), a[0].data()});
      }
      std::vector<Segment> segments;
      for (std::size_t i = 0; i < arrays.size(); ++i) {
        segments.push_back({inputs[i].data(), outputs[i].data(), lengths[i]});
      }
      plan.run_segments(segments);
      return arrays;
    };
    const auto result = run_with(1);
    for (std::size_t s = 0; s < result.size(); ++s) {
      const auto n = static_cast<std::size_t>(lengths[s]);
      const auto p = uniform_values<float>(n, -1, 1, 1), m = uniform_values<float>(n, -1, 1, 2),
                 v = uniform_values<float>(n, 0, 1, 3), g = uniform_values<float>(n, -1, 1, 4);
      for (std::size_t i = 0; i < n; ++i) {
        const double new_m = 0.9 * m[i] + 0.1 * g[i], new_v = 0.999 * v[i] + 0.001 * g[i] * g[i];
        REQUIRE(result[s][1][i] == doctest::Approx(new_m).epsilon(1e-6));
        REQUIRE(result[s][2][i] == doctest::Approx(new_v).epsilon(1e-6));
        const double new_p = p[i] - 0.01 * new_m / (std::sqrt(new_v) + 1e-7);
        REQUIRE(std::abs(result[s][0][i] - new_p) <= 1e-6);
      }
    }
    const auto threaded = run_with(3);
    for (std::size_t s = 0; s < result.size(); ++s) {
      for (std::size_t k = 0; k < 4; ++k) CHECK(same_bits(result[s][k], threaded[s][k]));
    }
  });
}

TEST_CASE("outputs that overwrite inputs wait until the inputs have been read") {
  // The first output lands on an input that the second still reads; then two inputs swap places.
  using Op = ElementwiseOp;
  Program shifted;
  shifted.inputs = 2;
  const int sum = shifted.append(Op::add, {0, 1});
  shifted.outputs = {sum, shifted.append(Op::sub, {0, sum})};
  Program swapped;
  swapped.inputs = 2;
  swapped.outputs = {1, 0};
  for (const std::int64_t count : {5, 1024, 3000}) {
    const auto n = static_cast<std::size_t>(count);
    const auto a = uniform_values<float>(n, -1, 1, 1), b = uniform_values<float>(n, -1, 1, 2);
    const std::vector<ElementwiseInput> kinds(2, {DType::f32, {count}});
    const std::vector<DType> dtypes(2, DType::f32);
    auto run = [&](const Program& program, std::vector<float>& x, std::vector<float>& y) {
      const void* inputs[] = {x.data(), y.data()};
      void* outputs[] = {x.data(), y.data()};
      ElementwisePlan::whole(program, DType::f32, kinds, {count}, dtypes).run(inputs, outputs);
    };
    auto x = a, y = b;
    run(shifted, x, y);
    for (std::size_t i = 0; i < n; ++i) {
      REQUIRE(x[i] == a[i] + b[i]);
      REQUIRE(y[i] == a[i] - (a[i] + b[i]));
    }
    x = a, y = b;
    run(swapped, x, y);
    CHECK(same_bits(x, b));
    CHECK(same_bits(y, a));
  }
}

TEST_CASE("outputs may repeat, be inputs, or be constants") {
  using Op = ElementwiseOp;
  Program program;
  program.inputs = 1;
  const int two = program.append(Op::constant, {-1, -1, -1}, {2, 0});
  const int doubled = program.append(Op::mul, {0, two});
  const int unused = program.append(Op::exp, {doubled});
  REQUIRE(unused == 3);
  program.outputs = {doubled, doubled, 0, two};
  const auto x = uniform_values<float>(2051, -1, 1);
  const auto y = run_whole<float>(program, {{2051}}, {x}, {2051});
  for (std::size_t i = 0; i < x.size(); ++i) {
    REQUIRE(y[0][i] == 2 * x[i]);
    REQUIRE(y[1][i] == 2 * x[i]);
    REQUIRE(y[2][i] == x[i]);
    REQUIRE(y[3][i] == 2);
  }
}

TEST_CASE("plans of programs that differ a little keep apart") {
  using Op = ElementwiseOp;
  struct Row {
    Op op;
    double number;
    std::int64_t columns;  // of x, which starts with 3
    DType result;
    double expected;  // op(x, number)
  };
  const Row rows[] = {
      {Op::div, 0.0, 2, DType::f32, kInfinity}, {Op::div, -0.0, 2, DType::f32, -kInfinity},
      {Op::div, 2.0, 2, DType::f32, 1.5},       {Op::sub, 2.0, 2, DType::f32, 1},
      {Op::sub, 2.0, 1, DType::f32, 1},         {Op::sub, 2.0, 2, DType::i32, 1}};
  std::vector<ElementwisePlan> plans;  // all in use at once, each made twice
  for (int repetition = 0; repetition < 2; ++repetition) {
    for (const Row& row : rows) {
      Program program;
      program.inputs = 1;
      const int number = program.append(Op::constant, {-1, -1, -1}, {row.number, 0});
      program.outputs = {program.append(row.op, {0, number})};
      const ElementwiseInput x{DType::f32, {2, row.columns}};
      plans.push_back(
          ElementwisePlan::whole(program, DType::f32, {&x, 1}, {2, 2}, {&row.result, 1}));
    }
  }
  const std::array<float, 4> x = {3, 4, 5, 6};
  const void* const inputs[] = {x.data()};
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const Row& row = rows[i % std::size(rows)];
    INFO("row ", i % std::size(rows));
    std::array<float, 4> floats{};
    std::array<std::int32_t, 4> integers{};
    const bool to_integers = row.result == DType::i32;
    void* const outputs[] = {to_integers ? static_cast<void*>(integers.data()) : floats.data()};
    plans[i].run(inputs, outputs);
    CHECK((to_integers ? integers[0] : static_cast<double>(floats[0])) == row.expected);
    // The second row starts with 5, or with 4 where rows have one element.
    if (row.op != Op::sub) continue;
    CHECK((to_integers ? integers[2] : static_cast<double>(floats[2])) ==
          (row.columns == 2 ? 3 : 2));
  }
}

TEST_CASE("long programs reuse their buffers") {
  using Op = ElementwiseOp;
  Program program;
  program.inputs = 1;
  int value = 0;
  for (int i = 0; i < 500; ++i)
    value = program.append(Op::sub, {value, program.append(Op::neg, {0})});
  program.outputs = {value};
  const std::vector<double> x = {1, 2, 3};
  const auto y = run_whole<double>(program, {{3}}, {x}, {3})[0];
  for (std::size_t i = 0; i < 3; ++i) CHECK(y[i] == 501 * x[i]);
}

TEST_CASE("malformed programs and shapes are refused with what was given") {
  const ElementwiseInput input{DType::f32, {3}};
  const DType f32 = DType::f32;
  Program backwards;
  backwards.inputs = 1;
  backwards.outputs = {backwards.append(ElementwiseOp::add, {0, 1})};
  CHECK_THROWS_WITH_AS(ElementwisePlan::whole(backwards, f32, {&input, 1}, {3}, {&f32, 1}),
                       doctest::Contains("operand %1 of %1 is not defined"), InvalidArgument);
  const Program negate = single(ElementwiseOp::neg);
  CHECK_THROWS_WITH_AS(ElementwisePlan::whole(negate, f32, {}, {3}, {&f32, 1}),
                       doctest::Contains("reads 1 inputs, but got 0"), InvalidArgument);
  CHECK_THROWS_WITH_AS(ElementwisePlan::whole(negate, f32, {&input, 1}, {4}, {&f32, 1}),
                       doctest::Contains("[3]"), ShapeError);
  CHECK_THROWS_WITH_AS(ElementwisePlan::whole(negate, DType::i32, {&input, 1}, {3}, {&f32, 1}),
                       doctest::Contains("not in i32"), DTypeError);
  const auto plan = ElementwisePlan::whole(negate, f32, {&input, 1}, {3}, {&f32, 1});
  CHECK_THROWS_AS(plan.run_segments({}), InvalidArgument);
}

TEST_CASE("a program prints as text") {
  Program program;
  program.inputs = 1;
  program.outputs = {program.append(ElementwiseOp::clip, {0}, {-1, 1})};
  CHECK(to_string(program) == "%1 = clip %0 -1 1\nreturn %1\n");
}
