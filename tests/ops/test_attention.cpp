// What attention owes beyond every op: rows that see nothing, positions, memory, thread counts.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "tegula/core/parallel.hpp"
#include "tegula/graph/attention.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

namespace {

Tensor random(const Shape& shape, std::uint32_t number, DType dtype = DType::f32) {
  Tensor tensor(dtype, shape);
  const RandomKey key{.seed = 3, .op_id = number, .step = 0};
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    tensor.set(i, 2 * random_uniform_at(key, static_cast<std::uint64_t>(i)) - 1);
  }
  return tensor;
}

struct Sizes {
  std::int64_t queries = 0;
  std::int64_t keys = 0;
  std::int64_t heads = 1;
  std::int64_t key_heads = 1;
  std::int64_t width = 8;
  std::int64_t batch = 1;
};

/// Attention of random operands, and the gradients of its squares' sum.
struct Attended {
  Graph graph;
  Value q, k, v, y;
  std::vector<Value> gradients_of;
  std::vector<Feed> feeds;

  Attended(const Sizes& s, const AttentionOptions& options, DType dtype = DType::f32,
           std::optional<Tensor> mask = {}) {
    const Shape of_query = {s.batch, s.queries, s.heads, s.width};
    const Shape of_key = {s.batch, s.keys, s.key_heads, s.width};
    q = graph.placeholder(dtype, of_query);
    k = graph.placeholder(dtype, of_key);
    v = graph.placeholder(dtype, of_key);
    feeds = {{q, random(of_query, 1, dtype)},
             {k, random(of_key, 2, dtype)},
             {v, random(of_key, 3, dtype)}};
    AttentionOptions all = options;
    if (mask) all.mask = graph.constant(*mask);
    y = attention(q, k, v, all);
    gradients_of = gradients(sum(square(y)), {q, k, v});
  }
  std::vector<Value> outputs() const {
    std::vector<Value> values = {y};
    values.insert(values.end(), gradients_of.begin(), gradients_of.end());
    return values;
  }
  std::vector<Tensor> run() {
    Session session(graph);
    return session.run(feeds, outputs());
  }
};

void check_close(const Tensor& actual, const Tensor& expected, double tolerance) {
  REQUIRE(actual.shape() == expected.shape());
  for (std::int64_t i = 0; i < actual.element_count(); ++i) {
    CAPTURE(i);
    REQUIRE(actual.at(i) == doctest::Approx(expected.at(i)).epsilon(tolerance));
  }
}

Tensor booleans(const Shape& shape, bool (*seen)(std::int64_t i)) {
  Tensor mask(DType::boolean, shape);
  for (std::int64_t i = 0; i < mask.element_count(); ++i) mask.set(i, seen(i) ? 1 : 0);
  return mask;
}

/// The same by plain ops.
Value composed(const Value& q, const Value& k, const Value& v, const AttentionOptions& options) {
  const Value weights = attention_weights(q, k, options);
  return transpose(matmul(weights, transpose(v, {0, 2, 1, 3})), {0, 2, 1, 3});
}

/// As `explain` prints it.
double arena_bytes(Executable executable, std::span<const Shape> shapes) {
  const std::string text = executable.explain(shapes);
  std::istringstream line(text.substr(text.find("  arena ") + 8));
  double number = 0;
  std::string unit;
  line >> number >> unit;
  return number * (unit == "MiB" ? 1 << 20 : unit == "KiB" ? 1 << 10 : 1);
}

}  // namespace

TEST_CASE("attention and its gradients are those of products and a softmax") {
  struct Case {
    Sizes sizes;
    AttentionOptions options;
    std::optional<Tensor> mask;
  };
  const std::vector<Case> cases = {
      {{.queries = 7, .keys = 9, .heads = 2, .key_heads = 2}, {}, {}},
      {{.queries = 100, .keys = 130, .batch = 2}, {.scale = -0.7}, {}},
      {{.queries = 131, .keys = 131}, {.causal = true}, {}},
      {{.queries = 40, .keys = 40}, {.window = 3}, random({40, 40}, 4)},
      {{.queries = 9, .keys = 140},
       {.causal = true},
       booleans({9, 140}, [](std::int64_t i) { return i % 3 != 0; })},
  };
  for (const Case& c : cases) {
    CAPTURE(c.sizes.queries);
    Attended attended(c.sizes, c.options, DType::f32, c.mask);
    AttentionOptions options = c.options;
    if (c.mask) options.mask = attended.graph.constant(*c.mask);
    const Value y = composed(attended.q, attended.k, attended.v, options);
    std::vector<Value> expected = {y};
    for (const Value& g : gradients(sum(square(y)), {attended.q, attended.k, attended.v})) {
      expected.push_back(g);
    }
    Session session(attended.graph);
    const std::vector<Tensor> values = session.run(attended.feeds, expected);
    const std::vector<Tensor> own = attended.run();
    for (std::size_t i = 0; i < own.size(); ++i) check_close(own[i], values[i], 1e-4);
  }
}

