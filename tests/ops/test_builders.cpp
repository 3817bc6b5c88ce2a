// What the builders mean, against values worked out by hand (or, for slices, by NumPy).
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/core/random.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/graph/ops.hpp"

using namespace tegula;

namespace {

using Doubles = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Doubles values_of(const Tensor& tensor) {
  Doubles values;
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) values.push_back(tensor.at(i));
  return values;
}

Tensor doubles(std::initializer_list<double> values) { return Tensor::from<double>(values); }

/// 0, 1, 2 … in the given shape.
Tensor counting(const Shape& shape, DType dtype = DType::f64) {
  Tensor tensor(dtype, shape);
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    tensor.set(i, static_cast<double>(i));
  }
  return tensor;
}

/// A constant in a graph that lives as long as the test.
Value constant_of(const Graph& graph, const Tensor& tensor) {
  return Graph(graph).constant(tensor);
}

Shape shape_after(const Value& value) { return value.shape(); }

}  // namespace

TEST_CASE("elementwise ops compute what their names say, NaN and infinity included") {
  struct Row {
    const char* what;
    Value (*build)(Value x);
    double x;
    double expected;
  };
  const Row rows[] = {
      {"expm1 near 0", [](Value x) { return expm1(x); }, 1e-12, 1e-12},
      {"log1p near 0", [](Value x) { return log1p(x); }, 1e-12, 1e-12},
      {"log of 0", [](Value x) { return log(x); }, 0, -kInfinity},
      {"rsqrt", [](Value x) { return rsqrt(x); }, 4, 0.5},
      {"reciprocal", [](Value x) { return reciprocal(x); }, -4, -0.25},
      {"erf", [](Value x) { return erf(x); }, 0.5, 0.5204998778130465},
      {"round half to even", [](Value x) { return round(x); }, 2.5, 2},
      {"round half to even, odd", [](Value x) { return round(x); }, 3.5, 4},
      {"floor", [](Value x) { return floor(x); }, -1.5, -2},
      {"ceil", [](Value x) { return ceil(x); }, -1.5, -1},
      {"sign of NaN", [](Value x) { return sign(x); }, kNan, kNan},
      {"relu of NaN", [](Value x) { return relu(x); }, kNan, kNan},
      {"maximum with NaN", [](Value x) { return maximum(x, 1.0); }, kNan, kNan},
      {"maximum with NaN, second", [](Value x) { return maximum(1.0, x); }, kNan, kNan},
      {"clip", [](Value x) { return clip(x, -1, 2); }, 5, 2},
      {"sigmoid far out", [](Value x) { return sigmoid(x); }, -800, 0},
      {"softplus far out", [](Value x) { return softplus(x); }, 800, 800},
      {"softplus", [](Value x) { return softplus(x); }, 0, 0.6931471805599453},
      {"gelu", [](Value x) { return gelu(x); }, 1, 0.8413447460685429},
      {"gelu by tanh", [](Value x) { return gelu(x, true); }, 1, 0.8411919906082768},
      {"silu", [](Value x) { return silu(x); }, 1, 0.7310585786300049},
      {"elu", [](Value x) { return elu(x, 2); }, -1, -1.2642411176571153},
      {"leaky_relu", [](Value x) { return leaky_relu(x, 0.1); }, -3, -0.3},
      {"pow", [](Value x) { return pow(x, -2.0); }, 4, 0.0625},
      {"number first", [](Value x) { return 1.0 - x; }, 4, -3},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Graph g;
    const double y = evaluate(row.build(constant_of(g, Tensor::scalar(row.x)))).item();
    if (std::isnan(row.expected)) {
      CHECK(std::isnan(y));
    } else if (std::isinf(row.expected)) {
      CHECK(y == row.expected);
    } else {
      CHECK(y == doctest::Approx(row.expected).epsilon(1e-14));
    }
  }
}

