#include <doctest/doctest.h>

#include <cmath>

#include "tegula/graph/control_flow.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/graph/random_like.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

namespace {

using Values = std::vector<Value>;

Tensor vector_of(std::initializer_list<double> values) {
  Tensor tensor(DType::f64, {std::ssize(values)});
  std::ranges::copy(values, tensor.values<double>().begin());
  return tensor;
}

/// With and without passes.
template <typename Check>
void in_both_ways(const Graph& graph, Check&& check) {
  for (const bool passes : {true, false}) {
    CAPTURE(passes);
    Session session(graph, {.passes = passes ? PassOptions{} : PassOptions::none()});
    check(session);
  }
}

}  // namespace

TEST_CASE("only the chosen branch of cond runs") {
  Graph g;
  const Value x = g.placeholder(DType::i64, {}, "x");
  const Value ratio = cond(
      not_equal(x, 0),
      [&] { return Values{floordiv(g.constant(Tensor::scalar(std::int64_t{12})), x)}; },
      [&] { return Values{x - 1}; })[0];
  in_both_ways(g, [&](Session& session) {
    CHECK(session.run({{x, Tensor::scalar(std::int64_t{5})}}, ratio).item() == 2);
    CHECK(session.run({{x, Tensor::scalar(std::int64_t{0})}}, ratio).item() == -1);
  });
}

TEST_CASE("switch_case takes the branch of the index, and the last one where there is none") {
  Graph g;
  const Value index = g.placeholder(DType::i32, {}, "index");
  const Value x = g.constant(Tensor::scalar(3.0f));
  const std::vector<Branch> branches = {[&] { return Values{x + 1.0}; },
                                        [&] { return Values{x * x}; }, [&] { return Values{-x}; }};
  const Value y = switch_case(index, branches)[0];
  in_both_ways(g, [&](Session& session) {
    const double expected[] = {4, 9, -3, -3, -3};
    const std::int32_t indices[] = {0, 1, 2, 3, -1};
    for (int i = 0; i < 5; ++i) {
      CHECK(session.run({{index, Tensor::scalar(indices[i])}}, y).item() == expected[i]);
    }
  });
}

TEST_CASE("while_loop repeats its body while the condition holds, and its gradient goes back") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {2}, "x");
  const Value w = g.placeholder(DType::f64, {2}, "w");
  const Value limit = g.placeholder(DType::f64, {}, "limit");
  const Values last = while_loop([&](std::span<const Value> s) { return less(sum(s[0]), limit); },
                                 [&](std::span<const Value> s) {
                                   return Values{s[0] * w, s[1] + 1};
                                 },
                                 Values{x, g.constant(Tensor::scalar(std::int64_t{0}))});
  const Values gradient = gradients(last[0], {x, w});
  in_both_ways(g, [&](Session& session) {
    // 2ⁿ + 3ⁿ reaches 30 with n = 3.
    const std::vector<Tensor> found =
        session.run({{x, vector_of({1, 1})}, {w, vector_of({2, 3})}, {limit, Tensor::scalar(30.0)}},
                    {last[0], last[1], gradient[0], gradient[1]});
    CHECK(found[0].at(0) == 8);
    CHECK(found[0].at(1) == 27);
    CHECK(found[1].at(0) == 3);
    CHECK(found[2].at(0) == 8);
    CHECK(found[2].at(1) == 27);
    CHECK(found[3].at(0) == 3 * 4);
    CHECK(found[3].at(1) == 3 * 9);
    const std::vector<Tensor> none =
        session.run({{x, vector_of({1, 1})}, {w, vector_of({2, 3})}, {limit, Tensor::scalar(1.0)}},
                    {last[1], gradient[0], gradient[1]});
    CHECK(none[0].at(0) == 0);
    CHECK(none[1].at(0) == 1);
    CHECK(none[2].at(0) == 0);
  });
}

TEST_CASE("while_loop stops after its maximum of iterations") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {}, "x");
  const Value y =
      while_loop([&](std::span<const Value> s) { return greater(s[0], 0.0); },
                 [&](std::span<const Value> s) { return Values{s[0] + 1.0}; }, Values{x}, 5)[0];
  in_both_ways(g, [&](Session& session) {
    CHECK(session.run({{x, Tensor::scalar(1.0f)}}, y).item() == 6);
    CHECK(session.run({{x, Tensor::scalar(-1.0f)}}, y).item() == -1);
  });
}

