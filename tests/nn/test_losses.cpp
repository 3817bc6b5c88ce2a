// Losses against plain loops in double precision, and how values become one number.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "tegula/graph/evaluate.hpp"
#include "tegula/nn/losses.hpp"

using namespace tegula;
using nn::Loss;
using nn::Reduction;

namespace {

constexpr std::int64_t kRows = 3, kColumns = 4;
using Row = std::vector<double>;
using Rows = std::vector<Row>;

const Rows kTargets = {{0.5, -1, 2, 1}, {0, 1, 3, -0.5}, {-2, 0.25, 1, 1.5}};
const Rows kPredictions = {{1, -0.5, -2, 1}, {0.5, 1, 2.75, 3}, {-1, 0, 0.5, 1.25}};
const Rows kPositive = {{0.5, 1, 2, 1}, {0.25, 1, 3, 0.5}, {2, 0.25, 1, 1.5}};
const Rows kBinary = {{0, 1, 1, 0}, {1, 1, 0, 0}, {0, 0, 0, 1}};
const Rows kProbabilities = {
    {0.25, 0.5, 0.75, 0.125}, {0.5, 0.875, 0.25, 0.0625}, {0.375, 0.5, 0.625, 0.75}};
const Rows kOneHot = {{0, 1, 0, 0}, {0, 0, 0, 1}, {1, 0, 0, 0}};
const Rows kDistributions = {
    {0.125, 0.5, 0.25, 0.125}, {0.25, 0.25, 0.25, 0.25}, {0.5, 0.125, 0.125, 0.25}};

Tensor tensor_of(const Rows& rows) {
  Tensor tensor(DType::f32, {kRows, kColumns});
  for (std::int64_t i = 0; i < kRows * kColumns; ++i) {
    tensor.set(
        i, rows[static_cast<std::size_t>(i / kColumns)][static_cast<std::size_t>(i % kColumns)]);
  }
  return tensor;
}

Tensor loss_of(const Loss& loss, const Tensor& y_true, const Tensor& y_pred,
               const Tensor* weight = nullptr) {
  Graph graph;
  const auto any_rows = [](Shape shape) {
    shape.set(0, kUnknown);
    return shape;
  };
  const Value target = graph.placeholder(y_true.dtype(), any_rows(y_true.shape()));
  const Value prediction = graph.placeholder(y_pred.dtype(), any_rows(y_pred.shape()));
  if (weight == nullptr) {
    return evaluate((*loss)(target, prediction), {{target, y_true}, {prediction, y_pred}});
  }
  const Value w = graph.placeholder(DType::f32, any_rows(weight->shape()));
  return evaluate((*loss)(target, prediction, w),
                  {{target, y_true}, {prediction, y_pred}, {w, *weight}});
}

using RowLoss = std::function<double(const Row&, const Row&)>;

RowLoss mean_of(std::function<double(double, double)> value) {
  return [value](const Row& t, const Row& p) {
    double total = 0;
    for (std::size_t i = 0; i < t.size(); ++i) total += value(t[i], p[i]);
    return total / static_cast<double>(t.size());
  };
}

RowLoss sum_of(std::function<double(double, double)> value) {
  return [value](const Row& t, const Row& p) {
    return static_cast<double>(kColumns) * mean_of(value)(t, p);
  };
}

double softmax_entropy(const Row& t, const Row& z, double smoothing) {
  double total = 0, result = 0;
  for (const double logit : z) total += std::exp(logit);
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double target = t[i] * (1 - smoothing) + smoothing / static_cast<double>(kColumns);
    result -= target * (z[i] - std::log(total));
  }
  return result;
}

double sigmoid_entropy(double t, double z) { return std::log1p(std::exp(z)) - t * z; }

double dot(const Row& a, const Row& b) {
  double total = 0;
  for (std::size_t i = 0; i < a.size(); ++i) total += a[i] * b[i];
  return total;
}

struct Case {
  const char* name;
  Loss loss;
  const Rows& y_true;
  const Rows& y_pred;
  RowLoss value;
};

