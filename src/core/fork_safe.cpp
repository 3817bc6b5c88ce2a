#include "src/core/fork_safe.hpp"

#include <atomic>
#include <mutex>

#include "src/core/made_before_fork.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#define TEGULA_HAS_FORK 1
#endif

namespace tegula::detail {

/// All locks and static objects. Constant-initialized and trivially destroyed: locks may be made
/// before and dropped after everything else.
struct ForkList {
  static constinit std::mutex mutex;
  static constinit ForkSafe* first;
  /// Not `mutex`: making a static object may make a lock.
  static constinit std::mutex made_mutex;
  static constinit MadeBeforeFork* first_made;

  static void watch_forks() {
#if TEGULA_HAS_FORK
    static constinit std::atomic<bool> watching{false};
    if (!watching.exchange(true)) pthread_atfork(prepare, in_parent, in_child);
#endif
  }

  static void add(ForkSafe& lock) {
    const std::lock_guard guard(mutex);
    watch_forks();
    lock.next_ = first;
    if (first != nullptr) first->previous_ = &lock;
    first = &lock;
  }

  static void remove(ForkSafe& lock) {
    const std::lock_guard guard(mutex);
    (lock.previous_ != nullptr ? lock.previous_->next_ : first) = lock.next_;
    if (lock.next_ != nullptr) lock.next_->previous_ = lock.previous_;
  }

  static void add(MadeBeforeFork& made) {
    const std::lock_guard guard(made_mutex);
    watch_forks();
    made.next_ = first_made;
    first_made = &made;
  }

  static void remove(const MadeBeforeFork& made) {
    const std::lock_guard guard(made_mutex);
    MadeBeforeFork** link = &first_made;
    while (*link != &made) link = &(*link)->next_;
    *link = made.next_;
  }

  static void prepare() {
    made_mutex.lock();
    for (const MadeBeforeFork* made = first_made; made != nullptr; made = made->next_) {
      try {
        made->touch_();
      } catch (...) {  // for want of memory: the child will try again
      }
    }
    mutex.lock();
    for (ForkSafe* lock = first; lock != nullptr; lock = lock->next_) lock->prepare_fork();
  }

  static void finish(bool child) {
    for (ForkSafe* lock = first; lock != nullptr; lock = lock->next_) lock->finish_fork(child);
    mutex.unlock();
    made_mutex.unlock();
  }

  static void in_parent() { finish(false); }
  static void in_child() { finish(true); }
};

constinit std::mutex ForkList::mutex;
constinit ForkSafe* ForkList::first = nullptr;
constinit std::mutex ForkList::made_mutex;
constinit MadeBeforeFork* ForkList::first_made = nullptr;

void ForkSafe::enlist() { ForkList::add(*this); }
void ForkSafe::delist() { ForkList::remove(*this); }

MadeBeforeFork::MadeBeforeFork(void (*touch)()) : touch_(touch) { ForkList::add(*this); }
MadeBeforeFork::~MadeBeforeFork() { ForkList::remove(*this); }

}  // namespace tegula::detail
