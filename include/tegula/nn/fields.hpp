#pragma once
// Options structs state their fields once; configs, signatures and documentation derive from that.
//
//   struct DropoutOptions {
//     double rate = 0.5;
//     static auto fields() {
//       return std::tuple{field<&DropoutOptions::rate>("rate", "Fraction of inputs to zero.")};
//     }
//   };

#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tegula/core/shape.hpp"
#include "tegula/nn/config.hpp"

namespace tegula::nn {

/// A field of an options struct: `Path` leads from the struct to the member, through nested
/// structs.
template <auto... Path>
struct Field {
  const char* name;
  const char* doc;

  template <typename Options>
  auto& of(Options& options) const {
    return (options.*....*Path);
  }
};

template <auto... Path>
constexpr Field<Path...> field(const char* name, const char* doc) {
  return {name, doc};
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
/// Rethrows the current InvalidArgument with "owner: argument `name`: " before its text.
[[noreturn]] TEGULA_API void rethrow_for_argument(std::string_view owner, std::string_view name);

/// Absent fields keep their defaults.
template <HasFields Options>
void from_config(const Config& config, Options& options, std::string_view owner = "") {
  std::apply(
      [&](const auto&... fields) {
        check_keys(config, {fields.name...}, owner);
        [[maybe_unused]] const auto read = [&](const auto& one) {
          const Config* value = config.find(one.name);
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

/// One argument of a class, for signatures, stubs and documentation.
struct FieldInfo {
  std::string name;
  Config default_value;
  std::string doc;
};

template <HasFields Options>
std::vector<FieldInfo> field_infos() {
  const Options defaults{};
  return std::apply(
      [&](const auto&... fields) {
        return std::vector<FieldInfo>{{fields.name, to_config(fields.of(defaults)), fields.doc}...};
      },
      Options::fields());
}

}  // namespace tegula::nn
