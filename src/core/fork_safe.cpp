#include "src/core/fork_safe.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#define TEGULA_HAS_FORK 1
#endif

namespace tegula::detail {

/// All locks. Constant-initialized and trivially destroyed: locks may be made before and dropped
/// after everything else.
struct ForkList {
  static constinit std::mutex mutex;
  static constinit ForkSafe* first;

  static void add(ForkSafe& lock) {
    const std::lock_guard guard(mutex);
#if TEGULA_HAS_FORK
    static constinit bool registered = false;
    if (!registered) registered = pthread_atfork(prepare, in_parent, in_child) == 0;
#endif
    lock.next_ = first;
    if (first != nullptr) first->previous_ = &lock;
    first = &lock;
  }

  static void remove(ForkSafe& lock) {
    const std::lock_guard guard(mutex);
    (lock.previous_ != nullptr ? lock.previous_->next_ : first) = lock.next_;
    if (lock.next_ != nullptr) lock.next_->previous_ = lock.previous_;
  }

  static void prepare() {
    mutex.lock();
    for (ForkSafe* lock = first; lock != nullptr; lock = lock->next_) lock->prepare_fork();
  }

  static void finish(bool child) {
    for (ForkSafe* lock = first; lock != nullptr; lock = lock->next_) lock->finish_fork(child);
    mutex.unlock();
  }

  static void in_parent() { finish(false); }
  static void in_child() { finish(true); }
};

constinit std::mutex ForkList::mutex;
constinit ForkSafe* ForkList::first = nullptr;

void ForkSafe::enlist() { ForkList::add(*this); }
void ForkSafe::delist() { ForkList::remove(*this); }

}  // namespace tegula::detail
