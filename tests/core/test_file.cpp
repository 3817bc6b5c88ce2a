// Reading within limits, and gzip.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <string>

#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"
#include "tegula/core/sha256.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using test::error_of;
using test::TemporaryFolder;
using test::write_bytes;

namespace {

constexpr std::uint64_t kLimit = 1 << 24;

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string result(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * i / 7 + i % 251);
  return text;
}

}  // namespace

TEST_CASE("plain files and gzip files of all sizes read back") {
  const TemporaryFolder folder;
  for (const std::size_t size : {0, 1, 2, 3, 65535, 65536, 65537, 300000}) {
    CAPTURE(size);
    const std::string bytes = pattern(size);
    write_bytes(folder.path("plain"), bytes);
    CHECK(read_file(folder.path("plain"), size) == bytes);
    CHECK(read_file_or_gzip(folder.path("plain"), size) == bytes);
    write_bytes(folder.path("packed"), gzip(bytes));
    CHECK(read_file_or_gzip(folder.path("packed"), size) == bytes);
    write_bytes(folder.path("packed"), gzip(bytes) + gzip("second member") + gzip(""));
    CHECK(read_file_or_gzip(folder.path("packed"), size + 13) == bytes + "second member");
  }
  // Extreme ratios: much output from the last byte of input.
  const std::string zeros(5'000'000, '\0');
  write_bytes(folder.path("zeros"), gzip(zeros));
  CHECK(read_file_or_gzip(folder.path("zeros"), kLimit) == zeros);
}

TEST_CASE("more bytes than the limit are an error that names file and limit") {
  const TemporaryFolder folder;
  const std::string path = folder.path("big");
  const std::string expected =
      "\"" + path + "\" holds more than the 99999 bytes that are allowed here";
  const std::string bytes = pattern(100000);
  write_bytes(path, bytes);
  CHECK_THROWS_WITH_AS(read_file(path, 99999), expected.c_str(), FormatError);
  CHECK_THROWS_WITH_AS(read_file_or_gzip(path, 99999), expected.c_str(), FormatError);
  write_bytes(path, gzip(std::string(100000, 'x')));
  CHECK_THROWS_WITH_AS(read_file_or_gzip(path, 99999), expected.c_str(), FormatError);
}

TEST_CASE("a missing file and a folder are named with the system's reason") {
  const TemporaryFolder folder;
  const std::string missing = folder.path("missing");
  CHECK_THROWS_WITH_AS(read_file(missing, kLimit),
                       ("cannot open \"" + missing + "\": No such file or directory").c_str(),
                       IoError);
  CHECK_THROWS_WITH_AS(read_file_or_gzip(folder.path(), kLimit),
                       ("cannot read \"" + folder.path() + "\": Is a directory").c_str(), IoError);
}

TEST_CASE("gzip data cut anywhere is truncated, and flipped bits never pass unnoticed") {
  const TemporaryFolder folder;
  const std::string path = folder.path("file.gz");
  const std::string bytes = pattern(300);
  const std::string packed = gzip(bytes);
  for (std::size_t size = 2; size < packed.size(); ++size) {
    write_bytes(path, packed.substr(0, size));
    CHECK_THROWS_WITH_AS(
        read_file_or_gzip(path, kLimit),
        ("\"" + path + "\" is truncated: its gzip data ends in the middle").c_str(), FormatError);
  }
  int rejected = 0;
  for (std::size_t i = 16; i < 8 * packed.size(); ++i) {
    std::string flipped = packed;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << i % 8));
    write_bytes(path, flipped);
    // Bytes 4 to 9 hold time and system, which do not matter.
    std::string read;
    const std::string error =
        error_of<FormatError>([&] { read = read_file_or_gzip(path, kLimit); });
    if (error.empty()) CHECK(read == bytes);
    if (!error.empty()) ++rejected;
    if (!error.empty()) CHECK(error.find(path) != std::string::npos);
  }
  CHECK(rejected > static_cast<int>(8 * (packed.size() - 10)));
  write_bytes(path, packed + "junk");
  CHECK_THROWS_AS(read_file_or_gzip(path, kLimit), FormatError);
}

TEST_CASE("what is no regular file is refused at once, through links too") {
  const TemporaryFolder folder;
  const std::string pipe = folder.path("pipe"), link = folder.path("link");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::filesystem::create_symlink("/dev/zero", link);
  CHECK_THROWS_WITH_AS(
      read_file(pipe, kLimit),
      ("cannot read \"" + pipe + "\": it is a pipe; expected a regular file").c_str(), IoError);
  CHECK_THROWS_WITH_AS(
      read_file_or_gzip(link, kLimit),
      ("cannot read \"" + link + "\": it is a device; expected a regular file").c_str(), IoError);
  CHECK_THROWS_AS(sha256_of_file(pipe), IoError);
}
