#include "tegula/nn/layers/augmentation.hpp"

#include <algorithm>
#include <cmath>

#include "src/nn/layers/images.hpp"
#include "src/nn/layers/spatial.hpp"

namespace tegula::nn {

Numbers Numbers::bounds(double lowest, std::string_view owner, std::string_view name) const {
  if (values.size() == 1) {
    const double highest = std::abs(values[0]);
    return {std::max(-highest, lowest), highest};
  }
  if (values.size() == 2) return {std::min(values[0], values[1]), std::max(values[0], values[1])};
  throw InvalidArgument(std::string(owner) + ": `" + std::string(name) +
                        "` must be a number or a list of two, got " + to_config(*this).to_string());
}

Config to_config(const Numbers& numbers) {
  return numbers.values.size() == 1 ? Config(numbers.values[0]) : to_config(numbers.values);
}

void from_config(const Config& config, Numbers& numbers) {
  if (config.is_list()) {
    from_config(config, numbers.values);
  } else {
    numbers.values = {config.as_float()};
  }
}

ValueRange ValueRange::checked(std::string_view owner) const {
  const ValueRange sorted{std::min(lowest, highest), std::max(lowest, highest)};
  if (std::isfinite(extent()) && sorted.extent() > 0) return sorted;
  throw InvalidArgument(std::string(owner) +
                        ": `value_range` must be two numbers that differ, got " +
                        to_config(*this).to_string());
}

Config to_config(const ValueRange& range) { return Config::List{range.lowest, range.highest}; }

void from_config(const Config& config, ValueRange& range) {
  std::vector<double> values;
  from_config(config, values);
  if (values.size() != 2) {
    throw InvalidArgument("expected two numbers, got " + config.to_string());
  }
  range = {values[0], values[1]};
}

Value Draws::uniform(double low, double high) const {
  return random_uniform_like(like, low, high, seed);
}

Value Draws::chance(const Numbers& probability) const {
  return less(uniform(0, 1), uniform(probability));
}

Value Draws::sign() const { return 1.0 - 2.0 * cast(greater(uniform(0, 1), 0.5), like.dtype()); }

Values on_images(const Values& x, const std::string& data_format, const std::string& layer,
                 const ImageFunction& augment, const ImageFunction& labels) {
  const auto changed = [&](const Value& images) {
    check_images(images.shape(), data_format, layer);
    return from_channels_last(augment(to_channels_last(images, data_format)), data_format);
  };
  if (!x.is_named()) {
    if (x.size() == 1) return x.with(std::vector{changed(x.one())});
    throw InvalidArgument(layer + " takes one input, got " + std::to_string(x.size()));
  }
  for (const std::string& name : x.names()) {
    if (name == "images" || name == "labels") continue;
    throw InvalidArgument(
        layer + " takes images, or a dict of \"images\" and \"labels\"; it has \"" + name + "\"");
  }
  const Value images = changed(x.at("images"));
  std::vector<Value> items;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool are_images = x.names()[i] == "images";
    items.push_back(are_images ? images : labels ? labels(x[i]) : x[i]);
  }
  return x.with(std::move(items));
}

}  // namespace tegula::nn
