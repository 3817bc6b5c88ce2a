// The MNIST reader on the real files and on folders with something missing or wrong.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tegula/core/error.hpp"
#include "tegula/data/mnist.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using namespace std::string_literals;

namespace {

const std::string kFolder = TEGULA_SOURCE_DIR "/examples/mnist/data";

void write_data_set(const test::TemporaryFolder& folder) {
  for (const std::string part : {"train", "t10k"}) {
    test::write_bytes(folder.path(part + "-images-idx3-ubyte"),
                      "\0\0\x08\3\0\0\0\1\0\0\0\x1c\0\0\0\x1c"s + std::string(784, '\x33'));
    test::write_bytes(folder.path(part + "-labels-idx1-ubyte"), "\0\0\x08\1\0\0\0\1\7"s);
  }
}

}  // namespace

TEST_CASE("MNIST has 60,000 + 10,000 images, scaled as in Python, and i32 classes") {
  const auto [train, test] = data::mnist(kFolder);
  CHECK(train.size() == 60000);
  CHECK(test.size() == 10000);
  CHECK(train.x->dtype() == DType::f32);
  CHECK(train.x->shape() == Shape{60000, 784});
  CHECK(train.y->dtype() == DType::i32);
  CHECK(train.y->rows(0, 8).to_string() == "i32[8] {5, 0, 4, 1, 9, 2, 1, 3}");
  double sum = 0;
  for (const float value : train.x->values<float>()) sum += value;
  // The mean that all tutorials normalize with.
  CHECK(sum / static_cast<double>(train.x->element_count()) ==
        doctest::Approx(0.1307).epsilon(1e-3));
  const auto raw = data::mnist_bytes(kFolder);
  CHECK(raw.train.x->shape() == Shape{60000, 28, 28});
  CHECK(raw.train.x->dtype() == DType::u8);
  CHECK(raw.test.y->dtype() == DType::u8);
  bool same = true;
  for (std::int64_t i = 0; i < 784 * 100; ++i) {
    same &= test.x->data<float>()[i] == static_cast<float>(raw.test.x->at(i)) / 255.0f;
  }
  CHECK(same);
}

TEST_CASE("plain files serve as well as gzipped ones") {
  const test::TemporaryFolder folder;
  write_data_set(folder);
  const auto [train, test] = data::mnist(folder.path());
  CHECK(train.x->shape() == Shape{1, 784});
  CHECK(train.x->at(783) == static_cast<double>(51.0f / 255.0f));
  CHECK(test.y->item() == 7);
}

TEST_CASE("a missing file is named, with the folder and where to get the data") {
  const test::TemporaryFolder folder;
  write_data_set(folder);
  std::filesystem::remove(folder.path("t10k-labels-idx1-ubyte"));
  CHECK_THROWS_WITH_AS(
      data::mnist(folder.path()),
      ("the folder \"" + folder.path() +
       "\" holds neither t10k-labels-idx1-ubyte.gz nor t10k-labels-idx1-ubyte; give the folder "
       "with "
       "the four files of the data set. Those of MNIST are in examples/mnist/data of Tegula's "
       "sources, and the Python package's datasets.mnist.load_data() finds or downloads them")
          .c_str(),
      IoError);
}

TEST_CASE("files that are not what their names say are refused") {
  struct Case {
    const char* name;
    std::string bytes;
    const char* text;
  };
  const Case cases[] = {
      {"train-images-idx3-ubyte", "\0\0\x08\1\0\0\0\1\1"s,
       "holds u8[1]; expected images as u8[?,28,28]"},
      {"train-images-idx3-ubyte", "\0\0\x09\3\0\0\0\0\0\0\0\x1c\0\0\0\x1c"s,
       "holds i8[0,28,28]; expected images as u8[?,28,28]"},
      {"train-images-idx3-ubyte", "\0\0\x08\3\0\0\0\0\0\0\0\x1c\0\0\0\x1c"s, "holds 0 images but"},
      {"train-labels-idx1-ubyte", "\0\0\x08\2\0\0\0\1\0\0\0\1\1"s,
       "holds u8[1,1]; expected labels as u8[?]"},
      {"train-labels-idx1-ubyte", "\0\0\x08\1\0\0\0\2\1"s, "holds 1 bytes of elements; expected 2"},
  };
  for (const Case& c : cases) {
    const test::TemporaryFolder folder;
    write_data_set(folder);
    test::write_bytes(folder.path(c.name), c.bytes);
    std::string error;
    try {
      data::mnist(folder.path());
    } catch (const FormatError& caught) {
      error = caught.what();
    }
    CAPTURE(error);
    CHECK(error.starts_with("\"" + folder.path(c.name) + "\""));
    CHECK(error.find(c.text) != std::string::npos);
  }
}
