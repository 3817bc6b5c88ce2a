// What resizing keeps, and what it refuses. Its values are compared with Keras's in tests/parity.
#include <doctest/doctest.h>

#include <string>

#include "tegula/core/error.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/image.hpp"
#include "tegula/graph/ops.hpp"

using namespace tegula;

namespace {

constexpr const char* kMethods[] = {"nearest",  "bilinear", "bicubic",       "lanczos3",
                                    "lanczos5", "gaussian", "mitchellcubic", "area"};

template <typename Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("images of one value keep it, whatever their size becomes") {
  for (const char* method : kMethods) {
    for (const bool antialias : {false, true}) {
      for (const auto& [height, width] : {std::pair{3, 11}, {13, 2}, {1, 1}, {20, 21}}) {
        CAPTURE(method);
        CAPTURE(antialias);
        CAPTURE(height);
        Graph graph;
        const Value x = graph.placeholder(DType::f64, {-1, 5, 7, 2});
        const Value y = resize(x, height, width, {.method = method, .antialias = antialias});
        CHECK(y.shape() == Shape{-1, height, width, 2});
        const Tensor result = evaluate(y, {{x, Tensor::full(DType::f64, {2, 5, 7, 2}, 3)}});
        for (const double value : result.values<double>()) CHECK(value == doctest::Approx(3));
      }
    }
  }
}

TEST_CASE("gradients of resized images add up to those of the result") {
  for (const char* method : kMethods) {
    CAPTURE(method);
    Graph graph;
    const Value x = graph.placeholder(DType::f64, {1, 5, 7, 1});
    const Value y = resize(x, 4, 9, {.method = method});
    const Value gradient = gradients({y}, {x})[0];
    const Tensor result = evaluate(gradient, {{x, Tensor::zeros(DType::f64, {1, 5, 7, 1})}});
    double total = 0;
    for (const double value : result.values<double>()) total += value;
    CHECK(total == doctest::Approx(36));
  }
}

TEST_CASE("images of the wanted size are given back") {
  Graph graph;
  const Value x = graph.placeholder(DType::i32, {-1, 5, 7, 2});
  CHECK(resize(x, 5, 7) == x);
  CHECK(resize(x, 10, 7, {.method = "nearest"}).type() == ValueType{DType::i32, {-1, 10, 7, 2}});
}

TEST_CASE("what cannot be resized is refused in words") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 5, 7, 2});
  const Value vague = graph.placeholder(DType::f32, {-1, -1, 7, 2});
  const auto refuses = [](auto&& work, const std::string& words) {
    CHECK(message_of(work).find(words) != std::string::npos);
  };
  refuses([&] { resize(x, 3, 3, {.method = "cubic"}); }, "method \"cubic\" is not known");
  refuses([&] { resize(x, 0, 3); }, "at least 1 by 1, got 0 by 3");
  refuses([&] { resize(vague, 3, 3); }, "known and not 0, got [?,?,7,2]");
  refuses([&] { resample(x, 1, {{4, {1, 1}}}); }, "2 elements from 4 on are not within axis 1");
  refuses([&] { resample(vague, 1, {{0, {1}}}); }, "needs the size of axis 1");
}
