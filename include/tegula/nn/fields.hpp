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

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tegula/core/shape.hpp"
#include "tegula/nn/config.hpp"
#include "tegula/nn/range.hpp"

namespace tegula::nn {

/// What a field says of itself.
struct FieldFacts {
  const char* name;
  const char* doc;
  /// Of fields that hold numbers.
  std::optional<Range> range;
  /// Whether configs and Python must give it.
  bool is_required = false;
  /// Whether it decides which weights there are or how they start, so that it cannot change later.
  bool shapes_weights = false;
};

/// A field of an options struct: `Path` leads from the struct to the member, through nested
/// structs.
template <auto... Path>
struct Field : FieldFacts {
  constexpr Field fixed_when_built() const {
    Field copy = *this;
    copy.shapes_weights = true;
    return copy;
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
  return {{name, doc, {}}};
}
/// Of a number, an optional number or a list of numbers.
template <auto... Path>
constexpr Field<Path...> field(const char* name, const char* doc, Range range) {
  static_assert(holds_numbers<typename PathEnd<Path...>::Type>, "only numbers have a range");
  return {{name, doc, range}};
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

class Object;  // object.hpp

/// The object that an option of this type is; overloaded for handles and the like.
template <typename T>
std::shared_ptr<Object> option_as_object(const T& /*option*/) {
  return nullptr;
}
/// Whether the option takes the object, which it shares then.
template <typename T>
bool put_object(T& /*option*/, const std::shared_ptr<Object>& /*object*/) {
  return false;
}

/// What can be done with an option of some type, given its address.
struct FieldType {
  Config (*to_config)(const void* option);
  void (*from_config)(const Config& config, void* option);
  std::string (*name)(const void* option);
  std::shared_ptr<Object> (*as_object)(const void* option);
  bool (*put_object)(void* option, const std::shared_ptr<Object>& object);
};
template <typename T>
inline constexpr FieldType field_type = {
    [](const void* option) -> Config { return to_config(*static_cast<const T*>(option)); },
    [](const Config& config, void* option) { from_config(config, *static_cast<T*>(option)); },
    [](const void* option) { return type_name(*static_cast<const T*>(option)); },
    [](const void* option) { return option_as_object(*static_cast<const T*>(option)); },
    [](void* option, const std::shared_ptr<Object>& object) {
      return put_object(*static_cast<T*>(option), object);
    }};

/// A field without its types: one piece of code serves the structs of all classes.
struct StructField : FieldFacts {
  const FieldType* type;
  /// Its address, given the struct's.
  void* (*address)(void* options);

  void* in(void* options) const { return address(options); }
  const void* in(const void* options) const { return address(const_cast<void*>(options)); }
  Config to_config(const void* options) const { return type->to_config(in(options)); }
  std::shared_ptr<Object> object(const void* options) const { return type->as_object(in(options)); }
};

template <typename Options, auto... Path>
StructField struct_field(const Field<Path...>& field) {
  const auto address = [](void* options) -> void* {
    auto& typed = *static_cast<Options*>(options);
    return &(typed.*....*Path);
  };
  return {field, &field_type<typename PathEnd<Path...>::Type>, address};
}

/// The fields of a struct, in the order of declaration.
template <HasFields Options>
std::span<const StructField> struct_fields() {
  static const auto fields = std::apply(
      [](const auto&... each) {
        return std::array<StructField, sizeof...(each)>{struct_field<Options>(each)...};
      },
      Options::fields());
  return fields;
}

TEGULA_API std::vector<std::string> field_names(std::span<const StructField> fields);

/// An object with one entry per field, in the order of declaration.
TEGULA_API Config fields_to_config(std::span<const StructField> fields, const void* options);
template <HasFields Options>
Config to_config(const Options& options) {
  return fields_to_config(struct_fields<Options>(), &options);
}

/// Throws NotFound for a key that is no field, listing the fields of `owner`.
TEGULA_API void check_keys(const Config& config, const std::vector<std::string>& known,
                           std::string_view owner);
/// Rethrows the current InvalidArgument with "owner: argument `name`: " before its text.
[[noreturn]] TEGULA_API void rethrow_for_argument(std::string_view owner, std::string_view name);

/// Absent fields keep their defaults. Throws InvalidArgument when one is required.
TEGULA_API void fields_from_config(const Config& config, std::span<const StructField> fields,
                                   void* options, std::string_view owner);
template <HasFields Options>
void from_config(const Config& config, Options& options, std::string_view owner = "") {
  fields_from_config(config, struct_fields<Options>(), &options, owner);
}

/// Throws InvalidArgument, naming `owner`, field, value and range, for a number outside of its
/// field's range.
TEGULA_API void check_ranges(std::span<const StructField> fields, const void* options,
                             std::string_view owner);
template <HasFields Options>
void check_ranges(const Options& options, std::string_view owner) {
  check_ranges(struct_fields<Options>(), &options, owner);
}

/// Sets the field of this name; false when there is none.
TEGULA_API bool set_field(std::span<const StructField> fields, void* options, std::string_view name,
                          const Config& value, std::string_view owner);

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

TEGULA_API std::vector<FieldInfo> field_infos(std::span<const StructField> fields,
                                              const void* defaults);
template <HasFields Options>
std::vector<FieldInfo> field_infos() {
  const Options defaults{};
  return field_infos(struct_fields<Options>(), &defaults);
}

}  // namespace tegula::nn
