#include "src/io/foreign_formats.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <string_view>

namespace tegula::io {

namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

constexpr const char* kKerasArchive = "a Keras archive (.keras)";
constexpr const char* kHdf5 = "an HDF5 file";
constexpr const char* kTfLite = "a TensorFlow Lite model";
constexpr const char* kOnnx = "an ONNX model";
constexpr const char* kSavedModel = "a TensorFlow SavedModel";
constexpr const char* kCheckpoint = "a TensorFlow checkpoint";
constexpr const char* kPyTorch = "a PyTorch file";
constexpr const char* kNumPy = "a NumPy archive";
constexpr const char* kPickle = "a pickle file";

struct ByName {
  std::string_view ending;
  const char* format;
};
constexpr std::array kByName = {
    ByName{".keras", kKerasArchive}, ByName{".h5", kHdf5},         ByName{".hdf5", kHdf5},
    ByName{".tflite", kTfLite},      ByName{".onnx", kOnnx},       ByName{".pb", kSavedModel},
    ByName{".pbtxt", kSavedModel},   ByName{".ckpt", kCheckpoint}, ByName{".pt", kPyTorch},
    ByName{".pth", kPyTorch},        ByName{".npz", kNumPy},       ByName{".npy", kNumPy},
    ByName{".pkl", kPickle},         ByName{".pickle", kPickle},
};

struct BySignature {
  std::size_t offset;
  std::string_view bytes;
  const char* format;
};
/// The first that matches counts. A zip file's first member, whose name starts at byte 30, tells
/// whose archive it is.
constexpr std::array kBySignature = {
    BySignature{0, "\x89HDF\r\n\x1a\n"sv, kHdf5},
    BySignature{4, "TFL3"sv, kTfLite},
    BySignature{30, "metadata.json"sv, kKerasArchive},
    BySignature{30, "config.json"sv, kKerasArchive},
    BySignature{0, "PK\x03\x04"sv, "a zip archive"},
    BySignature{0, "\x80\x02"sv, kPickle},
    BySignature{0, "\x80\x04"sv, kPickle},
    BySignature{0, "\x80\x05"sv, kPickle},
    BySignature{0, "\x93NUMPY"sv, kNumPy},
};

struct ByMember {
  const char* file;
  const char* format;
};
constexpr std::array kByMember = {
    ByMember{"saved_model.pb", kSavedModel},
    ByMember{"saved_model.pbtxt", kSavedModel},
    ByMember{"checkpoint", kCheckpoint},
    ByMember{"model.weights.h5", "an unpacked Keras archive"},
    ByMember{"model.weights.npz", "an unpacked Keras archive"},
};

std::string first_bytes(const fs::path& file) {
  constexpr std::size_t kEnough = 64;
  std::string bytes(kEnough, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

}  // namespace

std::string foreign_format_by_name(const fs::path& path) {
  std::string name = path.filename().string();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const ByName& row : kByName) {
    if (name.ends_with(row.ending)) return row.format;
  }
  return "";
}

std::string foreign_format_by_contents(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (const ByMember& row : kByMember) {
      if (fs::is_regular_file(path / row.file, error)) return row.format;
    }
    return "";
  }
  if (!fs::is_regular_file(path, error)) return "";
  const std::string bytes = first_bytes(path);
  for (const BySignature& row : kBySignature) {
    if (bytes.size() >= row.offset && bytes.compare(row.offset, row.bytes.size(), row.bytes) == 0) {
      return row.format;
    }
  }
  return foreign_format_by_name(path);
}

}  // namespace tegula::io
