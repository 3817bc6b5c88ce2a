#pragma once
// Options structs state their fields once; configs, signatures and documentation derive from that.
//
//   struct DropoutOptions {
//     double rate = 0.5;
//     static auto fields() {
//       return std::tuple{
//           field<&DropoutOptions::rate>("rate", "Fraction of inputs to zero.", in_range(0, 1))};
//     }
//   };

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tegula/core/shape.hpp"
#include "tegula/nn/config.hpp"
#include "tegula/nn/range.hpp"

namespace tegula::nn {

/// A field of an options struct: `Path` leads from the struct to the member, through nested
/// structs.
template <auto... Path>
struct Field {
  const char* name;
  const char* doc;
  /// Of fields that hold numbers.
  std::optional<Range> range;
  bool is_required = false;
  /// Whether it decides which weights there are or how they start, so that it cannot change later.
  bool shapes_weights = false;

  constexpr Field fixed_when_built() const {
    Field copy = *this;
    copy.shapes_weights = true;
    return copy;
  }

  template <typename Options>
  auto& of(Options& options) const {
    return (options.*....*Path);
  }
  /// Configs and Python must give it, as Keras has no default for it.
  constexpr Field required() const {
    Field copy = *this;
    copy.is_required = true;
    return copy;
  }
};

/// Type of the member that a path ends at.
template <typename Owner, typename Member>
Member member_type(Member Owner::*);
template <auto First, auto... Rest>
struct PathEnd : PathEnd<Rest...> {};
template <auto Last>
struct PathEnd<Last> {
  using Type = decltype(member_type(Last));
};

template <auto... Path>
constexpr Field<Path...> field(const char* name, const char* doc) {
  static_assert(!holds_numbers<typename PathEnd<Path...>::Type>,
                "a numeric option states its range: field<...>(name, doc, in_range(0, 1))");
  return {name, doc, {}, false};
}
/// Of a number, an optional number or a list of numbers.
template <auto... Path>
constexpr Field<Path...> field(const char* name, const char* doc, Range range) {
  static_assert(holds_numbers<typename PathEnd<Path...>::Type>, "only numbers have a range");
  return {name, doc, range, false};
}

/// What stubs and documentation call the type of an option: "float", "optional int", "list of
/// float". Overload it for types of your own, as to_config.
inline std::string type_name(const bool&) { return "bool"; }
inline std::string type_name(const std::int64_t&) { return "int"; }
inline std::string type_name(const double&) { return "float"; }
inline std::string type_name(const std::string&) { return "str"; }
inline std::string type_name(const Shape&) { return "shape"; }
template <typename T>
std::string type_name(const std::optional<T>&);
template <typename Key, typename T>
std::string type_name(const std::map<Key, T>&);
template <typename T>
std::string type_name(const std::vector<T>&) {
  return "list of " + type_name(T());
}
template <typename T>
std::string type_name(const std::optional<T>&) {
  return "optional " + type_name(T());
}
template <typename Key, typename T>
std::string type_name(const std::map<Key, T>&) {
  return "list of " + type_name(T());
}

inline Config to_config(bool value) { return value; }
inline Config to_config(std::int64_t value) { return value; }
inline Config to_config(double value) { return value; }
inline Config to_config(const std::string& value) { return value; }
/// Unknown dimensions are null.
TEGULA_API Config to_config(const Shape& shape);
template <typename T>
Config to_config(const std::vector<T>& values);
template <typename T>
Config to_config(const std::optional<T>& value) {
  return value ? to_config(*value) : Config();
}
template <typename T>
Config to_config(const std::vector<T>& values) {
  Config::List list;
  for (const T& value : values) list.push_back(to_config(value));
  return list;
}

/// The values, in the order of the keys.
template <typename Key, typename T>
Config to_config(const std::map<Key, T>& values) {
  Config::List list;
  for (const auto& [key, value] : values) list.push_back(to_config(value));
  return list;
}

inline void from_config(const Config& config, bool& value) { value = config.as_bool(); }
inline void from_config(const Config& config, std::int64_t& value) { value = config.as_integer(); }
inline void from_config(const Config& config, double& value) { value = config.as_float(); }
inline void from_config(const Config& config, std::string& value) {
  value = config.is_null() ? std::string() : config.as_string();
}
TEGULA_API void from_config(const Config& config, Shape& shape);
template <typename T>
void from_config(const Config& config, std::vector<T>& values);
template <typename T>
void from_config(const Config& config, std::optional<T>& value) {
  value.reset();
  if (!config.is_null()) from_config(config, value.emplace());
}
template <typename T>
void from_config(const Config& config, std::vector<T>& values) {
  values.clear();
  for (const Config& item : config.as_list()) from_config(item, values.emplace_back());
}

template <typename Options>
concept HasFields = requires {
  Options::fields();
};

/// An object with one entry per field, in the order of declaration.
template <HasFields Options>
Config to_config(const Options& options) {
  Config::Object object;
  std::apply(
      [&](const auto&... fields) {
        (object.emplace_back(fields.name, to_config(fields.of(options))), ...);
      },
      Options::fields());
  return object;
}

/// Throws NotFound for a key that is no field, listing the fields of `owner`.
TEGULA_API void check_keys(const Config& config, const std::vector<std::string>& known,
                           std::string_view owner);
/// Throws InvalidArgument: `owner` cannot be made without the argument `name`.
[[noreturn]] TEGULA_API void throw_missing(std::string_view owner, std::string_view name);
/// Rethrows the current InvalidArgument with "owner: argument `name`: " before its text.
[[noreturn]] TEGULA_API void rethrow_for_argument(std::string_view owner, std::string_view name);

/// Absent fields keep their defaults. Throws InvalidArgument when one is required.
template <HasFields Options>
void from_config(const Config& config, Options& options, std::string_view owner = "") {
  std::apply(
      [&](const auto&... fields) {
        check_keys(config, {fields.name...}, owner);
        [[maybe_unused]] const auto read = [&](const auto& one) {
          const Config* value = config.find(one.name);
          if (value == nullptr && one.is_required) throw_missing(owner, one.name);
          if (value == nullptr) return;
          try {
            from_config(*value, one.of(options));
          } catch (const InvalidArgument&) {
            rethrow_for_argument(owner, one.name);
          }
        };
        (read(fields), ...);
      },
      Options::fields());
}

/// Throws InvalidArgument, naming `owner`, field, value and range, for a number outside of its
/// field's range.
template <HasFields Options>
void check_ranges(const Options& options, std::string_view owner) {
  const auto check = [&](const auto& one) {
    if (one.range) check_range(*one.range, to_config(one.of(options)), owner, one.name);
  };
  std::apply([&check](const auto&... fields) { (check(fields), ...); }, Options::fields());
}

/// One argument of a class, for signatures, stubs and documentation.
struct FieldInfo {
  std::string name;
  Config default_value;
  /// Ends with the range of a number that has bounds: "Largest norm of each gradient; > 0."
  std::string doc;
  std::optional<Range> range;
  /// As `type_name` has it.
  std::string type;
  bool required = false;
};

/// `doc` with the bounds before its final dot.
TEGULA_API std::string doc_with_range(std::string doc, const std::optional<Range>& range);

template <HasFields Options>
std::vector<FieldInfo> field_infos() {
  const Options defaults{};
  return std::apply(
      [&](const auto&... fields) {
        return std::vector<FieldInfo>{{fields.name, to_config(fields.of(defaults)),
                                       doc_with_range(fields.doc, fields.range), fields.range,
                                       type_name(fields.of(defaults)), fields.is_required}...};
      },
      Options::fields());
}

}  // namespace tegula::nn
