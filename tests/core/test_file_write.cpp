// The atomic writers: what they replace and what they refuse, what killed ones left, writers at the
// same time, and a fault at every system call.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <string>
#include <thread>
#include <vector>

#include "src/core/descriptor.hpp"
#include "src/core/file_faults.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using detail::Fault;
using test::error_of;
using test::names_in;
using test::read_bytes;
using test::TemporaryFolder;
using test::write_bytes;

namespace {

using Names = std::vector<std::string>;

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * i / 7 + i % 251);
  return text;
}

/// The contents of the marker tell whose folder it is.
bool is_ours(const std::string& marker) { return !read_bytes(marker).starts_with("foreign"); }

void write_folder(const std::string& path, std::span<const FolderEntry> entries) {
  write_folder_atomically(path, entries, is_ours);
}

struct NoFaultAfterwards {
  ~NoFaultAfterwards() {
    detail::set_file_fault(-1, Fault::once);
    detail::set_exchange_supported(true);
  }
};

}  // namespace

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
  CHECK(names_in(folder.path()) == Names{"file", "link"});
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

TEST_CASE("a fault at any system call leaves the old file or the new one") {
  const NoFaultAfterwards guard;
  for (const bool existed : {true, false}) {
    for (const Fault fault : {Fault::once, Fault::forever}) {
      int faults = 0;
      for (bool struck = true; struck; ++faults) {
        CAPTURE(faults);
        const TemporaryFolder folder;
        const std::string path = folder.path("file");
        if (existed) write_bytes(path, "old contents");
        write_bytes(path + ".tmp-1-2", "of a killed writer");
        detail::set_file_fault(faults, fault);
        const std::string error =
            error_of<IoError>([&] { write_file_atomically(path, "new contents"); });
        struck = detail::file_fault_struck();
        detail::set_file_fault(-1, fault);
        if (!struck) CHECK(error == "");
        const bool is_new = error.empty() || error.find("is written, but") != std::string::npos;
        CHECK(read_bytes(path) == (is_new ? "new contents" : existed ? "old contents" : ""));
        write_file_atomically(path, "next");
        CHECK(names_in(folder.path()) == Names{"file"});
      }
      CHECK(faults > 10);
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
    write_folder(path + "/", first);
    CHECK(read_bytes(path + "/config.json") == "{}");
    CHECK(read_bytes(path + "/weights") == "1234");
    const FolderEntry second[] = {{"config.json", {"[]"}}, {"weights", {"5"}}};
    write_folder(path, second);
    CHECK(names_in(path) == Names{"config.json", "weights"});
    CHECK(read_bytes(path + "/config.json") == "[]");
    CHECK(names_in(folder.path("a/b")) == Names{"model"});
  }
}

TEST_CASE("a folder that is not an earlier version is not replaced") {
  const TemporaryFolder folder;
  const std::string path = folder.path("home");
  const FolderEntry entries[] = {{"config.json", {"{}"}}, {"weights", {"1234"}}};
  struct Case {
    std::vector<std::pair<std::string, std::string>> files;
    const char* why;  ///< nullptr when it is replaced
  };
  for (const Case& c : {
           Case{{}, nullptr},
           Case{{{"config.json", "ours"}}, nullptr},
           Case{{{"config.json", "ours"}, {"weights", "5"}}, nullptr},
           Case{{{"thesis.txt", "years of work"}},
                "holds \"thesis.txt\", which is not part of a saved version"},
           Case{{{"config.json", "ours"}, {"thesis.txt", "years of work"}},
                "holds \"thesis.txt\", which is not part of a saved version"},
           Case{{{"config.json", "foreign"}}, "holds a \"config.json\" that is of something else"},
           Case{{{"weights", "5"}}, "holds no \"config.json\""},
       }) {
    CAPTURE(c.why);
    std::filesystem::remove_all(path);
    std::filesystem::create_directory(path);
    for (const auto& [name, bytes] : c.files) write_bytes(path + "/" + name, bytes);
    const std::string error = error_of<InvalidArgument>([&] { write_folder(path, entries); });
    if (c.why == nullptr) {
      CHECK(error == "");
      CHECK(read_bytes(path + "/config.json") == "{}");
    } else {
      CHECK(error == "the folder \"" + path + "\" " + c.why +
                         "; it is not replaced, so choose another path or empty it first");
      for (const auto& [name, bytes] : c.files) CHECK(read_bytes(path + "/" + name) == bytes);
    }
    CHECK(names_in(folder.path()) == Names{"home"});
  }
}

TEST_CASE("a file is not replaced by a folder, and entries have plain names") {
  const TemporaryFolder folder;
  const FolderEntry entries[] = {{"config.json", {"{}"}}};
  write_bytes(folder.path("thesis.txt"), "years of work");
  CHECK_THROWS_AS(write_folder(folder.path("thesis.txt"), entries), InvalidArgument);
  for (const char* name : {"", ".", "..", "a/b"}) {
    const FolderEntry bad[] = {{name, {"x"}}};
    CHECK_THROWS_AS(write_folder(folder.path("new"), bad), InvalidArgument);
  }
  CHECK_THROWS_AS(write_folder(folder.path("new"), {}), InvalidArgument);
}

TEST_CASE("what killed writers left is removed, and nothing of living or other ones") {
  const TemporaryFolder folder;
  const std::string file = folder.path("m"), other = folder.path("folder");
  const auto make_folder = [&](const char* name, const char* entry) {
    std::filesystem::create_directory(folder.path(name));
    write_bytes(folder.path(name) + "/" + entry, "x");
  };
  write_bytes(file + ".tmp-99999-0", "abandoned");
  const std::string living = file + ".tmp-99999-1";
  write_bytes(living, "locked");
  const detail::Descriptor lock(::open(living.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
  for (const char* name : {"m.tmp-1", "m.tmp-x-1", "m.tmp-1-", "m.tmp--1", "mm.tmp-1-1"}) {
    write_bytes(folder.path(name), "somebody's");
  }
  make_folder("folder.tmp-99999-0", "config.json");
  make_folder("folder.old-99999-0", "config.json");
  make_folder("folder.tmp-99999-1", "thesis.txt");
  std::filesystem::create_symlink(folder.path("mm.tmp-1-1"), folder.path("m.tmp-2-2"));
  write_file_atomically(file, "new");
  const FolderEntry entries[] = {{"config.json", {"{}"}}};
  write_folder(other, entries);
  CHECK(names_in(folder.path()) == Names{"folder", "folder.tmp-99999-1", "m", "m.tmp--1", "m.tmp-1",
                                         "m.tmp-1-", "m.tmp-2-2", "m.tmp-99999-1", "m.tmp-x-1",
                                         "mm.tmp-1-1"});
}

TEST_CASE("writers of one path at the same time all succeed, and one version stays") {
  const NoFaultAfterwards guard;
  for (const bool exchange : {true, false}) {
    CAPTURE(exchange);
    detail::set_exchange_supported(exchange);
    for (int round = 0; round < 30; ++round) {
      const TemporaryFolder folder;
      std::vector<std::string> errors(4);
      {
        std::vector<std::jthread> writers;
        for (std::size_t i = 0; i < errors.size(); ++i) {
          writers.emplace_back([&, i] {
            const std::string text = std::to_string(i);
            const FolderEntry entries[] = {{"config.json", {text}}, {"weights", {text, text}}};
            errors[i] = error_of<Error>([&] {
              for (int n = 0; n < 3; ++n) {
                write_folder(folder.path("model"), entries);
                write_file_atomically(folder.path("file"), text);
              }
            });
          });
        }
      }
      for (const std::string& error : errors) CHECK(error == "");
      const std::string last = read_bytes(folder.path("model/config.json"));
      CHECK(last.size() == 1);
      CHECK(read_bytes(folder.path("model/weights")) == last + last);
      CHECK(names_in(folder.path()) == Names{"file", "model"});
    }
  }
}

TEST_CASE("a fault at any system call leaves the old folder or the new one") {
  const NoFaultAfterwards guard;
  const FolderEntry entries[] = {{"config.json", {"new"}}, {"weights", {"5678", "90"}}};
  struct Case {
    bool existed;
    bool exchange;
  };
  for (const Case& c : {Case{false, true}, Case{true, true}, Case{true, false}}) {
    for (const Fault fault : {Fault::once, Fault::forever}) {
      int faults = 0;
      for (bool struck = true; struck; ++faults) {
        CAPTURE(faults);
        CAPTURE(c.exchange);
        const TemporaryFolder folder;
        const std::string path = folder.path("model");
        for (const std::string& name : {path, path + ".tmp-1-2"}) {
          if (name == path && !c.existed) continue;
          std::filesystem::create_directory(name);
          write_bytes(name + "/config.json", "old");
        }
        detail::set_exchange_supported(c.exchange);
        detail::set_file_fault(faults, fault);
        const std::string error = error_of<IoError>([&] { write_folder(path, entries); });
        struck = detail::file_fault_struck();
        detail::set_file_fault(-1, fault);
        if (!struck) CHECK(error == "");
        const bool is_new = error.empty() || error.find("is written, but") != std::string::npos;
        std::string where = path;
        if (const std::size_t at = error.find("its old contents are now in \""); at != error.npos) {
          // Without an exchange, two failing renames leave the old folder beside its place.
          CHECK(fault == Fault::forever);
          where = error.substr(at + 29, error.size() - at - 30);
        }
        CHECK(read_bytes(where + "/config.json") == (is_new ? "new" : c.existed ? "old" : ""));
        CHECK(read_bytes(where + "/weights") == (is_new ? "567890" : ""));
        write_folder(path, entries);
        CHECK(names_in(folder.path()) == Names{"model"});
      }
      CHECK(faults > 15);
    }
  }
}
