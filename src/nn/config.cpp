#include "tegula/nn/config.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tegula/nn/fields.hpp"

namespace tegula::nn {

namespace {

[[noreturn]] void wrong_type(const Config& config, std::string_view expected) {
  throw InvalidArgument("expected " + std::string(expected) + ", got " + config.to_string());
}

std::string json_string(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20) {
      constexpr char kHex[] = "0123456789abcdef";
      result += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string json_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  char buffer[32];
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

struct JsonText {
  std::string operator()(std::nullptr_t) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return json_number(value); }
  std::string operator()(const std::string& value) const { return json_string(value); }
  std::string operator()(const Config::List& list) const {
    std::string text = "[";
    for (const Config& item : list) text += (text.size() > 1 ? ", " : "") + item.to_string();
    return text + "]";
  }
  std::string operator()(const Config::Object& object) const {
    std::string text = "{";
    for (const auto& [key, value] : object) {
      text += (text.size() > 1 ? ", " : "") + json_string(key) + ": " + value.to_string();
    }
    return text + "}";
  }
};

}  // namespace

// The copy of what the variant holds may throw. libstdc++ 12 destroys a variant whose own copy
// threw as if it held something.
Config::Config(const Config& other) { *this = other; }

Config& Config::operator=(const Config& other) {
  const std::size_t depth = other.depth_;
  std::visit(
      [this](const auto& value) {
        auto copy = value;
        storage_ = std::move(copy);
      },
      other.storage_);
  depth_ = depth;
  index_ = {};
  return *this;
}

Config::Config(List value) : depth_(1) {
  for (const Config& item : value) hold(item);
  storage_ = std::move(value);
}

Config::Config(Object value) : depth_(1) {
  for (const auto& [key, item] : value) hold(item);
  storage_ = std::move(value);
}

void Config::hold(const Config& item) {
  if (item.depth_ >= kMaxConfigDepth) {
    throw InvalidArgument("a configuration has more than " + std::to_string(kMaxConfigDepth) +
                          " levels of lists and objects within each other");
  }
  depth_ = std::max(depth_, item.depth_ + 1);
}

bool Config::as_bool() const {
  if (const bool* value = std::get_if<bool>(&storage_)) return *value;
  wrong_type(*this, "true or false");
}

std::int64_t Config::as_integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&storage_)) return *value;
  if (const auto* value = std::get_if<double>(&storage_)) {
    constexpr double kExact = 0x1.0p53;
    if (*value == std::floor(*value) && std::abs(*value) <= kExact) {
      return static_cast<std::int64_t>(*value);
    }
  }
  wrong_type(*this, "an integer");
}

double Config::as_float() const {
  if (const auto* value = std::get_if<double>(&storage_)) return *value;
  if (const auto* value = std::get_if<std::int64_t>(&storage_)) return static_cast<double>(*value);
  wrong_type(*this, "a number");
}

const std::string& Config::as_string() const {
  if (const auto* value = std::get_if<std::string>(&storage_)) return *value;
  wrong_type(*this, "a string");
}

const Config::List& Config::as_list() const {
  if (const auto* value = std::get_if<List>(&storage_)) return *value;
  wrong_type(*this, "a list");
}

const Config::Object& Config::as_object() const {
  if (const auto* value = std::get_if<Object>(&storage_)) return *value;
  wrong_type(*this, "an object");
}

const Config* Config::find(std::string_view key) const {
  const auto* object = std::get_if<Object>(&storage_);
  if (object == nullptr) return nullptr;
  const auto position = std::find_if(object->begin(), object->end(),
                                     [key](const Entry& entry) { return entry.first == key; });
  return position == object->end() ? nullptr : &position->second;
}

const Config& Config::at(std::string_view key) const {
  if (const Config* value = find(key)) return *value;
  throw NotFound("the entry \"" + std::string(key) + "\" is missing in " + to_string());
}

void Config::set(std::string_view key, Config value) {
  if (is_null()) *this = Object();
  auto* object = std::get_if<Object>(&storage_);
  if (object == nullptr) wrong_type(*this, "an object");
  hold(value);
  const std::size_t place = index_.find(*object, key);
  if (place < object->size()) {
    (*object)[place].second = std::move(value);
  } else {
    object->emplace_back(std::string(key), std::move(value));
  }
}

std::string Config::to_string() const { return std::visit(JsonText{}, storage_); }

Config to_config(const Shape& shape) {
  Config::List dims;
  for (const std::int64_t dim : shape.dims()) {
    dims.push_back(dim == kUnknown ? Config() : Config(dim));
  }
  return dims;
}

void from_config(const Config& config, Shape& shape) {
  shape = Shape();
  for (const Config& dim : config.as_list()) {
    shape.append(dim.is_null() ? kUnknown : dim.as_integer());
  }
}

}  // namespace tegula::nn
