#include <algorithm>
#include <cstring>
#include <limits>
#include <tuple>

#include "src/io/safetensors.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"
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
std::string_view header_text(std::string_view bytes, const std::string& source) {
  if (bytes.size() < kLengthBytes) {
    throw FormatError(source + ": " + std::to_string(bytes.size()) +
                      " bytes are too few for a safetensors file; expected at least 8");
  }
  const std::uint64_t length = read_length(bytes);
  if (length > detail::kMaxHeaderBytes) {
    throw FormatError(source + ": a header of " + std::to_string(length) +
                      " bytes; expected at most " + std::to_string(detail::kMaxHeaderBytes) +
                      ", so this is hardly a safetensors file");
  }
  if (length > bytes.size() - kLengthBytes) {
    throw FormatError(source + ": a header of " + std::to_string(length) + " bytes in a file of " +
                      std::to_string(bytes.size()) + " bytes; the file is truncated");
  }
  return bytes.substr(kLengthBytes, length);
}

class TensorReader {
 public:
  TensorReader(std::string_view data, const std::string& source) : data_(data), source_(source) {}

  /// The entries sorted by offset must cover the data without holes, overlaps or left-overs.
  void check_layout(const std::vector<Entry>& entries) const {
    std::uint64_t expected = 0;
    for (const Entry& entry : entries) {
      if (entry.begin != expected || entry.end < entry.begin || entry.end > data_.size()) {
        fail(entry, "data_offsets [" + std::to_string(entry.begin) + "," +
                        std::to_string(entry.end) + "]; expected to begin at " +
                        std::to_string(expected) + " and to end within the " +
                        std::to_string(data_.size()) + " bytes of data");
      }
      expected = entry.end;
    }
    if (expected != data_.size()) {
      throw FormatError(source_ + ": " + std::to_string(data_.size() - expected) +
                        " bytes after the last tensor; expected none");
    }
  }

  Tensor read(const Entry& entry) const {
    const DType dtype = dtype_of_entry(entry);
    const Shape shape = shape_of_entry(entry, size_of(dtype));
    const std::string_view bytes = data_.substr(entry.begin, entry.end - entry.begin);
    if (dtype == DType::boolean) check_booleans(entry, bytes);
    Tensor tensor(dtype, shape);
    if (!bytes.empty()) std::memcpy(tensor.raw(), bytes.data(), bytes.size());
    return tensor;
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

  /// Other bytes than 0 and 1 are not values of C++'s bool.
  void check_booleans(const Entry& entry, std::string_view bytes) const {
    if (std::any_of(bytes.begin(), bytes.end(), [](char byte) { return byte != 0 && byte != 1; })) {
      fail(entry, "a BOOL element that is neither 0 nor 1");
    }
  }

  std::string_view data_;
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

Safetensors parse_safetensors(std::string_view bytes, const std::string& source) {
  const std::string_view text = header_text(bytes, source);
  detail::Header header = detail::parse_header(text, source);
  std::sort(header.entries.begin(), header.entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  const TensorReader reader(bytes.substr(kLengthBytes + text.size()), source);
  reader.check_layout(header.entries);
  Safetensors contents;
  contents.metadata = std::move(header.metadata);
  contents.tensors.reserve(header.entries.size());
  for (Entry& entry : header.entries) {
    Tensor tensor = reader.read(entry);
    contents.tensors.push_back({std::move(entry.name), std::move(tensor)});
  }
  return contents;
}

Safetensors read_safetensors(const std::string& path, std::uint64_t max_bytes) {
  return parse_safetensors(read_file(path, max_bytes), "\"" + path + "\"");
}

}  // namespace tegula::io