std::vector<Case> cases() {
  const auto huber = [](double delta) {
    return mean_of([delta](double t, double p) {
      const double e = std::abs(t - p);
      return e <= delta ? e * e / 2 : delta * e - delta * delta / 2;
    });
  };
  const auto hinge = [](double t, double p) { return std::max(0.0, 1 - t * p); };
  const auto entropy = [](double t, double p) {
    return -t * std::log(p) - (1 - t) * std::log(1 - p);
  };
  const auto focal = [entropy](double alpha, double gamma) {
    return [=](double t, double p) {
      const double right = t * p + (1 - t) * (1 - p);
      const double balance = alpha < 0 ? 1 : t * alpha + (1 - t) * (1 - alpha);
      return balance * std::pow(1 - right, gamma) * entropy(t, p);
    };
  };
  return {
      {"MeanSquaredError", nn::MeanSquaredError(), kTargets, kPredictions,
       mean_of([](double t, double p) { return (t - p) * (t - p); })},
      {"MeanAbsoluteError", nn::MeanAbsoluteError(), kTargets, kPredictions,
       mean_of([](double t, double p) { return std::abs(t - p); })},
      {"MeanAbsolutePercentageError", nn::MeanAbsolutePercentageError(), kPositive, kPredictions,
       mean_of([](double t, double p) { return 100 * std::abs((t - p) / t); })},
      {"MeanSquaredLogarithmicError", nn::MeanSquaredLogarithmicError(), kPositive, kProbabilities,
       mean_of([](double t, double p) { return std::pow(std::log((t + 1) / (p + 1)), 2); })},
      {"Huber", nn::Huber(), kTargets, kPredictions, huber(1)},
      {"Huber with delta", nn::Huber({.delta = 0.4}), kTargets, kPredictions, huber(0.4)},
      {"LogCosh", nn::LogCosh(), kTargets, kPredictions,
       mean_of([](double t, double p) { return std::log(std::cosh(p - t)); })},
      {"CosineSimilarity", nn::CosineSimilarity(), kTargets, kPredictions,
       [](const Row& t, const Row& p) { return -dot(t, p) / std::sqrt(dot(t, t) * dot(p, p)); }},
      {"Hinge, labels that are not all 0 or 1", nn::Hinge(), kTargets, kPredictions,
       mean_of(hinge)},
      {"Hinge, labels 0 and 1", nn::Hinge(), kBinary, kPredictions,
       mean_of([hinge](double t, double p) { return hinge(2 * t - 1, p); })},
      {"SquaredHinge", nn::SquaredHinge(), kTargets, kPredictions,
       mean_of([hinge](double t, double p) { return std::pow(hinge(t, p), 2); })},
      {"CategoricalHinge", nn::CategoricalHinge(), kOneHot, kPredictions,
       [](const Row& t, const Row& p) {
         double wrong = -1e9;
         for (std::size_t i = 0; i < t.size(); ++i) wrong = std::max(wrong, (1 - t[i]) * p[i]);
         return std::max(0.0, wrong - dot(t, p) + 1);
       }},
      {"KLDivergence", nn::KLDivergence(), kDistributions, kProbabilities,
       sum_of([](double t, double p) { return t * std::log(t / p); })},
      {"Poisson", nn::Poisson(), kPositive, kProbabilities,
       mean_of([](double t, double p) { return p - t * std::log(p + 1e-7); })},
      {"BinaryCrossentropy", nn::BinaryCrossentropy(), kBinary, kProbabilities, mean_of(entropy)},
      {"BinaryCrossentropy from logits", nn::BinaryCrossentropy({.from_logits = true}), kBinary,
       kPredictions, mean_of(sigmoid_entropy)},
      {"BinaryCrossentropy with smoothing", nn::BinaryCrossentropy({.label_smoothing = 0.2}),
       kBinary, kProbabilities,
       mean_of([entropy](double t, double p) { return entropy(0.8 * t + 0.1, p); })},
      {"CategoricalCrossentropy", nn::CategoricalCrossentropy(), kOneHot, kDistributions,
       sum_of([](double t, double p) { return -t * std::log(p); })},
      {"CategoricalCrossentropy normalizes predictions", nn::CategoricalCrossentropy(), kOneHot,
       kPositive,
       [](const Row& t, const Row& p) {
         double total = 0;
         for (const double value : p) total += value;
         return -std::log(dot(t, p) / total);
       }},
      {"CategoricalCrossentropy from logits", nn::CategoricalCrossentropy({.from_logits = true}),
       kOneHot, kPredictions, [](const Row& t, const Row& z) { return softmax_entropy(t, z, 0); }},
      {"CategoricalCrossentropy with smoothing, from logits",
       nn::CategoricalCrossentropy({.from_logits = true, .label_smoothing = 0.1}), kOneHot,
       kPredictions, [](const Row& t, const Row& z) { return softmax_entropy(t, z, 0.1); }},
      {"BinaryFocalCrossentropy", nn::BinaryFocalCrossentropy(), kBinary, kProbabilities,
       mean_of(focal(-1, 2))},
      {"BinaryFocalCrossentropy, balanced",
       nn::BinaryFocalCrossentropy({.apply_class_balancing = true, .alpha = 0.3, .gamma = 1.5}),
       kBinary, kProbabilities, mean_of(focal(0.3, 1.5))},
      {"CategoricalFocalCrossentropy", nn::CategoricalFocalCrossentropy(), kOneHot, kDistributions,
       sum_of([](double t, double p) { return -0.25 * std::pow(1 - p, 2) * t * std::log(p); })},
  };
}

