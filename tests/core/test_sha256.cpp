// SHA-256 against the examples of FIPS 180-4 and the sums shipped with the MNIST files.
#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "tegula/core/error.hpp"
#include "tegula/core/sha256.hpp"

using namespace tegula;

TEST_CASE("SHA-256 gives the standard's digests") {
  struct Case {
    std::string text;
    const char* digest;
  };
  const Case cases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmn"
       "opq"
       "rsmnopqrstnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {std::string(1'000'000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const Case& c : cases) CHECK(sha256(c.text) == c.digest);
}

TEST_CASE("the MNIST files have the sums that are listed beside them") {
  const std::string folder = TEGULA_SOURCE_DIR "/examples/mnist/data/";
  std::ifstream list(folder + "SHA256SUMS");
  int files = 0;
  for (std::string digest, name; list >> digest >> name; ++files) {
    CHECK(sha256_of_file(folder + name) == digest);
  }
  CHECK(files == 4);
  CHECK_THROWS_AS(sha256_of_file(folder + "no-such-file"), IoError);
}
