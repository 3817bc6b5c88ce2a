#include "src/nn/row_gradients.hpp"

#include <vector>

#include "src/graph/rebuild.hpp"
#include "tegula/graph/numeric.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/graph/sequences.hpp"

namespace tegula::nn {

namespace {

/// The gradients that were added up.
std::vector<Value> summands(const Value& gradient) {
  if (gradient.node().op().name != "add") return {gradient};
  std::vector<Value> all = summands(gradient.node().input(0));
  const std::vector<Value> right = summands(gradient.node().input(1));
  all.insert(all.end(), right.begin(), right.end());
  return all;
}

std::int64_t expected_count(const Shape& indices) {
  constexpr std::int64_t kDefaultBatch = 32;
  std::int64_t count = 1;
  for (const std::int64_t dim : indices) count *= dim == kUnknown ? kDefaultBatch : dim;
  return count;
}

std::optional<RowGradient> one_row_gradient(const Value& gradient, const Variable& variable) {
  const Node& node = gradient.node();
  if (node.op().name != "gather_gradient" || !(node.input(2) == variable)) return std::nullopt;
  const std::int64_t axis = node.attrs().get<std::int64_t>("axis");
  if (normalize_axis(axis, variable.shape().rank()) != 0) return std::nullopt;
  std::vector<std::int64_t> rows(variable.shape().begin(), variable.shape().end());
  rows[0] = kUnknown;
  const Value indices = node.input(1);
  return RowGradient{reshape(indices, {kUnknown}), reshape(node.input(0), rows),
                     expected_count(indices.shape())};
}

}  // namespace

std::optional<RowGradient> row_gradient(const Value& gradient, const Variable& variable) {
  std::vector<Value> indices;
  std::vector<Value> rows;
  std::int64_t count = 0;
  for (const Value& summand : summands(gradient)) {
    const std::optional<RowGradient> one = one_row_gradient(summand, variable);
    if (!one) return std::nullopt;
    if (summand == gradient) return one;
    indices.push_back(cast(one->indices, DType::i64));
    rows.push_back(one->rows);
    count += one->count;
  }
  return RowGradient{concat(indices, 0), concat(rows, 0), count};
}

bool is_small_part(const RowGradient& gradient, const Variable& variable) {
  // Summing, reading, updating and writing a row takes about this many times what updating it in
  // place takes.
  constexpr std::int64_t kCostOfRow = 4;
  return gradient.count * kCostOfRow < variable.shape()[0];
}

OptimizerBase::Update on_rows(const OptimizerBase::Update& update, const Variable& table,
                              const Value& gradient, const RowGradient& looked_up) {
  const Value indices = looked_up.indices;
  std::vector<Value> whole = {gradient, table};
  std::vector<Value> rows = {sum_rows_by_index(looked_up.rows, indices), gather(table, indices)};
  std::vector<Value> results = {update.weight};
  for (const auto& [slot, value] : update.slots) {
    whole.push_back(slot);
    rows.push_back(gather(slot, indices));
    results.push_back(value);
  }
  results = rebuilt(results, whole, rows);
  OptimizerBase::Update updated{scatter(table, indices, results[0]), {}};
  for (std::size_t i = 0; i < update.slots.size(); ++i) {
    const Variable& slot = update.slots[i].first;
    updated.slots.emplace_back(slot, scatter(slot, indices, results[i + 1]));
  }
  return updated;
}

}  // namespace tegula::nn
