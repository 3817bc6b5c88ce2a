// Learning-rate schedules against their formulas in double precision.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "tegula/graph/evaluate.hpp"
#include "tegula/nn/schedules.hpp"

using namespace tegula;

namespace {

double cosine(double share, double alpha) {
  return (1 - alpha) * 0.5 * (1 + std::cos(std::numbers::pi * share)) + alpha;
}

struct Case {
  const char* name;
  nn::Schedule schedule;
  std::function<double(double step)> rate;
};

std::vector<Case> cases() {
  return {
      {"ExponentialDecay",
       nn::ExponentialDecay({.initial_learning_rate = 0.1, .decay_steps = 4, .decay_rate = 0.5}),
       [](double s) { return 0.1 * std::pow(0.5, s / 4); }},
      {"ExponentialDecay in steps",
       nn::ExponentialDecay(
           {.initial_learning_rate = 0.1, .decay_steps = 4, .decay_rate = 0.5, .staircase = true}),
       [](double s) { return 0.1 * std::pow(0.5, std::floor(s / 4)); }},
      {"InverseTimeDecay",
       nn::InverseTimeDecay({.initial_learning_rate = 0.1, .decay_steps = 3, .decay_rate = 0.5}),
       [](double s) { return 0.1 / (1 + 0.5 * s / 3); }},
      {"InverseTimeDecay in steps",
       nn::InverseTimeDecay(
           {.initial_learning_rate = 0.1, .decay_steps = 3, .decay_rate = 0.5, .staircase = true}),
       [](double s) { return 0.1 / (1 + 0.5 * std::floor(s / 3)); }},
      {"PiecewiseConstantDecay",
       nn::PiecewiseConstantDecay({.boundaries = {3, 7}, .values = {1, 0.5, 0.25}}),
       [](double s) { return s <= 3   ? 1
                             : s <= 7 ? 0.5
                                      : 0.25; }},
      {"PolynomialDecay",
       nn::PolynomialDecay(
           {.initial_learning_rate = 0.1, .decay_steps = 8, .end_learning_rate = 0.01, .power = 2}),
       [](double s) { return 0.09 * std::pow(1 - std::min(s, 8.0) / 8, 2) + 0.01; }},
      {"PolynomialDecay in cycles",
       nn::PolynomialDecay({.initial_learning_rate = 0.1,
                            .decay_steps = 3,
                            .end_learning_rate = 0.01,
                            .cycle = true}),
       [](double s) {
         const double length = 3 * (s == 0 ? 1 : std::ceil(s / 3));
         return 0.09 * (1 - s / length) + 0.01;
       }},
      {"CosineDecay",
       nn::CosineDecay({.initial_learning_rate = 0.1, .decay_steps = 6, .alpha = 0.2}),
       [](double s) { return 0.1 * cosine(std::min(s, 6.0) / 6, 0.2); }},
      {"CosineDecay after a warm-up",
       nn::CosineDecay({.initial_learning_rate = 0.01,
                        .decay_steps = 6,
                        .alpha = 0.1,
                        .warmup_target = 0.1,
                        .warmup_steps = 4}),
       [](double s) {
         if (s < 4) return 0.01 + (0.1 - 0.01) * s / 4;
         return 0.1 * cosine(std::min(s - 4, 6.0) / 6, 0.1);
       }},
      {"CosineDecayRestarts of equal length",
       nn::CosineDecayRestarts(
           {.initial_learning_rate = 0.1, .first_decay_steps = 4, .t_mul = 1, .m_mul = 0.5}),
       [](double s) {
         return 0.1 * std::pow(0.5, std::floor(s / 4)) * cosine(s / 4 - std::floor(s / 4), 0);
       }},
      {"CosineDecayRestarts of growing length",
       nn::CosineDecayRestarts(
           {.initial_learning_rate = 0.1, .first_decay_steps = 3, .m_mul = 0.8, .alpha = 0.1}),
       [](double s) {
         double begin = 0, length = 3, height = 1;
         while (s >= begin + length) {
           begin += length;
           length *= 2;
           height *= 0.8;
         }
         return 0.1 * (0.9 * height * cosine((s - begin) / length, 0) + 0.1);
       }},
  };
}

}  // namespace

TEST_CASE("schedules follow their formulas") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    Graph graph;
    const Value step = graph.placeholder(DType::f32, {}, "step");
    const Value rate = (*c.schedule)(step);
    for (int s = 0; s <= 20; ++s) {
      CAPTURE(s);
      const Tensor value = evaluate(rate, {{step, Tensor::scalar(static_cast<float>(s))}});
      REQUIRE(value.rank() == 0);
      CHECK(value.item() == doctest::Approx(c.rate(s)).epsilon(1e-5));
    }
  }
}

TEST_CASE("schedules refuse steps that are not positive and values that do not fit boundaries") {
  CHECK_THROWS_WITH_AS(nn::ExponentialDecay({.decay_steps = 0}),
                       "ExponentialDecay: `decay_steps` must be >= 1, got 0", InvalidArgument);
  CHECK_THROWS_AS(nn::CosineDecay({.decay_steps = -1}), InvalidArgument);
  CHECK_THROWS_AS(nn::PiecewiseConstantDecay({.boundaries = {1, 2}, .values = {1, 2}}),
                  InvalidArgument);
}
