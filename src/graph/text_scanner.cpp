#include "src/graph/text_scanner.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <type_traits>

#include "src/graph/text_values.hpp"

namespace tegula::detail {

namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Far more than any cluster that a pass builds.
constexpr std::int64_t kMaxOperandNumber = 1'000'000;

}  // namespace

void TextScanner::fail(std::string_view problem) const {
  throw FormatError("graph text, line " + std::to_string(number_) + ", column " +
                    std::to_string(position_ + 1) + ": " + std::string(problem));
}

void TextScanner::skip_blanks() {
  while (position_ < line_.size() && (line_[position_] == ' ' || line_[position_] == '\t')) {
    ++position_;
  }
}

bool TextScanner::at_end() {
  skip_blanks();
  return position_ == line_.size();
}

bool TextScanner::next_is(char c) { return !at_end() && line_[position_] == c; }

bool TextScanner::accept(char c) {
  if (!next_is(c)) return false;
  ++position_;
  return true;
}

void TextScanner::expect(char c) {
  if (!accept(c)) fail("expected '" + std::string(1, c) + "'");
}

std::string_view TextScanner::word() {
  skip_blanks();
  const std::size_t begin = position_;
  while (position_ < line_.size() && is_word_character(line_[position_])) ++position_;
  if (position_ == begin) fail("expected a word");
  return line_.substr(begin, position_ - begin);
}

std::string TextScanner::name() {
  expect('%');
  if (position_ < line_.size() && line_[position_] == '"') {
    std::string name = quoted();
    if (name.empty()) fail("a name cannot be empty");
    return name;
  }
  const std::size_t begin = position_;
  while (position_ < line_.size() && is_plain_name(line_.substr(position_, 1))) ++position_;
  if (position_ == begin) fail("expected a name after '%'");
  return std::string(line_.substr(begin, position_ - begin));
}

std::string TextScanner::quoted() {
  expect('"');
  std::string text;
  while (position_ < line_.size() && line_[position_] != '"') {
    char c = line_[position_++];
    if (c == '\\') {
      if (position_ == line_.size()) break;
      c = line_[position_++];
      if (c == 'n') c = '\n';
    }
    text += c;
  }
  if (position_ == line_.size()) fail("the quoted text does not end");
  ++position_;
  return text;
}

std::string_view TextScanner::number_word() {
  skip_blanks();
  const std::size_t begin = position_;
  while (position_ < line_.size()) {
    const char c = line_[position_];
    if (!is_word_character(c) && c != '+' && c != '-' && c != '.') break;
    ++position_;
  }
  if (position_ == begin) fail("expected a number");
  return line_.substr(begin, position_ - begin);
}

template <typename T>
T TextScanner::element() {
  if constexpr (std::is_same_v<T, bool>) {
    const std::string_view text = word();
    if (text != "true" && text != "false") fail("expected true or false");
    return text == "true";
  } else if constexpr (std::is_same_v<T, float>) {
    return floating_element<float, std::uint32_t>();
  } else if constexpr (std::is_same_v<T, double>) {
    return floating_element<double, std::uint64_t>();
  } else if constexpr (std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>) {
    return floating_element<T, std::uint16_t>();
  } else {
    const std::string_view text = number_word();
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      fail("\"" + std::string(text) + "\" is not an integer of this dtype");
    }
    return value;
  }
}

template <typename Float, typename Bits>
Float TextScanner::floating_element() {
  const std::string_view text = number_word();
  if (text == "nan") {
    if (!next_is('(')) return Float(std::numeric_limits<float>::quiet_NaN());
    expect('(');
    const Bits bits = element<Bits>();
    expect(')');
    return std::bit_cast<Float>(bits);
  }
  using Parsed = std::conditional_t<std::is_same_v<Float, double>, double, float>;
  Parsed value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail("\"" + std::string(text) + "\" is not a number of this dtype");
  }
  return Float(value);
}

std::int64_t TextScanner::integer() { return element<std::int64_t>(); }

double TextScanner::number() { return element<double>(); }

DType TextScanner::dtype() {
  const std::string_view text = word();
  for (const DType known : kAllDTypes) {
    if (to_string(known) == text) return known;
  }
  fail("\"" + std::string(text) + "\" is not a dtype");
}

Shape TextScanner::shape() {
  Shape shape;
  expect('[');
  if (accept(']')) return shape;
  do {
    if (shape.rank() == Shape::kMaxRank) fail("too many dimensions");
    const std::int64_t dim = accept('?') ? kUnknown : integer();
    if (dim < kUnknown) fail("a dimension cannot be negative");
    shape.append(dim);
  } while (accept(','));
  expect(']');
  return shape;
}

ValueType TextScanner::type() {
  const DType element_type = dtype();
  return {element_type, shape()};
}

std::vector<std::int64_t> TextScanner::integers() {
  std::vector<std::int64_t> values;
  expect('(');
  if (accept(')')) return values;
  do {
    values.push_back(integer());
  } while (accept(','));
  expect(')');
  return values;
}

