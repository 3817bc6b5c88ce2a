// Ops of integers only: their bits and their divisors.

#include <cmath>
#include <numeric>

#include "src/ops/family.hpp"
#include "tegula/graph/numeric.hpp"

namespace tegula::ops {

namespace {

constexpr std::int64_t kBits = 64;

/// Of bits beyond the dtype nothing is kept; a negative shift, or one by all bits, leaves none.
std::int64_t shifted_left(std::int64_t a, std::int64_t b) {
  return b < 0 || b >= kBits ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << b);
}

/// Fills with the sign.
std::int64_t shifted_right(std::int64_t a, std::int64_t b) {
  const std::int64_t sign = a < 0 ? -1 : 0;
  return b < 0 || b >= kBits ? sign : a >> b;
}

std::int64_t greatest_divisor(std::int64_t a, std::int64_t b) { return std::gcd(a, b); }

struct IntegerOp {
  const char* name;
  const char* doc;
  IntegerBinaryFunction evaluate;
  bool commutative = true;
};

constexpr IntegerOp kOps[] = {
    {"bitwise_and", "The bits that both have",
     [](std::int64_t a, std::int64_t b) { return a & b; }},
    {"bitwise_or", "The bits that either has",
     [](std::int64_t a, std::int64_t b) { return a | b; }},
    {"bitwise_xor", "The bits that one of them has",
     [](std::int64_t a, std::int64_t b) { return a ^ b; }},
    {"left_shift", "The bits of a, moved up by b", shifted_left, false},
    {"right_shift", "The bits of a, moved down by b; the sign stays", shifted_right, false},
    {"gcd", "The greatest common divisor of |a| and |b|", greatest_divisor},
};

}  // namespace

void register_integers(OpRegistry& registry);

void register_integers(OpRegistry& registry) {
  for (const IntegerOp& op : kOps) {
    binary(registry, {.name = op.name,
                      .doc = op.doc,
                      .evaluate = nullptr,
                      .on_integers = op.evaluate,
                      .accepts = Accepts::integers,
                      .commutative = op.commutative,
                      .low_a = -40,
                      .high_a = 40,
                      .low_b = 0,
                      .high_b = 9,
                      .fusion = FusionClass::opaque});
  }
}

}  // namespace tegula::ops

namespace tegula {

Value bitwise_and(Operand a, Operand b) { return build("bitwise_and", {a, b}); }
Value bitwise_or(Operand a, Operand b) { return build("bitwise_or", {a, b}); }
Value bitwise_xor(Operand a, Operand b) { return build("bitwise_xor", {a, b}); }
Value left_shift(Operand a, Operand b) { return build("left_shift", {a, b}); }
Value right_shift(Operand a, Operand b) { return build("right_shift", {a, b}); }
Value gcd(Operand a, Operand b) { return build("gcd", {a, b}); }

}  // namespace tegula