TEST_CASE("integers are exact and wrap as NumPy's do") {
  Graph g;
  const std::int64_t big = (std::int64_t{1} << 53) + 1;
  const Value x = g.constant(Tensor::from<std::int64_t>({big, -7, 7}));
  const Value two = g.constant(Tensor::from<std::int64_t>({1, 2, -2}));
  CHECK(evaluate(x + two).values<std::int64_t>()[0] == big + 1);
  CHECK(evaluate(-x).values<std::int64_t>()[0] == -big);
  CHECK(evaluate(sum(x)).data<std::int64_t>()[0] == big);
  CHECK(evaluate(max(x)).data<std::int64_t>()[0] == big);
  CHECK(values_of(evaluate(div(x, two)))[1] == -3);
  CHECK(values_of(evaluate(div(x, two)))[2] == -3);
  const Value bytes = g.constant(Tensor::from<std::uint8_t>({250, 3}));
  CHECK(values_of(evaluate(bytes + bytes)) == Doubles{244, 6});
  CHECK(values_of(evaluate(square(bytes))) == Doubles{36, 9});
}

TEST_CASE("numbers take the dtype they meet and must fit it") {
  Graph g;
  const Value x = g.placeholder(DType::i32, {2}, "x");
  CHECK((x * 2).dtype() == DType::i32);
  CHECK_THROWS_WITH_AS(x * 0.5, doctest::Contains("cannot become int32"), DTypeError);
  const Value y = g.placeholder(DType::f32, {2}, "y");
  CHECK_THROWS_WITH_AS(x + y, doctest::Contains("i32 and f32"), DTypeError);
}

TEST_CASE("shapes broadcast as NumPy's do") {
  struct Row {
    Shape a, b, expected;
  };
  for (const Row& row : {Row{{3, 1}, {4}, {3, 4}}, Row{{}, {2}, {2}},
                         Row{{2, 1, 3}, {5, 1}, {2, 5, 3}}, Row{{0, 3}, {1, 3}, {0, 3}},
                         Row{{-1, 3}, {3}, {-1, 3}}, Row{{-1}, {1}, {-1}}, Row{{-1}, {5}, {5}}}) {
    Graph g;
    const Value sum = g.placeholder(DType::f32, row.a) + g.placeholder(DType::f32, row.b);
    CHECK(sum.shape() == row.expected);
  }
  Graph g;
  const Value column = constant_of(g, doubles({1, 2}).reshaped({2, 1}));
  const Value row = constant_of(g, doubles({10, 20, 30}));
  CHECK(values_of(evaluate(column + row)) == Doubles{11, 21, 31, 12, 22, 32});
  CHECK(values_of(evaluate(where(greater(row, 15.0), row, column))) ==
        Doubles{1, 20, 30, 2, 20, 30});
}

