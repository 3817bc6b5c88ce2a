// Metrics over several batches, with and without weights, against plain loops in double precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "tegula/nn/layer.hpp"
#include "tegula/nn/metrics.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;
namespace metrics = tegula::nn::metrics;
using nn::Metric;

namespace {

/// A metric in a graph of its own, with its state in a session.
class MetricRun {
 public:
  MetricRun(const Metric& metric, const Tensor& y_true, const Tensor& y_pred, int weight_rank)
      : metric_(metric), session_(graph_) {
    const Value target = graph_.placeholder(y_true.dtype(), any_rows(y_true.shape()), "y_true");
    const Value prediction = graph_.placeholder(y_pred.dtype(), any_rows(y_pred.shape()), "y_pred");
    metric_->build(graph_, target.type(), prediction.type());
    std::vector<Value> feeds = {target, prediction};
    Value weight;
    if (weight_rank > 0) {
      weight = graph_.placeholder(DType::f32, weight_rank == 1 ? Shape{-1} : Shape{-1, -1}, "w");
      feeds.push_back(weight);
    }
    const std::vector<Value> updates = metric_->update(target, prediction, weight);
    const std::vector<Value> results = {metric_->result()};
    update_ = std::make_unique<Executable>(session_.compile(feeds, {}, updates));
    result_ = std::make_unique<Executable>(session_.compile({}, results));
  }

  void update(const std::vector<Tensor>& feeds) { update_->run(feeds); }
  Tensor result() { return result_->run({}).front(); }
  void reset() { session_.initialize(metric_->variables()); }

 private:
  static Shape any_rows(Shape shape) {
    if (shape.rank() > 0) shape.set(0, kUnknown);
    return shape;
  }

  Metric metric_;
  Graph graph_;
  Session session_;
  std::unique_ptr<Executable> update_;
  std::unique_ptr<Executable> result_;
};

/// The result after one batch.
Tensor after(const Metric& metric, const Tensor& y_true, const Tensor& y_pred,
             const Tensor* weight = nullptr) {
  MetricRun run(metric, y_true, y_pred, weight == nullptr ? 0 : weight->rank());
  std::vector<Tensor> feeds = {y_true, y_pred};
  if (weight != nullptr) feeds.push_back(*weight);
  run.update(feeds);
  return run.result();
}

/// Numbers in [0, 1) that look random and are the same everywhere.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed * 2654435761u + 12345) {}
  double operator()() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 40) / static_cast<double>(1 << 24);
  }

 private:
  std::uint64_t state_;
};

constexpr int kClasses = 4;
using Row = std::vector<double>;

enum class Data { regression, positive, probabilities, one_hot, sparse, sparse_column, equality };

/// Rows of targets and predictions, as doubles that f32 holds exactly.
struct Batch {
  std::vector<Row> y_true;
  std::vector<Row> y_pred;
  std::vector<double> weights;
};

double rounded(double value) { return static_cast<double>(static_cast<float>(value)); }

Batch make_batch(Data data, int rows, std::uint64_t seed) {
  Numbers next(seed);
  Batch batch;
  for (int row = 0; row < rows; ++row) {
    Row target(kClasses), prediction(kClasses);
    const auto label = static_cast<std::size_t>(next() * kClasses);
    double total = 0;
    for (std::size_t i = 0; i < kClasses; ++i) {
      const double t = next(), p = 0.05 + 0.9 * next();
      switch (data) {
        case Data::regression:
          target[i] = 4 * t - 2;
          prediction[i] = 4 * p - 2;
          break;
        case Data::positive:
          target[i] = 3 * t + 0.1;
          prediction[i] = 3 * p + 0.1;
          break;
        case Data::probabilities:
          target[i] = t < 0.5 ? 0 : 1;
          prediction[i] = p;
          break;
        case Data::equality:
          target[i] = std::floor(3 * t);
          prediction[i] = std::floor(3 * p);
          break;
        default:
          target[i] = i == label ? 1 : 0;
          prediction[i] = p;
          total += p;
      }
    }
    if (total > 0) {
      for (double& p : prediction) p /= total;
    }
    if (data == Data::sparse || data == Data::sparse_column) {
      target = {static_cast<double>(label)};
    }
    for (double& value : target) value = rounded(value);
    for (double& value : prediction) value = rounded(value);
    batch.y_true.push_back(target);
    batch.y_pred.push_back(prediction);
    batch.weights.push_back(rounded(row % 3 == 2 ? 0 : 0.5 + next()));
  }
  return batch;
}

