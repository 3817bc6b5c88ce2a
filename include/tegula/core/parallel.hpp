#pragma once
// One pool of threads for the whole process, and the loop that runs on it.

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "tegula/core/export.hpp"

namespace tegula {

/// Threads that all computations of the process may use together, the calling one included.
/// Default: TEGULA_NUM_THREADS when set, else the smaller of the affinity mask's processors and the
/// container's CPU quota (rounded up).
TEGULA_API int thread_count();

/// Changes the budget; takes effect at the next parallel loop. Throws InvalidArgument unless
/// 1 <= threads <= 1024.
TEGULA_API void set_thread_count(int threads);

/// A reference to a callable, valid while the callable lives; never allocates.
template <typename Signature>
class FunctionRef;
template <typename Result, typename... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <typename Function>
  requires(!std::is_same_v<std::remove_cvref_t<Function>, FunctionRef>)
      FunctionRef(Function&& function)  // NOLINT: implicit by design
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(function)))),
        call_([](void* object, Args... args) -> Result {
          return (*static_cast<std::remove_reference_t<Function>*>(object))(
              std::forward<Args>(args)...);
        }) {}
  Result operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  Result (*call_)(void*, Args...);
};

/// Runs `body(task)` for every task in 0..tasks-1 and returns when all are done. The order and the
/// thread of a task are unspecified, so a task must write only its own results, and the split into
/// tasks must not depend on the number of threads: that is what makes results bit-identical for any
/// thread count. Runs on the calling thread alone when there is one task, one thread, or the pool
/// is busy with another loop (also a nested one). Never allocates after the pool has started. An
/// exception in a task is rethrown here after the other tasks have finished.
TEGULA_API void parallel_for(std::int64_t tasks, FunctionRef<void(std::int64_t)> body);

/// A loop that threads of the pool run while they wait between parallel loops, one short task at a
/// time, and whose owner meanwhile does something else: reading ahead. The pool helps with one such
/// loop at a time; whatever nobody took, `finish` runs itself. A task may be run twice (after an
/// exception, and in the child of a fork), so it must do the same again. Never allocates.
class TEGULA_API BackgroundLoop {
 public:
  BackgroundLoop() = default;
  /// Waits for tasks that are under way; the others are not run.
  ~BackgroundLoop();
  BackgroundLoop(const BackgroundLoop&) = delete;
  BackgroundLoop& operator=(const BackgroundLoop&) = delete;

  /// `body` must live until `finish` or the destructor has returned. Not before the loop started
  /// earlier is finished.
  void start(std::int64_t tasks, FunctionRef<void(std::int64_t)> body);
  /// Returns when all tasks are done, at once when none was started. Rethrows what a task throws.
  void finish();

 private:
  /// Whether the pool runs this loop.
  bool has_pool() const;

  std::int64_t tasks_ = 0;
  std::optional<FunctionRef<void(std::int64_t)>> body_;
  bool helped_ = false;
  std::uint32_t forks_ = 0;
};

}  // namespace tegula
