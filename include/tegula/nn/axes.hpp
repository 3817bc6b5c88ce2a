#pragma once
// Axes as an option of a class: null for all, one, or a list.

#include <string>

#include "tegula/graph/ops.hpp"
#include "tegula/nn/fields.hpp"

namespace tegula {

// Beside Axes, where the templates over options look for them.
inline std::string type_name(const Axes&) { return "axes"; }
TEGULA_API nn::Config to_config(const Axes& axes);
TEGULA_API void from_config(const nn::Config& config, Axes& axes);

}  // namespace tegula

namespace tegula::nn {

template <>
inline constexpr bool holds_numbers<Axes> = true;

}  // namespace tegula::nn
