// The four files of MNIST, uncompressed.

#include "tegula/data/mnist.hpp"

#include <array>

#include "tests/fuzz/targets.hpp"
#include "tests/support/temporary_folder.hpp"

namespace tegula::fuzz {

namespace {

void run(std::string_view input) {
  constexpr std::array kFiles = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                 "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
  static const test::TemporaryFolder folder;
  const std::vector<std::string> parts = parts_of(input, kFiles.size());
  for (std::size_t i = 0; i < kFiles.size(); ++i) {
    test::write_bytes(folder.path(kFiles[i]), parts[i]);
  }
  const data::TrainAndTest set = data::mnist(folder.path());
  for (const data::Dataset& samples : {set.train, set.test}) {
    require(samples.x->shape() == Shape{samples.size(), 28 * 28}, "images are rows of pixels");
    require(samples.y->shape() == Shape{samples.size()}, "each image has a label");
  }
}

}  // namespace

const Target mnist = {"mnist", run};

}  // namespace tegula::fuzz
