#pragma once
// What a Graph handle refers to. Private to src/graph.

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/core/fork_safe.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula::detail {

/// Nodes by name: an open-addressing table, because names are looked up for every node that a pass
/// builds or the verifier sees.
class NameTable {
 public:
  explicit NameTable(const NodeList& nodes) : nodes_(nodes) {}

  /// Null when there is none.
  Node* find(std::string_view name, std::size_t hash) const;
  /// Makes room for one more name: the next `insert` cannot fail.
  void make_room();
  /// The name must not be in the table, and there must be room.
  void insert(const Node& node, std::size_t hash);
  void erase(const Node& node, std::size_t hash);
  void reserve(std::size_t names);

 private:
  static constexpr int kFree = -1;
  struct Slot {
    int id = kFree;         ///< of the node
    std::uint32_t tag = 0;  ///< lower half of the name's hash
  };

  std::size_t home(std::uint32_t tag) const { return tag & (slots_.size() - 1); }
  std::size_t next(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
  void place(Slot entry);
  void resize(std::size_t slots);

  const NodeList& nodes_;
  std::vector<Slot> slots_;  // their number is zero or a power of two, at least half of them free
  std::size_t used_ = 0;
};

struct NodeName {
  std::string text;
  std::size_t hash = 0;
};

struct GraphStorage : std::enable_shared_from_this<GraphStorage> {
  NodeList nodes;

  /// Guards all that follows, and appending to `nodes`.
  mutable BriefMutex mutex;
  NameTable by_name{nodes};
  /// Last number tried for a base name, by its hash, so that uniquifying stays linear.
  std::unordered_map<std::size_t, int> name_counts;
  std::unordered_map<const Node*, Value> initial_values;
  std::vector<Node*> variables;
  /// Of the variables that stand for another session's, and these by what they share.
  std::unordered_map<const Node*, SharedVariable> shared;
  std::unordered_map<const SharedVariableState*, Node*> sharing;
  std::vector<Value> fetches;
  std::vector<Value> targets;
  std::int64_t random_ops = 0;
  std::shared_ptr<void> attached;
  /// What nodes became when their names changed; each stays, because readers may hold its name.
  std::vector<std::shared_ptr<const NodeBody>> renamed;

  Node& append(std::span<const Value> inputs, NodeBody body);
  Node& append(std::span<const Value> inputs, std::shared_ptr<const NodeBody> body);
  /// `name`, or `name_1`, `name_2` … when taken.
  NodeName unique_name(std::string name);
  void set_name(NodeBody& body, std::string name);
  void rename(Node& node, std::string_view name);

 private:
  /// Of the nodes' inputs.
  std::pmr::monotonic_buffer_resource memory_;
};

std::size_t hash_of_name(std::string_view name);

/// The types of a node's inputs, without an allocation where they are few.
class InputTypes {
 public:
  explicit InputTypes(std::span<const Value> inputs);
  InputTypes(const InputTypes&) = delete;
  InputTypes& operator=(const InputTypes&) = delete;
  operator std::span<const ValueType>() const { return types_; }  // NOLINT: implicit by design

 private:
  std::array<ValueType, 4> few_;
  std::vector<ValueType> many_;
  std::span<const ValueType> types_;
};

}  // namespace tegula::detail