Tensor TextScanner::tensor() {
  const ValueType expected = type();
  std::int64_t count = 0;
  try {
    count = expected.shape.element_count();
  } catch (const ShapeError& error) {
    fail(error.what());
  }
  return visit_dtype(expected.dtype, [&]<typename T>() {
    if (!next_is('[')) {
      const auto elements = static_cast<std::size_t>(count);
      if (elements > std::min(kMaxRepeatedBytes, repeatable_) / sizeof(T)) {
        fail("a repeated element cannot fill so large a shape; list the elements");
      }
      repeatable_ -= elements * sizeof(T);
      const T value = element<T>();
      Tensor tensor(expected.dtype, expected.shape);
      for (T& target : tensor.values<T>()) target = value;
      return tensor;
    }
    expect('[');
    // The text bounds what is allocated. A deque of bool is a container of real bools.
    std::deque<T> elements;
    if (!next_is(']')) {
      do {
        elements.push_back(element<T>());
      } while (accept(','));
    }
    expect(']');
    if (static_cast<std::int64_t>(elements.size()) != count) {
      fail("expected " + std::to_string(count) + " elements for " + expected.to_string() +
           ", got " + std::to_string(elements.size()));
    }
    Tensor tensor(expected.dtype, expected.shape);
    std::copy(elements.begin(), elements.end(), tensor.values<T>().begin());
    return tensor;
  });
}

AttrValue TextScanner::attr_value(const AttrValue& example) {
  return std::visit(
      [this]<typename T>(const T&) -> AttrValue {
        if constexpr (std::is_same_v<T, bool>) return element<bool>();
        if constexpr (std::is_same_v<T, std::int64_t>) return integer();
        if constexpr (std::is_same_v<T, double>) return number();
        if constexpr (std::is_same_v<T, std::string>) return quoted();
        if constexpr (std::is_same_v<T, DType>) return dtype();
        if constexpr (std::is_same_v<T, Shape>) return shape();
        if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) return integers();
        if constexpr (std::is_same_v<T, Tensor>) return tensor();
        if constexpr (std::is_same_v<T, std::shared_ptr<const Cluster>>) return cluster();
        if constexpr (std::is_same_v<T, std::shared_ptr<const Function>>) return function();
      },
      example);
}

Attrs TextScanner::attrs(const OpDef& op) {
  Attrs attrs;
  if (!accept('{')) return attrs;
  do {
    const std::string_view name = word();
    const AttrDef* known = nullptr;
    for (const AttrDef& def : op.attrs) {
      if (def.name == name) known = &def;
    }
    if (known == nullptr) fail(op.name + " has no attribute \"" + std::string(name) + "\"");
    if (attrs.has(name)) fail("the attribute \"" + std::string(name) + "\" is given twice");
    expect('=');
    attrs.set(name, attr_value(known->value));
  } while (accept(','));
  expect('}');
  return attrs;
}

void TextScanner::leading_attrs(const OpDef& op, Attrs& attrs) {
  switch (detail::leading_attrs(op)) {
    case LeadingAttrs::type: {
      const ValueType value_type = type();
      attrs.set("dtype", value_type.dtype);
      attrs.set("shape", value_type.shape);
      break;
    }
    case LeadingAttrs::value:
      attrs.set("value", tensor());
      break;
    case LeadingAttrs::none:
      break;
  }
}

const OpDef& TextScanner::op() {
  const std::string_view name = word();
  const OpDef* op = try_find_op(name);
  if (op == nullptr) fail("there is no op \"" + std::string(name) + "\"");
  return *op;
}

int TextScanner::operand(int defined) {
  expect('%');
  const std::int64_t number = integer();
  if (number < 0 || number >= defined) {
    fail("operand %" + std::to_string(number) + " is not defined here");
  }
  return static_cast<int>(number);
}

/// The part after `=`, with all attributes, defaults included.
ClusterInstruction TextScanner::instruction(int defined) {
  ClusterInstruction instruction;
  instruction.op = &op();
  Attrs leading;
  leading_attrs(*instruction.op, leading);
  if (next_is('%')) {
    do {
      instruction.operands.push_back(operand(defined));
    } while (accept(','));
  }
  instruction.attrs = attrs(*instruction.op);
  for (const auto& [name, value] : leading) instruction.attrs.set(name, value);
  for (const AttrDef& def : instruction.op->attrs) {
    if (instruction.attrs.has(def.name)) continue;
    if (def.required) fail(instruction.op->name + " needs the attribute \"" + def.name + "\"");
    instruction.attrs.set(def.name, def.value);
  }
  return instruction;
}

std::shared_ptr<const Cluster> TextScanner::cluster() {
  auto cluster = std::make_shared<Cluster>();
  if (in_cluster_) fail("a cluster cannot hold another one");
  in_cluster_ = true;
  expect('{');
  if (!next_is('%')) fail("a cluster needs an instruction");
  int defined = 0;
  while (accept('%')) {
    const std::int64_t number = integer();
    if (cluster->instructions.empty()) {
      if (number < 0 || number > kMaxOperandNumber) fail("the number is out of range");
      defined = cluster->input_count = static_cast<int>(number);
    } else if (number != defined) {
      fail("instructions are numbered in order: expected %" + std::to_string(defined));
    }
    expect('=');
    cluster->instructions.push_back(instruction(defined++));
    expect(';');
  }
  if (word() != "return") fail("expected an instruction or return");
  do {
    cluster->outputs.push_back(operand(defined));
  } while (accept(','));
  expect('}');
  in_cluster_ = false;
  return cluster;
}

}  // namespace tegula::detail
