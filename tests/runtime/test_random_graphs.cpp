// Random graphs: optimized as unoptimized, and the same bits for any number of threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "tegula/core/parallel.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"
#include "tests/support/random_graph.hpp"

using namespace tegula;

namespace {

constexpr std::uint64_t kGraphs = 600;
constexpr int kRuns = 2;

/// A network of random ops on matrices large enough for kernels to work in blocks and on several
/// threads. Values stay within a few units of zero; variables are updated along gradients.
class LargeGraph {
 public:
  LargeGraph(std::uint32_t seed, std::int64_t rows, std::int64_t columns)
      : random_(seed), rows_(rows), columns_(columns) {
    x = graph.placeholder(DType::f32, {-1, columns}, "x");
    labels = graph.placeholder(DType::i64, {-1}, "labels");
    pool_ = {x};
    for (int i = pick(3) + 1; i > 0; --i) add_variable();
    for (int i = pick(18) + 4; i > 0; --i) pool_.push_back(bounded(step()));
    const Value loss = pick(2) == 0 ? mean(square(pool_.back() - any()))
                                    : mean(sparse_softmax_cross_entropy(pool_.back(), labels));
    fetches = {loss, pool_.back(), any(), sum(any(), Axes(0))};
    if (pick(4) != 0) add_updates(loss);
  }

  Graph graph;
  Value x;
  Value labels;
  std::vector<Value> fetches;
  std::vector<Value> targets;

  std::vector<Feed> feeds() const {
    Tensor images(DType::f32, {rows_, columns_});
    Tensor classes(DType::i64, {rows_});
    for (std::int64_t i = 0; i < images.element_count(); ++i) {
      images.set(i, std::sin(static_cast<double>(i) * 0.7 + 1));
    }
    for (std::int64_t i = 0; i < rows_; ++i) classes.set(i, static_cast<double>(i % columns_));
    return {{x, images}, {labels, classes}};
  }

 private:
  int pick(int count) { return static_cast<int>(random_() % static_cast<std::uint32_t>(count)); }
  Value any() { return pool_[static_cast<std::size_t>(pick(static_cast<int>(pool_.size())))]; }
  static Value bounded(const Value& y) { return clip(y, -3, 3); }

  void add_variable() {
    const Shape shapes[] = {{columns_, columns_}, {columns_}, {1, columns_}, {}};
    const Shape& shape = shapes[pick(4)];
    const Variable variable =
        graph.variable(InitialValue(random_uniform(graph, shape, -0.5, 0.5)), "v");
    variables_.push_back(variable);
  }

  /// A variable as an operand of [rows, columns], or nothing when it is a square matrix.
  Value small_operand() {
    for (const Value& variable : variables_) {
      if (variable.shape().rank() < 2 || variable.shape()[0] == 1) return variable;
    }
    return graph.constant(Tensor::scalar(0.3f));
  }

  Value product(const Value& a) {
    for (const Value& variable : variables_) {
      if (variable.shape() != Shape{columns_, columns_}) continue;
      return matmul(a, variable, {.transpose_b = pick(2) == 0}) * 0.2;
    }
    return a * small_operand();
  }

  Value unary(const Value& a) {
    switch (pick(12)) {
      case 0:
        return tanh(a);
      case 1:
        return sigmoid(a);
      case 2:
        return relu(a);
      case 3:
        return exp(a * 0.3);
      case 4:
        return log(square(a) + 1.0);
      case 5:
        return sqrt(square(a) + 0.5);
      case 6:
        return gelu(a, pick(2) == 0);
      case 7:
        return softplus(a);
      case 8:
        return elu(a) - 0.0;
      case 9:
        return leaky_relu(-a) * 1.0;
      case 10:
        return silu(a) / 2.0;
      default:
        return abs(a) + a;
    }
  }

  Value moved(const Value& a) {
    switch (pick(6)) {
      case 0:
        return transpose(transpose(a, Axes({1, 0})), Axes({1, 0}));
      case 1: {
        const std::vector<Value> halves = split(a, {columns_ / 2, columns_ - columns_ / 2}, 1);
        const std::vector<Value> swapped = {halves[1], halves[0]};
        return concat(swapped, 1);
      }
      case 2:
        return reshape(expand_dims(a, 1), {-1, columns_});
      case 3:
        return slice(a, {SliceRange{}, SliceRange{.begin = {}, .end = {}, .step = -1}});
      case 4:
        return identity(stop_gradient(a));
      default:
        return slice(pad(a, {0, 1}, {0, 2}, 0.5),
                     {SliceRange{}, SliceRange{.begin = 1, .end = columns_ + 1}});
    }
  }