Tensor indices() { return Tensor::from<std::int32_t>({1, 3, 0}); }

}  // namespace

TEST_CASE("losses, with each reduction, with and without weights") {
  const Tensor weights = Tensor::from<float>({2, 0, 0.5f});
  const double w[] = {2, 0, 0.5};
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    const nn::ObjectClass<nn::LossBase> entry = *nn::find_class<nn::LossBase>(c.loss->class_name());
    double sum = 0, weighted_sum = 0;
    for (std::size_t i = 0; i < kRows; ++i) {
      const double value = c.value(c.y_true[i], c.y_pred[i]);
      sum += value;
      weighted_sum += w[i] * value;
    }
    struct Expected {
      const char* reduction;
      double plain;
      double weighted;
    };
    for (const Expected& e : {Expected{"sum", sum, weighted_sum},
                              Expected{"sum_over_batch_size", sum / 3, weighted_sum / 3},
                              Expected{"mean", sum / 3, weighted_sum / 3},
                              Expected{"mean_with_sample_weight", sum / 3, weighted_sum / 2.5}}) {
      CAPTURE(e.reduction);
      nn::Config config = c.loss->config();
      config.set("reduction", e.reduction);
      const Loss loss(entry.make(config));
      const Tensor t = tensor_of(c.y_true), p = tensor_of(c.y_pred);
      CHECK(loss_of(loss, t, p).item() == doctest::Approx(e.plain).epsilon(2e-6));
      CHECK(loss_of(loss, t, p, &weights).item() == doctest::Approx(e.weighted).epsilon(2e-6));
    }
    nn::Config config = c.loss->config();
    config.set("reduction", "none");
    const Tensor values =
        loss_of(Loss(entry.make(config)), tensor_of(c.y_true), tensor_of(c.y_pred));
    REQUIRE(values.shape() == Shape{kRows});
    for (std::size_t i = 0; i < kRows; ++i) {
      CHECK(values.at(static_cast<std::int64_t>(i)) ==
            doctest::Approx(c.value(c.y_true[i], c.y_pred[i])).epsilon(2e-6));
    }
  }
}

TEST_CASE("sparse cross-entropy takes indices of any shape, and leaves out an ignored class") {
  const Tensor p = tensor_of(kDistributions);
  const double values[] = {-std::log(0.5), -std::log(0.25), -std::log(0.5)};
  const double mean = (values[0] + values[1] + values[2]) / 3;
  const Tensor column = indices().reshaped({3, 1});
  CHECK(loss_of(nn::SparseCategoricalCrossentropy(), indices(), p).item() == doctest::Approx(mean));
  CHECK(loss_of(nn::SparseCategoricalCrossentropy(), column, p).item() == doctest::Approx(mean));
  const Loss ignoring = nn::SparseCategoricalCrossentropy({.ignore_class = 3});
  CHECK(loss_of(ignoring, indices(), p).item() == doctest::Approx((values[0] + values[2]) / 2));
  const Loss total =
      nn::SparseCategoricalCrossentropy({.ignore_class = 3, .reduction = Reduction::sum});
  CHECK(loss_of(total, indices(), p).item() == doctest::Approx(values[0] + values[2]));
  const Loss from_logits = nn::SparseCategoricalCrossentropy({.from_logits = true});
  const double logits_mean = (softmax_entropy(kOneHot[0], kPredictions[0], 0) +
                              softmax_entropy(kOneHot[1], kPredictions[1], 0) +
                              softmax_entropy(kOneHot[2], kPredictions[2], 0)) /
                             3;
  CHECK(loss_of(from_logits, indices(), tensor_of(kPredictions)).item() ==
        doctest::Approx(logits_mean));
}

