#pragma once
// The safetensors format: named tensors and text metadata in one file that holds no code.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/core/export.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula::io {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Contents of a safetensors file.
struct Safetensors {
  std::vector<NamedTensor> tensors;  ///< unique names; after reading in the order of the file
  std::map<std::string, std::string> metadata;

  /// Null when there is no tensor of that name.
  TEGULA_API const Tensor* find(std::string_view name) const;
  /// Throws NotFound when there is no tensor of that name.
  TEGULA_API const Tensor& at(std::string_view name) const;
};

/// Largest file that is read when the caller gives no limit: 64 GiB.
inline constexpr std::uint64_t kSafetensorsLimit = std::uint64_t{64} << 30;

/// Throws FormatError naming the file, the tensor and what was expected when the file is not
/// strictly of the format: holes, overlaps, trailing bytes, duplicate names and unknown keys are
/// refused, and so are dtypes that Tegula has not, more than 8 dimensions, and bool bytes other
/// than 0 and 1. Throws IoError when the file cannot be read.
TEGULA_API Safetensors read_safetensors(const std::string& path,
                                        std::uint64_t max_bytes = kSafetensorsLimit);

/// The same from memory; `source` names the bytes in errors. The tensors are copies.
TEGULA_API Safetensors parse_safetensors(std::string_view bytes,
                                         const std::string& source = "safetensors data");

/// Replaces or creates the file atomically. Throws InvalidArgument for a duplicate, reserved or not
/// UTF-8 name, IoError when the file cannot be written.
TEGULA_API void write_safetensors(const std::string& path, const Safetensors& contents);

/// The length and JSON text that precede the tensors' bytes, then those bytes in the order of the
/// file, as views into `contents`: for writers that combine several files.
struct SafetensorsPieces {
  std::string header;
  std::vector<std::string_view> tensors;

  /// `header` and `tensors` in one list of views into this object and the tensors.
  TEGULA_API std::vector<std::string_view> all() const;
};
TEGULA_API SafetensorsPieces safetensors_pieces(const Safetensors& contents);

/// The bytes that `write_safetensors` writes.
TEGULA_API std::string to_safetensors(const Safetensors& contents);

}  // namespace tegula::io
