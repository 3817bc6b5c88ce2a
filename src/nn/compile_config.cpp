#include "src/nn/compile_config.hpp"

namespace tegula::nn {

namespace {

Config list_config(const std::vector<MetricSpec>& specs) {
  Config::List list;
  for (const MetricSpec& spec : specs) {
    list.push_back(spec.metric() ? to_config(spec.metric()) : Config(spec.name()));
  }
  return list;
}

std::vector<MetricSpec> list_from(const Config& config) {
  std::vector<MetricSpec> specs;
  for (const Config& entry : config.as_list()) {
    if (entry.is_string()) {
      specs.emplace_back(entry.as_string());
    } else {
      Metric metric;
      from_config(entry, metric);
      specs.emplace_back(metric);
    }
  }
  return specs;
}

}  // namespace

Config metrics_config(const std::vector<MetricSpec>& metrics, const MetricsByOutput& by_output) {
  if (by_output.empty()) return list_config(metrics);
  Config named = Config::object({});
  for (const auto& [output, specs] : by_output) named.set(output, list_config(specs));
  return named;
}

void read_metrics_config(const Config& config, std::vector<MetricSpec>& metrics,
                         MetricsByOutput& by_output) {
  if (!config.is_object()) {
    metrics = list_from(config);
    return;
  }
  for (const auto& [output, specs] : config.as_object()) by_output[output] = list_from(specs);
}

}  // namespace tegula::nn
