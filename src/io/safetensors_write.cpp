#include <algorithm>
#include <iterator>

#include "src/io/json.hpp"
#include "src/io/safetensors.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"
#include "tegula/io/safetensors.hpp"

namespace tegula::io {

namespace {

using detail::DTypeName;

const DTypeName& name_of(DType dtype) {
  return *std::find_if(std::begin(detail::kDTypeNames), std::end(detail::kDTypeNames),
                       [&](const DTypeName& entry) { return entry.dtype == dtype; });
}

std::string quoted_name(const std::string& name) {
  if (name.size() > detail::kMaxNameBytes) {
    throw InvalidArgument("a name of " + std::to_string(name.size()) +
                          " bytes for a safetensors file; expected at most " +
                          std::to_string(detail::kMaxNameBytes));
  }
  return quoted(name);
}

/// In the order of the file: widest dtypes first, so that every tensor is aligned; then by name.
std::vector<const NamedTensor*> sorted(const std::vector<NamedTensor>& tensors) {
  std::vector<const NamedTensor*> order;
  order.reserve(tensors.size());
  for (const NamedTensor& entry : tensors) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    const auto rank_a = &name_of(a->tensor.dtype());
    const auto rank_b = &name_of(b->tensor.dtype());
    return rank_a != rank_b ? rank_a > rank_b : a->name < b->name;
  });
  return order;
}

void check_names(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const NamedTensor& entry : tensors) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    throw InvalidArgument("two tensors for a safetensors file have the name \"" +
                          std::string(*twice) + "\"");
  }
  if (std::binary_search(names.begin(), names.end(), detail::kMetadataKey)) {
    throw InvalidArgument("a safetensors file reserves the name \"" +
                          std::string(detail::kMetadataKey) + "\"");
  }
}

std::string metadata_text(const std::map<std::string, std::string>& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata) {
    text += (text.empty() ? "" : ",") + quoted_name(key) + ":" + quoted(value);
  }
  return quoted(std::string(detail::kMetadataKey)) + ":{" + text + "}";
}

std::string entry_text(const NamedTensor& entry, std::size_t begin) {
  std::string dims;
  for (const std::int64_t dim : entry.tensor.shape()) {
    dims += (dims.empty() ? "" : ",") + std::to_string(dim);
  }
  return quoted_name(entry.name) + ":{\"dtype\":\"" +
         std::string(name_of(entry.tensor.dtype()).name) + "\",\"shape\":[" + dims +
         "],\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(begin + entry.tensor.byte_count()) + "]}";
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

}  // namespace

SafetensorsPieces safetensors_pieces(const Safetensors& contents) {
  check_names(contents.tensors);
  SafetensorsPieces pieces;
  std::string json = contents.metadata.empty() ? "" : metadata_text(contents.metadata);
  std::size_t offset = 0;
  for (const NamedTensor* entry : sorted(contents.tensors)) {
    const Tensor& tensor = entry->tensor;
    json += (json.empty() ? "" : ",") + entry_text(*entry, offset);
    offset += tensor.byte_count();
    pieces.tensors.emplace_back(static_cast<const char*>(tensor.raw()), tensor.byte_count());
  }
  json = "{" + json + "}";
  json.resize((json.size() + 7) / 8 * 8, ' ');
  if (json.size() > detail::kMaxHeaderBytes) {
    throw InvalidArgument("names and metadata for a safetensors file take " +
                          std::to_string(json.size()) + " bytes; the format allows " +
                          std::to_string(detail::kMaxHeaderBytes));
  }
  pieces.header = little_endian(json.size()) + json;
  return pieces;
}

std::vector<std::string_view> SafetensorsPieces::all() const {
  std::vector<std::string_view> views{header};
  views.insert(views.end(), tensors.begin(), tensors.end());
  return views;
}

void write_safetensors(const std::string& path, const Safetensors& contents) {
  const SafetensorsPieces pieces = safetensors_pieces(contents);
  write_file_atomically(path, pieces.all());
}

std::string to_safetensors(const Safetensors& contents) {
  const SafetensorsPieces pieces = safetensors_pieces(contents);
  std::string bytes;
  for (const std::string_view piece : pieces.all()) bytes += piece;
  return bytes;
}

}  // namespace tegula::io
