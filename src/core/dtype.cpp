#include "tegula/core/dtype.hpp"

#include <string>

namespace tegula {

namespace {

struct Names {
  DType dtype;
  std::string_view name;
  std::string_view numpy;
};

constexpr Names kNames[] = {
    {DType::f32, "f32", "float32"},   {DType::f64, "f64", "float64"},
    {DType::f16, "f16", "float16"},   {DType::bf16, "bf16", "bfloat16"},
    {DType::i8, "i8", "int8"},        {DType::u8, "u8", "uint8"},
    {DType::i32, "i32", "int32"},     {DType::i64, "i64", "int64"},
    {DType::boolean, "bool", "bool"},
};

const Names& names(DType dtype) {
  const auto index = static_cast<std::size_t>(dtype);
  if (index >= std::size(kNames)) {
    throw DTypeError("unknown dtype value " + std::to_string(index));
  }
  return kNames[index];
}

}  // namespace

std::string_view to_string(DType dtype) { return names(dtype).name; }

std::string_view numpy_name(DType dtype) { return names(dtype).numpy; }

DType dtype_from_string(std::string_view name) {
  std::string known;
  for (const Names& entry : kNames) {
    if (name == entry.name || name == entry.numpy) return entry.dtype;
    known += known.empty() ? "" : ", ";
    known += entry.numpy;
  }
  throw DTypeError("unknown dtype \"" + std::string(name) + "\"; known are " + known);
}

float16::float16(float value) {
  const std::uint32_t word = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (word >> 16) & 0x8000u;
  const std::uint32_t magnitude = word & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) {  // NaN: keep it quiet
    bits = static_cast<std::uint16_t>(sign | 0x7E00u);
  } else if (magnitude >= 0x477FF000u) {  // rounds to or above 65520: infinity
    bits = static_cast<std::uint16_t>(sign | 0x7C00u);
  } else if (magnitude < 0x38800000u) {  // below 2^-14: subnormal; the FPU rounds for us
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;  // ulp of 0.5f is 2^-24
    bits = static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000u));
  } else {
    const std::uint32_t rounded = magnitude - 0x38000000u + 0xFFFu + ((magnitude >> 13) & 1u);
    bits = static_cast<std::uint16_t>(sign | (rounded >> 13));
  }
}

float16::operator float() const {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1Fu;
  const std::uint32_t fraction = bits & 0x3FFu;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000u | (fraction << 13));
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1.0p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

bfloat16::bfloat16(float value) {
  const std::uint32_t word = std::bit_cast<std::uint32_t>(value);
  if ((word & 0x7FFFFFFFu) > 0x7F800000u) {
    bits = static_cast<std::uint16_t>((word >> 16) | 0x40u);
    return;
  }
  bits = static_cast<std::uint16_t>((word + 0x7FFFu + ((word >> 16) & 1u)) >> 16);
}

}  // namespace tegula
