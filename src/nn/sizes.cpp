#include "tegula/nn/sizes.hpp"

#include <algorithm>

namespace tegula::nn {

namespace {

[[noreturn]] void refuse(std::string_view owner, std::string_view name, int axes,
                         const Config& given, const std::string& expected) {
  throw InvalidArgument(std::string(owner) + ": `" + std::string(name) + "` must be " + expected +
                        ": one number, or one for each of " + std::to_string(axes) + " axes; got " +
                        given.to_string());
}

}  // namespace

Sizes Sizes::expanded(int axes, std::int64_t least, std::string_view owner,
                      std::string_view name) const {
  Sizes result = *this;
  if (values.size() == 1) result.values.resize(static_cast<std::size_t>(axes), values.front());
  const bool fits = std::ssize(result.values) == axes &&
                    std::ranges::all_of(result.values, [least](auto v) { return v >= least; });
  if (!fits) refuse(owner, name, axes, to_config(*this), "at least " + std::to_string(least));
  return result;
}

Config to_config(const Sizes& sizes) {
  if (sizes.values.empty()) return nullptr;
  return sizes.one ? Config(sizes.values.front()) : to_config(sizes.values);
}

void from_config(const Config& config, Sizes& sizes) {
  sizes.values.clear();
  if (config.is_null()) return;
  if (config.is_list()) {
    from_config(config, sizes.values);
  } else {
    sizes.values = {config.as_integer()};
  }
}

Margins Margins::expanded(int axes, std::string_view owner, std::string_view name) const {
  Margins result = *this;
  if (axes == 1 && before.size() == 2 && before == after) {  // of one axis, a list is the pair
    result = Margins(std::vector{before[0]}, std::vector{before[1]});
  }
  for (auto* side : {&result.before, &result.after}) {
    if (side->size() == 1) side->resize(static_cast<std::size_t>(axes), side->front());
  }
  const auto fits = [axes](const std::vector<std::int64_t>& side) {
    return std::ssize(side) == axes && std::ranges::all_of(side, [](auto v) { return v >= 0; });
  };
  if (!fits(result.before) || !fits(result.after)) {
    refuse(owner, name, axes, to_config(*this), "at least 0");
  }
  return result;
}

Config to_config(const Margins& margins) {
  if (margins.before.size() == 1) return Config::List{margins.before[0], margins.after[0]};
  Config::List list;
  for (std::size_t i = 0; i < margins.before.size(); ++i) {
    list.push_back(Config::List{margins.before[i], margins.after[i]});
  }
  return list;
}

void from_config(const Config& config, Margins& margins) {
  margins = {};
  if (!config.is_list()) {
    margins = Margins(std::vector<std::int64_t>{config.as_integer()});
    return;
  }
  for (const Config& entry : config.as_list()) {
    std::vector<std::int64_t> pair;
    if (entry.is_list()) {
      from_config(entry, pair);
    } else {
      pair = {entry.as_integer(), entry.as_integer()};
    }
    if (pair.size() != 2)
      throw InvalidArgument("must be pairs of numbers, got " + config.to_string());
    margins.before.push_back(pair[0]);
    margins.after.push_back(pair[1]);
  }
}

}  // namespace tegula::nn
