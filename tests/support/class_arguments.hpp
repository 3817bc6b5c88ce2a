#pragma once
// Arguments for tests that make every class of the tables.

#include <string_view>

#include "tegula/nn/config.hpp"

namespace tegula::test {

/// Arguments of classes that cannot be made without.
inline nn::Config required_arguments(std::string_view class_name) {
  using nn::Config;
  if (class_name == "Dense") return Config::object({{"units", 3}});
  if (class_name == "Reshape") return Config::object({{"target_shape", Config::List{-1, 2}}});
  if (class_name == "InputLayer") return Config::object({{"shape", Config::List{4}}});
  if (class_name == "PiecewiseConstantDecay") {
    return Config::object({{"boundaries", Config::List{2.5}}, {"values", Config::List{0.1, 0.5}}});
  }
  return Config::object({});
}

}  // namespace tegula::test
