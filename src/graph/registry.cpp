// The table of all ops, filled on first use.

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_map>

#include "src/core/made_before_fork.hpp"
#include "src/core/similar_names.hpp"
#include "src/graph/place.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace ops {
/// Defined in src/ops: the only thing that this room asks of the one above it, by declaration, so
/// that a static library links every op without start-up code.
void register_all(OpRegistry& registry);
}  // namespace ops

namespace {

using OpTable = std::map<std::string, std::unique_ptr<OpDef>, std::less<>>;

OpTable*& table_being_filled() {
  static OpTable* table = nullptr;
  return table;
}

const OpTable& table() {
  static const OpTable filled = [] {
    OpTable ops;
    table_being_filled() = &ops;
    OpRegistry registry;
    ops::register_all(registry);
    table_being_filled() = nullptr;
    return ops;
  }();
  return filled;
}

}  // namespace

OpDef& OpRegistry::add(OpDef definition) {
  OpTable& ops = *table_being_filled();
  if (definition.name.empty() || definition.doc.empty() || !definition.infer) {
    throw InvalidArgument("op \"" + definition.name + "\" needs a name, a doc and an infer rule");
  }
  auto [position, inserted] = ops.try_emplace(definition.name, nullptr);
  if (!inserted) throw InvalidArgument("op \"" + definition.name + "\" is registered twice");
  position->second = std::make_unique<OpDef>(std::move(definition));
  return *position->second;
}

const OpDef* try_find_op(std::string_view name) {
  // Hashed, because every node that is built asks.
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const OpDef*> ops;
    for (const auto& [known, op] : table()) ops.emplace(known, op.get());
    return ops;
  }();
  const auto position = by_name.find(name);
  return position == by_name.end() ? nullptr : position->second;
}

namespace {

const detail::MadeBeforeFork kMadeBeforeFork([] { try_find_op({}); });

}  // namespace

const OpDef& find_op(std::string_view name) {
  if (const OpDef* op = try_find_op(name)) return *op;
  std::vector<std::string> names;
  for (const auto& [known, op] : table()) names.push_back(known);
  throw NotFound("there is no op \"" + std::string(name) + "\"" + did_you_mean(name, names));
}

std::vector<const OpDef*> all_ops() {
  std::vector<const OpDef*> ops;
  for (const auto& [name, op] : table()) ops.push_back(op.get());
  return ops;
}

RandomKey random_key(const Attrs& attrs, const RandomKey& run) {
  RandomKey key = run;
  key.op_id = static_cast<std::uint32_t>(attrs.get<std::int64_t>("op_id"));
  const std::int64_t seed = attrs.get<std::int64_t>("seed");
  if (seed >= 0) key.seed = static_cast<std::uint64_t>(seed);
  return key;
}

Cost node_cost(const Node& node) {
  const std::vector<ValueType> inputs = types_of(node.inputs());
  if (node.op().cost) return node.op().cost(inputs, node.outputs(), node.attrs());
  Cost cost;
  const auto add_bytes = [&cost](std::span<const ValueType> types) {
    for (const ValueType& type : types) {
      cost.bytes += static_cast<double>(type.shape.element_count()) *
                    static_cast<double>(size_of(type.dtype));
    }
  };
  add_bytes(inputs);
  add_bytes(node.outputs());
  return cost;
}

}  // namespace tegula
