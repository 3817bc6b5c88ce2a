// libFuzzer's entry points, for the target that the build names.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "tests/fuzz/targets.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

const tegula::fuzz::Target& target = tegula::fuzz::TEGULA_FUZZ_TARGET;

std::string change_bytes(std::string_view bytes, std::size_t max_bytes) {
  std::string buffer(bytes.substr(0, max_bytes));
  const std::size_t size = buffer.size();
  buffer.resize(max_bytes);
  buffer.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(buffer.data()), size, max_bytes));
  return buffer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(target, {reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  if (target.mutate == nullptr) return LLVMFuzzerMutate(data, size, max_size);
  tegula::fuzz::Dice dice(seed);
  const std::string changed =
      target.mutate({reinterpret_cast<const char*>(data), size}, max_size, dice, change_bytes);
  const std::size_t bytes = std::min(changed.size(), max_size);
  std::memcpy(data, changed.data(), bytes);
  return bytes;
}
