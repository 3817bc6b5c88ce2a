#include "tegula/nn/range.hpp"

#include <cmath>

namespace tegula::nn {

namespace {

/// 1 as "1", 0.5 as "0.5".
std::string plain_number(double value) {
  constexpr double kExact = 0x1.0p53;
  const bool whole = value == std::floor(value) && std::abs(value) <= kExact;
  return whole ? std::to_string(static_cast<std::int64_t>(value)) : Config(value).to_string();
}

std::optional<double> number_of(const Config& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value.storage())) {
    return static_cast<double>(*integer);
  }
  if (const auto* real = std::get_if<double>(&value.storage())) return *real;
  return {};
}

}  // namespace

std::string Range::to_string() const {
  const bool infinite = std::isinf(lowest) || std::isinf(highest);
  if (!bounded_below() && !bounded_above()) return infinite ? "a number, not NaN" : "finite";
  const std::string low = plain_number(lowest);
  const std::string high = plain_number(highest);
  if (bounded_below() && bounded_above() && !excludes_lowest && !excludes_highest) {
    return "between " + low + " and " + high;
  }
  std::string text;
  if (bounded_below()) text = (excludes_lowest ? "> " : ">= ") + low;
  if (bounded_above()) {
    text += (text.empty() ? "" : " and ") + std::string(excludes_highest ? "< " : "<= ") + high;
  }
  return text + (infinite ? " or infinite" : "");
}

void check_range(const Range& range, const Config& value, std::string_view owner,
                 std::string_view name) {
  if (value.is_list()) {
    for (const Config& item : value.as_list()) check_range(range, item, owner, name);
    return;
  }
  const std::optional<double> number = number_of(value);
  if (!number || range.contains(*number)) return;
  std::string expected = range.to_string();
  const bool overflows = std::abs(*number) > Range::kLargest;
  if (overflows && expected != "finite") expected += " and finite";
  if (overflows && std::isfinite(*number)) expected += " in float32";
  throw InvalidArgument(std::string(owner) + ": `" + std::string(name) + "` must be " + expected +
                        ", got " + value.to_string());
}

}  // namespace tegula::nn
