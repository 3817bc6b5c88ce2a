// Which way a monitored entry of the logs should go.

#include <algorithm>
#include <array>
#include <cmath>

#include "tegula/core/error.hpp"
#include "tegula/nn/callbacks.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

namespace {

using Direction = MetricBase::Direction;

bool rises(std::string_view name) {
  constexpr std::array<std::string_view, 9> kRising = {"acc",
                                                       "accuracy",
                                                       "auc",
                                                       "precision",
                                                       "recall",
                                                       "f1_score",
                                                       "true_positives",
                                                       "true_negatives",
                                                       "r2_score"};
  return std::any_of(kRising.begin(), kRising.end(), [name](std::string_view word) {
    return name.ends_with(word) || name.starts_with(word) ||
           name.find("accuracy") != std::string_view::npos;
  });
}

bool falls(std::string_view name) {
  constexpr std::array<std::string_view, 12> kFalling = {
      "loss", "error", "crossentropy", "mse",     "mae",  "mape",
      "msle", "hinge", "divergence",   "poisson", "cosh", "false_"};
  return std::any_of(kFalling.begin(), kFalling.end(), [name](std::string_view word) {
    return name.find(word) != std::string_view::npos;
  });
}

Direction direction_of(const std::string& monitor, const Model& model, const Logs& logs) {
  std::string_view name = monitor;
  if (name.starts_with("val_")) name.remove_prefix(4);
  if (name == "loss") return Direction::down;
  const Metric metric = model.find_metric(name);
  if (metric && metric->direction() != Direction::unknown) return metric->direction();
  // Names tell of what is there; a metric that is nowhere is a mistake.
  if (!metric && logs.find_value(monitor) == nullptr) return Direction::unknown;
  if (rises(name)) return Direction::up;
  return falls(name) ? Direction::down : Direction::unknown;
}

}  // namespace

void Improvement::check_mode(const std::string& mode, std::string_view owner) {
  if (mode == "auto" || mode == "min" || mode == "max") return;
  throw InvalidArgument(std::string(owner) +
                        ": `mode` must be \"auto\", \"min\" or \"max\", got \"" + mode + "\"");
}

Improvement::Improvement(const std::string& mode, const std::string& monitor, double min_delta,
                         const Model& model, const Logs& logs, std::string_view owner)
    : min_delta_(std::abs(min_delta)) {
  check_mode(mode, owner);
  Direction direction = mode == "max" ? Direction::up : Direction::down;
  if (mode == "auto") direction = direction_of(monitor, model, logs);
  if (direction == Direction::unknown) {
    throw InvalidArgument(std::string(owner) + " callback received monitor=" + monitor +
                          ", and nothing tells whether that metric should be maximized or "
                          "minimized. Pass mode=\"max\" or mode=\"min\"");
  }
  larger_ = direction == Direction::up;
}

bool Improvement::operator()(double current, std::optional<double> best) const {
  if (!best) return true;
  return larger_ ? current - min_delta_ > *best : current + min_delta_ < *best;
}

}  // namespace tegula::nn
