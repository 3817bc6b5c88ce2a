#pragma once
// MNIST and the data sets that took over its file names (Fashion-MNIST, KMNIST).

#include <string>

#include "tegula/core/export.hpp"
#include "tegula/data/dataset.hpp"

namespace tegula::data {

/// The two parts of a data set; `auto [train, test] = data::mnist(folder);` takes them apart.
struct TrainAndTest {
  Dataset train;
  Dataset test;
};

/// Reads the four IDX files train-images-idx3-ubyte, train-labels-idx1-ubyte,
/// t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each gzipped (.gz) or plain, from `folder`. x
/// is f32 [n, 784], the pixels divided by 255; y is i32 [n], the classes, as the sparse losses and
/// metrics take them. Throws IoError naming the file that is missing, FormatError when a file is
/// not what its name says.
TEGULA_API TrainAndTest mnist(const std::string& folder);

/// The same as the files hold it: x is u8 [n, 28, 28], y is u8 [n].
TEGULA_API TrainAndTest mnist_bytes(const std::string& folder);

}  // namespace tegula::data
