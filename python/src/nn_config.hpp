#pragma once
// Configs from and to Python's plain data: None, bool, int, float, str, list and dict.

#include <pybind11/pybind11.h>

#include "tegula/nn/config.hpp"

namespace tegula::python {

/// Tuples become lists, NumPy scalars numbers. Throws TypeError for anything else.
nn::Config config_from_object(pybind11::handle object);
pybind11::object object_from_config(const nn::Config& config);

}  // namespace tegula::python

namespace pybind11::detail {

template <>
struct type_caster<tegula::nn::Config> {
  PYBIND11_TYPE_CASTER(tegula::nn::Config, const_name("object"));
  bool load(handle source, bool) {
    if (!source) return false;
    value = tegula::python::config_from_object(source);
    return true;
  }
  static handle cast(const tegula::nn::Config& config, return_value_policy, handle) {
    return tegula::python::object_from_config(config).release();
  }
};

}  // namespace pybind11::detail
