#pragma once
// Numbers in text files of comma-separated values (RFC 4180) and their like.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tegula/core/dtype.hpp"
#include "tegula/core/export.hpp"
#include "tegula/data/dataset.hpp"

namespace tegula::data {

/// A column: by the name that the header gives it, or by its number from 0; negative numbers count
/// from the end.
struct CsvColumn {
  CsvColumn(std::int64_t column) : number(column) {}                 // NOLINT: implicit
  CsvColumn(int column) : number(column) {}                          // NOLINT: by design
  CsvColumn(std::string column) : name(std::move(column)) {}         // NOLINT
  CsvColumn(const char* column) : CsvColumn(std::string(column)) {}  // NOLINT

  /// Nothing for a column that is named.
  std::optional<std::int64_t> number;
  std::string name;
};

/// Largest file, decompressed, that is read when the caller gives no limit: 4 GiB.
inline constexpr std::uint64_t kCsvLimit = std::uint64_t{4} << 30;

struct CsvOptions {
  /// The columns of y; by default the last. With none, y has shape [n, 0].
  std::vector<CsvColumn> targets = {-1};
  /// The columns of x in this order; by default all that are neither targets nor weights.
  std::optional<std::vector<CsvColumn>> features = {};
  std::optional<CsvColumn> sample_weight = {};
  DType feature_dtype = DType::f32;
  /// An integer dtype for the class indices of sparse losses.
  DType target_dtype = DType::f32;
  /// Whether the first line names the columns.
  bool header = true;
  char delimiter = ',';
  /// Encloses fields that hold delimiters or line breaks; doubled inside of them it means itself.
  char quote = '"';
  /// The fields that stand for a missing number, and the number that takes its place, such as NaN;
  /// without one such a field is an error.
  std::vector<std::string> missing = {"", "NA", "N/A", "?"};
  std::optional<double> missing_value = {};
  std::uint64_t max_bytes = kCsvLimit;
};

/// Reads a file, plain or gzipped, of one sample per line. Of the columns that are asked for, each
/// field is a number as `std::from_chars` reads it; spaces around fields, empty lines and a byte
/// order mark are skipped. x is [n, features]; y is [n] for one target and [n, targets] for
/// several. Throws IoError when the file cannot be read; NotFound for an unknown column, with
/// similar names; FormatError naming file, line and column for a field that is no number or out of
/// the dtype's range, a line of another length, an open quote, and more than `max_bytes`.
TEGULA_API Dataset csv(const std::string& path, const CsvOptions& options = {});

/// The same from memory; `source` names the text in errors.
TEGULA_API Dataset parse_csv(std::string_view text, const CsvOptions& options = {},
                             const std::string& source = "CSV data");

}  // namespace tegula::data
