#include "tegula/nn/axes.hpp"

namespace tegula {

nn::Config to_config(const Axes& axes) {
  if (!axes) return nullptr;
  return axes->size() == 1 ? nn::Config(axes->front()) : nn::to_config(*axes);
}

void from_config(const nn::Config& config, Axes& axes) {
  axes = {};
  if (config.is_null()) return;
  if (config.is_list()) {
    nn::from_config(config, axes.emplace());
  } else {
    axes = Axes(config.as_integer());
  }
}

}  // namespace tegula
