#pragma once
// The argument type of op builders: a value, or a number or tensor that becomes a constant, with
// the user's line captured where the call is written.

#include <concepts>
#include <optional>
#include <source_location>
#include <span>
#include <variant>

#include "tegula/graph/graph.hpp"

namespace tegula {

/// A number of C++, bool included.
template <typename T>
concept Number = std::integral<T> || std::floating_point<T>;

class Operand {
 public:
  Operand(Value value,  // NOLINT: implicit by design
          std::source_location location = std::source_location::current())
      : content_(value), location_(location) {}
  Operand(const Variable& variable,  // NOLINT: implicit by design
          std::source_location location = std::source_location::current())
      : content_(static_cast<const Value&>(variable)), location_(location) {}
  /// A scalar takes the dtype of the value that it meets. Throws DTypeError when that dtype cannot
  /// hold it (0.5 with integers).
  template <Number N>
  Operand(N number,  // NOLINT: implicit by design
          std::source_location location = std::source_location::current())
      : content_(static_cast<double>(number)), location_(location) {}
  Operand(const Tensor& tensor,  // NOLINT: implicit by design
          std::source_location location = std::source_location::current())
      : content_(tensor), location_(location) {}

  /// Null for numbers and tensors.
  const Value* value() const { return std::get_if<Value>(&content_); }
  const std::variant<Value, double, Tensor>& content() const { return content_; }
  SourceLocation location() const { return location_; }

 private:
  std::variant<Value, double, Tensor> content_;
  SourceLocation location_;
};

/// Builds op `name` on the operands: numbers and tensors become constants of the graph that the
/// first value belongs to. Throws InvalidArgument when no operand is a value or graphs are mixed.
TEGULA_API Node& build_node(std::string_view op, std::span<const Operand> operands,
                            Attrs attrs = {}, std::string_view name = "");
/// The first output of `build_node`.
TEGULA_API Value build(std::string_view op, std::initializer_list<Operand> operands,
                       Attrs attrs = {});

}  // namespace tegula
