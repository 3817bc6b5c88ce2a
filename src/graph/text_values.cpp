#include "src/graph/text_values.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "tegula/graph/function.hpp"

namespace tegula::detail {

namespace {

template <typename Number>
void append_number(std::string& text, Number number) {
  char buffer[40];
  text.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
}

/// Any NaN but the usual one carries its bits, in decimal.
template <typename Float, typename Bits>
void append_float(std::string& text, Float value, Bits bits, Bits usual_nan) {
  if (!std::isnan(value)) {
    append_number(text, value);
    return;
  }
  text += "nan";
  if (bits != usual_nan) text += "(" + std::to_string(bits) + ")";
}

template <typename T>
void append_element(std::string& text, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    text += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, float>) {
    append_float(text, value, std::bit_cast<std::uint32_t>(value),
                 std::bit_cast<std::uint32_t>(std::numeric_limits<float>::quiet_NaN()));
  } else if constexpr (std::is_same_v<T, double>) {
    append_float(text, value, std::bit_cast<std::uint64_t>(value),
                 std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN()));
  } else if constexpr (std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>) {
    append_float(text, static_cast<float>(value), value.bits,
                 T(std::numeric_limits<float>::quiet_NaN()).bits);
  } else {
    append_number(text, static_cast<std::int64_t>(value));
  }
}

bool all_elements_equal(const Tensor& tensor) {
  const std::size_t size = size_of(tensor.dtype());
  const std::size_t bytes = tensor.byte_count();
  if (bytes == 0 || bytes > kMaxRepeatedBytes) return false;
  const auto* first = static_cast<const char*>(tensor.raw());
  return std::memcmp(first, first + size, bytes - size) == 0;
}

std::string value_text(const AttrValue& value) {
  if (const auto* tensor = std::get_if<Tensor>(&value)) return tensor_text(*tensor);
  if (const auto* cluster = std::get_if<std::shared_ptr<const Cluster>>(&value)) {
    return cluster_text(**cluster);
  }
  if (const auto* function = std::get_if<FunctionPointer>(&value)) return function_text(**function);
  return to_string(value);
}

const AttrDef* find_def(const OpDef& op, std::string_view name) {
  for (const AttrDef& def : op.attrs) {
    if (def.name == name) return &def;
  }
  return nullptr;
}

bool is_leading(LeadingAttrs kind, std::string_view name) {
  return kind == LeadingAttrs::type    ? name == "dtype" || name == "shape"
         : kind == LeadingAttrs::value ? name == "value"
                                       : false;
}

}  // namespace

bool is_plain_name(std::string_view name) {
  if (name.empty()) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool other = (c >= '0' && c <= '9') || c == '_' || c == '/' || c == '.' || c == '-';
    if (!letter && !other) return false;
  }
  return true;
}

std::string name_text(const std::string& name) {
  return "%" + (is_plain_name(name) ? name : to_string(AttrValue(name)));
}

std::string tensor_text(const Tensor& tensor) {
  std::string text = ValueType{tensor.dtype(), tensor.shape()}.to_string() + " ";
  visit_dtype(tensor.dtype(), [&]<typename T>() {
    const auto elements = tensor.values<T>();
    if (all_elements_equal(tensor)) {
      append_element(text, elements[0]);
      return;
    }
    text += "[";
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (i > 0) text += ", ";
      append_element(text, elements[i]);
    }
    text += "]";
  });
  return text;
}

std::string cluster_text(const Cluster& cluster) {
  std::string text = "{";
  int result = cluster.input_count;
  for (const ClusterInstruction& instruction : cluster.instructions) {
    text += "%" + std::to_string(result++) + " = " + instruction.op->name;
    text += leading_attrs_text(*instruction.op, instruction.attrs);
    for (std::size_t i = 0; i < instruction.operands.size(); ++i) {
      text += (i == 0 ? " %" : ", %") + std::to_string(instruction.operands[i]);
    }
    text += attrs_text(*instruction.op, instruction.attrs) + "; ";
  }
  text += "return";
  for (std::size_t i = 0; i < cluster.outputs.size(); ++i) {
    text += (i == 0 ? " %" : ", %") + std::to_string(cluster.outputs[i]);
  }
  return text + "}";
}

std::string values_text(std::span<const Value> values) {
  std::string text;
  for (const Value& value : values) {
    text += (text.empty() ? " " : ", ") + name_text(value.node().name());
    if (value.index() > 0) text += ":" + std::to_string(value.index());
  }
  return text;
}

std::string node_text(const Node& node) {
  return name_text(node.name()) + " = " + node.op().name +
         leading_attrs_text(node.op(), node.attrs()) + values_text(node.inputs()) +
         attrs_text(node.op(), node.attrs());
}

std::string function_text(const Function& function) {
  std::string text = "{";
  for (const Node& node : function.graph.nodes()) text += node_text(node) + "; ";
  return text + "fetch" + values_text(function.results) + "}";
}

std::string attrs_text(const OpDef& op, const Attrs& attrs) {
  const LeadingAttrs leading = leading_attrs(op);
  std::string text;
  for (const auto& [name, value] : attrs) {
    if (is_leading(leading, name)) continue;
    const AttrDef* def = find_def(op, name);
    if (def != nullptr && !def->required && equal(def->value, value)) continue;
    text += (text.empty() ? " {" : ", ") + name + "=" + value_text(value);
  }
  return text.empty() ? text : text + "}";
}

std::string leading_attrs_text(const OpDef& op, const Attrs& attrs) {
  switch (leading_attrs(op)) {
    case LeadingAttrs::type:
      return " " + ValueType{attrs.get<DType>("dtype"), attrs.get<Shape>("shape")}.to_string();
    case LeadingAttrs::value:
      return " " + tensor_text(attrs.get<Tensor>("value"));
    case LeadingAttrs::none:
      break;
  }
  return "";
}

LeadingAttrs leading_attrs(const OpDef& op) {
  if (!op.inputs.empty()) return LeadingAttrs::none;
  const auto holds = [&op]<typename T>(std::string_view name, const T*) {
    const AttrDef* def = find_def(op, name);
    return def != nullptr && std::holds_alternative<T>(def->value);
  };
  if (holds("dtype", static_cast<DType*>(nullptr)) &&
      holds("shape", static_cast<Shape*>(nullptr))) {
    return LeadingAttrs::type;
  }
  return holds("value", static_cast<Tensor*>(nullptr)) ? LeadingAttrs::value : LeadingAttrs::none;
}

}  // namespace tegula::detail