TEST_CASE("reductions over chosen axes") {
  Graph g;
  const Value x = constant_of(g, counting({2, 3, 2}));
  CHECK(values_of(evaluate(sum(x, 1))) == Doubles{6, 9, 24, 27});
  CHECK(values_of(evaluate(sum(x, {0, -1}))) == Doubles{14, 22, 30});
  CHECK(values_of(evaluate(mean(x))) == Doubles{5.5});
  CHECK(shape_after(max(x, {-1, 0}, true)) == Shape{1, 3, 1});
  CHECK(values_of(evaluate(argmax(neg(x), 1))) == Doubles{0, 0, 0, 0});
  CHECK(values_of(evaluate(argmax(x, -1))) == Doubles{1, 1, 1, 1, 1, 1});
  CHECK(values_of(evaluate(prod(x, 1))) == Doubles{0, 15, 480, 693});
  CHECK(values_of(evaluate(any(greater(x, 10.5), {1, 2}))) == Doubles{0, 1});
  CHECK(values_of(evaluate(all(greater(x, 5.5), {1, 2}))) == Doubles{0, 1});
  const Value large = constant_of(g, doubles({1000, 1000}));
  CHECK(evaluate(logsumexp(large)).item() == doctest::Approx(1000 + std::log(2)));
  CHECK_THROWS_WITH_AS(sum(x, 3), doctest::Contains("distinct axes of a tensor of rank 3"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(sum(x, {1, -2}), doctest::Contains("distinct"), ShapeError);
}

TEST_CASE("matrix products with transposes and broadcast batches") {
  Graph g;
  const Value a = constant_of(g, counting({2, 3}));
  const Value b = constant_of(g, counting({3, 2}));
  const Doubles product = {10, 13, 28, 40};
  CHECK(values_of(evaluate(matmul(a, b))) == product);
  CHECK(values_of(evaluate(matmul(transpose(a), b, {.transpose_a = true}))) == product);
  CHECK(values_of(evaluate(matmul(a, transpose(b), {.transpose_b = true}))) == product);
  const Value batch = stack(std::vector<Value>{a, a * 2.0});
  CHECK(values_of(evaluate(matmul(batch, b))) == Doubles{10, 13, 28, 40, 20, 26, 56, 80});
  const Value x = g.placeholder(DType::f32, {-1, 784}, "x");
  const Value w = g.placeholder(DType::f32, {784, 10}, "w");
  CHECK(matmul(x, w).shape() == Shape{-1, 10});
}

TEST_CASE("slices follow NumPy") {
  using R = SliceRange;
  struct Row {
    const char* numpy;
    std::vector<R> ranges;
    Doubles expected;
  };
  // x = numpy.arange(7)
  const Row rows[] = {
      {"x[2:5]", {R{2, 5}}, {2, 3, 4}},
      {"x[:3]", {R{std::nullopt, 3}}, {0, 1, 2}},
      {"x[-2:]", {R{-2}}, {5, 6}},
      {"x[:-5]", {R{std::nullopt, -5}}, {0, 1}},
      {"x[1:6:2]", {R{1, 6, 2}}, {1, 3, 5}},
      {"x[::3]", {R{std::nullopt, std::nullopt, 3}}, {0, 3, 6}},
      {"x[::-1]", {R{std::nullopt, std::nullopt, -1}}, {6, 5, 4, 3, 2, 1, 0}},
      {"x[::-3]", {R{std::nullopt, std::nullopt, -3}}, {6, 3, 0}},
      {"x[5:1:-2]", {R{5, 1, -2}}, {5, 3}},
      {"x[-1:-4:-1]", {R{-1, -4, -1}}, {6, 5, 4}},
      {"x[2::-1]", {R{2, std::nullopt, -1}}, {2, 1, 0}},
      {"x[:4:-1]", {R{std::nullopt, 4, -1}}, {6, 5}},
      {"x[4:2]", {R{4, 2}}, {}},
      {"x[2:4:-1]", {R{2, 4, -1}}, {}},
      {"x[3:100]", {R{3, 100}}, {3, 4, 5, 6}},
      {"x[-100:2]", {R{-100, 2}}, {0, 1}},
      {"x[100:]", {R{100}}, {}},
      {"x[100:-100:-1]", {R{100, -100, -1}}, {6, 5, 4, 3, 2, 1, 0}},
      {"x[:]", {R{}}, {0, 1, 2, 3, 4, 5, 6}},
      {"x[2:3:100]", {R{2, 3, 100}}, {2}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.numpy);
    Graph g;
    const Value x = constant_of(g, counting({7}));
    const Value piece = slice(x, row.ranges);
    CHECK(values_of(evaluate(piece)) == row.expected);
    CHECK(piece.shape() == Shape{static_cast<std::int64_t>(row.expected.size())});
    const Value unknown = g.placeholder(DType::f64, {-1}, "unknown");
    CHECK(values_of(evaluate(slice(unknown, row.ranges), {{unknown, counting({7})}})) ==
          row.expected);
  }
  Graph g;
  const Value matrix = constant_of(g, counting({3, 4}));
  CHECK(values_of(evaluate(slice(matrix, {{1}, {0, 4, 2}}))) == Doubles{4, 6, 8, 10});
  CHECK(values_of(evaluate(slice(matrix, {{2}}))) == Doubles{8, 9, 10, 11});
  CHECK_THROWS_WITH_AS(slice(matrix, {{}, {}, {}}), doctest::Contains("3 ranges"), ShapeError);
}

TEST_CASE("pieces join to the whole and the whole splits into pieces") {
  Graph g;
  const Value x = constant_of(g, counting({2, 5}));
  const std::vector<Value> pieces = split(x, {2, 0, 3}, -1);
  REQUIRE(pieces.size() == 3);
  CHECK(values_of(evaluate(pieces[0])) == Doubles{0, 1, 5, 6});
  CHECK(pieces[1].shape() == Shape{2, 0});
  CHECK(values_of(evaluate(concat(pieces, 1))) == values_of(counting({2, 5})));
  CHECK(values_of(evaluate(concat(std::vector<Value>{x, x}, 0))).size() == 20);
  const Value stacked = stack(std::vector<Value>{x, x * 10.0}, -1);
  CHECK(stacked.shape() == Shape{2, 5, 2});
  CHECK(values_of(evaluate(slice(stacked, {{1}, {4}}))) == Doubles{9, 90});
  CHECK_THROWS_WITH_AS(split(x, {2, 2}, 1), doctest::Contains("cannot split axis 1 of [2,5]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(concat(std::vector<Value>{}, 0), doctest::Contains("no values"),
                       InvalidArgument);
}

TEST_CASE("gather takes rows, also none, also with a scalar index") {
  Graph g;
  const Value x = constant_of(g, counting({3, 2}));
  const auto indices = [&](const Tensor& tensor) { return g.constant(tensor); };
  CHECK(values_of(evaluate(gather(x, indices(Tensor::from<std::int32_t>({2, 0, 2}))))) ==
        Doubles{4, 5, 0, 1, 4, 5});
  CHECK(values_of(evaluate(gather(x, indices(Tensor::scalar<std::int64_t>(1)), 1))) ==
        Doubles{1, 3, 5});
  CHECK(gather(x, indices(Tensor::zeros(DType::i32, {0, 4}))).shape() == Shape{0, 4, 2});
  for (const std::int32_t index : {3, -1}) {
    const Value bad = gather(x, indices(Tensor::scalar(index)));
    CHECK_THROWS_WITH_AS(evaluate(bad), doctest::Contains("is outside axis 0 of [3,2]"), RunError);
  }
}

TEST_CASE("one_hot gives rows of off for indices out of range") {
  Graph g;
  const Value i = g.constant(Tensor::from<std::int32_t>({1, -1, 3, 0}));
  CHECK(values_of(evaluate(one_hot(i, 3, 5, -1))) ==
        Doubles{-1, 5, -1, -1, -1, -1, -1, -1, -1, 5, -1, -1});
  CHECK(one_hot(i, 0).shape() == Shape{4, 0});
  CHECK(one_hot(i, 3, 1, 0, DType::boolean).dtype() == DType::boolean);
}

TEST_CASE("shapes change without moving elements") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1, 28, 28}, "x");
  CHECK(reshape(x, {-1, 784}).shape() == Shape{-1, 784});
  CHECK(expand_dims(x, -1).shape() == Shape{-1, 28, 28, 1});
  CHECK(transpose(x).shape() == Shape{28, 28, -1});
  CHECK(transpose(x, {0, -1, 1}).shape() == Shape{-1, 28, 28});
  const Value ones = constant_of(g, counting({1, 3, 1}));
  CHECK(squeeze(ones).shape() == Shape{3});
  CHECK(squeeze(ones, -1).shape() == Shape{1, 3});
  CHECK_THROWS_WITH_AS(squeeze(ones, 1), doctest::Contains("not 1"), ShapeError);
  CHECK(values_of(evaluate(transpose(constant_of(g, counting({2, 3}))))) ==
        Doubles{0, 3, 1, 4, 2, 5});
  CHECK(values_of(evaluate(broadcast_to(ones, {2, 3, 2}))) ==
        Doubles{0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2});
  CHECK(values_of(evaluate(pad(constant_of(g, doubles({1, 2})), {1}, {2}, 9))) ==
        Doubles{9, 1, 2, 9, 9});
  CHECK(values_of(evaluate(tile(constant_of(g, doubles({1, 2})), {3}))) ==
        Doubles{1, 2, 1, 2, 1, 2});
  const Tensor batch = Tensor::zeros(DType::f32, {5, 28, 28});
  CHECK(values_of(evaluate(shape_of(x), {{x, batch}})) == Doubles{5, 28, 28});
  CHECK(evaluate(element_count(x, {0, 1}), {{x, batch}}).item() == 140);
}

