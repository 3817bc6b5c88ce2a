#include "tegula/nn/object.hpp"

#include <algorithm>
#include <atomic>
#include <cctype>

#include "src/core/similar_names.hpp"

namespace tegula::nn {

namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }
bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_lower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

}  // namespace

std::string snake_case(std::string_view class_name) {
  std::string result;
  for (std::size_t i = 0; i < class_name.size(); ++i) {
    const char c = class_name[i];
    const bool starts_word =
        is_upper(c) && i + 1 < class_name.size() && is_lower(class_name[i + 1]);
    const bool after_word = i > 0 && (is_lower(class_name[i - 1]) ||
                                      std::isdigit(static_cast<unsigned char>(class_name[i - 1])));
    if (i > 0 && is_upper(c) &&
        (starts_word || is_lower(class_name[i - 1]) || (after_word && starts_word))) {
      result += '_';
    }
    result += lower(c);
  }
  return result;
}

namespace {

std::atomic<std::uint64_t> change_count{0};

}  // namespace

std::uint64_t Object::changes() { return change_count.load(std::memory_order_relaxed); }

std::uint64_t Object::revision() const {
  return constructing([this] { return revision_; });
}

void Object::changed() {
  const ConstructionLock lock;
  revision_ = ++change_count;
}

void Object::set_option(std::string_view name, const Config& /*value*/) {
  throw_no_option(class_name(), name, {});
}

void Object::set_option_object(std::string_view name, const std::shared_ptr<Object>& /*value*/) {
  throw_no_option(class_name(), name, {});
}

std::shared_ptr<Object> Object::option_object(std::string_view name) const {
  throw_no_option(class_name(), name, {});
}

void throw_no_option(std::string_view owner, std::string_view name,
                     const std::vector<std::string>& known) {
  std::string names;
  for (const std::string& one : known) names += (names.empty() ? "; it has: " : ", ") + one;
  throw NotFound(std::string(owner) + " has no option \"" + std::string(name) + "\"" +
                 did_you_mean(name, known) + names);
}

const StructField& find_field(std::span<const StructField> fields, std::string_view name,
                              std::string_view owner) {
  const auto named = [name](const StructField& field) { return name == field.name; };
  const auto found = std::find_if(fields.begin(), fields.end(), named);
  if (found != fields.end()) return *found;
  throw_no_option(owner, name, field_names(fields));
}

bool change_field(const StructField& field, void* options, const OptionValue& value,
                  std::string_view owner) {
  void* const option = field.in(options);
  const std::shared_ptr<Object> object_before = field.object(options);
  const Config before = field.to_config(options);
  try {
    if (value.config != nullptr) {
      field.type->from_config(*value.config, option);
    } else if (!field.type->put_object(option, *value.object)) {
      throw InvalidArgument("cannot be a " + std::string((*value.object)->class_name()));
    }
  } catch (const InvalidArgument&) {
    rethrow_for_argument(owner, field.name);
  }
  return object_before != field.object(options) || before != field.to_config(options);
}

std::uint64_t latest_revision(std::span<const StructField> fields, const void* options) {
  std::uint64_t latest = 0;
  for (const StructField& field : fields) {
    const std::shared_ptr<Object> object = field.object(options);
    if (object != nullptr) latest = std::max(latest, object->revision());
  }
  return latest;
}

void throw_fixed_option(std::string_view owner, std::string_view name, std::string_view when) {
  throw InvalidArgument(std::string(owner) + ": `" + std::string(name) + "` is fixed when " +
                        std::string(when) + "; make a new " + std::string(owner));
}

bool names_class(std::string_view given, const std::string& class_name,
                 const std::vector<std::string>& aliases) {
  return given == class_name || given == snake_case(class_name) ||
         lower_case(given) == lower_case(class_name) ||
         std::find(aliases.begin(), aliases.end(), given) != aliases.end();
}

void throw_empty_handle(std::string_view kind) {
  throw InvalidArgument("there is no " + std::string(kind) + ": the handle is empty");
}

void throw_unknown_class(std::string_view kind, std::string_view given,
                         const std::vector<std::string>& known) {
  throw NotFound("Could not interpret " + std::string(kind) + " identifier: " + std::string(given) +
                 did_you_mean(given, known));
}

namespace {

bool is_function(const Config& described) {
  return described.at("class_name") == Config("function");
}

/// "MyLayer" of "package>MyLayer".
std::string without_package(const std::string& name) { return name.substr(name.find('>') + 1); }

}  // namespace

Config object_to_config(const Object& object) {
  Config config = Config::object(
      {{"class_name", std::string(object.class_name())}, {"config", object.config()}});
  const std::string registered = object.registered_name();
  if (!registered.empty()) config.set("registered_name", registered);
  return config;
}

std::vector<std::string> described_names(const Config& described) {
  std::vector<std::string> names;
  const Config* const registered = described.find("registered_name");
  if (registered != nullptr && !registered->is_null()) names.push_back(registered->as_string());
  if (is_function(described)) {
    if (!names.empty() && names.front() == "function") names.clear();  // as Keras writes it
    const std::string& name = described.at("config").as_string();
    names.push_back(name);
    names.push_back(without_package(name));
    return names;
  }
  names.push_back(described.at("class_name").as_string());
  return names;
}

Config described_options(const Config& described) {
  const Config* const options = is_function(described) ? nullptr : described.find("config");
  return options != nullptr ? *options : Config::object({});
}

void throw_unregistered_class(std::string_view kind, const Config& described,
                              const std::vector<std::string>& known) {
  const std::string name = described_names(described).front();
  throw NotFound("there is no " + std::string(kind) +
                 (is_function(described) ? " function \"" : " class \"") + name + "\"" +
                 did_you_mean(name, known) +
                 "; one of your own must be made known with nn::register_class before it is read "
                 "from a config or a saved model");
}

}  // namespace tegula::nn
