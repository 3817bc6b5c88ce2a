#include "src/nn/text_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace tegula::nn {

namespace {

constexpr std::int64_t kPadding = 2;

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

std::int64_t character_count(const std::string& text) {
  return std::ranges::count_if(text, begins_character);
}

std::string repeated(const char* text, std::int64_t count) {
  std::string result;
  for (std::int64_t i = 0; i < count; ++i) result += text;
  return result;
}

/// At most `width` characters, the last one an ellipsis where something is cut off.
std::string cut(const std::string& text, std::int64_t width) {
  if (character_count(text) <= width) return text;
  std::size_t end = 0;
  for (std::int64_t kept = 0; kept < width; ++end) {
    if (begins_character(text[end])) ++kept;
  }
  return text.substr(0, end - 1) + "…";
}

std::string without_end(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

/// Each with the spaces around it.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t word = text.find_first_not_of(' ', begin);
    const std::size_t space = text.find(' ', word);
    const std::size_t end = std::min(text.find_first_not_of(' ', space), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::vector<std::string> wrapped(const std::string& text, std::int64_t width) {
  std::vector<std::string> lines(1);
  for (const std::string& word : words_of(text)) {
    const std::int64_t used = character_count(lines.back());
    if (used > 0 && used + character_count(without_end(word)) > width) lines.emplace_back();
    lines.back() += word;
  }
  for (std::string& line : lines) line = cut(without_end(line), width);
  return lines;
}

std::string aligned(const std::string& text, Alignment alignment, std::int64_t width) {
  const std::int64_t room = width - character_count(text);
  const std::int64_t before = alignment == Alignment::left    ? 0
                              : alignment == Alignment::right ? room
                                                              : room / 2;
  return repeated(" ", before) + text + repeated(" ", room - before);
}

/// Widths of the columns, padding included, whose sum is `total`.
std::vector<std::int64_t> fitted(const std::vector<TableColumn>& columns, std::int64_t total) {
  std::vector<std::int64_t> widths;
  for (const TableColumn& column : columns) widths.push_back(column.width + kPadding);
  std::int64_t sum = std::accumulate(widths.begin(), widths.end(), std::int64_t{0});
  std::int64_t missing = total - sum;
  auto columns_left = static_cast<std::int64_t>(widths.size());
  for (std::int64_t& width : widths) {
    const std::int64_t old = width;
    const auto share = static_cast<double>(missing);
    if (total < sum) {
      width += static_cast<std::int64_t>(std::nearbyint(share / static_cast<double>(columns_left)));
    } else if (missing > 0) {
      width += static_cast<std::int64_t>(
          std::ceil(share * static_cast<double>(old) / static_cast<double>(sum)));
      sum -= old;
    }
    missing -= width - old;
    --columns_left;
    width = std::max(width, kPadding + 1);
  }
  return widths;
}

/// The characters of a rule.
struct Rule {
  const char* left;
  const char* line;
  const char* between;
  const char* right;
};
constexpr Rule kTop = {"┏", "━", "┳", "┓\n"};
constexpr Rule kBelowHeader = {"┡", "━", "╇", "┩\n"};
constexpr Rule kBetween = {"├", "─", "┼", "┤\n"};
constexpr Rule kBottom = {"└", "─", "┴", "┘\n"};

std::string rule_text(const Rule& rule, const std::vector<std::int64_t>& widths) {
  std::string text = rule.left;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    text += (i == 0 ? "" : rule.between) + repeated(rule.line, widths[i]);
  }
  return text + rule.right;
}

std::string row_text(const std::vector<std::string>& cells, const std::vector<TableColumn>& columns,
                     const std::vector<std::int64_t>& widths, const char* border) {
  std::vector<std::vector<std::string>> lines;
  std::size_t height = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    lines.push_back(wrapped(cells[i], widths[i] - kPadding));
    height = std::max(height, lines.back().size());
  }
  std::string text;
  for (std::size_t row = 0; row < height; ++row) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = row < lines[i].size() ? lines[i][row] : "";
      text += border + (" " + aligned(cell, columns[i].alignment, widths[i] - kPadding)) + " ";
    }
    text += border + std::string("\n");
  }
  return text;
}

}  // namespace

std::string text_table(const std::vector<TableColumn>& columns,
                       const std::vector<std::vector<std::string>>& rows,
                       std::int64_t line_length) {
  const auto borders = static_cast<std::int64_t>(columns.size()) + 1;
  const std::vector<std::int64_t> widths = fitted(columns, line_length - borders);
  std::vector<std::string> header;
  for (const TableColumn& column : columns) header.push_back(column.header);
  std::string text = rule_text(kTop, widths) + row_text(header, columns, widths, "┃") +
                     rule_text(rows.empty() ? kBottom : kBelowHeader, widths);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    text += row_text(rows[i], columns, widths, "│");
    text += rule_text(i + 1 == rows.size() ? kBottom : kBetween, widths);
  }
  return text;
}

}  // namespace tegula::nn
