#pragma once
// Division rounded down and its remainder, exact, by the rule of Python and TensorFlow: the
// remainder is zero or has the divisor's sign.

#include <cmath>
#include <cstdint>

#include "tegula/core/error.hpp"

namespace tegula::detail {

/// In [0, b) for b > 0, in (b, 0] for b < 0, as far as a floating-point number can say so: what
/// rounds up to b is b. NaN for b = 0 and for an infinite a.
inline double floor_remainder(double a, double b) {
  const double remainder = std::fmod(a, b);
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

/// The largest integer <= a / b, where the quotient itself may round up to the next one; a / b for
/// b = 0 and for an infinite a.
inline double floor_quotient(double a, double b) {
  if (b == 0 || std::isinf(a)) return a / b;
  const double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;  // within rounding of the quotient towards zero
  if (remainder != 0 && (remainder < 0) != (b < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(0.0, a / b);
  return std::nearbyint(quotient);
}

[[noreturn]] inline void refuse_division_by_zero() {
  throw RunError("division of an integer by zero");
}

/// Wraps around where the quotient of the smallest integer and -1 would overflow.
inline std::int64_t truncated_quotient(std::int64_t a, std::int64_t b) {
  if (b == 0) refuse_division_by_zero();
  if (b == -1) return static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(a));
  return a / b;
}

inline std::int64_t floor_remainder(std::int64_t a, std::int64_t b) {
  if (b == 0) refuse_division_by_zero();
  if (b == -1) return 0;
  const std::int64_t remainder = a % b;
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

inline std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = truncated_quotient(a, b);
  return b != -1 && a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

}  // namespace tegula::detail