TEST_CASE("scan carries states and stacks outputs, forwards and backwards") {
  for (const bool reverse : {false, true}) {
    for (const std::int64_t length : {0, 1, 2, 5}) {
      CAPTURE(reverse);
      CAPTURE(length);
      Graph g;
      const Value xs = g.placeholder(DType::f64, {-1}, "xs");
      const Value w = g.placeholder(DType::f64, {}, "w");
      const ScanResult result = scan(
          [&](std::span<const Value> s, std::span<const Value> e) {
            const Value next = s[0] * w + e[0];
            return ScanResult{{next}, {next * e[0]}};
          },
          Values{w * 2.0}, Values{xs}, {.reverse = reverse});
      const Value loss = sum(result.outputs[0]) + result.states[0];
      const Values gradient = gradients(loss, {xs, w});
      std::vector<double> x;
      for (int i = 0; i < length; ++i) x.push_back(0.5 + 0.3 * i);
      const auto expected = [&](double weight, std::vector<double>* outputs) {
        double state = weight * 2, total = 0;
        for (std::size_t step = 0; step < x.size(); ++step) {
          const std::size_t place = reverse ? x.size() - 1 - step : step;
          state = state * weight + x[place];
          total += state * x[place];
          if (outputs != nullptr) (*outputs)[place] = state * x[place];
        }
        return total + state;
      };
      Tensor fed(DType::f64, {length});
      std::ranges::copy(x, fed.values<double>().begin());
      in_both_ways(g, [&](Session& session) {
        const std::vector<Tensor> found =
            session.run({{xs, fed}, {w, Tensor::scalar(0.7)}},
                        {result.outputs[0], loss, gradient[0], gradient[1]});
        std::vector<double> outputs(x.size());
        CHECK(found[1].item() == doctest::Approx(expected(0.7, &outputs)).epsilon(1e-12));
        for (std::size_t i = 0; i < x.size(); ++i) {
          CHECK(found[0].at(int(i)) == doctest::Approx(outputs[i]).epsilon(1e-12));
        }
        const double h = 1e-6;
        CHECK(found[3].item() ==
              doctest::Approx((expected(0.7 + h, nullptr) - expected(0.7 - h, nullptr)) / (2 * h))
                  .epsilon(1e-7));
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double kept = x[i];
          x[i] = kept + h;
          const double above = expected(0.7, nullptr);
          x[i] = kept - h;
          const double below = expected(0.7, nullptr);
          x[i] = kept;
          CHECK(found[2].at(int(i)) == doctest::Approx((above - below) / (2 * h)).epsilon(1e-7));
        }
      });
    }
  }
}

TEST_CASE("the forward pass of a scan runs once for its results and its gradient") {
  Graph g;
  const Value xs = g.placeholder(DType::f32, {-1, 4, 8}, "xs");
  const Variable w = g.variable(Tensor::full(DType::f32, {8, 8}, 0.1), "w");
  const ScanResult result = scan(
      [&](std::span<const Value> s, std::span<const Value> e) {
        const Value next = tanh(matmul(s[0], w) + e[0]);
        return ScanResult{{next}, {next}};
      },
      Values{g.constant(Tensor::full(DType::f32, {4, 8}, 0))}, Values{xs});
  const Value loss = sum(square(result.outputs[0]));
  const Value gradient = gradients(loss, {w})[0];
  Session session(g);
  const std::string plan =
      session.compile({xs}, {loss, gradient}).explain(std::vector<Shape>{{6, 4, 8}});
  CAPTURE(plan);
  std::size_t scans = 0;
  for (std::size_t at = plan.find("scan 6 x"); at != std::string::npos;
       at = plan.find("scan 6 x", at + 1)) {
    ++scans;
  }
  CHECK(scans == 2);
}

TEST_CASE("what is the same in every step of a scan is computed once, before it") {
  Graph g;
  const Value xs = g.placeholder(DType::f32, {-1, 4, 8}, "xs");
  const Value w = g.placeholder(DType::f32, {8, 8}, "w");
  const ScanResult result = scan(
      [&](std::span<const Value> s, std::span<const Value> e) {
        const Value square_of_w = matmul(w, w).named("square");
        return ScanResult{{matmul(s[0], square_of_w) + e[0]}, {}};
      },
      Values{g.constant(Tensor::full(DType::f32, {4, 8}, 0))}, Values{xs});
  Session session(g);
  const Graph optimized =
      session.compile({xs, w}, {result.states[0]}).optimized(std::vector<Shape>{{6, 4, 8}, {8, 8}});
  const std::string text = optimized.to_text();
  CAPTURE(text);
  CHECK(text.find("%square = matmul %w, %w\n") != std::string::npos);
  CHECK(text.find("matmul", text.find(" = scan")) == text.rfind("matmul"));
  const Tensor x = Tensor::full(DType::f32, {6, 4, 8}, 0.5);
  const Tensor weights = Tensor::full(DType::f32, {8, 8}, 0.125);
  CHECK(session.run({{xs, x}, {w, weights}}, result.states[0]).at(0) == 3);
}