Tensor tensor_of(const std::vector<Row>& rows, DType dtype, bool flat) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto width = static_cast<std::int64_t>(rows.front().size());
  Tensor tensor(dtype, flat ? Shape{count} : Shape{count, width});
  std::int64_t index = 0;
  for (const Row& row : rows) {
    for (const double value : row) tensor.set(index++, value);
  }
  return tensor;
}

std::vector<Tensor> tensors_of(const Batch& batch, Data data, bool weighted) {
  const bool indices = data == Data::sparse || data == Data::sparse_column;
  std::vector<Tensor> feeds = {
      tensor_of(batch.y_true, indices ? DType::i32 : DType::f32, data == Data::sparse),
      tensor_of(batch.y_pred, DType::f32, false)};
  if (weighted) {
    std::vector<Row> column;
    for (const double weight : batch.weights) column.push_back({weight});
    feeds.push_back(tensor_of(column, DType::f32, true));
  }
  return feeds;
}

double mean_of(const Row& t, const Row& p, const std::function<double(double, double)>& value) {
  double total = 0;
  for (std::size_t i = 0; i < t.size(); ++i) total += value(t[i], p[i]);
  return total / static_cast<double>(t.size());
}

std::size_t largest(const Row& row) {
  return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

/// How many scores are above that of the class.
int better_than(const Row& scores, std::size_t label) {
  return static_cast<int>(
      std::count_if(scores.begin(), scores.end(), [&](double p) { return p > scores[label]; }));
}

double dot(const Row& a, const Row& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double entropy_of(const Row& t, const Row& p) {
  double result = 0;
  for (std::size_t i = 0; i < t.size(); ++i) result -= t[i] * std::log(p[i]);
  return result;
}

struct MeanCase {
  const char* name;
  Metric metric;
  Data data;
  /// Value of one row.
  std::function<double(const Row&, const Row&)> value;
};

std::vector<MeanCase> mean_cases() {
  const auto of_elements = [](std::function<double(double, double)> value) {
    return [value](const Row& t, const Row& p) { return mean_of(t, p, value); };
  };
  const auto hinge = [](double t, double p) { return std::max(0.0, 1 - (2 * t - 1) * p); };
  return {
      {"Mean", metrics::Mean(), Data::regression, of_elements([](double t, double) { return t; })},
      {"Accuracy", metrics::Accuracy(), Data::equality,
       of_elements([](double t, double p) { return t == p ? 1.0 : 0.0; })},
      {"BinaryAccuracy", metrics::BinaryAccuracy(), Data::probabilities,
       of_elements([](double t, double p) { return t == (p > 0.5 ? 1 : 0) ? 1.0 : 0.0; })},
      {"BinaryAccuracy at 0.3", metrics::BinaryAccuracy({.threshold = 0.3}), Data::probabilities,
       of_elements([](double t, double p) { return t == (p > 0.3 ? 1 : 0) ? 1.0 : 0.0; })},
      {"CategoricalAccuracy", metrics::CategoricalAccuracy(), Data::one_hot,
       [](const Row& t, const Row& p) { return largest(t) == largest(p) ? 1.0 : 0.0; }},
      {"SparseCategoricalAccuracy", metrics::SparseCategoricalAccuracy(), Data::sparse,
       [](const Row& t, const Row& p) {
         return t[0] == static_cast<double>(largest(p)) ? 1.0 : 0.0;
       }},
      {"SparseCategoricalAccuracy of a column", metrics::SparseCategoricalAccuracy(),
       Data::sparse_column,
       [](const Row& t, const Row& p) {
         return t[0] == static_cast<double>(largest(p)) ? 1.0 : 0.0;
       }},
      {"TopKCategoricalAccuracy", metrics::TopKCategoricalAccuracy({.k = 2}), Data::one_hot,
       [](const Row& t, const Row& p) { return better_than(p, largest(t)) < 2 ? 1.0 : 0.0; }},
      {"SparseTopKCategoricalAccuracy", metrics::SparseTopKCategoricalAccuracy({.k = 2}),
       Data::sparse,
       [](const Row& t, const Row& p) {
         return better_than(p, static_cast<std::size_t>(t[0])) < 2 ? 1.0 : 0.0;
       }},
      {"MeanSquaredError", metrics::MeanSquaredError(), Data::regression,
       of_elements([](double t, double p) { return (t - p) * (t - p); })},
      {"MeanAbsoluteError", metrics::MeanAbsoluteError(), Data::regression,
       of_elements([](double t, double p) { return std::abs(t - p); })},
      {"MeanAbsolutePercentageError", metrics::MeanAbsolutePercentageError(), Data::positive,
       of_elements([](double t, double p) { return 100 * std::abs((t - p) / t); })},
      {"MeanSquaredLogarithmicError", metrics::MeanSquaredLogarithmicError(), Data::positive,
       of_elements([](double t, double p) { return std::pow(std::log((t + 1) / (p + 1)), 2); })},
      {"LogCoshError", metrics::LogCoshError(), Data::regression,
       of_elements([](double t, double p) { return std::log(std::cosh(p - t)); })},
      {"KLDivergence", metrics::KLDivergence(), Data::positive,
       [](const Row& t, const Row& p) {
         const auto clipped = [](double x) { return std::clamp(x, 1e-7, 1.0); };
         return kClasses * mean_of(t, p, [&](double a, double b) {
                  return clipped(a) * std::log(clipped(a) / clipped(b));
                });
       }},
      {"Poisson", metrics::Poisson(), Data::positive,
       of_elements([](double t, double p) { return p - t * std::log(p + 1e-7); })},
      {"CosineSimilarity", metrics::CosineSimilarity(), Data::regression,
       [](const Row& t, const Row& p) { return dot(t, p) / std::sqrt(dot(t, t) * dot(p, p)); }},
      {"Hinge", metrics::Hinge(), Data::probabilities, of_elements(hinge)},
      {"SquaredHinge", metrics::SquaredHinge(), Data::probabilities,
       of_elements([hinge](double t, double p) { return std::pow(hinge(t, p), 2); })},
      {"CategoricalHinge", metrics::CategoricalHinge(), Data::one_hot,
       [](const Row& t, const Row& p) {
         double wrong = 0;
         for (std::size_t i = 0; i < t.size(); ++i) wrong = std::max(wrong, (1 - t[i]) * p[i]);
         return std::max(0.0, wrong - dot(t, p) + 1);
       }},
      {"BinaryCrossentropy", metrics::BinaryCrossentropy(), Data::probabilities,
       of_elements([](double t, double p) { return -std::log(t == 1 ? p : 1 - p); })},
      {"BinaryCrossentropy with smoothing", metrics::BinaryCrossentropy({.label_smoothing = 0.2}),
       Data::probabilities, of_elements([](double t, double p) {
         const double s = t * 0.8 + 0.1;
         return -s * std::log(p) - (1 - s) * std::log(1 - p);
       })},
      {"CategoricalCrossentropy", metrics::CategoricalCrossentropy(), Data::one_hot, entropy_of},
      {"SparseCategoricalCrossentropy", metrics::SparseCategoricalCrossentropy(), Data::sparse,
       [](const Row& t, const Row& p) { return -std::log(p[static_cast<std::size_t>(t[0])]); }},
      {"a function of the user's",
       nn::make_metric("largest_error", [](Value t, Value p) { return max(abs(t - p), -1); }),
       Data::regression,
       [](const Row& t, const Row& p) {
         double error = 0;
         for (std::size_t i = 0; i < t.size(); ++i) error = std::max(error, std::abs(t[i] - p[i]));
         return error;
       }},
  };
}

}  // namespace

TEST_CASE("means over several batches, weighted and not, start again after a reset") {
  for (const MeanCase& c : mean_cases()) {
    for (const bool weighted : {false, true}) {
      CAPTURE(c.name);
      CAPTURE(weighted);
      const std::vector<Tensor> sample = tensors_of(make_batch(c.data, 1, 1), c.data, false);
      MetricRun run(c.metric, sample[0], sample[1], weighted ? 1 : 0);
      CHECK(run.result().item() == 0);
      for (const std::uint64_t pass : {1, 2}) {
        double total = 0, count = 0;
        for (const int rows : {7, 1, 5}) {
          const Batch batch = make_batch(c.data, rows, pass * 100 + static_cast<unsigned>(rows));
          run.update(tensors_of(batch, c.data, weighted));
          for (std::size_t i = 0; i < batch.y_true.size(); ++i) {
            const double weight = weighted ? batch.weights[i] : 1;
            total += weight * c.value(batch.y_true[i], batch.y_pred[i]);
            count += weight;
          }
          CHECK(run.result().item() == doctest::Approx(total / count).epsilon(2e-6));
        }
        run.reset();
        CHECK(run.result().item() == 0);
      }
    }
  }
}

TEST_CASE("a sum adds weighted values, and a root mean square roots at the end") {
  const Tensor values = Tensor::from<float>({1, 2, 3, 4}, {2, 2});
  const Tensor weights = Tensor::from<float>({2, 0.5f});
  CHECK(after(metrics::Sum(), values, values).item() == 10);
  CHECK(after(metrics::Sum(), values, values, &weights).item() == 9.5);

  const Tensor zeros = Tensor::zeros(DType::f32, {2, 2});
  CHECK(after(metrics::RootMeanSquaredError(), values, zeros).item() ==
        doctest::Approx(std::sqrt(7.5)));
  CHECK(after(metrics::RootMeanSquaredError(), values, zeros, &weights).item() ==
        doctest::Approx(std::sqrt((2 * 2.5 + 0.5 * 12.5) / 2.5)));
}

TEST_CASE("weights of the values' rank weigh every element") {
  const Tensor t = Tensor::from<float>({0, 1, 1, 0}, {2, 2});
  const Tensor p = Tensor::from<float>({1, 1, 1, 1}, {2, 2});
  const Tensor w = Tensor::from<float>({1, 3, 2, 0}, {2, 2});
  // Each row's matches and weights are averaged before they add up, as Keras does.
  CHECK(after(metrics::BinaryAccuracy(), t, p, &w).item() == doctest::Approx(2.5 / 3));
}

TEST_CASE("targets of rank 1 meet predictions with a last dimension of 1 row by row") {
  const Tensor t = Tensor::from<float>({1, 2, 3}, {3});
  const Tensor p = Tensor::from<float>({1, 2, 5}, {3, 1});
  CHECK(after(metrics::MeanSquaredError(), t, p).item() == doctest::Approx(4.0 / 3));
  const Tensor labels = Tensor::from<std::int32_t>({0, 1, 1}, {3});
  const Tensor scores = Tensor::from<float>({0.2f, 0.6f, 0.4f}, {3, 1});
  CHECK(after(metrics::BinaryAccuracy(), labels, scores).item() == doctest::Approx(2.0 / 3));
}

TEST_CASE("equal scores: the first is the largest, and ties count as within the best k") {
  const Tensor scores = Tensor::from<float>({1, 1, 1, 1, 1, 1}, {2, 3});
  const Tensor labels = Tensor::from<std::int32_t>({0, 2});
  CHECK(after(metrics::SparseCategoricalAccuracy(), labels, scores).item() == 0.5);
  CHECK(after(metrics::SparseTopKCategoricalAccuracy({.k = 1}), labels, scores).item() == 1);
  const Tensor distinct = Tensor::from<float>({3, 2, 1, 3, 2, 1}, {2, 3});
  CHECK(after(metrics::SparseTopKCategoricalAccuracy({.k = 2}), labels, distinct).item() == 0.5);
  CHECK(after(metrics::SparseTopKCategoricalAccuracy({.k = 9}), labels, distinct).item() == 1);
  const Tensor ids = Tensor::from<float>({0, 1, 2, 1, 0, 2}, {2, 3});
  const Metric sorted = metrics::SparseTopKCategoricalAccuracy({.k = 2, .from_sorted_ids = true});
  CHECK(after(sorted, labels, ids).item() == 0.5);
}

TEST_CASE("cross-entropies look through softmax and sigmoid at the logits") {
  Graph graph;
  const Value logits = graph.placeholder(DType::f32, {-1, 3}, "logits");
  const Value labels = graph.placeholder(DType::i32, {-1}, "labels");
  const Value probabilities = softmax(logits);
  const Metric metric = metrics::SparseCategoricalCrossentropy();
  metric->build(graph, labels.type(), probabilities.type());
  const std::vector<Value> updates = metric->update(labels, probabilities, {});
  Session session(graph);
  const Tensor feeds[] = {Tensor::from<float>({40, 0, 10}, {1, 3}),
                          Tensor::from<std::int32_t>({1})};
  session.compile(std::vector<Value>{logits, labels}, {}, updates).run(feeds);
  CHECK(session.run(metric->result()).item() == doctest::Approx(40));
}

namespace {

struct Counts {
  double tp = 0, fp = 0, tn = 0, fn = 0;
};

Counts count_at(const Batch& batch, double threshold, bool weighted) {
  Counts counts;
  for (std::size_t row = 0; row < batch.y_true.size(); ++row) {
    const double weight = weighted ? batch.weights[row] : 1;
    for (std::size_t i = 0; i < batch.y_true[row].size(); ++i) {
      const bool target = batch.y_true[row][i] != 0;
      const bool positive = batch.y_pred[row][i] > threshold;
      (positive ? (target ? counts.tp : counts.fp) : (target ? counts.fn : counts.tn)) += weight;
    }
  }
  return counts;
}

}  // namespace

TEST_CASE("outcomes, precision and recall are counted per threshold") {
  struct Case {
    const char* name;
    std::function<Metric(metrics::Thresholds)> make;
    std::function<double(const Counts&)> value;
  };
  const auto ratio = [](double a, double b) { return a + b == 0 ? 0 : a / (a + b); };
  const std::vector<Case> cases = {
      {"TruePositives", [](auto t) { return metrics::TruePositives({.thresholds = t}); },
       [](const Counts& c) { return c.tp; }},
      {"TrueNegatives", [](auto t) { return metrics::TrueNegatives({.thresholds = t}); },
       [](const Counts& c) { return c.tn; }},
      {"FalsePositives", [](auto t) { return metrics::FalsePositives({.thresholds = t}); },
       [](const Counts& c) { return c.fp; }},
      {"FalseNegatives", [](auto t) { return metrics::FalseNegatives({.thresholds = t}); },
       [](const Counts& c) { return c.fn; }},
      {"Precision", [](auto t) { return metrics::Precision({.thresholds = t}); },
       [&](const Counts& c) { return ratio(c.tp, c.fp); }},
      {"Recall", [](auto t) { return metrics::Recall({.thresholds = t}); },
       [&](const Counts& c) { return ratio(c.tp, c.fn); }},
  };
  const std::vector<std::vector<double>> thresholds = {
      {}, {0.3}, {0.1, 0.2, 0.9}, {0, 0.25, 0.5, 0.75, 1}};
  for (const Case& c : cases) {
    for (const std::vector<double>& at : thresholds) {
      for (const bool weighted : {false, true}) {
        CAPTURE(c.name);
        CAPTURE(at.size());
        CAPTURE(weighted);
        const Batch batch = make_batch(Data::probabilities, 9, 77);
        const std::vector<Tensor> feeds = tensors_of(batch, Data::probabilities, weighted);
        MetricRun run(c.make(at), feeds[0], feeds[1], weighted ? 1 : 0);
        run.update(feeds);
        run.update(feeds);
        const Tensor result = run.result();
        const std::vector<double> used = at.empty() ? std::vector<double>{0.5} : at;
        REQUIRE(result.rank() == (used.size() == 1 ? 0 : 1));
        for (std::size_t i = 0; i < used.size(); ++i) {
          Counts counts = count_at(batch, used[i], weighted);
          for (double* value : {&counts.tp, &counts.fp, &counts.tn, &counts.fn}) *value *= 2;
          CHECK(result.at(static_cast<std::int64_t>(i)) ==
                doctest::Approx(c.value(counts)).epsilon(1e-6));
        }
      }
    }
  }
}

TEST_CASE("precision and recall can look at the k best scores or at one class") {
  const Tensor t = Tensor::from<float>({1, 0, 1, 0, 1, 0}, {2, 3});
  const Tensor p = Tensor::from<float>({0.9f, 0.8f, 0.1f, 0.4f, 0.3f, 0.4f}, {2, 3});
  // Best two: (0.9, 0.8) with one hit; of the row (0.4, 0.3, 0.4) both 0.4, no hit.
  CHECK(after(metrics::Precision({.top_k = 2}), t, p).item() == doctest::Approx(0.25));
  CHECK(after(metrics::Recall({.top_k = 2}), t, p).item() == doctest::Approx(1.0 / 3));
  // Equal scores: the first is taken.
  CHECK(after(metrics::Recall({.top_k = 1, .class_id = 2}), t, p).item() == 0);
  CHECK(after(metrics::Precision({.class_id = 0}), t, p).item() == 1);
  CHECK(after(metrics::Precision({.thresholds = 0.2, .class_id = -2}), t, p).item() == 0.5);
  CHECK_THROWS_WITH_AS(after(metrics::Precision({.class_id = 3}), t, p),
                       "`class_id` is 3, but predictions have 3 classes", InvalidArgument);
}

namespace {

/// Mann and Whitney's statistic: how often a positive's score is above a negative's, where scores
/// that share one of the buckets (k / intervals, (k + 1) / intervals] count half.
double mann_whitney(const Batch& batch, bool weighted, int intervals) {
  const auto bucket = [intervals](double p) { return std::max(0.0, std::ceil(p * intervals) - 1); };
  double wins = 0, pairs = 0;
  for (std::size_t i = 0; i < batch.y_true.size(); ++i) {
    for (std::size_t j = 0; j < batch.y_true.size(); ++j) {
      for (std::size_t a = 0; a < kClasses; ++a) {
        for (std::size_t b = 0; b < kClasses; ++b) {
          if (batch.y_true[i][a] != 1 || batch.y_true[j][b] != 0) continue;
          const double weight = weighted ? batch.weights[i] * batch.weights[j] : 1;
          const double above = bucket(batch.y_pred[i][a]) - bucket(batch.y_pred[j][b]);
          wins += weight * (above > 0 ? 1 : above == 0 ? 0.5 : 0);
          pairs += weight;
        }
      }
    }
  }
  return wins / pairs;
}

}  // namespace

TEST_CASE("the area under the ROC curve is Mann and Whitney's statistic of the buckets") {
  for (const bool weighted : {false, true}) {
    for (const int thresholds : {5, 200}) {
      const Batch batch = make_batch(Data::probabilities, 12, 5);
      const std::vector<Tensor> feeds = tensors_of(batch, Data::probabilities, weighted);
      MetricRun run(metrics::AUC({.num_thresholds = thresholds}), feeds[0], feeds[1],
                    weighted ? 1 : 0);
      run.update(feeds);
      CHECK(run.result().item() ==
            doctest::Approx(mann_whitney(batch, weighted, thresholds - 1)).epsilon(1e-5));
    }
  }
}

TEST_CASE("areas under curves agree with Keras") {
  const Tensor t = Tensor::from<float>({0, 0, 1, 1, 1, 0, 1, 0}, {4, 2});
  const Tensor p = Tensor::from<float>({0.4f, 0.5f, 0.3f, 0.9f, 0.6f, 0.4f, 0.35f, 0.95f}, {4, 2});
  const Tensor w = Tensor::from<float>({1, 0.5f, 2, 0.25f});
  struct Case {
    metrics::AUCOptions options;
    double plain;
    double weighted;
  };
  // Figures of Keras 3.15.
  const Case cases[] = {
      {{.num_thresholds = 7, .curve = "ROC", .summation_method = "interpolation"},
       0.5,
       0.764705896},
      {{.num_thresholds = 7, .curve = "ROC", .summation_method = "minoring"}, 0.375, 0.723981917},
      {{.num_thresholds = 7, .curve = "ROC", .summation_method = "majoring"}, 0.625, 0.805429876},
      {{.num_thresholds = 7, .curve = "PR", .summation_method = "interpolation"},
       0.518797398,
       0.725694418},
      {{.num_thresholds = 7, .curve = "PR", .summation_method = "minoring"},
       0.339285731,
       0.500915766},
      {{.num_thresholds = 7, .curve = "PR", .summation_method = "majoring"},
       0.583333373,
       0.798601449},
      {{.num_thresholds = 7, .curve = "PRGAIN", .summation_method = "minoring"},
       -0.333333373,
       0.434240341},
      {{.num_thresholds = 7, .curve = "PRGAIN", .summation_method = "majoring"},
       0.333333313,
       0.795124233},
      {{.thresholds = std::vector<double>{0.2, 0.33, 0.7}}, 0.40625, 0.475113124},
      {{.curve = "PR", .thresholds = std::vector<double>{0.33, 0.2}}, 0.437897146, 0.396042287},
      {{.thresholds = std::vector<double>{0.25, 0.5, 0.75}}, 0.59375, 0.837104082},
      {{.multi_label = true}, 0.5, 0.825174809},
      {{.curve = "PR", .multi_label = true, .num_labels = 2}, 0.537901878, 0.684775352},
      {{.multi_label = true, .label_weights = std::vector<double>{1.0, 3.0}},
       0.583333313,
       0.874125838},
      {{.label_weights = std::vector<double>{1.0, 3.0}}, 0.466666669, 0.766073883},
      {{.from_logits = true}, 0.375, 0.723981857},
  };
  for (const Case& c : cases) {
    CAPTURE(nn::to_config(c.options).to_string());
    CHECK(after(metrics::AUC(c.options), t, p).item() == doctest::Approx(c.plain).epsilon(1e-6));
    CHECK(after(metrics::AUC(c.options), t, p, &w).item() ==
          doctest::Approx(c.weighted).epsilon(1e-6));
  }
}

TEST_CASE("rates at bounds, F scores and R² agree with Keras") {
  const Tensor t = Tensor::from<float>({0, 0, 1, 1, 1, 0, 1, 0}, {4, 2});
  const Tensor p = Tensor::from<float>({0.4f, 0.5f, 0.3f, 0.9f, 0.6f, 0.4f, 0.35f, 0.95f}, {4, 2});
  const Tensor w = Tensor::from<float>({1, 0.5f, 2, 0.25f});
  struct Case {
    Metric metric;
    std::vector<double> plain;
    std::vector<double> weighted;
  };
  // Figures of Keras 3.15.
  const std::vector<Case> cases = {
      {metrics::SensitivityAtSpecificity({.value = 0.5}), {0.5}, {0.76923078}},
      {metrics::SpecificityAtSensitivity({.value = 0.5}), {0.75}, {0.94117647}},
      {metrics::PrecisionAtRecall({.value = 0.6}), {0.5}, {0.90909094}},
      {metrics::RecallAtPrecision({.value = 0.6}), {0.5}, {0.76923078}},
      {metrics::RecallAtPrecision({.value = 0.9, .num_thresholds = 3}), {0}, {0.76923078}},
      {metrics::PrecisionAtRecall({.value = 0.6, .class_id = 1}), {0.5}, {0.66666669}},
      {metrics::SensitivityAtSpecificity({.value = 0.5, .num_thresholds = 1}), {0.5}, {0.76923078}},
      {metrics::F1Score(), {0.49999997, 0.49999997}, {0.84210521, 0.44444436}},
      {metrics::F1Score({.threshold = 0.45}), {0.49999997, 0.49999997}, {0.84210521, 0.44444436}},
      {metrics::F1Score({.average = "micro", .threshold = 0.45}), {0.49999994}, {0.71428567}},
      {metrics::FBetaScore({.average = "macro", .beta = 2, .threshold = 0.45}),
       {0.54945052},
       {0.71794868}},
      {metrics::FBetaScore({.average = "weighted", .beta = 0.5, .threshold = 0.3}),
       {0.57352936},
       {0.6292094}},
      {metrics::R2Score(), {-0.70333332}, {-0.49013329}},
      {metrics::R2Score({.class_aggregation = std::nullopt}),
       {-0.64333332, -0.76333332},
       {-0.1326704, -0.84759617}},
      {metrics::R2Score({.class_aggregation = "variance_weighted_average"}),
       {-0.70333332},
       {-0.39821425}},
      {metrics::R2Score({.num_regressors = 2}), {-1.3846669}, {-1.0861866}},
      {metrics::R2Score({.num_regressors = 9}), {-0.70333332}, {-0.49013329}}};
  for (const Case& c : cases) {
    CAPTURE(c.metric->class_name());
    CAPTURE(c.metric->config().to_string());
    const Tensor plain = after(c.metric, t, p);
    const Tensor weighted = after(c.metric, t, p, &w);
    REQUIRE(plain.element_count() == static_cast<std::int64_t>(c.plain.size()));
    for (std::size_t i = 0; i < c.plain.size(); ++i) {
      const auto index = static_cast<std::int64_t>(i);
      CHECK(plain.at(index) == doctest::Approx(c.plain[i]).epsilon(2e-6));
      CHECK(weighted.at(index) == doctest::Approx(c.weighted[i]).epsilon(2e-6));
    }
  }
}

TEST_CASE("names resolve by class, alias, and by shapes where the form depends on them") {
  const ValueType vector{DType::i32, {-1}};
  const ValueType column{DType::f32, {-1, 1}};
  const ValueType scores{DType::f32, {-1, 10}};
  struct Case {
    const char* name;
    ValueType y_true;
    ValueType y_pred;
    const char* class_name;
  };
  const Case cases[] = {
      {"accuracy", vector, scores, "SparseCategoricalAccuracy"},
      {"acc", column, scores, "SparseCategoricalAccuracy"},
      {"accuracy", scores, scores, "CategoricalAccuracy"},
      {"accuracy", vector, column, "BinaryAccuracy"},
      {"crossentropy", vector, scores, "SparseCategoricalCrossentropy"},
      {"ce", scores, scores, "CategoricalCrossentropy"},
      {"ce", column, column, "BinaryCrossentropy"},
      {"mse", scores, scores, "MeanSquaredError"},
      {"MAE", scores, scores, "MeanAbsoluteError"},
      {"bce", column, column, "BinaryCrossentropy"},
      {"auc", column, column, "AUC"},
      {"top_k_categorical_accuracy", scores, scores, "TopKCategoricalAccuracy"},
      {"KLDivergence", scores, scores, "KLDivergence"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(nn::resolve_metric(c.name, c.y_true, c.y_pred)->class_name() == c.class_name);
  }
  CHECK_THROWS_WITH_AS(nn::resolve_metric("acuracy", scores, scores),
                       doctest::Contains("Could not interpret metric identifier: acuracy"),
                       NotFound);
}

TEST_CASE("metrics know which way is better") {
  using Direction = nn::MetricBase::Direction;
  CHECK(Metric("auc")->direction() == Direction::up);
  CHECK(Metric("sparse_categorical_accuracy")->direction() == Direction::up);
  CHECK(Metric("mse")->direction() == Direction::down);
  CHECK(Metric("mean")->direction() == Direction::unknown);
}

TEST_CASE("unnamed metrics whose class has no fixed name get unique ones") {
  nn::reset_layer_names();
  CHECK(Metric("auc")->name() == "auc");
  CHECK(Metric("auc")->name() == "auc_1");
  CHECK(Metric("precision")->name() == "precision");
  CHECK(Metric("mse")->name() == "mean_squared_error");
  CHECK(Metric("mse")->name() == "mean_squared_error");
}

TEST_CASE("unusable options of metrics are refused with their values") {
  CHECK_THROWS_WITH_AS(metrics::Precision({.thresholds = 1.5}),
                       "Precision: `thresholds` must be between 0 and 1, got 1.5", InvalidArgument);
  CHECK_THROWS_AS(metrics::AUC({.curve = "roc"}), InvalidArgument);
  CHECK_THROWS_AS(metrics::AUC({.num_thresholds = 1}), InvalidArgument);
  CHECK_THROWS_AS(metrics::AUC({.num_thresholds = INT64_MAX}), InvalidArgument);
  CHECK_THROWS_AS(metrics::PrecisionAtRecall({.num_thresholds = INT64_MAX}), InvalidArgument);
  CHECK_THROWS_AS(metrics::RecallAtPrecision({.value = -0.1}), InvalidArgument);
  CHECK_THROWS_AS(metrics::F1Score({.average = "mean"}), InvalidArgument);
  CHECK_THROWS_AS(metrics::FBetaScore({.beta = 0}), InvalidArgument);
  CHECK_THROWS_AS(metrics::R2Score({.num_regressors = -1}), InvalidArgument);
  const Tensor row = Tensor::from<float>({0, 1}, {2});
  CHECK_THROWS_AS(after(metrics::AUC({.multi_label = true}), row, row), ShapeError);
}
