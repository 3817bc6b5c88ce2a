// Initializers: shapes, bounds, moments and fans, and that seeds decide the numbers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tegula/core/error.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/initializers.hpp"
#include "tegula/graph/ops.hpp"

using namespace tegula;

namespace {

Tensor drawn(const InitialValue& initial, const RandomKey& key = {}) {
  Graph g;
  return evaluate(g.variable(initial, "w"), {}, key);
}

struct Moments {
  double mean = 0;
  double variance = 0;
  double largest = 0;
};

Moments moments_of(const Tensor& tensor) {
  Moments result;
  const auto count = static_cast<double>(tensor.element_count());
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) result.mean += tensor.at(i) / count;
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    const double distance = tensor.at(i) - result.mean;
    result.variance += distance * distance / count;
    result.largest = std::max(result.largest, std::abs(tensor.at(i)));
  }
  return result;
}

}  // namespace

TEST_CASE("fans as Keras counts them") {
  struct Row {
    Shape shape;
    double in, out;
  };
  for (const Row& row :
       {Row{{}, 1, 1}, Row{{7}, 7, 7}, Row{{784, 128}, 784, 128}, Row{{3, 3, 16, 32}, 144, 288}}) {
    CAPTURE(row.shape.to_string());
    CHECK(fans_of(row.shape).in == row.in);
    CHECK(fans_of(row.shape).out == row.out);
  }
}

TEST_CASE("random initializers have the variance and the bound of their formula") {
  // 40,000 samples: the sample variance of a normal has a relative deviation of 0.7 %.
  const Shape shape = {100, 400};
  const double in = 100, average = 250;
  struct Row {
    const char* name;
    InitialValue initial;
    double variance;
    double bound;
  };
  const double truncated = 2 / 0.87962566103423978;
  const Row rows[] = {
      {"glorot_uniform", glorot_uniform(shape), 1 / average, std::sqrt(3 / average)},
      {"glorot_normal", glorot_normal(shape), 1 / average, truncated * std::sqrt(1 / average)},
      {"he_uniform", he_uniform(shape), 2 / in, std::sqrt(6 / in)},
      {"he_normal", he_normal(shape), 2 / in, truncated * std::sqrt(2 / in)},
      {"lecun_uniform", lecun_uniform(shape), 1 / in, std::sqrt(3 / in)},
      {"lecun_normal", lecun_normal(shape), 1 / in, truncated * std::sqrt(1 / in)},
      {"random_uniform", random_uniform(shape), 0.1 * 0.1 / 12, 0.05},
      {"random_normal", random_normal(shape), 0.0025, 0.3},
      {"truncated_normal", truncated_normal(shape), 0.0025 * std::pow(0.87962566103423978, 2), 0.1},
      {"variance_scaling, fan_out, untruncated",
       variance_scaling(shape, {3, FanMode::fan_out, WeightDistribution::untruncated_normal}),
       3.0 / 400, 0.5},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Moments moments = moments_of(drawn(row.initial));
    CHECK(moments.variance == doctest::Approx(row.variance).epsilon(0.03));
    CHECK(std::abs(moments.mean) < 5 * std::sqrt(row.variance / 40000));
    CHECK(moments.largest <= row.bound * (1 + 1e-6));
  }
}

TEST_CASE("initializers without randomness") {
  CHECK(identical(drawn(zeros({2, 3})), Tensor::zeros(DType::f32, {2, 3})));
  CHECK(identical(drawn(ones({2}, DType::i32)), Tensor::full(DType::i32, {2}, 1)));
  CHECK(identical(drawn(constant({}, 2.5, DType::f64)), Tensor::scalar(2.5)));
  CHECK(identical(drawn(identity_matrix({2, 3}, 0.5)),
                  Tensor::from({0.5f, 0.f, 0.f, 0.f, 0.5f, 0.f}, {2, 3})));
}

TEST_CASE("orthogonal matrices are orthogonal along their shorter side") {
  for (const Shape& shape : {Shape{5, 5}, Shape{7, 3}, Shape{3, 7}, Shape{2, 3, 4}}) {
    CAPTURE(shape.to_string());
    Graph g;
    const double gain = 1.5;
    const Variable w = g.variable(orthogonal(shape, gain, DType::f64), "w");
    const std::int64_t columns = shape.dim(-1);
    const std::int64_t rows = shape.element_count() / columns;
    const Value matrix = reshape(w, {rows, columns});
    const bool wide = rows < columns;
    const Tensor product = evaluate(matmul(matrix, matrix, {!wide, wide}));
    const std::int64_t side = std::min(rows, columns);
    for (std::int64_t i = 0; i < side * side; ++i) {
      CHECK(product.at(i) ==
            doctest::Approx(i / side == i % side ? gain * gain : 0).epsilon(1e-12));
    }
  }
}

TEST_CASE("numbers follow from the session's seed, the place in the graph and an own seed") {
  Graph g;
  const Variable a = g.variable(glorot_uniform({50}), "a");
  const Variable b = g.variable(glorot_uniform({50}), "b");
  const Variable c = g.variable(glorot_uniform({50}, DType::f32, 9), "c");
  const RandomKey one{.seed = 1, .op_id = 0, .step = 0};
  const RandomKey two{.seed = 2, .op_id = 0, .step = 0};
  CHECK(identical(evaluate(a, {}, one), evaluate(a, {}, one)));
  CHECK_FALSE(identical(evaluate(a, {}, one), evaluate(a, {}, two)));
  CHECK_FALSE(identical(evaluate(a, {}, one), evaluate(b, {}, one)));
  CHECK(identical(evaluate(c, {}, one), evaluate(c, {}, two)));
}

TEST_CASE("16-bit weights are drawn in f32 and rounded") {
  const Tensor narrow = drawn(glorot_uniform({30}, DType::bf16));
  const Tensor full = drawn(glorot_uniform({30}));
  CHECK(identical(narrow, full.cast(DType::bf16)));
}

TEST_CASE("unusable shapes and options are refused") {
  CHECK_THROWS_WITH_AS(zeros({-1, 3}), doctest::Contains("known shape, got [?,3]"), ShapeError);
  CHECK_THROWS_WITH_AS(identity_matrix({3}), doctest::Contains("rank 2, got [3]"), ShapeError);
  CHECK_THROWS_WITH_AS(orthogonal({3}), doctest::Contains("rank 2 or more"), ShapeError);
  CHECK_THROWS_WITH_AS(variance_scaling({3}, {.scale = 0}), doctest::Contains("must be positive"),
                       InvalidArgument);
}
