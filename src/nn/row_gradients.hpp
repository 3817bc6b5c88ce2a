#pragma once
// Updates of large tables, such as an Embedding's, that cost what the rows cost that a step looked
// up. Private to src/nn.

#include <cstdint>
#include <optional>

#include "tegula/graph/graph.hpp"
#include "tegula/nn/optimizer.hpp"

namespace tegula::nn {

/// A gradient that is 0 but for the rows of a variable that a step looked up.
struct RowGradient {
  /// A vector; rows may be looked up several times.
  Value indices;
  /// What each look adds to the gradient: a row for each index.
  Value rows;
  /// How many these are, with Keras's default for an unknown batch size.
  std::int64_t count = 0;
};

/// The gradient of a variable that was only read by `gather`, along its first axis; none otherwise.
std::optional<RowGradient> row_gradient(const Value& gradient, const Variable& variable);

/// Whether a step looks up so few of the variable's rows that an update of these alone is cheaper
/// than one of all.
bool is_small_part(const RowGradient& gradient, const Variable& variable);

/// `update` of a table and its slots, which a rule computed from their values and from `gradient`,
/// each row by itself; but of the rows alone that were looked up. The others keep their values.
OptimizerBase::Update on_rows(const OptimizerBase::Update& update, const Variable& table,
                              const Value& gradient, const RowGradient& looked_up);

}  // namespace tegula::nn
