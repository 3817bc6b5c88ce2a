#pragma once
// Element types of tensors, and the two 16-bit storage formats C++20 does not have.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "tegula/core/error.hpp"
#include "tegula/core/export.hpp"

namespace tegula {

/// Element type. The text form is the enumerator's name, except `boolean`, which is "bool".
enum class DType : std::uint8_t { f32, f64, f16, bf16, i8, u8, i32, i64, boolean };

inline constexpr DType kAllDTypes[] = {DType::f32, DType::f64, DType::f16, DType::bf16,   DType::i8,
                                       DType::u8,  DType::i32, DType::i64, DType::boolean};

/// Bytes per element.
constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
      return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return 1;
  }
  return 0;
}

constexpr bool is_floating(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f64 || dtype == DType::f16 || dtype == DType::bf16;
}

constexpr bool is_integer(DType dtype) {
  return dtype == DType::i8 || dtype == DType::u8 || dtype == DType::i32 || dtype == DType::i64;
}

/// Short name as in the graph's text form: "f32", "i64", "bool".
TEGULA_API std::string_view to_string(DType dtype);
/// NumPy's name: "float32", "int64", "bool".
TEGULA_API std::string_view numpy_name(DType dtype);
/// Accepts the short and NumPy's names. Throws DTypeError listing the known ones.
TEGULA_API DType dtype_from_string(std::string_view name);

/// IEEE 754 binary16, storage only: converts to and from float, rounding to nearest even.
struct float16 {
  std::uint16_t bits = 0;

  float16() = default;
  TEGULA_API explicit float16(float value);
  TEGULA_API explicit operator float() const;
};

/// Upper half of a binary32, storage only: converts to and from float, rounding to nearest even.
struct bfloat16 {
  std::uint16_t bits = 0;

  bfloat16() = default;
  TEGULA_API explicit bfloat16(float value);
  explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
};

namespace detail {
template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::f32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::f64;
};
template <>
struct DTypeOf<float16> {
  static constexpr DType value = DType::f16;
};
template <>
struct DTypeOf<bfloat16> {
  static constexpr DType value = DType::bf16;
};
template <>
struct DTypeOf<std::int8_t> {
  static constexpr DType value = DType::i8;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::u8;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType value = DType::i32;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::i64;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};
}  // namespace detail

/// C++ types that can be tensor elements.
template <typename T>
concept Element = requires {
  detail::DTypeOf<T>::value;
};

template <Element T>
inline constexpr DType dtype_of = detail::DTypeOf<T>::value;

/// Calls `function.template operator()<T>()` with the C++ type of `dtype` and returns its result.
template <typename Function>
decltype(auto) visit_dtype(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::f32:
      return function.template operator()<float>();
    case DType::f64:
      return function.template operator()<double>();
    case DType::f16:
      return function.template operator()<float16>();
    case DType::bf16:
      return function.template operator()<bfloat16>();
    case DType::i8:
      return function.template operator()<std::int8_t>();
    case DType::u8:
      return function.template operator()<std::uint8_t>();
    case DType::i32:
      return function.template operator()<std::int32_t>();
    case DType::i64:
      return function.template operator()<std::int64_t>();
    case DType::boolean:
      return function.template operator()<bool>();
  }
  throw DTypeError("unknown dtype value " + std::to_string(static_cast<int>(dtype)));
}

}  // namespace tegula
