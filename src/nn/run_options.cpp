// Options of runs from plain data.

#include <charconv>
#include <map>
#include <string>

#include "tegula/nn/model.hpp"

namespace tegula::nn {

Config to_config(Verbose verbose) { return static_cast<std::int64_t>(verbose); }

void from_config(const Config& config, Verbose& verbose) {
  if (config == Config("auto")) {
    verbose = Verbose::automatic;
    return;
  }
  const bool boolean = config == Config(true) || config == Config(false);
  const std::int64_t level = boolean ? std::int64_t{config.as_bool()} : config.as_integer();
  if (level < -1 || level > 2) {
    throw InvalidArgument("expected \"auto\", 0, 1 or 2, got " + config.to_string());
  }
  verbose = static_cast<Verbose>(level);
}

void from_config(const Config& config, std::map<std::int64_t, double>& weights) {
  weights.clear();
  for (const auto& [key, weight] : config.as_object()) {
    std::int64_t label = 0;
    const auto [end, failure] = std::from_chars(key.data(), key.data() + key.size(), label);
    if (failure != std::errc() || end != key.data() + key.size()) {
      throw InvalidArgument("expected classes, which are integers, got \"" + key + "\"");
    }
    weights[label] = weight.as_float();
  }
}

}  // namespace tegula::nn
