#pragma once
// The one definition of how a value of one dtype becomes a value of another.

#include <cmath>
#include <limits>
#include <type_traits>

#include "tegula/core/dtype.hpp"

namespace tegula::detail {

template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (std::is_same_v<From, float16> || std::is_same_v<From, bfloat16>) {
    return convert<To>(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From{};
  } else if constexpr (std::is_same_v<To, float16> || std::is_same_v<To, bfloat16>) {
    return To(static_cast<float>(value));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    // Out-of-range conversions are undefined in C++; saturate, and map NaN to 0.
    if (std::isnan(value)) return To{0};
    constexpr auto kLowest = std::numeric_limits<To>::lowest();
    constexpr auto kHighest = std::numeric_limits<To>::max();
    if (value <= static_cast<From>(kLowest)) return kLowest;
    if (value >= static_cast<From>(kHighest)) return kHighest;
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace tegula::detail
