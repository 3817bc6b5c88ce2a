// Division: exact quotients, quotients rounded down, and what these leave.

#include "src/core/division.hpp"

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

using Values = std::vector<Value>;

bool is_nonzero_constant(Value value) {
  if (value.node().op().name != "constant") return false;
  const Tensor& tensor = value.node().attrs().get<Tensor>("value");
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    if (tensor.at(i) == 0) return false;
  }
  return true;
}

Values quotient_gradient(Value, Value b, Value y, Value dy) {
  const Value da = dy / b;
  const Value db = -(da * y);
  if (is_nonzero_constant(b)) return {da, db};
  return {where_flows(dy, da), where_flows(dy, db)};
}

/// a - floordiv(a, b) b, whose quotient is constant nearly everywhere.
Values remainder_gradient(Value a, Value b, Value, Value dy) {
  return {dy, where_flows(dy, -(dy * floordiv(a, b)))};
}

}  // namespace

void register_division(OpRegistry& registry) {
  binary(registry, {.name = "div",
                    .doc = "a / b; integers truncate towards zero, and x / 0 is a RunError",
                    .evaluate = [](double a, double b) { return a / b; },
                    .on_integers = detail::truncated_quotient,
                    .gradient = quotient_gradient,
                    .low_b = 1,
                    .high_b = 3});
  binary(registry, {.name = "floordiv",
                    .doc = "The largest integer <= a / b; for integers, x / 0 is a RunError",
                    .evaluate = detail::floor_quotient,
                    .on_integers = detail::floor_quotient,
                    .gradient =
                        [](Value, Value, Value, Value) {
                          return Values{Value(), Value()};
                        },
                    .low_b = 1,
                    .high_b = 3,
                    .fusion = FusionClass::opaque});
  binary(registry,
         {.name = "floormod",
          .doc = "a - floordiv(a, b) · b, exactly: 0 or of b's sign; for integers, b = 0 is a "
                 "RunError",
          .evaluate = detail::floor_remainder,
          .on_integers = detail::floor_remainder,
          .gradient = remainder_gradient,
          .low_b = 1,
          .high_b = 3,
          .fusion = FusionClass::opaque});
}

}  // namespace tegula::ops

namespace tegula {

Value div(Operand a, Operand b) { return build("div", {a, b}); }
Value floordiv(Operand a, Operand b) { return build("floordiv", {a, b}); }
Value floormod(Operand a, Operand b) { return build("floormod", {a, b}); }

}  // namespace tegula
