// Reading within limits, gzip, and the atomic writers with a fault at every operation.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <vector>

#include "src/core/file_faults.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using detail::Fault;
using test::read_bytes;
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

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct NoFaultAfterwards {
  ~NoFaultAfterwards() {
    detail::set_file_fault(-1, Fault::once);
    detail::set_exchange_supported(true);
  }
};

/// The text of the exception that `action` throws; empty when it throws none.
template <typename Exception, typename Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  return "";
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
  // Devices have no size to look at first.
  CHECK_THROWS_AS(read_file("/dev/zero", 99999), FormatError);
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

TEST_CASE("writing a file creates it or replaces it, and leaves nothing else") {
  const TemporaryFolder folder;
  const std::string path = folder.path("file");
  write_file_atomically(path, "first");
  CHECK(read_bytes(path) == "first");
  ::chmod(path.c_str(), 0600);
  const std::string large = pattern(1'000'000);
  const std::string_view pieces[] = {"head ", "", large};
  write_file_atomically(path, pieces);
  CHECK(read_bytes(path) == "head " + large);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  std::filesystem::create_symlink("file", folder.path("link"));
  write_file_atomically(folder.path("link"), "through the link");
  CHECK(std::filesystem::is_symlink(folder.path("link")));
  CHECK(read_bytes(path) == "through the link");
  CHECK(names_in(folder.path()) == std::vector<std::string>{"file", "link"});
}

TEST_CASE("files that cannot be written say why") {
  const TemporaryFolder folder;
  const std::string nowhere = folder.path("no/such/file");
  CHECK_THROWS_WITH_AS(write_file_atomically(nowhere, "x"),
                       ("cannot write \"" + nowhere + "\": No such file or directory").c_str(),
                       IoError);
  CHECK_THROWS_WITH_AS(write_file_atomically(folder.path(), "x"),
                       ("cannot write \"" + folder.path() + "\": Is a directory").c_str(), IoError);
  for (const char* path : {"", ".", "..", "/"}) {
    CHECK_THROWS_AS(write_file_atomically(path, "x"), InvalidArgument);
  }
}

TEST_CASE("a fault at any operation leaves the old file or the new one") {
  const NoFaultAfterwards guard;
  for (const bool existed : {true, false}) {
    for (const Fault fault : {Fault::once, Fault::forever}) {
      int faults = 0;
      for (;; ++faults) {
        CAPTURE(faults);
        const TemporaryFolder folder;
        const std::string path = folder.path("file");
        if (existed) write_bytes(path, "old contents");
        detail::set_file_fault(faults, fault);
        const std::string error =
            error_of<IoError>([&] { write_file_atomically(path, "new contents"); });
        const bool struck = detail::file_fault_struck();
        detail::set_file_fault(-1, fault);
        CHECK(error.empty() != struck);
        const bool is_new = !struck || error.find("is written, but") != std::string::npos;
        CHECK(read_bytes(path) == (is_new ? "new contents" : existed ? "old contents" : ""));
        if (fault == Fault::once) CHECK(names_in(folder.path()).size() == (is_new || existed));
        if (!struck) break;
      }
      CHECK(faults == 5);  // create, write, fsync, rename, fsync of the folder
    }
  }
}

TEST_CASE("writing a folder creates it with the folders above it, or replaces it") {
  const NoFaultAfterwards guard;
  for (const bool exchange : {true, false}) {
    detail::set_exchange_supported(exchange);
    const TemporaryFolder folder;
    const std::string path = folder.path("a/b/model");
    const FolderEntry first[] = {{"config.json", {"{", "}"}}, {"weights", {"1234"}}};
    write_folder_atomically(path + "/", first);
    CHECK(read_bytes(path + "/config.json") == "{}");
    CHECK(read_bytes(path + "/weights") == "1234");
    const FolderEntry second[] = {{"config.json", {"[]"}}};
    write_folder_atomically(path, second);
    CHECK(names_in(path) == std::vector<std::string>{"config.json"});
    CHECK(read_bytes(path + "/config.json") == "[]");
    CHECK(names_in(folder.path("a/b")) == std::vector<std::string>{"model"});
  }
}

TEST_CASE("a folder that is not an earlier version is not replaced") {
  const TemporaryFolder folder;
  const FolderEntry entries[] = {{"config.json", {"{}"}}};
  std::filesystem::create_directory(folder.path("home"));
  write_bytes(folder.path("home/thesis.txt"), "years of work");
  CHECK_THROWS_WITH_AS(
      write_folder_atomically(folder.path("home"), entries),
      ("the folder \"" + folder.path("home") +
       "\" holds other files and no \"config.json\"; it is not replaced, so choose another path or "
       "empty it first")
          .c_str(),
      InvalidArgument);
  CHECK(read_bytes(folder.path("home/thesis.txt")) == "years of work");
  CHECK_THROWS_AS(write_folder_atomically(folder.path("home/thesis.txt"), entries),
                  InvalidArgument);
  std::filesystem::create_directory(folder.path("empty"));
  write_folder_atomically(folder.path("empty"), entries);
  CHECK(read_bytes(folder.path("empty/config.json")) == "{}");
  for (const char* name : {"", ".", "..", "a/b"}) {
    const FolderEntry bad[] = {{name, {"x"}}};
    CHECK_THROWS_AS(write_folder_atomically(folder.path("new"), bad), InvalidArgument);
  }
  CHECK_THROWS_AS(write_folder_atomically(folder.path("new"), {}), InvalidArgument);
}

TEST_CASE("a fault at any operation leaves the old folder or the new one") {
  const NoFaultAfterwards guard;
  const FolderEntry entries[] = {{"config.json", {"new"}}, {"weights", {"5678", "90"}}};
  struct Case {
    bool existed;
    bool exchange;
    int operations;
  };
  // Create the folder; create, write (each piece), fsync each file; fsync the folder; then rename,
  // or exchange, or fail to exchange and rename twice; fsync the parent; remove the old folder.
  for (const Case& c : {Case{false, true, 11}, Case{true, true, 12}, Case{true, false, 14}}) {
    for (const Fault fault : {Fault::once, Fault::forever}) {
      int faults = 0;
      for (;; ++faults) {
        CAPTURE(faults);
        const TemporaryFolder folder;
        const std::string path = folder.path("model");
        if (c.existed) {
          std::filesystem::create_directory(path);
          write_bytes(path + "/config.json", "old");
        }
        detail::set_exchange_supported(c.exchange);
        detail::set_file_fault(faults, fault);
        const std::string error =
            error_of<IoError>([&] { write_folder_atomically(path, entries); });
        const bool struck = detail::file_fault_struck();
        detail::set_file_fault(-1, fault);
        CHECK(error.empty() != struck);
        const bool is_new = !struck || error.find("is written, but") != std::string::npos;
        std::string where = path;
        if (const std::size_t at = error.find("its old contents are now in \""); at != error.npos) {
          // Without an exchange, two failing renames leave the old folder beside its place.
          CHECK(fault == Fault::forever);
          where = error.substr(at + 29, error.size() - at - 30);
        }
        CHECK(read_bytes(where + "/config.json") == (is_new ? "new" : c.existed ? "old" : ""));
        CHECK(read_bytes(where + "/weights") == (is_new ? "567890" : ""));
        if (fault == Fault::once && error.find(" left") == error.npos) {
          CHECK(names_in(folder.path()).size() == (is_new || c.existed));
        }
        if (!struck) break;
      }
      CHECK(faults == c.operations);
    }
  }
}
