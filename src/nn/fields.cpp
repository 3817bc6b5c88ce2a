#include "tegula/nn/fields.hpp"

#include <algorithm>

#include "src/core/rethrow.hpp"
#include "src/core/similar_names.hpp"

namespace tegula::nn {

void check_keys(const Config& config, const std::vector<std::string>& known,
                std::string_view owner) {
  for (const auto& [key, value] : config.as_object()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string names;
    for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
    throw NotFound("Unrecognized keyword arguments passed to " + std::string(owner) + ": {'" + key +
                   "': " + value.to_string() + "}" + did_you_mean(key, known) +
                   "; it takes: " + names);
  }
}

void rethrow_for_argument(std::string_view owner, std::string_view name) {
  const auto explain = [&](const Error& error) {
    return std::string(owner) + ": argument `" + std::string(name) + "`: " + error.what();
  };
  tegula::detail::rethrow_with(explain);
}

std::vector<std::string> field_names(std::span<const StructField> fields) {
  std::vector<std::string> names;
  for (const StructField& field : fields) names.emplace_back(field.name);
  return names;
}

Config fields_to_config(std::span<const StructField> fields, const void* options) {
  Config::Object object;
  for (const StructField& field : fields) {
    object.emplace_back(field.name, field.to_config(options));
  }
  return object;
}

namespace {

/// `doc` with the bounds before its final dot.
std::string doc_with_range(std::string doc, const std::optional<Range>& range) {
  if (!range || (!range->bounded_below() && !range->bounded_above())) return doc;
  if (doc.ends_with('.')) doc.pop_back();
  return doc + "; " + range->to_string() + ".";
}

void read_field(const StructField& field, const Config& value, void* options,
                std::string_view owner) {
  try {
    field.type->from_config(value, field.in(options));
  } catch (const InvalidArgument&) {
    rethrow_for_argument(owner, field.name);
  }
}

}  // namespace

void fields_from_config(const Config& config, std::span<const StructField> fields, void* options,
                        std::string_view owner) {
  check_keys(config, field_names(fields), owner);
  for (const StructField& field : fields) {
    const Config* value = config.find(field.name);
    if (value != nullptr) {
      read_field(field, *value, options, owner);
    } else if (field.is_required) {
      throw InvalidArgument(std::string(owner) + ": argument `" + field.name + "` is required");
    }
  }
}

void check_ranges(std::span<const StructField> fields, const void* options,
                  std::string_view owner) {
  for (const StructField& field : fields) {
    if (field.range) check_range(*field.range, field.to_config(options), owner, field.name);
  }
}

bool set_field(std::span<const StructField> fields, void* options, std::string_view name,
               const Config& value, std::string_view owner) {
  for (const StructField& field : fields) {
    if (name != field.name) continue;
    read_field(field, value, options, owner);
    return true;
  }
  return false;
}

std::vector<FieldInfo> field_infos(std::span<const StructField> fields, const void* defaults) {
  std::vector<FieldInfo> infos;
  for (const StructField& field : fields) {
    infos.push_back({field.name, field.to_config(defaults), doc_with_range(field.doc, field.range),
                     field.range, field.type->name(field.in(defaults)), field.is_required});
  }
  return infos;
}

}  // namespace tegula::nn