TEST_CASE("loops hold loops and branches, and all of it has gradients") {
  Graph g;
  const Value x = g.placeholder(DType::f64, {3}, "x");
  const Value w = g.placeholder(DType::f64, {}, "w");
  // For each element: multiply by w, as often as its place says, while it is below 10.
  const ScanResult result = scan(
      [&](std::span<const Value> s, std::span<const Value> e) {
        const Value grown = fori_loop(
            0, 3,
            [&](Value i, std::span<const Value> inner) {
              return cond(
                  logical_and(less(i, s[0]), less(inner[0], 10.0)),
                  [&] { return Values{inner[0] * w}; }, [&] { return Values{inner[0]}; });
            },
            Values{e[0]})[0];
        return ScanResult{{s[0] + 1}, {grown}};
      },
      Values{g.constant(Tensor::scalar(std::int64_t{1}))}, Values{x});
  const Value y = sum(result.outputs[0]);
  const Values gradient = gradients(y, {x, w});
  in_both_ways(g, [&](Session& session) {
    // 2·3, 4·3·3 = 36 (12 is too large already), 1·3³ = 27
    const std::vector<Tensor> found =
        session.run({{x, vector_of({2, 4, 1})}, {w, Tensor::scalar(3.0)}},
                    {result.outputs[0], gradient[0], gradient[1]});
    CHECK(found[0].at(0) == 6);
    CHECK(found[0].at(1) == 12);
    CHECK(found[0].at(2) == 27);
    CHECK(found[1].at(0) == 3);
    CHECK(found[1].at(1) == 3);
    CHECK(found[1].at(2) == 27);
    CHECK(found[2].item() == 2 + 4 + 27);
  });
}

TEST_CASE("random numbers differ from iteration to iteration, and repeat with the seed") {
  Graph g;
  const Value xs = g.constant(Tensor::full(DType::f32, {8}, 0));
  const Value drawn =
      map_fn([&](std::span<const Value> e) { return Values{e[0] + random_uniform_like(e[0])}; },
             Values{xs})[0];
  Tensor first;
  for (const bool passes : {true, false}) {
    Session session(g, {.passes = passes ? PassOptions{} : PassOptions::none(), .seed = 7});
    const Tensor values = session.run(drawn);
    for (int i = 0; i < 8; ++i) {
      for (int j = 0; j < i; ++j) CHECK(values.at(i) != values.at(j));
    }
    if (passes) first = values.clone();
    CHECK(identical(first, values));
    CHECK_FALSE(identical(first, session.run(drawn)));
  }
}

TEST_CASE("an error in a body names its node, and the session stays usable") {
  Graph g;
  const Value x = g.placeholder(DType::i64, {2}, "x");
  const Value y = map_fn(
      [&](std::span<const Value> e) {
        return Values{floordiv(g.constant(Tensor::scalar(std::int64_t{6})), e[0]).named("ratio")};
      },
      Values{x})[0];
  Session session(g);
  Tensor bad(DType::i64, {2});
  bad.set(0, 2);
  bad.set(1, 0);
  CHECK_THROWS_WITH_AS(session.run({{x, bad}}, y), doctest::Contains("ratio"), RunError);
  bad.set(1, 3);
  CHECK(session.run({{x, bad}}, y).at(1) == 2);
}

TEST_CASE("a cond whose predicate is known is its branch, and what nobody reads is not computed") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {4}, "x");
  const Value yes = g.constant(Tensor::scalar(true));
  const Values chosen = cond(
      yes,
      [&] {
        return Values{x * 2.0, sin(x)};
      },
      [&] {
        return Values{x, cos(x)};
      });
  // Its elements are read by the second output alone.
  const Value tangents = tanh(exp(x));
  const ScanResult result = scan(
      [](std::span<const Value> s, std::span<const Value> e) {
        return ScanResult{{s[0] + e[0]}, {e[1]}};
      },
      Values{g.constant(Tensor::scalar(0.0f))}, Values{x, tangents});
  Session session(g);
  const std::string text = session.compile({x}, {chosen[0], result.states[0]})
                               .optimized(std::vector<Shape>{{4}})
                               .to_text();
  CAPTURE(text);
  for (const char* op : {"cond", "sin", "cos", "tanh", "exp"}) {
    CHECK(text.find(std::string("= ") + op) == std::string::npos);
  }
  const Tensor fed = Tensor::from({1.f, 2.f, 3.f, 4.f});
  CHECK(session.run({{x, fed}}, chosen[0]).at(3) == 8);
  CHECK(session.run({{x, fed}}, result.states[0]).item() == 10);
}
