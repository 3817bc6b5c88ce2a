#include "tegula/data/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <deque>
#include <span>
#include <type_traits>
#include <unordered_map>

#include "src/core/convert.hpp"
#include "src/core/similar_names.hpp"
#include "tegula/core/blocking.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"

namespace tegula::data {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// A line is held in memory by its fields, of which each takes more than an empty one's comma.
constexpr std::size_t kMaxFields = 1'000'000;
constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;
constexpr std::int64_t kRowsBetweenPolls = 1024;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t";
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

/// Cuts a text into lines of fields. Fields stay valid until the next line is read.
class LineReader {
 public:
  LineReader(std::string_view text, const CsvOptions& options, const std::string& source)
      : rest_(text), delimiter_(options.delimiter), quote_(options.quote), source_(source) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  /// The fields of the next line that is not empty; false at the end.
  bool read(std::vector<std::string_view>& fields) {
    while (!rest_.empty()) {
      line_ = next_line_;
      line_end_ = rest_.size() - std::min(rest_.size(), kMaxLineBytes);
      fields.clear();
      unquoted_.clear();
      while (read_field(fields)) check_length(fields.size());
      check_length(fields.size());
      if (fields.size() > 1 || !fields.front().empty()) return true;
    }
    return false;
  }

  /// "file", line 3: from 1, where the line that was read last begins.
  std::string place() const { return source_ + ", line " + std::to_string(line_); }

 private:
  void check_length(std::size_t fields) const {
    if (fields > kMaxFields) {
      throw FormatError(place() + " has more than " + std::to_string(kMaxFields) + " fields");
    }
    if (rest_.size() < line_end_) {
      throw FormatError(place() + " is longer than " + std::to_string(kMaxLineBytes) + " bytes");
    }
  }

  /// Takes one field and what ends it; true when that is a delimiter.
  bool read_field(std::vector<std::string_view>& fields) {
    const std::size_t begin = rest_.find_first_not_of(" \t");
    if (begin != std::string_view::npos && rest_[begin] == quote_) {
      rest_.remove_prefix(begin + 1);
      fields.push_back(quoted());
      if (!trimmed(rest_.substr(0, field_end())).empty()) {
        throw FormatError(place() + ": text follows the closing quote of field " +
                          std::to_string(fields.size()));
      }
    } else {
      std::string_view field = rest_.substr(0, field_end());
      if (field.ends_with('\r')) field.remove_suffix(1);
      fields.push_back(trimmed(field));
    }
    const std::size_t end = field_end();
    if (end == std::string_view::npos) {
      rest_ = {};
      return false;
    }
    const bool more = rest_[end] == delimiter_;
    rest_.remove_prefix(end + 1);
    if (!more) ++next_line_;
    return more;
  }

  std::size_t field_end() const {
    const char ends[] = {delimiter_, '\n'};
    return rest_.find_first_of(std::string_view(ends, 2));
  }

  /// Takes the rest of a quoted field and its closing quote.
  std::string_view quoted() {
    std::string* joined = nullptr;
    for (;;) {
      const std::size_t end = rest_.find(quote_);
      if (end == std::string_view::npos) {
        throw FormatError(place() + ": a quoted field is not closed");
      }
      const std::string_view part = rest_.substr(0, end);
      next_line_ += std::count(part.begin(), part.end(), '\n');
      rest_.remove_prefix(end + 1);
      check_length(0);
      const bool doubled = rest_.starts_with(quote_);
      if (joined == nullptr && !doubled) return part;
      if (joined == nullptr) joined = &unquoted_.emplace_back();
      joined->append(part);
      if (!doubled) return *joined;
      joined->push_back(quote_);
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
  const char delimiter_;
  const char quote_;
  const std::string& source_;
  std::size_t line_end_ = 0;  // bytes after the longest line that may begin where this one does
  std::int64_t line_ = 1;
  std::int64_t next_line_ = 1;
  std::deque<std::string> unquoted_;  // fields that differ from the text
};

/// The columns of one tensor, and their numbers row by row.
struct Numbers {
  DType dtype = DType::f32;
  std::vector<std::size_t> columns;
  std::vector<std::byte> bytes;

  Tensor tensor(std::int64_t rows, bool flat) const {
    Shape shape{rows};
    if (!flat) shape.append(static_cast<std::int64_t>(columns.size()));
    Tensor result(dtype, shape);
    if (!bytes.empty()) std::memcpy(result.raw(), bytes.data(), bytes.size());
    return result;
  }
};

/// Whether an element says what the number does, up to the rounding of floats.
template <typename T, typename From>
bool holds(T element, From number) {
  const auto kept = detail::convert<double>(element);
  if constexpr (std::is_integral_v<T>) return kept == static_cast<double>(number);
  return std::isfinite(kept) == std::isfinite(static_cast<double>(number));
}

/// What from_chars reads for an element: itself, or what every value of its is one of.
template <typename T>
using Read = std::conditional_t<std::is_same_v<T, bool>, std::uint8_t,
                                std::conditional_t<std::is_integral_v<T>, T, double>>;

/// Reads an element; returns what is wrong with the field, or nothing.
template <typename T>
std::string read_element(std::string_view field, const CsvOptions& options, T& element) {
  const std::string type(numpy_name(dtype_of<T>));
  const auto& missing = options.missing;
  if (std::find(missing.begin(), missing.end(), field) != missing.end()) {
    if (!options.missing_value) return "is missing; give missing_value to put a number there";
    element = detail::convert<T>(*options.missing_value);
    return holds(element, *options.missing_value) ? ""
                                                  : "is missing, and missing_value is no " + type;
  }
  if (field.starts_with('+')) field.remove_prefix(1);
  Read<T> number{};
  const char* const end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, number);
  if (stop != end || error == std::errc::invalid_argument) {
    return std::is_integral_v<T> ? "is no number of dtype " + type : "is no number";
  }
  element = detail::convert<T>(number);
  const bool fits = error == std::errc() && holds(element, number);
  return fits ? "" : "is out of the range of " + type;
}

/// Appends an element; returns what is wrong with the field, or nothing.
std::string append(std::string_view field, const CsvOptions& options, Numbers& to) {
  return visit_dtype(to.dtype, [&]<typename T>() {
    T element{};
    std::string problem = read_element(field, options, element);
    const auto* bytes = reinterpret_cast<const std::byte*>(&element);
    to.bytes.insert(to.bytes.end(), bytes, bytes + sizeof element);
    return problem;
  });
}

/// Which columns go where, from the first line.
class Columns {
 public:
  Columns(std::span<const std::string_view> first, const CsvOptions& options, std::string place)
      : count_(first.size()), place_(std::move(place)) {
    if (options.header) names_.assign(first.begin(), first.end());
    for (std::size_t column = 0; column < names_.size(); ++column) {
      const bool is_new = numbers_.emplace(names_[column], column).second;
      if (!is_new) numbers_[names_[column]] = kSeveral;
    }
    y.dtype = options.target_dtype;
    x.dtype = options.feature_dtype;
    y.columns = numbers_of(options.targets);
    if (options.sample_weight) weight.columns = {number_of(*options.sample_weight)};
    if (options.features) {
      x.columns = numbers_of(*options.features);
      return;
    }
    std::vector<bool> taken(count_, false);
    for (const Numbers* numbers : {&y, &weight}) {
      for (const std::size_t column : numbers->columns) taken[column] = true;
    }
    for (std::size_t column = 0; column < count_; ++column) {
      if (!taken[column]) x.columns.push_back(column);
    }
  }

