// One rule for every op whose derivative is infinite or NaN somewhere: where no gradient comes in,
// none goes on. So what a `where` did not choose adds 0 to a gradient, not NaN. An op that is added
// to the registry is tested here without a further line.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/graph/ops.hpp"
#include "tests/support/op_samples.hpp"

using namespace tegula;
using namespace tegula::test;

namespace {

/// Finite, and where derivatives are not: poles, the ends of domains, where powers overflow.
constexpr double kPoints[] = {0.0, 1.0, -1.0, -0.0, 1000.0, -1000.0, 1e200, -1e200};

/// Different points meet in ops of several inputs: input k walks through them in steps of 2k + 1.
void fill_with_points(Tensor& tensor, std::size_t input, std::size_t shift) {
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    const std::size_t step = static_cast<std::size_t>(i) * (2 * input + 1) + shift * (input + 1);
    tensor.set(i, kPoints[step % std::size(kPoints)]);
  }
}

void check_zero_gives_zero(const OpDef& op, const Sample& sample, std::size_t shift) {
  const SampleGraph built = build_sample(op, sample, Dims::known);
  std::vector<Value> xs, ys, zeros;
  std::vector<std::pair<Value, Tensor>> feeds;
  std::vector<Tensor> tensors = tensors_of(sample);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].dtype() == DType::f64) {
      fill_with_points(tensors[i], i, shift);
      xs.push_back(built.inputs[i]);
    }
    feeds.emplace_back(built.inputs[i], tensors[i]);
  }
  Graph graph = built.graph;
  for (const Value& y : differentiable_outputs(*built.node)) {
    if (y.dtype() != DType::f64) continue;
    ys.push_back(y);
    zeros.push_back(graph.constant(Tensor::full(DType::f64, y.shape(), 0)));
  }
  if (xs.empty() || ys.empty()) return;
  const std::vector<Value> found = gradients(ys, xs, zeros, Unconnected::kZeros);
  std::vector<Tensor> values;
  try {
    values = evaluate(found, feeds);
  } catch (const RunError&) {
    return;  // no value there: a singular matrix has no inverse
  }
  for (std::size_t k = 0; k < values.size(); ++k) {
    for (std::int64_t i = 0; i < values[k].element_count(); ++i) {
      if (values[k].at(i) == 0) continue;
      CAPTURE(k);
      CAPTURE(i);
      CHECK(values[k].at(i) == 0);
      break;
    }
  }
}

double gradient_at(Value (*function)(Value), double at) {
  Graph graph;
  const Value x = graph.placeholder(DType::f64, {}, "x");
  const Value gradient = gradients(function(x), {x})[0];
  return evaluate(gradient, {{x, Tensor::full(DType::f64, {}, at)}}).at(0);
}

}  // namespace

TEST_CASE("a zero gradient stays zero through every op, at every finite point") {
  for (const OpDef* op : all_ops()) {
    if (!op->gradient) continue;
    std::size_t number = 0;
    for (const Sample& given : op->samples()) {
      const Sample sample = with_floats(given, DType::f64);
      const std::string text = describe(*op, sample, number++);
      if (element_count_of(sample) > 200) continue;
      CAPTURE(text);
      for (std::size_t shift = 0; shift < std::size(kPoints); ++shift) {
        check_zero_gives_zero(*op, sample, shift);
      }
    }
  }
}

TEST_CASE("a gradient that is not zero meets the derivative as it is") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  CHECK(gradient_at([](Value x) { return sqrt(x); }, 0) == kInfinity);
  CHECK(gradient_at([](Value x) { return log(x); }, 0) == kInfinity);
  CHECK(gradient_at([](Value x) { return reciprocal(x); }, 0) == -kInfinity);
  CHECK(gradient_at([](Value x) { return 1.0 / x; }, 0) == -kInfinity);
  CHECK(std::isnan(gradient_at([](Value x) { return sqrt(x); }, -1)));
}

TEST_CASE("what a where did not choose adds nothing to the gradient") {
  struct Case {
    const char* name;
    Value (*function)(Value);
  };
  const Case cases[] = {
      {"sqrt", [](Value x) { return where(greater(x, 0.0), sqrt(x), 0.0); }},
      {"rsqrt", [](Value x) { return where(greater(x, 0.0), rsqrt(x), 0.0); }},
      {"log", [](Value x) { return where(greater(x, 0.0), log(x), 0.0); }},
      {"reciprocal", [](Value x) { return where(greater(x, 0.0), reciprocal(x), 0.0); }},
      {"div", [](Value x) { return where(greater(x, 0.0), 1.0 / x, 0.0); }},
      {"pow", [](Value x) { return where(greater(x, 0.0), pow(x, 0.3), 0.0); }},
      {"norm", [](Value x) { return where(greater(x, 0.0), norm(x), 0.0); }},
      {"square of sqrt", [](Value x) { return square(sqrt(x)); }},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(gradient_at(c.function, 0) == 0);
  }
  CHECK(gradient_at([](Value x) { return where(less(x, 1.0), exp(x), 0.0); }, 1e4) == 0);
  CHECK(gradient_at([](Value x) { return clip_by_norm(x, 1.0); }, 0) == 1);
}

TEST_CASE("the gradient of logsumexp is softmax, however large the elements") {
  for (const double size : {0.0, 1e6, 1e8, 1e17}) {
    CAPTURE(size);
    Graph graph;
    const Value x = graph.placeholder(DType::f32, {3, 2}, "x");
    const Tensor large = Tensor::full(DType::f32, {3, 2}, size);
    for (const Axes& axes : {Axes(std::int64_t{0}), Axes{0, 1}}) {
      const Tensor share = evaluate(gradients(sum(logsumexp(x, axes)), {x})[0], {{x, large}});
      CHECK(share.at(0) == doctest::Approx(axes->size() == 1 ? 1.0 / 3 : 1.0 / 6));
    }
    CHECK(evaluate(log_softmax(x, 0), {{x, large}}).at(0) == doctest::Approx(-std::log(3.0)));
    CHECK(evaluate(log_softmax(x, {0, 1}), {{x, large}}).at(0) == doctest::Approx(-std::log(6.0)));
  }
}
