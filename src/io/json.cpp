#include "src/io/json.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

namespace tegula::io {

namespace {

using nlohmann::ordered_json;

struct JsonOf {
  ordered_json operator()(std::nullptr_t) const { return nullptr; }
  ordered_json operator()(bool value) const { return value; }
  ordered_json operator()(std::int64_t value) const { return value; }
  ordered_json operator()(double value) const {
    if (std::isfinite(value)) return value;
    throw InvalidArgument("a configuration holds " + nn::Config(value).to_string() +
                          ", which JSON cannot express");
  }
  ordered_json operator()(const std::string& value) const { return value; }
  ordered_json operator()(const nn::Config::List& list) const {
    ordered_json result = ordered_json::array();
    for (const nn::Config& item : list) result.push_back(std::visit(JsonOf{}, item.storage()));
    return result;
  }
  ordered_json operator()(const nn::Config::Object& object) const {
    ordered_json result = ordered_json::object();
    // Adding by key would look through all entries so far.
    auto& entries = result.get_ref<ordered_json::object_t&>();
    std::unordered_set<std::string_view> keys;
    for (const auto& [key, value] : object) {
      if (!keys.insert(key).second) {
        throw InvalidArgument("a configuration holds the key \"" + key + "\" twice");
      }
      entries.emplace_back(key, std::visit(JsonOf{}, value.storage()));
    }
    return result;
  }
};

/// Builds a Config from the parser's events, with a bound on the depth: a recursive reader of
/// hostile text would exhaust the stack.
class ConfigBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit ConfigBuilder(std::string source) : source_(std::move(source)) {}

  nn::Config take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override {
    constexpr auto kLargest =
        static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    if (value <= kLargest) return add(static_cast<std::int64_t>(value));
    return add(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return fail("binary values are no JSON"); }
  bool start_object(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (!open_.back().keys.insert(name).second) fail("the key \"" + name + "\" stands twice");
    open_.back().entries.emplace_back(std::move(name), nn::Config());
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    return fail("no valid JSON at byte " + std::to_string(position) + ": " + error.what());
  }

 private:
  struct Container {
    bool is_object;
    nn::Config::List items;
    nn::Config::Object entries;  // the last one's value comes after its key
    std::unordered_set<std::string> keys;
  };

  [[noreturn]] bool fail(const std::string& why) const {
    throw FormatError("\"" + source_ + "\": " + why);
  }

  bool open(bool is_object) {
    if (open_.size() == nn::kMaxConfigDepth) {
      fail("values are nested more than " + std::to_string(nn::kMaxConfigDepth) + " levels deep");
    }
    open_.push_back({is_object, {}, {}, {}});
    return true;
  }

  bool close() {
    Container done = std::move(open_.back());
    open_.pop_back();
    return add(done.is_object ? nn::Config(std::move(done.entries))
                              : nn::Config(std::move(done.items)));
  }

  bool add(nn::Config value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is_object) {
      open_.back().entries.back().second = std::move(value);
    } else {
      open_.back().items.push_back(std::move(value));
    }
    return true;
  }

  std::string source_;
  std::vector<Container> open_;
  nn::Config root_;
};

}  // namespace

std::string to_json(const nn::Config& config) {
  return std::visit(JsonOf{}, config.storage()).dump(2) + "\n";
}

nn::Config parse_json(std::string_view text, const std::string& source) {
  ConfigBuilder builder(source);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace tegula::io
