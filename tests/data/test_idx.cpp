// IDX files: every dtype, the real MNIST files, and hostile input.
#include <doctest/doctest.h>

#include <string>

#include "tegula/core/error.hpp"
#include "tegula/data/idx.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using namespace std::string_literals;
using data::parse_idx;
using data::read_idx;

TEST_CASE("every dtype reads from big-endian bytes") {
  struct Case {
    std::string bytes;
    Tensor expected;
  };
  const Case cases[] = {
      {"\0\0\x08\1\0\0\0\3\0\x7f\xff"s, Tensor::from<std::uint8_t>({0, 127, 255})},
      {"\0\0\x09\1\0\0\0\2\x80\x7f"s, Tensor::from<std::int8_t>({-128, 127})},
      {"\0\0\x0c\1\0\0\0\2\1\2\3\4\xff\xff\xff\xfe"s, Tensor::from<std::int32_t>({0x01020304, -2})},
      {"\0\0\x0d\2\0\0\0\1\0\0\0\2\x3f\x80\0\0\xc0\x49\x0f\xdb"s,
       Tensor::from<float>({1.0f, -3.14159274f}, {1, 2})},
      {"\0\0\x0e\1\0\0\0\1\x3f\xf8\0\0\0\0\0\0"s, Tensor::from<double>({1.5})},
      {"\0\0\x08\3\0\0\0\2\0\0\0\0\xff\xff\xff\xff"s, Tensor(DType::u8, {2, 0, 4294967295})},
  };
  for (const Case& c : cases) CHECK(identical(parse_idx(c.bytes), c.expected));
}

TEST_CASE("each violation of the format is named") {
  struct Case {
    std::string bytes;
    const char* text;
  };
  const Case cases[] = {
      {""s, "file: 0 bytes are too few for an IDX file"},
      {"\0\0\x08"s, "file: 3 bytes are too few for an IDX file"},
      {"GIF8\0\0\0\0"s, "file: does not begin with two zero bytes, so it is not an IDX file"},
      {"\0\0\x08\0"s, "file: has 0 dimensions; expected 1 to 8"},
      {"\0\0\x08\x09"s + std::string(36, '\0'), "file: has 9 dimensions; expected 1 to 8"},
      {"\0\0\x08\2\0\0\0\1\0\0\0"s, "file: ends within its 2 dimensions"},
      {"\0\0\x0b\1\0\0\0\0"s,
       "file: holds 16-bit integers (IDX type 0x0B), which Tegula has no dtype for"},
      {"\0\0\x0a\1\0\0\0\0"s, "file: IDX type 10 is unknown; expected 8, 9, 12, 13 or 14"},
      {"\0\0\x08\1\0\0\0\3ab"s, "file: holds 2 bytes of elements; expected 3 for u8[3]"},
      {"\0\0\x08\1\0\0\0\3abcd"s, "file: holds 4 bytes of elements; expected 3 for u8[3]"},
      {"\0\0\x0c\1\0\0\0\1abc"s, "file: holds 3 bytes of elements; expected 4 for i32[1]"},
      {"\0\0\x08\2\x7f\xff\xff\xff\xff\xff\xff\xff"s,
       "file: holds 0 bytes of elements; expected 9223372030412324865 for "
       "u8[2147483647,4294967295]"},
      {"\0\0\x08\3\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff"s,
       "file: the size of shape [4294967295,0,4294967295] overflows 64 bits"},
      {"\0\0\x0e\2\xff\xff\xff\xff\xff\xff\xff\xff"s,
       "file: the size of shape [4294967295,4294967295] overflows 64 bits"},
  };
  for (const Case& c : cases) {
    CHECK_THROWS_WITH_AS(parse_idx(c.bytes, "file"), c.text, FormatError);
  }
}

TEST_CASE("a file cut at any byte or with flipped bits is refused or read, nothing else") {
  const std::string bytes = "\0\0\x0e\2\0\0\0\2\0\0\0\3"s + std::string(48, 'x');
  REQUIRE(parse_idx(bytes).shape() == Shape{2, 3});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_THROWS_AS(parse_idx(bytes.substr(0, size)), FormatError);
  }
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    // The header says everything about the size, so that only data bits may change and pass.
    if (bit < 8 * 12) {
      CHECK_THROWS_AS(parse_idx(flipped), FormatError);
    } else {
      CHECK_NOTHROW(parse_idx(flipped));
    }
  }
}

TEST_CASE("the real MNIST files have their known shapes") {
  const std::string folder = TEGULA_SOURCE_DIR "/examples/mnist/data/";
  const Tensor images = read_idx(folder + "t10k-images-idx3-ubyte.gz");
  CHECK(images.dtype() == DType::u8);
  CHECK(images.shape() == Shape{10000, 28, 28});
  const Tensor labels = read_idx(folder + "t10k-labels-idx1-ubyte.gz");
  CHECK(labels.rows(0, 5).to_string() == "u8[5] {7, 2, 1, 0, 4}");
  // The limit is one of decompressed bytes: the file itself is smaller.
  CHECK_THROWS_AS(read_idx(folder + "t10k-images-idx3-ubyte.gz", 7'000'000), FormatError);
}

TEST_CASE("file errors name the file") {
  const test::TemporaryFolder folder;
  test::write_bytes(folder.path("bad"), "not an array");
  CHECK_THROWS_WITH_AS(read_idx(folder.path("bad")),
                       ("\"" + folder.path("bad") +
                        "\": does not begin with two zero bytes, so it is not an IDX file")
                           .c_str(),
                       FormatError);
  CHECK_THROWS_AS(read_idx(folder.path("missing")), IoError);
  const std::string packed =
      test::read_bytes(TEGULA_SOURCE_DIR "/examples/mnist/data/t10k-labels-idx1-ubyte.gz");
  test::write_bytes(folder.path("cut.gz"), packed.substr(0, packed.size() / 2));
  CHECK_THROWS_WITH_AS(
      read_idx(folder.path("cut.gz")),
      ("\"" + folder.path("cut.gz") + "\" is truncated: its gzip data ends in the middle").c_str(),
      FormatError);
}
