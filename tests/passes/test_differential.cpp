// Optimized graphs compute what the original ones do, by the reference evaluation of both.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tegula/core/error.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/passes/pass_manager.hpp"
#include "tests/support/random_graph.hpp"

using namespace tegula;

namespace {

using Feeds = std::vector<std::pair<Value, Tensor>>;

/// Largest difference relative to the largest element; infinite where NaNs or infinities differ.
double largest_error(const Tensor& expected, const Tensor& actual) {
  if (expected.dtype() != actual.dtype() || expected.shape() != actual.shape()) return INFINITY;
  double scale = 1;
  double error = 0;
  for (std::int64_t i = 0; i < expected.element_count(); ++i) {
    const double a = expected.at(i);
    const double b = actual.at(i);
    if (std::isfinite(a)) scale = std::max(scale, std::abs(a));
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    error = std::max(error, std::isfinite(a - b) ? std::abs(a - b) : INFINITY);
  }
  return error / scale;
}

/// Both the fetches and the values that targets assign.
std::vector<Value> results_of(const Graph& graph) {
  std::vector<Value> results = graph.fetches();
  std::ranges::copy(graph.targets(), std::back_inserter(results));
  return results;
}

Feeds rebind(const Feeds& feeds, const Graph& graph) {
  Feeds bound;
  for (const auto& [value, tensor] : feeds) {
    if (Node* node = graph.find(value.node().name())) bound.emplace_back(node->output(), tensor);
  }
  return bound;
}

Graph extract_all(const test::RandomGraph& random) {
  std::vector<Value> feeds;
  std::vector<Shape> shapes;
  for (const auto& [value, tensor] : random.feeds) {
    feeds.push_back(value);
    shapes.push_back(tensor.shape());
  }
  return extract(feeds, shapes, random.fetches, random.targets);
}

void compare(const Graph& before, const Graph& after, const Feeds& feeds, DType dtype,
             const std::string& what) {
  const RandomKey key{7, 0, 3};
  const std::vector<Tensor> expected = evaluate(results_of(before), rebind(feeds, before), key);
  const std::vector<Tensor> actual = evaluate(results_of(after), rebind(feeds, after), key);
  REQUIRE(expected.size() == actual.size());
  const double tolerance = dtype == DType::f64 ? 1e-9 : 1e-4;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = largest_error(expected[i], actual[i]);
    CHECK_MESSAGE(error <= tolerance, what << ", result " << i << ": error " << error << "\n"
                                           << before.to_text() << "\n"
                                           << after.to_text());
  }
}

}  // namespace

TEST_CASE("600 random graphs give the same results optimized as not") {
  int clusters = 0;
  int epilogues = 0;
  int updates = 0;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const std::string what = "seed " + std::to_string(seed);
    try {
      const test::RandomGraph random = test::random_graph(seed);
      Feeds feeds = random.feeds;
      feeds.insert(feeds.end(), random.variables.begin(), random.variables.end());
      const Graph before = extract_all(random);
      Graph after = before;  // as `optimize` makes it, but verified after every pass
      for (const Pass& pass : all_passes()) {
        after = pass.run(after);
        after.verify();
      }
      compare(before, after, feeds, random.feeds[0].second.dtype(), what);
      for (const Node& node : after.nodes()) {
        clusters += node.op().name == "cluster";
        epilogues += node.op().name.starts_with("fused_");
        updates += node.op().name == "multi_cluster";
      }
    } catch (const Error& error) {
      FAIL_CHECK(what << ": " << std::string(error.what()));
    }
  }
  // The comparison means something only if fusion happened.
  CHECK(clusters > 600);
  CHECK(epilogues > 200);
  CHECK(updates > 50);
}

TEST_CASE("each pass alone gives the same results") {
  for (std::uint64_t seed = 1000; seed < 1060; ++seed) {
    const test::RandomGraph random = test::random_graph(seed);
    Feeds feeds = random.feeds;
    feeds.insert(feeds.end(), random.variables.begin(), random.variables.end());
    const Graph before = extract_all(random);
    for (const Pass& pass : all_passes()) {
      const std::string what = std::string(pass.name) + " on seed " + std::to_string(seed);
      try {
        const Graph after = pass.run(before);
        after.verify();
        compare(before, after, feeds, random.feeds[0].second.dtype(), what);
      } catch (const Error& error) {
        FAIL_CHECK(what << ": " << std::string(error.what()));
      }
    }
  }
}
