#include "src/io/json.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

namespace tegula::io {

namespace {

/// Appends the text of a value whose lines are indented by `indent`. Written here and not by the
/// parser's library, whose values take memory when they are destroyed.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& text) : text_(text) {}

  void write(const nn::Config& config, std::size_t indent) {
    if (const auto* list = std::get_if<nn::Config::List>(&config.storage())) {
      Lines lines(*this, '[', ']', indent);
      for (const nn::Config& item : *list) {
        lines.begin();
        write(item, indent + kIndent);
      }
      lines.end();
    } else if (const auto* object = std::get_if<nn::Config::Object>(&config.storage())) {
      write_object(*object, indent);
    } else {
      write_plain(config);
    }
  }

 private:
  static constexpr std::size_t kIndent = 2;

  /// What stands between two brackets, each item on a line of its own.
  class Lines {
   public:
    Lines(JsonWriter& writer, char open, char close, std::size_t indent)
        : text_(writer.text_), close_(close), indent_(indent) {
      text_ += open;
    }
    void begin() {
      text_ += any_ ? ",\n" : "\n";
      text_.append(indent_ + kIndent, ' ');
      any_ = true;
    }
    void end() {
      if (any_) text_.append(1, '\n').append(indent_, ' ');
      text_ += close_;
    }

   private:
    std::string& text_;
    char close_;
    std::size_t indent_;
    bool any_ = false;
  };

  void write_object(const nn::Config::Object& object, std::size_t indent) {
    std::unordered_set<std::string_view> keys;
    Lines lines(*this, '{', '}', indent);
    for (const auto& [key, value] : object) {
      if (!keys.insert(key).second) {
        throw InvalidArgument("a configuration holds the key \"" + key + "\" twice");
      }
      lines.begin();
      text_ += quoted(key) + ": ";
      write(value, indent + kIndent);
    }
    lines.end();
  }

  void write_plain(const nn::Config& config) {
    const auto* number = std::get_if<double>(&config.storage());
    if (number != nullptr && !std::isfinite(*number)) {
      throw InvalidArgument("a configuration holds " + config.to_string() +
                            ", which JSON cannot express");
    }
    text_ += config.is_string() ? quoted(config.as_string()) : config.to_string();
  }

  std::string& text_;
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

std::string quoted(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw InvalidArgument("a name or text to be saved is not valid UTF-8");
  }
}

std::string to_json(const nn::Config& config) {
  std::string text;
  JsonWriter(text).write(config, 0);
  return text + "\n";
}

nn::Config parse_json(std::string_view text, const std::string& source) {
  ConfigBuilder builder(source);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace tegula::io
