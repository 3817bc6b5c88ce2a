// Intersections over unions against plain counting.
#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "tegula/nn/eager.hpp"
#include "tegula/nn/metrics.hpp"

using namespace tegula;
namespace metrics = nn::metrics;

namespace {

using Labels = std::vector<int>;

const Labels kTargets = {0, 1, 2, 2, 1, 0, -1, 7, 2, 1};
const Labels kPredictions = {0, 2, 2, 1, 1, 0, 0, 1, 5, 1};

Tensor tensor_of(const Labels& labels) {
  Tensor tensor(DType::f32, {static_cast<std::int64_t>(labels.size())});
  for (std::size_t i = 0; i < labels.size(); ++i) {
    tensor.set(static_cast<std::int64_t>(i), labels[i]);
  }
  return tensor;
}

/// The mean over the classes that occur among samples whose target and prediction are classes.
double plain_iou(const Labels& classes, std::optional<int> ignored) {
  double total = 0, counted = 0;
  for (const int c : classes) {
    double both = 0, either = 0;
    for (std::size_t i = 0; i < kTargets.size(); ++i) {
      const int t = kTargets[i], p = kPredictions[i];
      if (t < 0 || t > 2 || p < 0 || p > 2 || t == ignored) continue;
      both += t == c && p == c;
      either += t == c || p == c;
    }
    if (either == 0) continue;
    total += both / either;
    ++counted;
  }
  return counted == 0 ? 0 : total / counted;
}

}  // namespace

TEST_CASE("intersections over unions are those of counting, batch by batch") {
  struct Case {
    nn::Metric metric;
    Labels classes;
    std::optional<int> ignored;
  };
  const Case cases[] = {
      {metrics::MeanIoU({.num_classes = 3}), {0, 1, 2}, {}},
      {metrics::MeanIoU({.num_classes = 3, .dtype = "float32"}), {0, 1, 2}, {}},
      {metrics::MeanIoU({.num_classes = 3, .ignore_class = 1}), {0, 1, 2}, 1},
      {metrics::IoU({.num_classes = 3, .target_class_ids = {2}}), {2}, {}},
      {metrics::IoU({.num_classes = 3, .target_class_ids = {0, 1}, .ignore_class = 0}), {0, 1}, 0},
  };
  for (const Case& c : cases) {
    CAPTURE(to_config(c.metric).to_string());
    nn::RunningMetric running(c.metric);
    const Tensor targets = tensor_of(kTargets), predictions = tensor_of(kPredictions);
    running.update(targets.rows(0, 4), predictions.rows(0, 4));
    running.update(targets.rows(4, 10), predictions.rows(4, 10));
    CHECK(running.result().item() ==
          doctest::Approx(plain_iou(c.classes, c.ignored)).epsilon(1e-6));
  }
}

TEST_CASE("classes out of range, and state of another kind, are refused by name") {
  CHECK_THROWS_WITH_AS(metrics::IoU({.num_classes = 2, .target_class_ids = {0, 2}}),
                       "IoU: Target class id 2 is out of range, which is [0, 2).", InvalidArgument);
  CHECK_THROWS_WITH_AS(metrics::IoU({.num_classes = 2}), "IoU: `target_class_ids` is empty",
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(metrics::MeanIoU({.num_classes = 2, .dtype = "float16"}),
                       doctest::Contains("`dtype` must be"), InvalidArgument);
}
