#pragma once
// Pieces of the graph's text form that hold values: names, tensors, clusters,
// functions. Private to src/graph.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "tegula/graph/attrs.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

/// A tensor whose elements are all equal is written as one number if it has at most this many
/// bytes: a parser must not allocate gigabytes for a short line.
inline constexpr std::size_t kMaxRepeatedBytes = std::size_t{1} << 28;
/// As many in all are read of one text.
inline constexpr std::size_t kMaxRepeatedBytesOfText = 4 * kMaxRepeatedBytes;

/// Whether `name` may stand in the text as it is; others are quoted.
bool is_plain_name(std::string_view name);
/// `%dense/matmul`, or `%"with blanks"`.
std::string name_text(const std::string& name);

/// `f32[] 1`, `f32[2] [1, 2]`; one number for any shape when all elements have the same bits.
/// Floats are the shortest text that parses back to the same bits.
std::string tensor_text(const Tensor& tensor);
/// `{%2 = add %0, %1; %3 = relu %2; return %3}`
std::string cluster_text(const Cluster& cluster);
/// `{%x = placeholder f32[]; %y = neg %x; fetch %y}`
std::string function_text(const Function& function);
/// `%y = neg %x`, without the end of a line.
std::string node_text(const Node& node);
/// ` %x, %y:1`
std::string values_text(std::span<const Value> values);

/// What follows an op's inputs: ` {axes=(0,1), keepdims=true}`, defaults omitted, or nothing.
std::string attrs_text(const OpDef& op, const Attrs& attrs);
/// What stands in place of inputs for ops without any: ` f32[?,4]`, ` f32[] 1`, or nothing.
std::string leading_attrs_text(const OpDef& op, const Attrs& attrs);

/// The attributes that `leading_attrs_text` writes.
enum class LeadingAttrs { none, type, value };
LeadingAttrs leading_attrs(const OpDef& op);

}  // namespace tegula::detail