  void append_line(const std::vector<std::string_view>& fields, const CsvOptions& options,
                   const LineReader& reader) {
    if (fields.size() != count_) {
      throw FormatError(reader.place() + " has " + std::to_string(fields.size()) +
                        " fields; expected " + std::to_string(count_));
    }
    for (Numbers* numbers : {&x, &y, &weight}) {
      for (const std::size_t column : numbers->columns) {
        const std::string problem = append(fields[column], options, *numbers);
        if (!problem.empty()) {
          throw FormatError(reader.place() + ", column " + describe(column) + ": \"" +
                            std::string(fields[column]) + "\" " + problem);
        }
      }
    }
  }

  Numbers x, y, weight;

 private:
  std::string describe(std::size_t column) const {
    return std::to_string(column) + (names_.empty() ? "" : " (" + names_[column] + ")");
  }

  std::vector<std::size_t> numbers_of(const std::vector<CsvColumn>& columns) const {
    std::vector<std::size_t> numbers;
    for (const CsvColumn& column : columns) numbers.push_back(number_of(column));
    return numbers;
  }

  std::size_t number_of(const CsvColumn& column) const {
    if (!column.number) return number_named(column.name);
    const auto count = static_cast<std::int64_t>(count_);
    const std::int64_t number = *column.number;
    if (number < -count || number >= count) {
      throw NotFound(place_ + ": there is no column " + std::to_string(number) + " among " +
                     std::to_string(count));
    }
    return static_cast<std::size_t>(number < 0 ? number + count : number);
  }

  std::size_t number_named(const std::string& name) const {
    const auto found = numbers_.find(name);
    if (found == numbers_.end()) {
      throw NotFound(
          place_ + ": there is no column \"" + name + "\"" +
          (names_.empty() ? " without a header; give its number" : did_you_mean(name, names_)));
    }
    if (found->second == kSeveral) {
      throw FormatError(place_ + ": two columns are named \"" + name + "\"; give a number");
    }
    return found->second;
  }

  static constexpr std::size_t kSeveral = ~std::size_t{0};

  std::size_t count_;
  std::string place_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::size_t> numbers_;
};

void check(const CsvOptions& options) {
  const auto usable = [](char c) { return c != '\n' && c != '\r'; };
  if (options.delimiter == options.quote || !usable(options.delimiter) || !usable(options.quote)) {
    throw InvalidArgument(
        "csv: delimiter and quote must be two different characters other than line breaks");
  }
}

}  // namespace

Dataset parse_csv(std::string_view text, const CsvOptions& options, const std::string& source) {
  check(options);
  if (text.size() > options.max_bytes) {
    throw FormatError(source + " holds " + std::to_string(text.size()) +
                      " bytes, more than the limit of " + std::to_string(options.max_bytes));
  }
  LineReader reader(text, options, source);
  std::vector<std::string_view> fields;
  if (!reader.read(fields)) throw FormatError(source + " holds no line");
  Columns columns(fields, options, source);
  std::int64_t rows = 0;
  for (bool more = !options.header || reader.read(fields); more; more = reader.read(fields)) {
    columns.append_line(fields, options, reader);
    if (++rows % kRowsBetweenPolls == 0) poll();
  }
  Tensors weight;
  if (options.sample_weight) weight = columns.weight.tensor(rows, true);
  return {columns.x.tensor(rows, false), columns.y.tensor(rows, columns.y.columns.size() == 1),
          std::move(weight)};
}

Dataset csv(const std::string& path, const CsvOptions& options) {
  return parse_csv(read_file_or_gzip(path, options.max_bytes), options, "\"" + path + "\"");
}

}  // namespace tegula::data
