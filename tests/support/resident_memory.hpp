#pragma once
// How much memory of the process is resident, for tests that nothing grows.

#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>

namespace tegula::test {

inline std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Runs `work` twice and returns by how much the second time raised the resident memory.
template <typename Work>
std::int64_t resident_growth(Work&& work) {
  work();
  malloc_trim(0);
  const std::size_t before = resident_bytes();
  work();
  malloc_trim(0);
  return static_cast<std::int64_t>(resident_bytes()) - static_cast<std::int64_t>(before);
}

}  // namespace tegula::test
