#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <tuple>
#include <utility>

#include "src/io/safetensors.hpp"
#include "tegula/core/error.hpp"
#include "tegula/io/safetensors.hpp"

namespace tegula::io {

namespace {

using detail::Entry;

constexpr std::size_t kLengthBytes = 8;

std::uint64_t read_length(std::string_view bytes) {
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return length;
}

/// The header's JSON text, after the checks of its length.
std::string read_header_text(const detail::ByteSource& source) {
  if (source.size < kLengthBytes) {
    throw FormatError(source.name + ": " + std::to_string(source.size) +
                      " bytes are too few for a safetensors file; expected at least 8");
  }
  std::array<char, kLengthBytes> bytes{};
  source.take(bytes);
  const std::uint64_t length = read_length({bytes.data(), bytes.size()});
  if (length > detail::kMaxHeaderBytes) {
    throw FormatError(source.name + ": a header of " + std::to_string(length) +
                      " bytes; expected at most " + std::to_string(detail::kMaxHeaderBytes) +
                      ", so this is hardly a safetensors file");
  }
  if (length > source.size - kLengthBytes) {
    throw FormatError(source.name + ": a header of " + std::to_string(length) +
                      " bytes in a file of " + std::to_string(source.size) +
                      " bytes; the file is truncated");
  }
  std::string text(length, '\0');
  source.take(text);
  return text;
}

/// Checks what the entries say of the tensors.
class EntryChecker {
 public:
  EntryChecker(std::uint64_t data_bytes, const std::string& source)
      : data_bytes_(data_bytes), source_(source) {}

  /// The entries sorted by offset must cover the data without holes, overlaps or left-overs.
  void check_layout(const std::vector<Entry>& entries) const {
    std::uint64_t expected = 0;
    for (const Entry& entry : entries) {
      if (entry.begin != expected || entry.end < entry.begin || entry.end > data_bytes_) {
        fail(entry, "data_offsets [" + std::to_string(entry.begin) + "," +
                        std::to_string(entry.end) + "]; expected to begin at " +
                        std::to_string(expected) + " and to end within the " +
                        std::to_string(data_bytes_) + " bytes of data");
      }
      expected = entry.end;
    }
    if (expected != data_bytes_) {
      throw FormatError(source_ + ": " + std::to_string(data_bytes_ - expected) +
                        " bytes after the last tensor; expected none");
    }
  }

  detail::NamedType type_of(const Entry& entry) const {
    const DType dtype = dtype_of_entry(entry);
    return {entry.name, dtype, shape_of_entry(entry, size_of(dtype))};
  }

 private:
  [[noreturn]] void fail(const Entry& entry, const std::string& what) const {
    throw FormatError(source_ + ": tensor \"" + entry.name + "\" has " + what);
  }

  DType dtype_of_entry(const Entry& entry) const {
    std::string known;
    for (const auto& [dtype, name] : detail::kDTypeNames) {
      if (name == entry.dtype) return dtype;
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    fail(entry, "the dtype \"" + entry.dtype + "\"; supported are " + known);
  }

  Shape shape_of_entry(const Entry& entry, std::size_t element_bytes) const {
    if (entry.shape.size() > Shape::kMaxRank) {
      fail(entry, std::to_string(entry.shape.size()) + " dimensions; supported are up to " +
                      std::to_string(Shape::kMaxRank));
    }
    constexpr std::uint64_t kHighest = std::numeric_limits<std::int64_t>::max();
    std::uint64_t bytes = element_bytes;
    bool empty = false;
    Shape shape;
    for (const std::uint64_t dim : entry.shape) {
      // As for every tensor, the other dimensions must not overflow beside a 0 either.
      if (dim > kHighest || (dim != 0 && bytes > kHighest / dim)) {
        fail(entry, "a shape whose size overflows 64 bits");
      }
      empty = empty || dim == 0;
      if (dim != 0) bytes *= dim;
      shape.append(static_cast<std::int64_t>(dim));
    }
    if (empty) bytes = 0;
    if (bytes != entry.end - entry.begin) {
      fail(entry, std::to_string(entry.end - entry.begin) + " bytes; expected " +
                      std::to_string(bytes) + " for " + entry.dtype + shape.to_string());
    }
    return shape;
  }

  std::uint64_t data_bytes_;
  const std::string& source_;
};

}  // namespace

const Tensor* Safetensors::find(std::string_view name) const {
  for (const NamedTensor& entry : tensors) {
    if (entry.name == name) return &entry.tensor;
  }
  return nullptr;
}

const Tensor& Safetensors::at(std::string_view name) const {
  if (const Tensor* tensor = find(name)) return *tensor;
  throw NotFound("there is no tensor \"" + std::string(name) + "\" among the " +
                 std::to_string(tensors.size()) + " of the safetensors data");
}

namespace detail {

SafetensorsReader::SafetensorsReader(ByteSource source) : source_(std::move(source)) {
  const std::string text = read_header_text(source_);
  Header header = parse_header(text, source_.name);
  metadata_ = std::move(header.metadata);
  std::sort(header.entries.begin(), header.entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  const EntryChecker checker(source_.size - kLengthBytes - text.size(), source_.name);
  checker.check_layout(header.entries);
  types_.reserve(header.entries.size());
  for (const Entry& entry : header.entries) types_.push_back(checker.type_of(entry));
}

Safetensors SafetensorsReader::read() && {
  Safetensors contents;
  contents.metadata = std::move(metadata_);
  contents.tensors.reserve(types_.size());
  for (NamedType& type : types_) {
    Tensor tensor(type.dtype, type.shape);
    const std::span<char> bytes(static_cast<char*>(tensor.raw()), tensor.byte_count());
    source_.take(bytes);
    // Other bytes than 0 and 1 are not values of C++'s bool.
    if (type.dtype == DType::boolean &&
        std::ranges::any_of(bytes, [](char byte) { return byte != 0 && byte != 1; })) {
      throw FormatError(source_.name + ": tensor \"" + type.name +
                        "\" has a BOOL element that is neither 0 nor 1");
    }
    contents.tensors.push_back({std::move(type.name), std::move(tensor)});
  }
  return contents;
}

ByteSource source_of(tegula::detail::InputFile& file, std::uint64_t max_bytes) {
  const std::string name = "\"" + file.path() + "\"";
  if (file.size() > max_bytes) {
    throw FormatError(name + " holds more than the " + std::to_string(max_bytes) +
                      " bytes that are allowed here");
  }
  file.rewind();
  return {name, file.size(), [&file, name](std::span<char> bytes) {
            if (file.read(bytes) == bytes.size()) return;
            throw FormatError(name + " became shorter while it was read");
          }};
}

}  // namespace detail

Safetensors parse_safetensors(std::string_view bytes, const std::string& source) {
  std::string_view rest = bytes;
  return detail::SafetensorsReader({source, bytes.size(),
                                    [&rest](std::span<char> to) {
                                      std::copy_n(rest.begin(), to.size(), to.begin());
                                      rest.remove_prefix(to.size());
                                    }})
      .read();
}

Safetensors read_safetensors(const std::string& path, std::uint64_t max_bytes) {
  tegula::detail::InputFile file(path);
  return detail::SafetensorsReader(detail::source_of(file, max_bytes)).read();
}

}  // namespace tegula::io
