#pragma once
// Tables of text with a rule between the rows, as Keras's `summary` prints them. Private to src/nn.

#include <cstdint>
#include <string>
#include <vector>

namespace tegula::nn {

enum class Alignment { left, right, center };

struct TableColumn {
  std::string header;
  Alignment alignment = Alignment::left;
  /// Characters, as a share of the line's: columns whose sum is another are shrunk evenly, or
  /// stretched by their widths.
  std::int64_t width = 0;
};

/// UTF-8 text; lines end with a newline. Cells that are too wide are broken between words, and
/// words that are too wide are cut.
std::string text_table(const std::vector<TableColumn>& columns,
                       const std::vector<std::vector<std::string>>& rows, std::int64_t line_length);

}  // namespace tegula::nn
