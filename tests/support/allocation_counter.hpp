#pragma once
// Counts heap allocations, for tests of code that must not allocate.

#include <cstdint>

namespace tegula::test {

/// Calls of operator new by any thread since the program started. Sanitizers bring an operator new
/// of their own, which finds mismatched calls of delete; under them the count stays 0, and tests of
/// allocations pass without a statement.
std::uint64_t allocation_count();

/// Whether `allocation_count` counts.
bool counts_allocations();

}  // namespace tegula::test
