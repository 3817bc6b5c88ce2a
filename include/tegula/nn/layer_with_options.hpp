#pragma once
// Base class of the built-in layers.

#include <string_view>
#include <tuple>
#include <utility>

#include "tegula/nn/layer.hpp"

namespace tegula::nn {

/// Base class of the built-in layers: options with a `name` field. A class that supports masks
/// says so by `static constexpr bool kSupportsMasking = true`.
template <typename Derived, HasFields OptionsType>
class LayerWithOptions : public WithOptions<LayerBase, Derived, OptionsType> {
 public:
  explicit LayerWithOptions(OptionsType options)
      : WithOptions<LayerBase, Derived, OptionsType>(std::move(options)) {
    this->set_name(this->options_.name, Derived::kName);
    this->options_.name = this->name();
    if constexpr (requires { Derived::kSupportsMasking; }) {
      this->supports_masking = Derived::kSupportsMasking;
    }
  }
  std::string_view class_name() const override {
    const std::string& subclass = this->overrides().class_name;
    return subclass.empty() ? std::string_view(Derived::kName) : subclass;
  }
  Config config() const override {
    return this->overrides().config ? this->overrides().config() : base_config();
  }
  Config base_config() const override {
    return WithOptions<LayerBase, Derived, OptionsType>::config();
  }

 protected:
  void check_change(std::string_view name, bool shapes_weights) const override {
    WithOptions<LayerBase, Derived, OptionsType>::check_change(name, shapes_weights);
    if (shapes_weights && this->built()) {
      throw_fixed_option(Derived::kName, name, "the layer's weights are made");
    }
  }
};

}  // namespace tegula::nn
