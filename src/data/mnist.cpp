#include "tegula/data/mnist.hpp"

#include <filesystem>

#include "tegula/core/error.hpp"
#include "tegula/data/idx.hpp"

namespace tegula::data {

namespace {

namespace fs = std::filesystem;

std::string find_file(const std::string& folder, const std::string& name) {
  for (const std::string& candidate : {name + ".gz", name}) {
    const fs::path path = fs::path(folder) / candidate;
    std::error_code error;
    if (fs::exists(path, error)) return path.string();
  }
  throw IoError("the folder \"" + folder + "\" holds neither " + name + ".gz nor " + name +
                "; give the folder with the four files of the data set. Those of MNIST are in "
                "examples/mnist/data of Tegula's sources, and the Python package's "
                "datasets.mnist.load_data() finds or downloads them");
}

Dataset read_part(const std::string& folder, const std::string& part) {
  const std::string images_path = find_file(folder, part + "-images-idx3-ubyte");
  const std::string labels_path = find_file(folder, part + "-labels-idx1-ubyte");
  Tensor images = read_idx(images_path);
  Tensor labels = read_idx(labels_path);
  if (images.dtype() != DType::u8 || !compatible(images.shape(), {kUnknown, 28, 28})) {
    throw FormatError("\"" + images_path + "\" holds " + std::string(to_string(images.dtype())) +
                      images.shape().to_string() + "; expected images as u8[?,28,28]");
  }
  if (labels.dtype() != DType::u8 || labels.rank() != 1) {
    throw FormatError("\"" + labels_path + "\" holds " + std::string(to_string(labels.dtype())) +
                      labels.shape().to_string() + "; expected labels as u8[?]");
  }
  if (images.shape()[0] != labels.shape()[0]) {
    throw FormatError("\"" + images_path + "\" holds " + std::to_string(images.shape()[0]) +
                      " images but \"" + labels_path + "\" holds " +
                      std::to_string(labels.shape()[0]) + " labels");
  }
  return {std::move(images), std::move(labels)};
}

Dataset prepare(const Dataset& bytes) {
  const std::int64_t rows = bytes.size();
  Tensor x(DType::f32, {rows, 28 * 28});
  const std::uint8_t* pixels = bytes.x.data<std::uint8_t>();
  auto* scaled = x.data<float>();
  // A division, as in x / 255 in Python: a product with 1 / 255 rounds differently.
  for (std::int64_t i = 0; i < x.element_count(); ++i) {
    scaled[i] = static_cast<float>(pixels[i]) / 255.0f;
  }
  return {std::move(x), bytes.y.cast(DType::i32)};
}

}  // namespace

TrainAndTest mnist_bytes(const std::string& folder) {
  return {read_part(folder, "train"), read_part(folder, "t10k")};
}

TrainAndTest mnist(const std::string& folder) {
  const TrainAndTest bytes = mnist_bytes(folder);
  return {prepare(bytes.train), prepare(bytes.test)};
}

}  // namespace tegula::data
