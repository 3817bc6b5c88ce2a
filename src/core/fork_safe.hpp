#pragma once
// Locks that the child of a fork can use, whatever other threads of its parent were doing.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "tegula/core/blocking.hpp"

namespace tegula::detail {

/// A lock that the whole process knows, so that a fork can deal with it. Derived classes are final:
/// they call `enlist` when they are whole, and `delist` before they are not any more.
class ForkSafe {
 public:
  ForkSafe() = default;
  ForkSafe(const ForkSafe&) = delete;
  ForkSafe& operator=(const ForkSafe&) = delete;

  /// In the forking thread, before the fork.
  virtual void prepare_fork() = 0;
  /// After it, in the parent and in the child, where only the forking thread is left.
  virtual void finish_fork(bool child) = 0;

 protected:
  ~ForkSafe() = default;
  void enlist();
  void delist();

 private:
  friend struct ForkList;
  ForkSafe* previous_ = nullptr;
  ForkSafe* next_ = nullptr;
};

/// A mutex that is held for moments: no other lock is taken, no kernel run and no user's function
/// called meanwhile. A fork waits until it is free, so that the child finds what it guards whole.
class BriefMutex final : public ForkSafe {
 public:
  BriefMutex() { enlist(); }
  ~BriefMutex() { delist(); }

  void lock() {
    std::uint32_t expected = kFree;
    if (!state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire)) wait();
  }
  void unlock() {
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited) state_.notify_one();
  }

  void prepare_fork() override { lock(); }
  void finish_fork(bool child) override {
    child ? state_.store(kFree, std::memory_order_release) : unlock();
  }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kHeld = 1;
  static constexpr std::uint32_t kAwaited = 2;

  void wait() {
    while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree) state_.wait(kAwaited);
  }

  std::atomic<std::uint32_t> state_{kFree};
};

/// A lock that may be held for long: the child of a fork finds it free. What it guards must be
/// usable then.
template <typename Mutex>
class LongLock final : public ForkSafe {
 public:
  LongLock() { enlist(); }
  ~LongLock() { delist(); }

  void lock() {
    if (!mutex_.try_lock()) block([this] { mutex_.lock(); });
  }
  void unlock() { mutex_.unlock(); }
  void lock_shared() {
    if (!mutex_.try_lock_shared()) block([this] { mutex_.lock_shared(); });
  }
  void unlock_shared() { mutex_.unlock_shared(); }

  void prepare_fork() override {}
  void finish_fork(bool child) override {
    if (child) std::construct_at(&mutex_);
  }

 private:
  Mutex mutex_;
};

}  // namespace tegula::detail
