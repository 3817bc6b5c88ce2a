#pragma once
// The lock of variables that sessions share.

#include <atomic>
#include <cstdint>
#include <memory>

#include "src/core/fork_safe.hpp"
#include "src/runtime/run_lock.hpp"

namespace tegula::detail {

/// Sessions whose variables one run may touch are of one domain: they share a lock and a count of
/// changes. Each session begins in one of its own; domains are united, for good, when a session
/// first sees a variable of another's. A handle; `lock` and its like make it a lock.
class VariableDomain {
 public:
  VariableDomain() : own_(std::make_shared<Part>()) {}

  /// Exclusive: variables and their version may change. Shared: they are only read.
  void lock() {
    lock_root([](Part& part) { part.lock.lock(); }, [](Part& part) { part.lock.unlock(); });
  }
  void unlock() { root().lock.unlock(); }
  void lock_shared() {
    lock_root([](Part& part) { part.lock.lock_shared(); },
              [](Part& part) { part.lock.unlock_shared(); });
  }
  void unlock_shared() { root().lock.unlock_shared(); }

  /// Counts the changes of variables; for who holds the lock.
  std::uint64_t version() const { return root().version; }
  void count_change() { ++root().version; }

  /// From now on both are one domain. The thread must hold the lock of neither.
  void unite(VariableDomain& other);

 private:
  struct Part {
    LongLock<RunLock> lock;
    std::uint64_t version = 1;
    /// Longest way to this part from those that joined it.
    int height = 0;
    /// The part that this one joined, with what keeps it; none for a root. Set once.
    std::shared_ptr<Part> joined;
    std::atomic<Part*> next{nullptr};
  };

  /// Stays the root while its lock is held, shared or not.
  Part& root() const {
    Part* part = own_.get();
    while (Part* next = part->next.load(std::memory_order_acquire)) part = next;
    return *part;
  }
  template <typename Lock, typename Unlock>
  void lock_root(Lock&& lock, Unlock&& unlock) {
    for (;;) {
      Part& part = root();
      lock(part);
      if (part.next.load(std::memory_order_acquire) == nullptr) return;
      unlock(part);
    }
  }
  std::shared_ptr<Part> shared_root() const;

  std::shared_ptr<Part> own_;
};

}  // namespace tegula::detail
