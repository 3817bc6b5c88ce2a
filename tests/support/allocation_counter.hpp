#pragma once
// Counts heap allocations, for tests of code that must not allocate, and makes chosen ones fail.

#include <cstdint>

namespace tegula::test {

/// Calls of operator new by any thread since the program started. Sanitizers bring an operator new
/// of their own, which finds mismatched calls of delete; under them the count stays 0, and tests of
/// allocations pass without a statement.
std::uint64_t allocation_count();

/// Whether `allocation_count` counts, and allocations can fail.
bool counts_allocations();

/// Allocations that were not freed yet.
std::int64_t live_allocations();

/// While it lives, an allocation throws std::bad_alloc: the n-th from now on by any thread, counted
/// from 1, and with `all_after` every later one as well.
class FailingAllocation {
 public:
  FailingAllocation(std::int64_t n, bool all_after);
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  /// Whether there was an n-th allocation.
  bool reached() const;
};

}  // namespace tegula::test