TEST_CASE("probabilities saturate at Keras's epsilon, logits behind a softmax do not") {
  const Tensor certain = Tensor::from<float>({1, 0, 0}, {1, 3});
  const Tensor label = Tensor::from<std::int32_t>({1});
  CHECK(loss_of(nn::SparseCategoricalCrossentropy(), label, certain).item() ==
        doctest::Approx(16.118096));
  // 1 - 1e-7 in single precision is 1 - 2^-23.
  CHECK(loss_of(nn::BinaryCrossentropy(), Tensor::from<float>({0}, {1, 1}),
                Tensor::from<float>({1}, {1, 1}))
            .item() == doctest::Approx(15.942385));

  Graph graph;
  const Value logits = graph.placeholder(DType::f32, {-1, 3});
  const Value labels = graph.placeholder(DType::i32, {-1});
  const Value loss = nn::SparseCategoricalCrossentropy()->values(labels, softmax(logits));
  CHECK(evaluate(loss, {{logits, Tensor::from<float>({40, 0, 10}, {1, 3})}, {labels, label}})
            .item() == doctest::Approx(40));
}

TEST_CASE("targets without the last dimension are matched row by row") {
  const Tensor t = Tensor::from<float>({1, 2, 3});
  const Tensor p = Tensor::from<float>({1, 2, 5}, {3, 1});
  CHECK(loss_of(nn::MeanSquaredError(), t, p).item() == doctest::Approx(4.0 / 3));
  const Tensor integers = Tensor::from<std::int32_t>({1, 2, 3});
  CHECK(loss_of(nn::MeanSquaredError(), integers, p).item() == doctest::Approx(4.0 / 3));
}

TEST_CASE("a loss from a function of the user's is reduced like any other") {
  const Loss cube = nn::make_loss("cube", [](Value t, Value p) {
    const Value e = abs(t - p);
    return mean(e * e * e, -1);
  });
  CHECK(cube->name() == "cube");
  const Tensor t = Tensor::from<float>({0, 0}, {2, 1});
  const Tensor p = Tensor::from<float>({1, 2}, {2, 1});
  CHECK(loss_of(cube, t, p).item() == doctest::Approx(4.5));
}

TEST_CASE("unusable reductions and mismatched classes are refused") {
  CHECK_THROWS_WITH_AS(
      nn::find_class<nn::LossBase>("mse")->make(nn::Config::object({{"reduction", "average"}})),
      doctest::Contains("\"average\"; expected one of: none, sum"), InvalidArgument);
  CHECK_THROWS_AS(loss_of(nn::CategoricalCrossentropy(), Tensor::zeros(DType::f32, {2, 3}),
                          Tensor::zeros(DType::f32, {2, 4})),
                  ShapeError);
}

TEST_CASE("the cross-entropy of that name is chosen by shapes") {
  const auto same = [](const Loss& chosen, const Tensor& y_true, const Tensor& y_pred) {
    const double expected = loss_of(chosen, y_true, y_pred).item();
    CHECK(loss_of("crossentropy", y_true, y_pred).item() == doctest::Approx(expected));
    CHECK(loss_of("ce", y_true, y_pred).item() == doctest::Approx(expected));
  };
  const Tensor p = tensor_of(kDistributions);
  same(nn::CategoricalCrossentropy(), tensor_of(kOneHot), p);
  same(nn::SparseCategoricalCrossentropy(), indices(), p);
  same(nn::SparseCategoricalCrossentropy(), indices().reshaped({3, 1}), p);
  const Tensor share = Tensor::from<float>({0.25f, 0.5f, 0.75f}, {3, 1});
  same(nn::BinaryCrossentropy(), Tensor::from<float>({0, 1, 1}), share);
}

TEST_CASE("weights in a column make a column of values, and go with an ignored class") {
  const Tensor column = Tensor::from<float>({2, 1, 0.5f}, {3, 1});
  const Tensor values = loss_of(nn::MeanSquaredError({.reduction = Reduction::none}),
                                tensor_of(kTargets), tensor_of(kPredictions), &column);
  CHECK(values.shape() == Shape{3, 1});
  const Loss ignoring = nn::SparseCategoricalCrossentropy({.ignore_class = 3});
  const Tensor p = tensor_of(kDistributions);
  // Two of three samples count; both have probability 1/2.
  const double expected = (2 + 0.5) * std::log(2) / 2;
  CHECK(loss_of(ignoring, indices(), p, &column).item() == doctest::Approx(expected));
}
