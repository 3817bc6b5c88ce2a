#include "src/graph/storage.hpp"

#include <algorithm>
#include <functional>
#include <type_traits>

#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

namespace {

/// A copy of `values` that lives as long as `memory`.
template <typename T>
std::span<const T> kept(std::span<const T> values, std::pmr::memory_resource& memory) {
  static_assert(std::is_trivially_destructible_v<T>);
  if (values.empty()) return {};
  T* const copy = static_cast<T*>(memory.allocate(values.size_bytes(), alignof(T)));
  std::uninitialized_copy(values.begin(), values.end(), copy);
  return {copy, values.size()};
}

}  // namespace

std::size_t hash_of_name(std::string_view name) { return std::hash<std::string_view>()(name); }

Node* NameTable::find(std::string_view name, std::size_t hash) const {
  if (slots_.empty()) return nullptr;
  for (std::size_t slot = home(hash); slots_[slot].node != nullptr; slot = next(slot)) {
    if (slots_[slot].hash == hash && slots_[slot].node->name() == name) return slots_[slot].node;
  }
  return nullptr;
}

void NameTable::insert(Node& node, std::size_t hash) {
  if (slots_.size() <= 2 * used_) grow();
  std::size_t slot = home(hash);
  while (slots_[slot].node != nullptr) slot = next(slot);
  slots_[slot] = {&node, hash};
  ++used_;
}

/// Moves later entries of the run up, so that none is behind a free slot.
void NameTable::erase(const Node& node, std::size_t hash) {
  std::size_t hole = home(hash);
  while (slots_[hole].node != &node) hole = next(hole);
  --used_;
  for (std::size_t slot = next(hole); slots_[slot].node != nullptr; slot = next(slot)) {
    const std::size_t distance = (slot - home(slots_[slot].hash)) & (slots_.size() - 1);
    const std::size_t to_hole = (slot - hole) & (slots_.size() - 1);
    if (distance < to_hole) continue;  // it would come before its home
    slots_[hole] = slots_[slot];
    hole = slot;
  }
  slots_[hole] = {};
}

void NameTable::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(std::max<std::size_t>(16, 2 * old.size()), {});
  used_ = 0;
  for (const Slot& slot : old) {
    if (slot.node != nullptr) insert(*slot.node, slot.hash);
  }
}

std::shared_ptr<const NodeName> GraphStorage::unique_name(std::string name) {
  const std::size_t hash = hash_of_name(name);
  if (by_name.find(name, hash) == nullptr) {
    return std::make_shared<const NodeName>(NodeName{std::move(name), hash});
  }
  int& count = name_counts[hash];
  NodeName candidate;
  do {
    candidate.text = name + "_" + std::to_string(++count);
    candidate.hash = hash_of_name(candidate.text);
  } while (by_name.find(candidate.text, candidate.hash) != nullptr);
  return std::make_shared<const NodeName>(std::move(candidate));
}

std::shared_ptr<const NodeName> GraphStorage::unique_name(
    const std::shared_ptr<const NodeName>& name) {
  return by_name.find(name->text, name->hash) == nullptr ? name : unique_name(name->text);
}

Node& GraphStorage::append(const OpDef& op, std::span<const Value> inputs, Attrs attrs,
                           std::span<const ValueType> outputs, std::shared_ptr<const NodeName> name,
                           SourceLocation location) {
  Node& node = nodes.emplace_back();
  node.storage_ = this;
  node.id_ = static_cast<int>(nodes.size()) - 1;
  node.op_ = &op;
  node.name_ = std::move(name);
  node.inputs_ = kept(inputs, memory_);
  node.outputs_ = kept(outputs, memory_);
  node.attrs_ = std::move(attrs);
  node.location_ = location;
  by_name.insert(node, node.name_->hash);
  if (op.name == "variable") variables.push_back(&node);
  return node;
}

void GraphStorage::rename(Node& node, std::string_view name) {
  by_name.erase(node, node.name_->hash);
  node.name_ = unique_name(std::string(name));
  by_name.insert(node, node.name_->hash);
}

InputTypes::InputTypes(std::span<const Value> inputs) {
  if (inputs.size() > few_.size()) many_.resize(inputs.size());
  ValueType* const types = inputs.size() > few_.size() ? many_.data() : few_.data();
  for (std::size_t i = 0; i < inputs.size(); ++i) types[i] = inputs[i].type();
  types_ = {types, inputs.size()};
}

}  // namespace tegula::detail
