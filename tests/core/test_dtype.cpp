// Names and sizes of dtypes, and the conversions of the two 16-bit formats.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "tegula/core/dtype.hpp"

using namespace tegula;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The value of a binary format with these field widths, straight from IEEE 754's definition.
double value_of(std::uint16_t bits, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
  const int fraction = bits & ((1 << fraction_bits) - 1);
  const double sign = bits >> 15 != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction == 0 ? sign * HUGE_VAL : std::nan("");
  }
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp((1 << fraction_bits) + fraction, exponent - bias - fraction_bits);
}

/// Checks decoding of all 65,536 values, and encoding at every value, at every midpoint between two
/// neighbours and at the floats next to it: rounding is right everywhere if it is right there.
template <typename T>
void check_format(int exponent_bits, int fraction_bits) {
  const auto bits_of = [](float value) { return static_cast<int>(T(value).bits); };
  const auto decoded = [](int bits) {
    T value;
    value.bits = static_cast<std::uint16_t>(bits);
    return static_cast<float>(value);
  };
  const int infinity = ((1 << exponent_bits) - 1) << fraction_bits;
  int wrong = 0;
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const double expected =
        value_of(static_cast<std::uint16_t>(bits), exponent_bits, fraction_bits);
    const float value = decoded(bits);
    if (std::isnan(expected)) {
      wrong += !std::isnan(value) || !std::isnan(decoded(bits_of(value)));
      wrong += std::signbit(decoded(bits_of(value))) != (bits >> 15 != 0);
    } else {
      wrong += static_cast<double>(value) != expected || bits_of(value) != bits;
    }
  }
  CHECK(wrong == 0);
  for (int bits = 0; bits < infinity; ++bits) {
    const double below = decoded(bits);
    // Beyond the largest value the grid goes on as if the exponent did.
    const double above = bits + 1 < infinity ? static_cast<double>(decoded(bits + 1))
                                             : 2 * below - decoded(bits - 1);
    const double exact = (below + above) / 2;
    const auto middle = static_cast<float>(exact);
    wrong += static_cast<double>(middle) != exact;
    for (const int sign : {0, 0x8000}) {
      const float factor = sign == 0 ? 1.0f : -1.0f;
      wrong += bits_of(factor * middle) != sign + (bits % 2 == 0 ? bits : bits + 1);
      wrong += bits_of(factor * std::nextafter(middle, 0.0f)) != sign + bits;
      wrong += bits_of(factor * std::nextafter(middle, kInfinity)) != sign + bits + 1;
    }
  }
  CHECK(wrong == 0);
  CHECK(bits_of(std::numeric_limits<float>::max()) == infinity);
  CHECK(bits_of(-kInfinity) == infinity + 0x8000);
}

}  // namespace

TEST_CASE("dtypes have their names and sizes") {
  struct Case {
    DType dtype;
    const char* name;
    const char* numpy;
    std::size_t size;
    bool floating;
    bool integer;
  };
  const Case cases[] = {
      {DType::f32, "f32", "float32", 4, true, false},
      {DType::f64, "f64", "float64", 8, true, false},
      {DType::f16, "f16", "float16", 2, true, false},
      {DType::bf16, "bf16", "bfloat16", 2, true, false},
      {DType::i8, "i8", "int8", 1, false, true},
      {DType::u8, "u8", "uint8", 1, false, true},
      {DType::i32, "i32", "int32", 4, false, true},
      {DType::i64, "i64", "int64", 8, false, true},
      {DType::boolean, "bool", "bool", 1, false, false},
  };
  CHECK(std::size(cases) == std::size(kAllDTypes));
  for (const Case& c : cases) {
    CHECK(to_string(c.dtype) == c.name);
    CHECK(numpy_name(c.dtype) == c.numpy);
    CHECK(dtype_from_string(c.name) == c.dtype);
    CHECK(dtype_from_string(c.numpy) == c.dtype);
    CHECK(size_of(c.dtype) == c.size);
    CHECK(is_floating(c.dtype) == c.floating);
    CHECK(is_integer(c.dtype) == c.integer);
    visit_dtype(c.dtype, [&]<typename T>() {
      CHECK(dtype_of<T> == c.dtype);
      CHECK(sizeof(T) == c.size);
    });
  }
}

TEST_CASE("an unknown dtype is named together with the known ones") {
  CHECK_THROWS_WITH_AS(dtype_from_string("float128"),
                       "unknown dtype \"float128\"; known are float32, float64, float16, bfloat16, "
                       "int8, uint8, int32, int64, bool",
                       DTypeError);
  CHECK_THROWS_WITH_AS(to_string(static_cast<DType>(99)), "unknown dtype value 99", DTypeError);
  CHECK_THROWS_AS(visit_dtype(static_cast<DType>(99), []<typename T>() {}), DTypeError);
}

TEST_CASE("float16 is IEEE 754 binary16, rounded to nearest even") { check_format<float16>(5, 10); }

TEST_CASE("bfloat16 has binary32's exponent, rounded to nearest even") {
  check_format<bfloat16>(8, 7);
}
