#include "src/nn/user_terms.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

#include "src/core/rethrow.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::nn {

namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The shape at the begin of the text, as ops write it, with how many characters that takes; none
/// for other text.
std::optional<std::pair<Shape, std::size_t>> leading_shape(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  Shape shape;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ']') return std::pair(shape, i + 1);
    if (shape.rank() > 0 && text[i++] != ',') return std::nullopt;
    if (i < text.size() && text[i] == '?') {
      shape.append(kUnknown);
      continue;
    }
    std::int64_t dim = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), dim);
    if (error != std::errc() || dim < 0) return std::nullopt;
    shape.append(dim);
    i = static_cast<std::size_t>(end - text.data()) - 1;
  }
  return std::nullopt;
}

/// "float32" for "f32"; other words as they are.
std::string_view user_word(std::string_view word) {
  for (const DType dtype : kAllDTypes) {
    if (word == to_string(dtype)) return numpy_name(dtype);
  }
  return word;
}

std::string types_text(std::span<const Value> values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += i + 1 == values.size() ? " and " : ", ";
    text += shape_text(values[i].shape()) + " " + std::string(numpy_name(values[i].dtype()));
  }
  return text;
}

}  // namespace

std::string in_user_terms(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    std::size_t taken = 0;
    while (taken < text.size() && is_word(text[taken])) ++taken;
    if (taken > 0) {
      result += user_word(text.substr(0, taken));
    } else if (const auto shape = leading_shape(text)) {
      result += shape_text(shape->first);
      taken = shape->second;
    } else {
      result += text[0];
      taken = 1;
    }
    text.remove_prefix(taken);
  }
  return result;
}

std::string run_error_in_user_terms(std::string_view message) {
  const std::size_t place = std::min(message.find("built at"), message.size());
  return in_user_terms(message.substr(0, place)) + std::string(message.substr(place));
}

void rethrow_in_user_terms() {
  detail::rethrow_with([](const Error& error) { return run_error_in_user_terms(error.what()); });
}

std::string describe_metric(const MetricBase& metric) {
  return std::string(metric.class_name()) + " metric \"" + metric.name() + "\"";
}

UserTerms::UserTerms(std::string owner)
    : scope_([owner = std::move(owner)](const BuildProblem& problem) {
        std::string text =
            owner + ": " + in_user_terms(problem.text) + "\n  given: " + problem.op.name;
        if (!problem.inputs.empty()) text += " of " + types_text(problem.inputs);
        const SourceLocation line = LocationScope::current();
        return line.known() ? text + "\n  built at: " + line.to_string() : text;
      }) {}

}  // namespace tegula::nn
