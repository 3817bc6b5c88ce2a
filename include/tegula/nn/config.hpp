#pragma once
// Plain data that describes layers, losses, optimizers and whole models: what JSON can hold.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/core/export.hpp"
#include "tegula/core/name_index.hpp"

namespace tegula::nn {

/// Levels of lists and objects within each other that a Config has at most.
inline constexpr std::size_t kMaxConfigDepth = 64;

/// null, bool, integer, float, string, list, or object with its keys in order of insertion. Lists
/// and objects of more than kMaxConfigDepth levels throw InvalidArgument when they are made, so
/// that whoever walks a Config may recurse.
class TEGULA_API Config {
 public:
  using List = std::vector<Config>;
  using Entry = std::pair<std::string, Config>;
  using Object = std::vector<Entry>;
  using Storage =
      std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Object>;

  Config() : storage_(nullptr) {}
  Config(const Config& other);
  Config(Config&&) = default;
  Config& operator=(const Config& other);
  Config& operator=(Config&&) = default;
  ~Config() = default;
  Config(std::nullptr_t) : storage_(nullptr) {}                // NOLINT: implicit by design
  Config(bool value) : storage_(value) {}                      // NOLINT
  Config(int value) : storage_(std::int64_t{value}) {}         // NOLINT
  Config(std::int64_t value) : storage_(value) {}              // NOLINT
  Config(double value) : storage_(value) {}                    // NOLINT
  Config(const char* value) : storage_(std::string(value)) {}  // NOLINT
  Config(std::string value) : storage_(std::move(value)) {}    // NOLINT
  Config(List value);                                          // NOLINT
  Config(Object value);                                        // NOLINT

  static Config object(std::initializer_list<Entry> entries) { return Config(Object(entries)); }

  bool is_null() const { return holds<std::nullptr_t>(); }
  bool is_object() const { return holds<Object>(); }
  bool is_list() const { return holds<List>(); }
  bool is_string() const { return holds<std::string>(); }
  const Storage& storage() const { return storage_; }

  /// Conversions throw InvalidArgument that shows the value and names what was expected; an integer
  /// converts to a float, and a float without a fraction to an integer.
  bool as_bool() const;
  std::int64_t as_integer() const;
  double as_float() const;
  const std::string& as_string() const;
  const List& as_list() const;
  const Object& as_object() const;

  /// Entry of an object; null when absent.
  const Config* find(std::string_view key) const;
  /// Throws NotFound when absent.
  const Config& at(std::string_view key) const;
  /// Adds or replaces an entry; a null config becomes an object.
  void set(std::string_view key, Config value);

  bool operator==(const Config& other) const { return storage_ == other.storage_; }
  /// Compact JSON; NaN and infinities as the bare words that Python's json writes.
  std::string to_string() const;

 private:
  template <typename T>
  bool holds() const {
    return std::holds_alternative<T>(storage_);
  }

  /// Throws InvalidArgument when an item would be one level too deep.
  void hold(const Config& item);

  Storage storage_;
  std::size_t depth_ = 0;            // levels of lists and objects
  tegula::detail::NameIndex index_;  // of an object's keys
};

}  // namespace tegula::nn
