#include "tegula/nn/object.hpp"

#include <algorithm>
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

bool names_class(std::string_view given, const std::string& class_name,
                 const std::vector<std::string>& aliases) {
  return given == class_name || given == snake_case(class_name) ||
         lower_case(given) == lower_case(class_name) ||
         std::find(aliases.begin(), aliases.end(), given) != aliases.end();
}

void throw_unknown_class(std::string_view kind, std::string_view given,
                         const std::vector<std::string>& known) {
  throw NotFound("Could not interpret " + std::string(kind) + " identifier: " + std::string(given) +
                 did_you_mean(given, known));
}

}  // namespace tegula::nn
