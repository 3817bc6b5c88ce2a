#pragma once
// Algebraic identities as a table of small rules. Private to src/passes.

#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "src/passes/rewriter.hpp"

namespace tegula::passes {

/// A node of one output that is about to be built: its inputs are in the new graph already.
struct Term {
  const OpDef& op;
  std::span<const Value> inputs;
  const Attrs& attrs;
  ValueType type;

  const Value& input(std::size_t index = 0) const { return inputs[index]; }
  /// Whether `value` may stand for the term as far as types go.
  bool has_type_of(const Value& value) const { return value.type() == type; }
};

/// Builds the nodes that rules ask for; those are simplified in turn.
class TermBuilder {
 public:
  TermBuilder(GraphRewriter& rewriter, const Node& origin) : rewriter_(rewriter), origin_(origin) {}

  Value make(const OpDef& op, std::span<const Value> inputs, Attrs attrs = {});
  Value make(std::string_view op, std::initializer_list<Value> inputs, Attrs attrs = {}) {
    return make(find_op(op), std::span(inputs.begin(), inputs.size()), std::move(attrs));
  }
  Value constant(const Tensor& value);

 private:
  GraphRewriter& rewriter_;
  const Node& origin_;
};

struct Rule {
  std::string_view op;
  /// What the rule says: `x + 0 is x`.
  std::string_view doc;
  /// The value that stands for the term, or no value when the rule does not apply.
  Value (*apply)(const Term& term, TermBuilder& builder);
};

std::span<const Rule> arithmetic_rules();
std::span<const Rule> shape_rules();

/// The value of a constant whose elements are all equal.
std::optional<double> uniform_value(const Value& value);
inline bool is_uniform(const Value& value, double number) { return uniform_value(value) == number; }

}  // namespace tegula::passes
