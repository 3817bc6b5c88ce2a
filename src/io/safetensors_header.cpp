// The JSON header is read event by event: that catches duplicate keys, deep nesting and numbers
// that are not plain integers before anything is built from them.

#include <nlohmann/json.hpp>
#include <set>

#include "src/io/safetensors.hpp"
#include "tegula/core/error.hpp"

namespace tegula::io::detail {

namespace {

constexpr std::size_t kMaxTensors = 1'000'000;
constexpr std::size_t kMaxRank = 64;  // more than any library's; the tensor's own limit comes later

/// A state machine over the parser's events. Errors are thrown from the events themselves.
class HeaderHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderHandler(const std::string& source) : source_(source) {}

  Header take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::start:
        place_ = Place::top;
        return true;
      case Place::entry_value:
        place_ = Place::entry;
        fields_.clear();
        return true;
      case Place::metadata_start:
        place_ = Place::metadata;
        return true;
      default:
        fail("an object");
    }
  }

  bool key(string_t& name) override {
    if (name.size() > kMaxNameBytes) {
      throw FormatError(source_ + ": a name in the header is longer than " +
                        std::to_string(kMaxNameBytes) + " bytes");
    }
    switch (place_) {
      case Place::top:
        insert_once(names_, name);
        if (name == kMetadataKey) {
          place_ = Place::metadata_start;
          return true;
        }
        if (header_.entries.size() == kMaxTensors) {
          throw FormatError(source_ + ": more than " + std::to_string(kMaxTensors) + " tensors");
        }
        header_.entries.emplace_back().name = name;
        place_ = Place::entry_value;
        return true;
      case Place::entry:
        insert_once(fields_, name);
        place_ = name == "dtype"   ? Place::dtype
                 : name == "shape" ? Place::shape_start
                 : name == "data_offsets"
                     ? Place::offsets_start
                     : throw FormatError(where() + ": unknown key \"" + name +
                                         "\"; expected dtype, shape and data_offsets");
        return true;
      default:
        insert_once(metadata_names_, name);
        metadata_key_ = name;
        place_ = Place::metadata_value;
        return true;
    }
  }

  bool string(string_t& text) override {
    if (place_ == Place::dtype) {
      entry().dtype = text;
      place_ = Place::entry;
    } else if (place_ == Place::metadata_value) {
      header_.metadata.emplace(metadata_key_, text);
      place_ = Place::metadata;
    } else {
      fail("a text");
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::shape_start) {
      place_ = Place::shape;
    } else if (place_ == Place::offsets_start) {
      place_ = Place::offsets;
    } else {
      fail("a list");
    }
    offsets_ = 0;
    return true;
  }

  bool number_unsigned(number_unsigned_t number) override {
    if (place_ == Place::shape && entry().shape.size() < kMaxRank) {
      entry().shape.push_back(number);
    } else if (place_ == Place::offsets && offsets_ < 2) {
      (offsets_++ == 0 ? entry().begin : entry().end) = number;
    } else {
      fail("a number");
    }
    return true;
  }

  bool end_array() override {
    if (place_ == Place::offsets && offsets_ != 2) {
      throw FormatError(where() + ": data_offsets must be two numbers");
    }
    place_ = Place::entry;
    return true;
  }

  bool end_object() override {
    if (place_ == Place::entry && fields_.size() != 3) {
      throw FormatError(where() + ": its entry lacks one of dtype, shape and data_offsets");
    }
    place_ = place_ == Place::top ? Place::start : Place::top;
    return true;
  }

  bool null() override { fail("null"); }
  bool boolean(bool) override { fail("a boolean"); }
  bool number_integer(number_integer_t) override { fail("a negative number"); }
  bool number_float(number_float_t, const string_t&) override {
    fail("a number that is no 64-bit integer");
  }
  bool binary(binary_t&) override { fail("binary data"); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    throw FormatError(source_ + ": the header is not valid JSON at its byte " +
                      std::to_string(position));
  }

 private:
  /// What the parser is inside of, or what has to come next.
  enum class Place {
    start,
    top,
    entry_value,
    entry,
    dtype,
    shape_start,
    shape,
    offsets_start,
    offsets,
    metadata_start,
    metadata,
    metadata_value
  };

  Entry& entry() { return header_.entries.back(); }

  std::string where() const {
    if (place_ >= Place::metadata_start) return source_ + ": " + std::string(kMetadataKey);
    if (header_.entries.empty()) return source_ + ": the header";
    return source_ + ": tensor \"" + header_.entries.back().name + "\"";
  }

  [[noreturn]] void fail(const char* found) const {
    constexpr const char* kExpected[] = {"one object that maps names to tensors",
                                         "the name of a tensor",
                                         "an object with dtype, shape and data_offsets",
                                         "dtype, shape and data_offsets",
                                         "the name of a dtype",
                                         "a list of at most 64 dimensions",
                                         "a list of at most 64 dimensions, each a 64-bit integer",
                                         "two offsets",
                                         "two offsets, each a 64-bit integer",
                                         "an object that maps texts to texts",
                                         "the key of a text",
                                         "a text"};
    throw FormatError(where() + ": found " + found + "; expected " +
                      kExpected[static_cast<std::size_t>(place_)]);
  }

  void insert_once(std::set<std::string, std::less<>>& names, const std::string& name) const {
    if (!names.insert(name).second) {
      throw FormatError(source_ + ": the header holds \"" + name + "\" twice");
    }
  }

  const std::string& source_;
  Header header_;
  Place place_ = Place::start;
  std::set<std::string, std::less<>> names_;
  std::set<std::string, std::less<>> fields_;
  std::set<std::string, std::less<>> metadata_names_;
  std::string metadata_key_;
  int offsets_ = 0;
};

}  // namespace

Header parse_header(std::string_view json, const std::string& source) {
  if (json.empty() || json.front() != '{') {
    throw FormatError(source + ": the header does not begin with '{'");
  }
  // The JSON parser takes a zero byte for the end of its input.
  if (json.find('\0') != std::string_view::npos) {
    throw FormatError(source + ": the header holds a zero byte");
  }
  HeaderHandler handler(source);
  nlohmann::json::sax_parse(json, &handler);
  return handler.take();
}

}  // namespace tegula::io::detail
