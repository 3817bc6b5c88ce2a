#pragma once
// The lock of a session's variables: runs that only read them share it, runs that write exclude
// all.

#include <atomic>
#include <mutex>
#include <shared_mutex>

namespace tegula::detail {

/// A shared mutex whose writers are not starved: once one waits, new readers queue behind it.
class RunLock {
 public:
  void lock() {
    writers_waiting_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard turn(turnstile_);
    mutex_.lock();
    writers_waiting_.fetch_sub(1, std::memory_order_relaxed);
  }
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }

  void lock_shared() {
    if (writers_waiting_.load(std::memory_order_relaxed) > 0) {
      const std::lock_guard turn(turnstile_);
    }
    mutex_.lock_shared();
  }
  bool try_lock_shared() {
    return writers_waiting_.load(std::memory_order_relaxed) == 0 && mutex_.try_lock_shared();
  }
  void unlock_shared() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
  /// Held by a writer while it waits for the readers to leave.
  std::mutex turnstile_;
  std::atomic<int> writers_waiting_{0};
};

}  // namespace tegula::detail
