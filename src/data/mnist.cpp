#include "tegula/data/mnist.hpp"

#include <algorithm>
#include <array>
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

/// Needs no memory beside its result: the bytes wait where the last floats will be.
Dataset prepare(Dataset bytes) {
  Tensor x(DType::f32, {bytes.size(), 28 * 28});
  const std::int64_t count = x.element_count();
  auto* const scaled = x.data<float>();
  auto* const pixels = reinterpret_cast<std::uint8_t*>(scaled) + 3 * count;
  std::copy_n(bytes.x->data<std::uint8_t>(), count, pixels);
  bytes.x = Tensor();
  std::array<std::uint8_t, 4096> block;
  constexpr auto kBlock = static_cast<std::int64_t>(block.size());
  for (std::int64_t first = 0; first < count; first += kBlock) {
    const std::int64_t size = std::min(kBlock, count - first);
    std::copy_n(pixels + first, size, block.begin());
    // A division, as in x / 255 in Python: a product with 1 / 255 rounds differently.
    for (std::int64_t i = 0; i < size; ++i) {
      scaled[first + i] = static_cast<float>(block[static_cast<std::size_t>(i)]) / 255.0f;
    }
  }
  return {std::move(x), bytes.y->cast(DType::i32)};
}

}  // namespace

TrainAndTest mnist_bytes(const std::string& folder) {
  return {read_part(folder, "train"), read_part(folder, "t10k")};
}

TrainAndTest mnist(const std::string& folder) {
  Dataset train = prepare(read_part(folder, "train"));
  return {std::move(train), prepare(read_part(folder, "t10k"))};
}

}  // namespace tegula::data
