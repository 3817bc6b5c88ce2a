// Paths that name the epoch and metrics, as Python's str.format writes them.

#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "tegula/core/error.hpp"
#include "tegula/nn/callbacks.hpp"

namespace tegula::nn {

namespace {

/// What may follow the colon: "03d", ".2f", "8.3e".
struct FieldFormat {
  bool zeros = false;
  int width = 0;
  int precision = -1;
  char type = '\0';
};

/// No value for a format that is not known.
std::optional<FieldFormat> parse_format(std::string_view text) {
  FieldFormat format;
  const auto number = [&text] {
    int value = 0;
    for (int digits = 0; digits < 2 && !text.empty() && text[0] >= '0' && text[0] <= '9';
         ++digits) {
      value = value * 10 + (text[0] - '0');
      text.remove_prefix(1);
    }
    return value;
  };
  format.zeros = text.starts_with('0');
  format.width = number();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    format.precision = number();
  }
  if (!text.empty() && std::string_view("dfeg").find(text[0]) != std::string_view::npos) {
    format.type = text[0];
    text.remove_prefix(1);
  }
  if (!text.empty() || (format.type == 'd' && format.precision >= 0)) return std::nullopt;
  return format;
}

std::string padded(std::string text, const FieldFormat& format) {
  const auto width = static_cast<std::size_t>(format.width);
  if (text.size() >= width) return text;
  const std::size_t sign = format.zeros && text.starts_with('-') ? 1 : 0;
  return text.insert(sign, width - text.size(), format.zeros ? '0' : ' ');
}

std::string formatted(double value, const FieldFormat& format) {
  if (format.type == '\0' && format.precision < 0) return padded(number_text(value), format);
  const char pattern[] = {'%', '.', '*', format.type == '\0' ? 'g' : format.type, '\0'};
  const int precision = format.precision < 0 ? 6 : format.precision;
  std::array<char, 512> text;  // 309 digits, a point and 99 decimals fit
  std::snprintf(text.data(), text.size(), pattern, precision, value);
  return padded(text.data(), format);
}

}  // namespace

std::string format_path(const std::string& pattern, std::int64_t epoch,
                        std::optional<std::int64_t> batch, const Logs& logs) {
  std::string result;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      result += pattern[i];
      continue;
    }
    const std::size_t end = pattern.find('}', i);
    if (end == std::string::npos) {
      throw InvalidArgument("\"" + pattern + "\" has a { without a }");
    }
    const std::string field = pattern.substr(i + 1, end - i - 1);
    i = end;
    const std::size_t colon = field.find(':');
    const std::string name = field.substr(0, colon);
    const bool counter = name == "epoch" || (name == "batch" && batch);
    const double* value = counter ? nullptr : logs.find(name);
    if (!counter && value == nullptr) {
      throw NotFound("\"" + pattern + "\" names \"" + name + "\", which is not in the logs");
    }
    const std::string text = colon == std::string::npos ? "" : field.substr(colon + 1);
    const std::optional<FieldFormat> format = parse_format(text);
    if (!format || (format->type == 'd' && !counter)) {
      throw InvalidArgument("\"" + pattern + "\" has a format that is not known for \"" + name +
                            "\": \"" + text + "\"");
    }
    const std::int64_t number = (name == "epoch" ? epoch : batch.value_or(0)) + 1;
    if (!counter) {
      result += formatted(*value, *format);
    } else if (format->type == 'd' || (format->type == '\0' && format->precision < 0)) {
      result += padded(std::to_string(number), *format);
    } else {
      result += formatted(static_cast<double>(number), *format);
    }
  }
  return result;
}

}  // namespace tegula::nn