TEST_CASE("a query that sees no key gets the mean of all values, and gives its key nothing") {
  for (const std::int64_t keys : {5, 200}) {
    CAPTURE(keys);
    // Every second query sees nothing, and those beyond the keys' end.
    Tensor mask(DType::boolean, {8, 1});
    for (std::int64_t i = 0; i < 8; ++i) mask.set(i, i % 2);
    Attended attended({.queries = 8, .keys = keys, .width = 4}, {.causal = true}, DType::f32, mask);
    const std::vector<Tensor> values = attended.run();
    const Tensor v = attended.feeds[2].second;
    for (std::int64_t c = 0; c < 4; ++c) {
      double mean = 0;
      for (std::int64_t j = 0; j < keys; ++j) mean += v.at(j * 4 + c) / static_cast<double>(keys);
      CHECK(values[0].at(4 * 4 + c) == doctest::Approx(mean).epsilon(1e-5));
    }
    for (std::int64_t c = 0; c < 4; ++c) CHECK(values[1].at(4 * 4 + c) == 0);
    const Attended wide({.queries = 8, .keys = keys, .width = 4}, {.causal = true}, DType::f64,
                        mask);
    const std::vector<Tensor> exact = evaluate(wide.outputs(), wide.feeds);
    for (std::size_t i = 0; i < values.size(); ++i) {
      check_close(values[i].cast(DType::f64), exact[i], 2e-4);
    }
  }
}

TEST_CASE("queries from an offset on give what they give among all") {
  Graph graph;
  const Shape shape = {2, 150, 4, 8}, few = {2, 150, 2, 8};
  const Value q = graph.placeholder(DType::f32, shape), k = graph.placeholder(DType::f32, few);
  const Value v = graph.placeholder(DType::f32, few), offset = graph.placeholder(DType::i32, {});
  const Value all = attention(q, k, v, {.causal = true, .window = 33});
  const Value row = attention(gather(q, expand_dims(offset, 0), 1), k, v,
                              {.causal = true, .window = 33, .offset = offset});
  Session session(graph);
  const std::vector<Feed> feeds = {{q, random(shape, 1)}, {k, random(few, 2)}, {v, random(few, 3)}};
  const Tensor expected = session.run(feeds, std::vector{all})[0];
  for (const std::int32_t at : {0, 1, 77, 149}) {
    std::vector<Feed> with_offset = feeds;
    with_offset.push_back({offset, Tensor::scalar(at)});
    const Tensor actual = session.run(with_offset, std::vector{row})[0];
    for (std::int64_t i = 0; i < actual.element_count(); ++i) {
      const std::int64_t sample = i / 32;
      CHECK(actual.at(i) ==
            doctest::Approx(expected.at((sample * 150 + at) * 32 + i % 32)).epsilon(1e-5));
    }
  }
}

TEST_CASE("attention gives the same bits for any number of threads") {
  const int before = thread_count();
  std::vector<Tensor> first;
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    Attended attended({.queries = 300, .keys = 500, .heads = 4, .key_heads = 2, .batch = 2},
                      {.causal = true}, DType::f32, random({1, 4, 1, 500}, 9));
    const std::vector<Tensor> values = attended.run();
    if (first.empty()) first = values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK(std::memcmp(values[i].raw(), first[i].raw(), first[i].byte_count()) == 0);
    }
  }
  set_thread_count(before);
}

TEST_CASE("attention's memory grows with the length, not with its square") {
  const auto arena = [](std::int64_t length) {
    const Attended attended({.queries = length, .keys = length, .heads = 2, .key_heads = 2},
                            {.causal = true});
    Session session(attended.graph);
    const std::vector<Value> feeds = {attended.q, attended.k, attended.v};
    const std::vector<Shape> shapes(3, attended.q.shape());
    return arena_bytes(session.compile(feeds, attended.outputs()), shapes);
  };
  const double shorter = arena(2048), longer = arena(4096);
  CHECK(longer < 2.1 * shorter);
  // One head's weights would take 64 MiB.
  CHECK(longer < 16.0 * 1024 * 1024);
}

TEST_CASE("attention refuses what it cannot mean") {
  Graph graph;
  const Value q = graph.placeholder(DType::f32, {2, 3, 2, 4});
  const Value wide = graph.placeholder(DType::f32, {2, 3, 2, -1});
  CHECK_THROWS_AS(attention(Tensor::zeros(DType::f32, {1, 1, 1, 1}), q, q), InvalidArgument);
  CHECK_THROWS_AS(attention(wide, q, q), ShapeError);
  CHECK_NOTHROW(attention(wide, q, q, {.scale = 0.5}));
}
