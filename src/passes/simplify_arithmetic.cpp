// Identities of arithmetic, activations, comparisons and casts.

#include <cmath>

#include "src/passes/simplify_rules.hpp"

namespace tegula::passes {

namespace {

/// The other operand when one is a constant of `number` everywhere and dropping it keeps the type.
Value other_than(const Term& term, double number) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    if (is_uniform(term.input(i), number) && term.has_type_of(term.input(1 - i))) {
      return term.input(1 - i);
    }
  }
  return {};
}

Value first_if_second_is(const Term& term, double number) {
  return is_uniform(term.input(1), number) && term.has_type_of(term.input()) ? term.input()
                                                                             : Value();
}

/// Operand of `op` when the value is one.
Value operand_of(const Value& value, std::string_view op) {
  return is_op(value, op) ? value.node().input(0) : Value();
}

Value operand_again(const Term& term, TermBuilder&) { return term.input(); }

Value same_operands(const Term& term, TermBuilder&) {
  return term.input(0) == term.input(1) ? term.input() : Value();
}

Value undo(const Term& term, TermBuilder&) { return operand_of(term.input(), term.op.name); }

Value idempotent(const Term& term, TermBuilder&) {
  return is_op(term.input(), term.op.name) ? term.input() : Value();
}

/// op(neg x) is op(x)
Value ignore_sign(const Term& term, TermBuilder& builder) {
  const Value x = operand_of(term.input(), "neg");
  return x ? builder.make(term.op, std::span(&x, 1)) : Value();
}

Value add_negated(const Term& term, TermBuilder& builder) {
  if (const Value b = operand_of(term.input(1), "neg"))
    return builder.make("sub", {term.input(), b});
  if (const Value a = operand_of(term.input(0), "neg")) {
    return builder.make("sub", {term.input(1), a});
  }
  return {};
}

Value subtract_negated(const Term& term, TermBuilder& builder) {
  const Value b = operand_of(term.input(1), "neg");
  return b ? builder.make("add", {term.input(), b}) : Value();
}

Value multiply_by_itself(const Term& term, TermBuilder& builder) {
  const bool square = term.input(0) == term.input(1) && is_floating(term.type.dtype);
  return square ? builder.make("square", {term.input()}) : Value();
}

Value multiply_by_minus_one(const Term& term, TermBuilder& builder) {
  const Value x = other_than(term, -1);
  return x ? builder.make("neg", {x}) : Value();
}

Value multiply_negated(const Term& term, TermBuilder& builder) {
  const Value a = operand_of(term.input(0), "neg");
  const Value b = operand_of(term.input(1), "neg");
  return a && b ? builder.make("mul", {a, b}) : Value();
}

/// Exact: the reciprocal of a power of two is one, as long as it is a normal number.
Value divide_by_power_of_two(const Term& term, TermBuilder& builder) {
  const std::optional<double> divisor = uniform_value(term.input(1));
  if (!divisor || !is_floating(term.type.dtype)) return {};
  int exponent = 0;
  const bool power = std::abs(std::frexp(*divisor, &exponent)) == 0.5;
  if (!power || std::abs(exponent) > 100) return {};
  const Value factor =
      builder.constant(Tensor::full(term.type.dtype, term.input(1).shape(), 1 / *divisor));
  return builder.make("mul", {term.input(), factor});
}

Value one_divided(const Term& term, TermBuilder& builder) {
  const bool applies = is_floating(term.type.dtype) && is_uniform(term.input(0), 1) &&
                       term.has_type_of(term.input(1));
  return applies ? builder.make("reciprocal", {term.input(1)}) : Value();
}

Value reciprocal_of_root(const Term& term, TermBuilder& builder) {
  const Value x = operand_of(term.input(), "sqrt");
  return x ? builder.make("rsqrt", {x}) : Value();
}

Value known_power(const Term& term, TermBuilder& builder) {
  struct Power {
    double exponent;
    std::string_view op;
  };
  static constexpr Power kPowers[] = {
      {2, "square"}, {0.5, "sqrt"}, {-1, "reciprocal"}, {-0.5, "rsqrt"}};
  if (!is_floating(term.type.dtype) || !term.has_type_of(term.input())) return {};
  for (const Power& power : kPowers) {
    if (is_uniform(term.input(1), power.exponent)) return builder.make(power.op, {term.input()});
  }
  return {};
}

Value maximum_with_zero(const Term& term, TermBuilder& builder) {
  const Value x = other_than(term, 0);
  return x ? builder.make("relu", {x}) : Value();
}

Value exp_of_log_softmax(const Term& term, TermBuilder& builder) {
  const Value x = operand_of(term.input(), "log_softmax");
  return x ? builder.make("softmax", {x}, term.input().node().attrs()) : Value();
}

Value dropout_of_nothing(const Term& term, TermBuilder&) {
  return term.attrs.get<double>("rate") == 0 ? term.input() : Value();
}

Value known_condition(const Term& term, TermBuilder&) {
  const std::optional<double> condition = uniform_value(term.input(0));
  if (!condition) return {};
  const Value& chosen = term.input(*condition != 0 ? 1 : 2);
  return term.has_type_of(chosen) ? chosen : Value();
}

