// Gzipped files, compared with zlib's own reader.

#include <zlib.h>

#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/temporary_folder.hpp"

namespace tegula::fuzz {

namespace {

constexpr std::size_t kLimit = std::size_t{1} << 20;
constexpr int kGzip = 15 + 16;  // largest window; 16 asks for the gzip form

/// Up to the limit, with what zlib tolerates tolerated.
std::string read_by_zlib(const std::string& path) {
  std::string contents(kLimit, '\0');
  const gzFile file = gzopen(path.c_str(), "rb");
  const int count = gzread(file, contents.data(), kLimit);
  gzclose(file);
  contents.resize(static_cast<std::size_t>(std::max(count, 0)));
  return contents;
}

/// What the first member holds, as far as it is valid.
std::string inflated(std::string_view input) {
  std::string contents(kLimit / 16, '\0');
  z_stream stream{};
  inflateInit2(&stream, kGzip);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(contents.data());
  stream.avail_out = static_cast<uInt>(contents.size());
  inflate(&stream, Z_FINISH);
  contents.resize(contents.size() - stream.avail_out);
  inflateEnd(&stream);
  return contents;
}

std::string deflated(std::string contents) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  std::string output(deflateBound(&stream, static_cast<uLong>(contents.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(contents.data());
  stream.avail_in = static_cast<uInt>(contents.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  deflate(&stream, Z_FINISH);
  output.resize(output.size() - stream.avail_out);
  deflateEnd(&stream);
  return output;
}

void run(std::string_view input) {
  static const test::TemporaryFolder folder;
  const std::string path = folder.path("input");
  test::write_bytes(path, input);
  require(read_file_or_gzip(path, kLimit) == read_by_zlib(path),
          "a file holds what zlib finds there");
}

std::string mutate(std::string_view input, std::size_t max_bytes, Dice& dice, ChangeBytes change) {
  const std::string contents = dice(2) == 0 ? inflated(input) : "";
  if (contents.empty()) return change(input, max_bytes);
  std::string changed = deflated(change(contents, max_bytes));
  if (dice(8) == 0) changed += input;
  return changed.size() <= max_bytes ? changed : std::string(input);
}

}  // namespace

const Target gzip = {"gzip", run, mutate};

}  // namespace tegula::fuzz
