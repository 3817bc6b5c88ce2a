#pragma once
// Tables that are made at their first use, and forks.

#include "src/core/fork_safe.hpp"

namespace tegula::detail {

/// Lets forks use the table that `touch` uses before: a child would wait for ever for one that
/// another thread of its parent was making. Making the table must take no lock.
class MadeBeforeFork final : public ForkSafe {
 public:
  explicit MadeBeforeFork(void (*touch)()) : touch_(touch) { enlist(); }
  ~MadeBeforeFork() { delist(); }

  void prepare_fork() override { touch_(); }
  void finish_fork(bool /*child*/) override {}

 private:
  void (*touch_)();
};

}  // namespace tegula::detail
