#include "src/graph/storage.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <type_traits>

#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

namespace {

/// A copy of `values` that lives as long as `memory`.
std::span<const Value> kept(std::span<const Value> values, std::pmr::memory_resource& memory) {
  static_assert(std::is_trivially_destructible_v<Value>);
  if (values.empty()) return {};
  auto* const copy = static_cast<Value*>(memory.allocate(values.size_bytes(), alignof(Value)));
  std::uninitialized_copy(values.begin(), values.end(), copy);
  return {copy, values.size()};
}

}  // namespace

std::size_t hash_of_name(std::string_view name) { return std::hash<std::string_view>()(name); }

Node* NameTable::find(std::string_view name, std::size_t hash) const {
  if (slots_.empty()) return nullptr;
  const auto tag = static_cast<std::uint32_t>(hash);
  for (std::size_t slot = home(tag); slots_[slot].id != kFree; slot = next(slot)) {
    if (slots_[slot].tag != tag) continue;
    Node& node = nodes_[static_cast<std::size_t>(slots_[slot].id)];
    if (node.name() == name) return &node;
  }
  return nullptr;
}

void NameTable::make_room() {
  if (slots_.size() <= 2 * used_) resize(std::max<std::size_t>(16, 2 * slots_.size()));
}

void NameTable::insert(const Node& node, std::size_t hash) {
  place({node.id(), static_cast<std::uint32_t>(hash)});
}

void NameTable::place(Slot entry) {
  std::size_t slot = home(entry.tag);
  while (slots_[slot].id != kFree) slot = next(slot);
  slots_[slot] = entry;
  ++used_;
}

/// Moves later entries of the run up, so that none is behind a free slot.
void NameTable::erase(const Node& node, std::size_t hash) {
  std::size_t hole = home(static_cast<std::uint32_t>(hash));
  while (slots_[hole].id != node.id()) hole = next(hole);
  --used_;
  for (std::size_t slot = next(hole); slots_[slot].id != kFree; slot = next(slot)) {
    const std::size_t distance = (slot - home(slots_[slot].tag)) & (slots_.size() - 1);
    const std::size_t to_hole = (slot - hole) & (slots_.size() - 1);
    if (distance < to_hole) continue;  // it would come before its home
    slots_[hole] = slots_[slot];
    hole = slot;
  }
  slots_[hole] = {};
}

void NameTable::reserve(std::size_t names) {
  const std::size_t slots = std::bit_ceil(2 * names + 1);
  if (slots > slots_.size()) resize(slots);
}

void NameTable::resize(std::size_t slots) {
  std::vector<Slot> larger(slots);
  std::swap(slots_, larger);
  used_ = 0;
  for (const Slot& slot : larger) {
    if (slot.id != kFree) place(slot);
  }
}

NodeName GraphStorage::unique_name(std::string name) {
  const std::size_t hash = hash_of_name(name);
  if (by_name.find(name, hash) == nullptr) return {std::move(name), hash};
  int& count = name_counts[hash];
  NodeName candidate;
  do {
    candidate.text = name + "_" + std::to_string(++count);
    candidate.hash = hash_of_name(candidate.text);
  } while (by_name.find(candidate.text, candidate.hash) != nullptr);
  return candidate;
}

void GraphStorage::set_name(NodeBody& body, std::string name) {
  NodeName unique = unique_name(std::move(name));
  body.name = std::move(unique.text);
  body.name_hash = unique.hash;
}

Node& GraphStorage::append(std::span<const Value> inputs, NodeBody body) {
  return append(inputs, std::make_shared<const NodeBody>(std::move(body)));
}

Node& GraphStorage::append(std::span<const Value> inputs, std::shared_ptr<const NodeBody> body) {
  by_name.make_room();
  Node& node = nodes.prepare();
  node.storage_ = this;
  node.id_ = static_cast<int>(nodes.size());
  node.inputs_ = kept(inputs, memory_);
  node.first_body_ = std::move(body);
  node.body_.store(node.first_body_.get(), std::memory_order_relaxed);
  if (node.op().name == "variable") variables.push_back(&node);
  nodes.publish();
  by_name.insert(node, node.body().name_hash);
  return node;
}

void GraphStorage::rename(Node& node, std::string_view name) {
  NodeBody body = node.body();
  by_name.erase(node, body.name_hash);
  try {
    set_name(body, std::string(name));
    renamed.push_back(std::make_shared<const NodeBody>(std::move(body)));
  } catch (...) {
    by_name.insert(node, node.body().name_hash);
    throw;
  }
  node.body_.store(renamed.back().get(), std::memory_order_release);
  by_name.insert(node, node.body().name_hash);
}

InputTypes::InputTypes(std::span<const Value> inputs) {
  if (inputs.size() > few_.size()) many_.resize(inputs.size());
  ValueType* const types = inputs.size() > few_.size() ? many_.data() : few_.data();
  for (std::size_t i = 0; i < inputs.size(); ++i) types[i] = inputs[i].type();
  types_ = {types, inputs.size()};
}

}  // namespace tegula::detail