Value same_branches(const Term& term, TermBuilder&) {
  const bool same = term.input(1) == term.input(2) && term.has_type_of(term.input(1));
  return same ? term.input(1) : Value();
}

/// The gradient of dropout(relu(x)) draws the mask again. An element passes where the forward
/// result, which is there, is positive: x is, and it was kept.
Value mask_of_dropped_relu(const Term& term, TermBuilder& builder) {
  const Value& condition = term.input(0);
  const Value& slope = term.input(1);
  if (!is_op(condition, "greater") || !is_op(slope, "dropout")) return {};
  const Value activation = condition.node().input(0);
  const Value zero = condition.node().input(1);
  const bool applies = is_op(activation, "relu") && is_uniform(zero, 0) &&
                       is_uniform(term.input(2), 0) && activation.type() == term.type &&
                       slope.type() == term.type;
  if (!applies) return {};
  const Attrs& attrs = slope.node().attrs();
  const Value kept =
      builder.constant(Tensor::full(term.type.dtype, Shape{}, 1 - attrs.get<double>("rate")));
  const Value forward = builder.make("dropout", {activation}, attrs);
  return builder.make("where", {builder.make("greater", {forward, zero}),
                                builder.make("div", {slope.node().input(0), kept}), term.input(2)});
}

Value cast_to_same(const Term& term, TermBuilder&) {
  return term.has_type_of(term.input()) ? term.input() : Value();
}

/// Whether every value of `from` is one of `to`.
bool holds(DType to, DType from) {
  if (from == DType::boolean) return true;
  if (to == DType::f64) return from != DType::i64;
  if (to == DType::f32) return size_of(from) <= 2 && from != DType::f32;
  if (to == DType::i64) return is_integer(from);
  return to == DType::i32 && is_integer(from) && size_of(from) <= 2;
}

/// cast(cast(x, wider), dtype of x) is x
Value cast_there_and_back(const Term& term, TermBuilder&) {
  const Value x = operand_of(term.input(), "cast");
  return x && term.has_type_of(x) && holds(term.input().dtype(), x.dtype()) ? x : Value();
}

constexpr Rule kRules[] = {
    {"add", "x + 0 is x", [](const Term& t, TermBuilder&) { return other_than(t, 0); }},
    {"add", "x + -y is x - y", add_negated},
    {"sub", "x - 0 is x", [](const Term& t, TermBuilder&) { return first_if_second_is(t, 0); }},
    {"sub", "x - -y is x + y", subtract_negated},
    {"mul", "x * 1 is x", [](const Term& t, TermBuilder&) { return other_than(t, 1); }},
    {"mul", "x * -1 is -x", multiply_by_minus_one},
    {"mul", "-x * -y is x * y", multiply_negated},
    {"mul", "x * x is square(x)", multiply_by_itself},
    {"div", "x / 1 is x", [](const Term& t, TermBuilder&) { return first_if_second_is(t, 1); }},
    {"div", "x / 2^n is x * 2^-n", divide_by_power_of_two},
    {"div", "1 / x is reciprocal(x)", one_divided},
    {"reciprocal", "1 / sqrt(x) is rsqrt(x)", reciprocal_of_root},
    {"pow", "x^1 is x", [](const Term& t, TermBuilder&) { return first_if_second_is(t, 1); }},
    {"pow", "x^2 is square(x), likewise 1/2, -1 and -1/2", known_power},
    {"neg", "-(-x) is x", undo},
    {"abs", "abs(abs(x)) is abs(x)", idempotent},
    {"abs", "abs(-x) is abs(x)", ignore_sign},
    {"square", "square(-x) is square(x)", ignore_sign},
    {"relu", "relu(relu(x)) is relu(x)", idempotent},
    {"maximum", "maximum(x, x) is x", same_operands},
    {"maximum", "maximum(x, 0) is relu(x)", maximum_with_zero},
    {"minimum", "minimum(x, x) is x", same_operands},
    {"exp", "exp(log_softmax(x)) is softmax(x)", exp_of_log_softmax},
    {"dropout", "dropout of nothing is x", dropout_of_nothing},
    {"logical_and", "x and x is x", same_operands},
    {"logical_or", "x or x is x", same_operands},
    {"logical_not", "not not x is x", undo},
    {"where", "where(true, a, b) is a", known_condition},
    {"where", "where(c, a, a) is a", same_branches},
    {"where", "where(relu(x) > 0, dropout(g), 0) is where(dropout(relu(x)) > 0, g / kept, 0)",
     mask_of_dropped_relu},
    {"identity", "identity(x) is x", operand_again},
    {"stop_gradient", "stop_gradient(x) is x", operand_again},
    {"recomputed", "recomputed(y, ...) is y", operand_again},
    {"read_after", "read_after(v, assigned) is assigned",
     [](const Term& t, TermBuilder&) { return t.input(1); }},
    {"cast", "cast to the same dtype", cast_to_same},
    {"cast", "cast to a wider dtype and back", cast_there_and_back},
};

}  // namespace

std::span<const Rule> arithmetic_rules() { return kRules; }

}  // namespace tegula::passes
