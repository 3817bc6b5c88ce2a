#pragma once
// What a model was compiled with, as plain data and back. Private to src/nn.

#include <map>
#include <string>
#include <vector>

#include "tegula/nn/model.hpp"

namespace tegula::nn {

/// The metric, or for a name such as "accuracy" the form that fits targets and outputs of these
/// types.
inline Metric resolved(const MetricSpec& spec, const ValueType& y_true, const ValueType& y_pred) {
  return spec.metric() ? spec.metric() : resolve_metric(spec.name(), y_true, y_pred);
}

/// Calls `visitor(spec)` for every metric.
template <typename Visitor>
void for_each_metric(const CompileOptions& options, Visitor&& visitor) {
  for (const auto* specs : {&options.metrics, &options.weighted_metrics}) {
    for (const MetricSpec& spec : *specs) visitor(spec);
  }
  for (const auto* by_output : {&options.output_metrics, &options.output_weighted_metrics}) {
    for (const auto& [output, specs] : *by_output) {
      for (const MetricSpec& spec : specs) visitor(spec);
    }
  }
}

using MetricsByOutput = std::map<std::string, std::vector<MetricSpec>>;

/// Calls `visitor(spec, output, weighted)` for every metric in the order of logs: for each of the
/// two kinds those listed for a single output, then those of each of the outputs.
template <typename Visitor>
void for_each_metric_of_outputs(const CompileOptions& options,
                                const std::vector<std::string>& outputs, Visitor&& visitor) {
  const auto visit = [&](const std::vector<MetricSpec>& listed, const MetricsByOutput& by_output,
                         bool weighted) {
    for (const MetricSpec& spec : listed) visitor(spec, std::size_t{0}, weighted);
    for (std::size_t output = 0; output < outputs.size(); ++output) {
      const auto found = by_output.find(outputs[output]);
      if (found == by_output.end()) continue;
      for (const MetricSpec& spec : found->second) visitor(spec, output, weighted);
    }
  };
  visit(options.metrics, options.output_metrics, false);
  visit(options.weighted_metrics, options.output_weighted_metrics, true);
}

/// A list, or an object with a list per output.
Config metrics_config(const std::vector<MetricSpec>& metrics, const MetricsByOutput& by_output);
void read_metrics_config(const Config& config, std::vector<MetricSpec>& metrics,
                         MetricsByOutput& by_output);

/// The item itself, a list, or an object; null for none.
template <typename T>
Config structure_config(const Structure<T>& structure) {
  if (structure.empty()) return nullptr;
  if (structure.is_one()) return to_config(structure.one());
  Config::List list;
  for (const T& item : structure) list.push_back(to_config(item));
  if (!structure.is_named()) return list;
  Config named = Config::object({});
  for (std::size_t i = 0; i < list.size(); ++i) named.set(structure.names()[i], list[i]);
  return named;
}

/// An object with a `class_name` is one item.
template <typename T>
Structure<T> structure_from(const Config& config) {
  const auto item = [](const Config& described) {
    T value{};
    if (!described.is_null()) from_config(described, value);
    return value;
  };
  if (config.is_null()) return {};
  if (config.is_list()) {
    std::vector<T> list;
    for (const Config& entry : config.as_list()) list.push_back(item(entry));
    return list;
  }
  if (!config.is_object() || config.find("class_name") != nullptr) return item(config);
  std::vector<std::string> names;
  std::vector<T> items;
  for (const auto& [name, entry] : config.as_object()) {
    names.push_back(name);
    items.push_back(item(entry));
  }
  return Structure<T>::named(std::move(names), std::move(items));
}

}  // namespace tegula::nn
