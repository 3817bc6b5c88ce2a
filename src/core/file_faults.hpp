#pragma once
// Faults for the tests of the atomic writers.

namespace tegula::detail {

enum class Fault {
  once,     ///< one call fails, what follows works: a full disk, an interrupted network drive
  forever,  ///< that call and all after it fail, cleaning up included: as if the process died
};

/// Makes the system call (of file_calls.hpp) after the next `successes` ones fail with EIO; a
/// negative number makes none fail.
void set_file_fault(int successes, Fault fault);

/// Whether the fault has struck since it was set.
bool file_fault_struck();

/// Lets the exchange of two folders fail as on file systems that cannot do it.
void set_exchange_supported(bool supported);

}  // namespace tegula::detail
