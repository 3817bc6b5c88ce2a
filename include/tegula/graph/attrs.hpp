#pragma once
// Attributes of a node: the parameters of an op that are known while the graph is built.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tegula/core/dtype.hpp"
#include "tegula/core/shape.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula {

struct Cluster;
struct Function;

/// Value of an attribute. A shape-valued attribute may have unknown dimensions.
using AttrValue =
    std::variant<bool, std::int64_t, double, std::string, DType, Shape, std::vector<std::int64_t>,
                 Tensor, std::shared_ptr<const Cluster>, std::shared_ptr<const Function>>;

/// Equality by content (tensors by bytes, clusters by instructions, functions by their text).
TEGULA_API bool equal(const AttrValue& a, const AttrValue& b);
/// As in the graph's text form: `true`, `-1`, `0.5`, `"same"`, `f32`, `[2,?]`, `(0,1)`.
TEGULA_API std::string to_string(const AttrValue& value);

/// Name-to-value pairs, kept sorted by name so that equal sets print and hash equally. Copies share
/// the pairs until one of them is changed.
class TEGULA_API Attrs {
 public:
  using Entry = std::pair<std::string, AttrValue>;

  Attrs() = default;
  Attrs(std::initializer_list<Entry> entries);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Null when absent.
  const AttrValue* find(std::string_view name) const;
  /// Throws NotFound when absent and InvalidArgument when it holds another type.
  template <typename T>
  const T& get(std::string_view name) const {
    const AttrValue& value = require(name);
    if (const T* typed = std::get_if<T>(&value)) return *typed;
    throw_wrong_type(name, value);
  }
  void set(std::string_view name, AttrValue value);
  void erase(std::string_view name);

  bool empty() const { return size() == 0; }
  std::size_t size() const { return entries_ ? entries_->size() : 0; }
  const Entry* begin() const { return entries_ ? entries_->data() : nullptr; }
  const Entry* end() const { return begin() + size(); }
  bool operator==(const Attrs& other) const;

 private:
  const AttrValue& require(std::string_view name) const;
  [[noreturn]] static void throw_wrong_type(std::string_view name, const AttrValue& value);

  /// The pairs, shared with no other copy.
  std::vector<Entry>& own_entries();

  std::shared_ptr<std::vector<Entry>> entries_;
};

struct OpDef;

/// One step of a cluster: an elementwise op on earlier operands.
struct ClusterInstruction {
  const OpDef* op = nullptr;
  std::vector<int> operands;
  Attrs attrs;
};

/// What a fused node computes per element: straight-line elementwise code. Operand i is input i of
/// the cluster for i < input_count, then result i - input_count of the instructions, in order.
/// Inputs broadcast to the iteration space, which is the shape of the fused node's outputs.
/// Text form: `{%2 = add %0, %1; %3 = relu %2; return %3}`.
struct Cluster {
  int input_count = 0;
  std::vector<ClusterInstruction> instructions;
  std::vector<int> outputs;
};

}  // namespace tegula