TEST_CASE("cross-entropies per row, also for certain and impossible classes") {
  Graph g;
  const Value logits = constant_of(g, doubles({0, std::log(3.0), 1000, 0}).reshaped({2, 2}));
  const Value labels = g.constant(Tensor::from<std::int64_t>({1, 1}));
  const Doubles expected = {std::log(4.0 / 3.0), 1000};
  const Doubles sparse = values_of(evaluate(sparse_softmax_cross_entropy(logits, labels)));
  const Doubles dense =
      values_of(evaluate(softmax_cross_entropy(logits, one_hot(labels, 2, 1, 0, DType::f64))));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(sparse[i] == doctest::Approx(expected[i]));
    CHECK(dense[i] == doctest::Approx(expected[i]));
  }
  const Value z = constant_of(g, doubles({-1000, 1000, 0}));
  const Value target = constant_of(g, doubles({0, 1, 0.5}));
  const Doubles binary = values_of(evaluate(sigmoid_cross_entropy(z, target)));
  CHECK(binary[0] == 0);
  CHECK(binary[1] == 0);
  CHECK(binary[2] == doctest::Approx(std::log(2)));
  const Value outside = g.constant(Tensor::from<std::int64_t>({0, 2}));
  CHECK_THROWS_WITH_AS(evaluate(sparse_softmax_cross_entropy(logits, outside)),
                       doctest::Contains("label 2 of row 1 is outside the 2 classes"), RunError);
}

