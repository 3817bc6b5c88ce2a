#pragma once
// Reads the words of one line of the graph's text form. Private to src/graph.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

class TextScanner {
 public:
  /// `repeatable`: the bytes that tensors written as one repeated element may still take, of all
  /// the text; what this line uses is taken off.
  TextScanner(std::string_view line, int line_number, std::size_t& repeatable)
      : line_(line), number_(line_number), repeatable_(repeatable) {}

  /// Throws FormatError naming line and column.
  [[noreturn]] void fail(std::string_view problem) const;

  bool at_end();
  /// Skips blanks; whether the next character is `c`.
  bool next_is(char c);
  /// Consumes `c` if it is next.
  bool accept(char c);
  void expect(char c);
  /// Letters, digits and underscores; fails when there are none.
  std::string_view word();
  /// A node's name after `%`, plain or quoted.
  std::string name();
  std::string quoted();
  std::int64_t integer();
  double number();
  ValueType type();
  Tensor tensor();
  AttrValue attr_value(const AttrValue& example);
  /// `{name=value, ...}`, if there is one.
  Attrs attrs(const OpDef& op);
  /// The attributes that stand in place of inputs.
  void leading_attrs(const OpDef& op, Attrs& attrs);
  const OpDef& op();
  std::shared_ptr<const Cluster> cluster();
  /// Nodes and a `fetch`, in braces. Defined by the parser of graphs.
  std::shared_ptr<const Function> function();
  int line_number() const { return number_; }

 private:
  void skip_blanks();
  std::string_view number_word();
  DType dtype();
  Shape shape();
  std::vector<std::int64_t> integers();
  template <typename T>
  T element();
  template <typename Float, typename Bits>
  Float floating_element();
  ClusterInstruction instruction(int defined);
  int operand(int defined);

  std::string_view line_;
  std::size_t position_ = 0;
  int number_ = 0;
  std::size_t& repeatable_;
  bool in_cluster_ = false;
  int depth_ = 0;  ///< of functions
};

}  // namespace tegula::detail
