#include <algorithm>
#include <array>

#include "src/core/input_file.hpp"
#include "src/core/unpacked_file.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"

namespace tegula {

namespace {

[[noreturn]] void throw_too_large(const std::string& path, std::uint64_t max_bytes) {
  throw FormatError("\"" + path + "\" holds more than the " + std::to_string(max_bytes) +
                    " bytes that are allowed here");
}

/// The bytes up to the end of `file`, of which about `expected` are known to come.
template <typename File>
std::string read_to_end(File& file, std::uint64_t expected, std::uint64_t max_bytes) {
  if (expected > max_bytes) throw_too_large(file.path(), max_bytes);
  std::string contents(expected, '\0');
  contents.resize(file.read(contents));
  std::array<char, 1 << 16> chunk;
  for (std::size_t count = file.read(chunk); count > 0; count = file.read(chunk)) {
    if (count > max_bytes - contents.size()) throw_too_large(file.path(), max_bytes);
    contents.append(chunk.data(), count);
  }
  return contents;
}

}  // namespace

std::string detail::read_all(InputFile& file, std::uint64_t max_bytes) {
  return read_to_end(file, file.size(), max_bytes);
}

std::string read_file(const std::string& path, std::uint64_t max_bytes) {
  detail::InputFile file(path);
  return detail::read_all(file, max_bytes);
}

std::string read_file_or_gzip(const std::string& path, std::uint64_t max_bytes) {
  detail::UnpackedFile file(path);
  return read_to_end(file, file.known_size(), max_bytes);
}

}  // namespace tegula
