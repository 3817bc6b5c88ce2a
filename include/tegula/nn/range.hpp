#pragma once
// Which numbers an option may be.

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "tegula/core/export.hpp"
#include "tegula/nn/config.hpp"

namespace tegula::nn {

/// An interval of numbers. NaN is in none, an infinity only in those made with `or_infinite`; nor
/// is what overflows float32, in which options are computed with.
struct Range {
  static constexpr double kLargest = std::numeric_limits<float>::max();

  double lowest = -kLargest;
  double highest = kLargest;
  bool excludes_lowest = false;
  bool excludes_highest = false;

  constexpr bool contains(double value) const {
    return (excludes_lowest ? value > lowest : value >= lowest) &&
           (excludes_highest ? value < highest : value <= highest);
  }
  /// The same, and the infinities beyond the sides without a bound.
  constexpr Range or_infinite() const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    Range range = *this;
    if (!bounded_below()) range.lowest = -kInfinity;
    if (!bounded_above()) range.highest = kInfinity;
    return range;
  }
  constexpr bool bounded_below() const { return lowest > -kLargest; }
  constexpr bool bounded_above() const { return highest < kLargest; }
  constexpr bool operator==(const Range&) const = default;
  /// As it follows "must be": "> 0", "between 0 and 1"; "finite" without bounds.
  TEGULA_API std::string to_string() const;
};

/// Every number but NaN and infinities.
inline constexpr Range any_finite = {};
/// > 0, finite.
inline constexpr Range positive = {.lowest = 0, .excludes_lowest = true};
constexpr Range at_least(double lowest) { return {.lowest = lowest}; }
constexpr Range at_most(double highest) { return {.highest = highest}; }
/// Both bounds included.
constexpr Range in_range(double lowest, double highest) {
  return {.lowest = lowest, .highest = highest};
}
/// lowest <= x < highest
constexpr Range from_to_below(double lowest, double highest) {
  return {.lowest = lowest, .highest = highest, .excludes_highest = true};
}
/// lowest < x <= highest
constexpr Range above_to(double lowest, double highest) {
  return {.lowest = lowest, .highest = highest, .excludes_lowest = true};
}

/// Whether an option of type T is a number or holds numbers, so that it has to state their range.
/// Specialize it for types of your own that do.
template <typename T>
inline constexpr bool holds_numbers = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;
template <typename T>
inline constexpr bool holds_numbers<std::optional<T>> = holds_numbers<T>;
template <typename T>
inline constexpr bool holds_numbers<std::vector<T>> = holds_numbers<T>;
template <typename Key, typename T>
inline constexpr bool holds_numbers<std::map<Key, T>> = holds_numbers<T>;

/// Throws InvalidArgument, naming all four, when `value` is a number outside of the range or a list
/// with one; other values pass.
TEGULA_API void check_range(const Range& range, const Config& value, std::string_view owner,
                            std::string_view name);

}  // namespace tegula::nn
