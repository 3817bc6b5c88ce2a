#include "tegula/nn/construction.hpp"

#include "src/core/fork_safe.hpp"
#include "src/core/made_before_fork.hpp"

namespace tegula::nn {

namespace {

/// Locks that this thread has.
thread_local int held = 0;

class ConstructionMutex final : public detail::ForkSafe {
 public:
  ConstructionMutex() { enlist(); }
  ~ConstructionMutex() { delist(); }

  void lock() {
    if (!mutex_.try_lock()) block([this] { mutex_.lock(); });
  }
  void unlock() { mutex_.unlock(); }

  void prepare_fork() override {}
  void finish_fork(bool child) override {
    if (!child) return;
    std::construct_at(&mutex_);
    if (held > 0) mutex_.lock();
  }

 private:
  std::mutex mutex_;
};

/// Never destroyed: threads may still run when the process ends.
ConstructionMutex& mutex() {
  static auto* const mutex = new ConstructionMutex;
  return *mutex;
}

const detail::MadeBeforeFork kMadeBeforeFork([] { mutex(); });

}  // namespace

ConstructionLock::ConstructionLock() {
  if (held == 0) mutex().lock();
  ++held;
}

ConstructionLock::~ConstructionLock() {
  if (--held == 0) mutex().unlock();
}

}  // namespace tegula::nn