TEST_CASE("random ops are functions of seed, op, step and index") {
  Graph g;
  const Value a = random_uniform(g, {64}, -1, 3, DType::f64);
  const Value b = random_uniform(g, {64}, -1, 3, DType::f64);
  const Value own = random_normal(g, {64}, 0, 1, DType::f32, 5);
  const RandomKey first{.seed = 1, .op_id = 0, .step = 0};
  const RandomKey later{.seed = 1, .op_id = 0, .step = 1};
  CHECK(identical(evaluate(a, {}, first), evaluate(a, {}, first)));
  CHECK_FALSE(identical(evaluate(a, {}, first), evaluate(a, {}, later)));
  CHECK_FALSE(identical(evaluate(a, {}, first), evaluate(b, {}, first)));
  CHECK_FALSE(identical(evaluate(own, {}, first), evaluate(own, {}, later)));
  const RandomKey key = random_key(a.node().attrs(), first);
  CHECK(evaluate(a, {}, first).at(5) == -1 + 4 * static_cast<double>(random_uniform_at(key, 5)));
  const Tensor normal = evaluate(truncated_normal(g, {4000}), {}, first);
  for (std::int64_t i = 0; i < normal.element_count(); ++i) CHECK(std::abs(normal.at(i)) <= 2);
}

TEST_CASE("dropout keeps the expected share and scales it") {
  Graph g;
  const Value x = constant_of(g, Tensor::full(DType::f64, {10000}, 2));
  const auto kept = [&](double rate) {
    double count = 0;
    for (const double value : values_of(evaluate(dropout(x, rate)))) {
      CHECK((value == 0 || value == doctest::Approx(2 / (1 - rate))));
      count += value != 0 ? 1 : 0;
    }
    return count / 10000;
  };
  CHECK(kept(0) == 1);
  CHECK(kept(0.2) == doctest::Approx(0.8).epsilon(0.02));
  CHECK(kept(0.75) == doctest::Approx(0.25).epsilon(0.06));
  CHECK(values_of(evaluate(dropout(x, 1))) == Doubles(10000, 0));
}

TEST_CASE("assign takes a variable first") {
  Graph g;
  const Variable w = g.variable(doubles({1, 2}), "w");
  CHECK(values_of(evaluate(assign_sub(w, doubles({1, 1})))) == Doubles{0, 1});
  CHECK_THROWS_WITH_AS(assign(w + 1.0, w), doctest::Contains("must be a variable"),
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(assign(w, doubles({1, 2, 3})), doctest::Contains("does not fit"),
                       ShapeError);
}