  Value step() {
    const Value a = any();
    const Value b = any();
    switch (pick(16)) {
      case 0:
        return a + b;
      case 1:
        return a * b;
      case 2:
        return a - small_operand();
      case 3:
        return maximum(a, b);
      case 4:
        return a / (square(b) + 1.0);
      case 5:
        return product(a);
      case 6:
        return relu(product(a) + small_operand());
      case 7:
        return softmax(a);
      case 8:
        return a - mean(a, 1, true);
      case 9:
        return a * rsqrt(mean(square(a), Axes(1), true) + 0.1);
      case 10:
        return where(greater(a, b), a, b * 0.5);
      case 11:
        return dropout(a, 0.25);
      case 12:
        return moved(a);
      case 13:
        return log_softmax(a) + sum(b, 0) * 0.01;
      default:
        return unary(a);
    }
  }

  void add_updates(const Value& loss) {
    const std::vector<Value> slopes = gradients(loss, variables_);
    for (std::size_t i = 0; i < variables_.size(); ++i) {
      const Variable velocity =
          graph.variable(Tensor::zeros(DType::f32, variables_[i].shape()), "velocity", false);
      const Value next = velocity * 0.9 + slopes[i];
      targets.push_back(assign(velocity, next));
      targets.push_back(assign_sub(variables_[i], next * 0.05));
    }
  }

  std::mt19937 random_;
  std::int64_t rows_;
  std::int64_t columns_;
  std::vector<Value> pool_;
  std::vector<Value> variables_;
};

/// The results of all runs, then the variables.
std::vector<Tensor> results_of(const Graph& graph, std::span<const Feed> feeds,
                               std::span<const Value> fetches, std::span<const Value> targets,
                               const PassOptions& passes) {
  SessionOptions options;
  options.passes = passes;
  options.seed = 11;
  Session session(graph, options);
  std::vector<Tensor> results;
  for (int run = 0; run < kRuns; ++run) {
    for (Tensor& result : session.run(feeds, fetches, targets)) {
      results.push_back(std::move(result));
    }
  }
  for (const Variable& variable : graph.variables()) results.push_back(session.get(variable));
  return results;
}

std::vector<Tensor> results_of(const test::RandomGraph& random, const PassOptions& passes) {
  return results_of(random.graph, random.feeds, random.fetches, random.targets, passes);
}

std::vector<Tensor> results_of(const LargeGraph& large, const PassOptions& passes) {
  return results_of(large.graph, large.feeds(), large.fetches, large.targets, passes);
}

/// Largest difference, relative to the largest element (at least 1).
double difference(const Tensor& a, const Tensor& b) {
  double largest = 1;
  double apart = 0;
  for (std::int64_t i = 0; i < a.element_count(); ++i) {
    if (a.at(i) == b.at(i) || (std::isnan(a.at(i)) && std::isnan(b.at(i)))) continue;
    if (!std::isfinite(a.at(i)) || !std::isfinite(b.at(i))) return INFINITY;
    largest = std::max(largest, std::abs(a.at(i)));
    apart = std::max(apart, std::abs(a.at(i) - b.at(i)));
  }
  return apart / largest;
}

class ThreadCount {
 public:
  explicit ThreadCount(int threads) : before_(thread_count()) { set_thread_count(threads); }
  ~ThreadCount() { set_thread_count(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

/// Rounding in another order: a few units in the last place, amplified by a dozen ops.
double tolerance(DType dtype) { return dtype == DType::f64 ? 1e-9 : 2e-4; }

void check_close(const std::vector<Tensor>& given, const std::vector<Tensor>& wanted) {
  REQUIRE(given.size() == wanted.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    CAPTURE(i);
    REQUIRE(given[i].dtype() == wanted[i].dtype());
    REQUIRE(given[i].shape() == wanted[i].shape());
    CHECK(difference(wanted[i], given[i]) <= tolerance(wanted[i].dtype()));
  }
}

}  // namespace

TEST_CASE("random graphs give the same results optimized and as built") {
  for (std::uint64_t seed = 0; seed < kGraphs; ++seed) {
    CAPTURE(seed);
    const test::RandomGraph random = test::random_graph(seed);
    check_close(results_of(random, PassOptions()), results_of(random, PassOptions::none()));
  }
}

TEST_CASE("large graphs give the same results optimized, and the same bits on any threads") {
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    const LargeGraph large(seed, 700 + seed * 97, 48 + seed * 13);
    const auto on_threads = [&](int threads) {
      const ThreadCount scope(threads);
      return results_of(large, PassOptions());
    };
    const std::vector<Tensor> one = on_threads(1);
    check_close(one, results_of(large, PassOptions::none()));
    for (const int threads : {2, 3}) {
      const std::vector<Tensor> several = on_threads(threads);
      for (std::size_t i = 0; i < one.size(); ++i) {
        CAPTURE(i);
        CHECK(identical(one[i], several[i]));
      }
    }
  }
}
