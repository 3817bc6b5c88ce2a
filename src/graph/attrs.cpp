#include "tegula/graph/attrs.hpp"

#include <algorithm>
#include <charconv>

#include "src/graph/text_values.hpp"
#include "tegula/graph/function.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace {

constexpr const char* kTypeNames[] = {"bool",  "int",  "float",  "string",  "dtype",
                                      "shape", "ints", "tensor", "cluster", "function"};

bool equal_clusters(const Cluster& a, const Cluster& b) {
  const auto same = [](const ClusterInstruction& x, const ClusterInstruction& y) {
    return x.op == y.op && x.operands == y.operands && x.attrs == y.attrs;
  };
  return a.input_count == b.input_count && a.outputs == b.outputs &&
         std::equal(a.instructions.begin(), a.instructions.end(), b.instructions.begin(),
                    b.instructions.end(), same);
}

/// Shortest text that parses back to the same double, always recognisable as a float.
std::string float_text(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".eni") == std::string::npos) text += ".0";
  return text;
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string integers_text(const std::vector<std::int64_t>& values) {
  std::string text = "(";
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += (i == 0 ? "" : ",") + std::to_string(values[i]);
  }
  return text + ")";
}

std::string cluster_text(const Cluster& cluster) {
  std::string text = "{";
  int result = cluster.input_count;
  for (const ClusterInstruction& instruction : cluster.instructions) {
    text += "%" + std::to_string(result++) + " = " + instruction.op->name;
    for (std::size_t i = 0; i < instruction.operands.size(); ++i) {
      text += (i == 0 ? " %" : ", %") + std::to_string(instruction.operands[i]);
    }
    if (!instruction.attrs.empty()) {
      std::string separator = " {";
      for (const auto& [name, value] : instruction.attrs) {
        text += separator + name + "=" + to_string(value);
        separator = ", ";
      }
      text += "}";
    }
    text += "; ";
  }
  text += "return";
  for (std::size_t i = 0; i < cluster.outputs.size(); ++i) {
    text += (i == 0 ? " %" : ", %") + std::to_string(cluster.outputs[i]);
  }
  return text + "}";
}

struct AttrText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return float_text(value); }
  std::string operator()(const std::string& value) const { return quoted(value); }
  std::string operator()(DType value) const { return std::string(to_string(value)); }
  std::string operator()(const Shape& value) const { return value.to_string(); }
  std::string operator()(const std::vector<std::int64_t>& value) const {
    return integers_text(value);
  }
  std::string operator()(const Tensor& value) const { return value.to_string(); }
  std::string operator()(const std::shared_ptr<const Cluster>& value) const {
    return cluster_text(*value);
  }
  std::string operator()(const FunctionPointer& value) const {
    return detail::function_text(*value);
  }
};

bool equal_functions(const FunctionPointer& a, const FunctionPointer& b) {
  return a == b || (a->graph == b->graph && a->results == b->results) ||
         detail::function_text(*a) == detail::function_text(*b);
}

bool name_less(const Attrs::Entry& entry, std::string_view name) { return entry.first < name; }

}  // namespace

bool equal(const AttrValue& a, const AttrValue& b) {
  if (a.index() != b.index()) return false;
  if (const auto* tensor = std::get_if<Tensor>(&a)) return identical(*tensor, std::get<Tensor>(b));
  using ClusterPointer = std::shared_ptr<const Cluster>;
  if (const auto* cluster = std::get_if<ClusterPointer>(&a)) {
    const auto& other = std::get<ClusterPointer>(b);
    return *cluster == other || equal_clusters(**cluster, *other);
  }
  if (const auto* function = std::get_if<FunctionPointer>(&a)) {
    return equal_functions(*function, std::get<FunctionPointer>(b));
  }
  return std::visit(
      [&b]<typename T>(const T& value) {
        if constexpr (std::is_same_v<T, Tensor>) {
          return false;
        } else {
          return value == std::get<T>(b);
        }
      },
      a);
}

std::string to_string(const AttrValue& value) { return std::visit(AttrText{}, value); }

Attrs::Attrs(std::initializer_list<Entry> entries) {
  if (entries.size() > 0) own_entries().reserve(entries.size());
  for (const Entry& entry : entries) set(entry.first, entry.second);
}

const AttrValue* Attrs::find(std::string_view name) const {
  // Too few for a binary search to pay.
  const Entry* position =
      std::find_if(begin(), end(), [&](const Entry& e) { return e.first == name; });
  return position != end() ? &position->second : nullptr;
}

std::vector<Attrs::Entry>& Attrs::own_entries() {
  if (!entries_) {
    entries_ = std::make_shared<std::vector<Entry>>();
  } else if (entries_.use_count() > 1) {
    entries_ = std::make_shared<std::vector<Entry>>(*entries_);
  }
  return *entries_;
}

void Attrs::set(std::string_view name, AttrValue value) {
  std::vector<Entry>& entries = own_entries();
  const auto position = std::lower_bound(entries.begin(), entries.end(), name, name_less);
  if (position != entries.end() && position->first == name) {
    position->second = std::move(value);
  } else {
    entries.insert(position, {std::string(name), std::move(value)});
  }
}

void Attrs::erase(std::string_view name) {
  if (!has(name)) return;
  std::erase_if(own_entries(), [name](const Entry& entry) { return entry.first == name; });
}

bool Attrs::operator==(const Attrs& other) const {
  if (entries_ == other.entries_) return true;
  return std::equal(begin(), end(), other.begin(), other.end(), [](const Entry& a, const Entry& b) {
    return a.first == b.first && equal(a.second, b.second);
  });
}

const AttrValue& Attrs::require(std::string_view name) const {
  if (const AttrValue* value = find(name)) return *value;
  std::string known;
  for (const Entry& entry : *this) known += (known.empty() ? "" : ", ") + entry.first;
  throw NotFound("there is no attribute \"" + std::string(name) + "\"; there are: " + known);
}

void Attrs::throw_wrong_type(std::string_view name, const AttrValue& value) {
  throw InvalidArgument("attribute \"" + std::string(name) + "\" holds a " +
                        kTypeNames[value.index()] + ": " + to_string(value));
}

}  // namespace tegula
