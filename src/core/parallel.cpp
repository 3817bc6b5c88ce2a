#include "tegula/core/parallel.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#define TEGULA_HAS_FORK 1
#endif

#include "src/core/float_mode.hpp"
#include "src/core/processors.hpp"
#include "tegula/core/error.hpp"

namespace tegula {

namespace {

constexpr int kMaxThreads = 1024;

/// How long a thread that waits keeps its processor before it sleeps. Much longer than the serial
/// pieces between the loops of a running plan, shorter than anybody notices on a shared machine.
constexpr std::chrono::microseconds kSpinTime{200};

inline void pause_processor() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Whether the condition came true within the spin time.
template <typename Condition>
bool spin_until(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kSpinTime;
  do {
    for (int i = 0; i < 16; ++i) {
      if (condition()) return true;
      pause_processor();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

/// Ranges that the tasks of a loop are dealt to; more threads share ranges.
constexpr int kMaxRanges = 16;

/// One parallel loop; lives on the stack of the thread that asked for it.
///
/// Every thread starts with a range of its own, the same one in every loop of so many tasks: what a
/// task wrote in one loop is then in the cache of the core that runs the same task of the next.
/// Whoever is done helps with the other ranges.
class Loop {
 public:
  Loop(std::int64_t tasks, int threads, FunctionRef<void(std::int64_t)> body)
      : ranges_(static_cast<std::size_t>(std::min(threads, kMaxRanges))), body_(body) {
    const auto count = static_cast<std::int64_t>(ranges_);
    for (std::int64_t i = 0; i < count; ++i) {
      Range& range = range_[static_cast<std::size_t>(i)];
      range.next.store(i * tasks / count, std::memory_order_relaxed);
      range.end = (i + 1) * tasks / count;
    }
  }

  /// Takes tasks until none is left. Runs on several threads at once, each with a number of its
  /// own from 0, all in the owner's float mode: results must not depend on who runs a task.
  void work(std::size_t thread) {
    mode_.apply();
    for (std::size_t i = 0; i < ranges_; ++i) work(range_[(thread + i) % ranges_]);
  }

  /// Called once, when all tasks are done.
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  struct alignas(64) Range {
    std::atomic<std::int64_t> next{0};
    std::int64_t end = 0;
  };

  void work(Range& range) {
    for (;;) {
      const std::int64_t task = range.next.fetch_add(1, std::memory_order_relaxed);
      if (task >= range.end) return;
      try {
        body_(task);
      } catch (...) {
        keep_first_exception(task);
      }
    }
  }

  /// The exception of the lowest task wins, so that the error does not depend on timing.
  void keep_first_exception(std::int64_t task) {
    const std::lock_guard lock(mutex_);
    if (exception_ && failed_task_ < task) return;
    exception_ = std::current_exception();
    failed_task_ = task;
  }

  const std::size_t ranges_;
  const FunctionRef<void(std::int64_t)> body_;
  const detail::FloatMode mode_ = detail::FloatMode::current();
  std::mutex mutex_;
  std::exception_ptr exception_;
  std::int64_t failed_task_ = 0;
  std::array<Range, kMaxRanges> range_;
};

/// The background loop that workers help with. Its owner is who set `claimed`; workers count
/// themselves as visitors before they look at the rest, so that the owner can wait for them.
class Background {
 public:
  std::atomic<bool> claimed{false};

  /// Owner.
  void begin(std::int64_t tasks, const FunctionRef<void(std::int64_t)>& body) {
    tasks_.store(tasks, std::memory_order_relaxed);
    body_ = &body;
    mode_ = detail::FloatMode::current();
    next_.store(0, std::memory_order_relaxed);
    failed_.store(false, std::memory_order_relaxed);
    open_.store(true);
  }

  /// Owner: takes the tasks that are left.
  void work() {
    while (run_one()) {
    }
  }

  /// Owner: waits for the visitors and gives up the loop. Whether no task failed.
  bool end() {
    open_.store(false);
    while (visitors_.load() != 0) pause_processor();
    const bool good = !failed_.load();
    claimed.store(false);
    return good;
  }

  /// Worker: whether there seems to be something to do.
  bool offers() const {
    return open_.load(std::memory_order_acquire) &&
           next_.load(std::memory_order_relaxed) < tasks_.load(std::memory_order_relaxed);
  }

  /// Worker: runs one task, if there is one.
  void help() {
    visitors_.fetch_add(1);
    if (open_.load()) {
      mode_->apply();
      run_one();
    }
    visitors_.fetch_sub(1);
  }

  /// In the child of a fork.
  void forget() {
    open_.store(false, std::memory_order_relaxed);
    visitors_.store(0, std::memory_order_relaxed);
    claimed.store(false, std::memory_order_relaxed);
  }

 private:
  bool run_one() {
    const std::int64_t task = next_.fetch_add(1, std::memory_order_relaxed);
    if (task >= tasks_.load(std::memory_order_relaxed)) return false;
    try {
      (*body_)(task);
    } catch (...) {
      failed_.store(true);  // the owner runs all tasks again and meets the exception itself
    }
    return true;
  }

  std::atomic<bool> open_{false};
  std::atomic<bool> failed_{false};
  std::atomic<std::int64_t> tasks_{0};
  const FunctionRef<void(std::int64_t)>* body_ = nullptr;
  std::optional<detail::FloatMode> mode_;  ///< the owner's, in which its tasks run
  alignas(64) std::atomic<std::int64_t> next_{0};
  std::atomic<std::uint32_t> visitors_{0};
};

constinit Background background;

/// Life of a worker: idle → (asleep →) invited → working → idle. Only the owner of the pool invites
/// and may take an invitation back; only the worker accepts it. `awaited` is working with the owner
/// asleep until it ends. Whoever leaves `asleep` or `awaited` must notify.
enum class State : std::uint32_t { idle, asleep, invited, working, awaited };

struct alignas(64) Worker {
  std::atomic<State> state{State::idle};
  Loop* loop = nullptr;  ///< written by the owner before it invites
  std::thread::native_handle_type thread{};
  std::uint32_t missed = 0;  ///< loops that ended before it came

  /// Owner: the worker is idle or asleep.
  void invite(Loop& work) {
    loop = &work;
    if (state.exchange(State::invited) == State::asleep) state.notify_one();
  }

  /// Owner: returns when the worker does not touch the loop, now or later. A worker that has not
  /// woken up yet is not waited for. It may be waiting for the owner's own processor, where some
  /// systems leave a new or woken thread for many milliseconds though others are free.
  void finish(std::size_t number) {
    constexpr std::uint32_t kMissesPerMove = 16;
    State expected = State::invited;
    if (state.compare_exchange_strong(expected, State::idle)) {
      if (missed++ % kMissesPerMove == 0) detail::move_thread_away(thread, number);
      return;
    }
    if (spin_until([this] { return state.load(std::memory_order_acquire) != State::working; })) {
      return;
    }
    expected = State::working;
    if (state.compare_exchange_strong(expected, State::awaited)) state.wait(State::awaited);
  }

  /// The thread's whole life, as thread number `number` of every loop. Never returns: the process
  /// may end while workers sleep, and they touch nothing that is ever destroyed.
  [[noreturn]] void run(std::size_t number) {
    for (;;) {
      accept(number);
      loop->work(number);
      if (state.exchange(State::idle) == State::awaited) state.notify_one();
    }
  }

 private:
  void accept(std::size_t number) {
    for (;;) {
      State expected = State::invited;
      if (state.compare_exchange_strong(expected, State::working)) return;
      const bool helps = number < static_cast<std::size_t>(thread_count());
      const bool woken = spin_until([&] {
        return state.load(std::memory_order_acquire) != State::idle ||
               (helps && background.offers());
      });
      if (woken) {
        if (state.load(std::memory_order_acquire) == State::idle) background.help();
        continue;
      }
      expected = State::idle;
      if (state.compare_exchange_strong(expected, State::asleep)) state.wait(State::asleep);
    }
  }
};

/// All members are constant-initialized and trivially destroyed: usable before and after everything
/// else, without a guard that a fork could leave locked.
struct Pool {
  std::atomic<int> threads{0};  ///< 0: the default has not been read yet
  std::atomic<bool> busy{false};
  // The owner, who set `busy`, alone uses what follows.
  int started = 0;
  bool handles_fork = false;
  std::atomic<std::uint32_t> forks{0};  ///< between the first process and this one
  std::array<Worker, kMaxThreads - 1> workers;
};

constinit Pool pool;

#if TEGULA_HAS_FORK
/// In the child only the forking thread exists; whatever the others were doing is over.
void forget_workers() {
  pool.started = 0;
  for (Worker& worker : pool.workers) worker.state.store(State::idle, std::memory_order_relaxed);
  pool.forks.fetch_add(1, std::memory_order_relaxed);
  pool.busy.store(false, std::memory_order_relaxed);
  background.forget();
}

/// While it lives, threads start with all signals blocked: signals belong to the application's
/// threads (Ctrl-C in Python must interrupt the main thread's system call).
class BlockSignals {
 public:
  BlockSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;

 private:
  sigset_t before_;
};
#endif

/// Starts missing workers and returns how many of `wanted` there are: fewer when the system refuses
/// more threads, which costs speed and nothing else.
int start_workers(int wanted) {
  if (pool.started >= wanted) return wanted;
#if TEGULA_HAS_FORK
  if (!pool.handles_fork) {
    if (pthread_atfork(nullptr, nullptr, forget_workers) != 0) return 0;
    pool.handles_fork = true;
  }
  const BlockSignals block;
#endif
  try {
    for (; pool.started < wanted; ++pool.started) {
      const auto index = static_cast<std::size_t>(pool.started);
      std::thread worker([index] { pool.workers[index].run(index + 1); });
      pool.workers[index].thread = worker.native_handle();
      worker.detach();
      detail::move_thread_away(pool.workers[index].thread, index + 1);
    }
  } catch (const std::system_error&) {
  }
  return pool.started;
}

void run_on_pool(Loop& loop, int helpers) {
  const std::uint32_t forks = pool.forks.load(std::memory_order_relaxed);
  helpers = start_workers(helpers);
  for (int i = 0; i < helpers; ++i) pool.workers[static_cast<std::size_t>(i)].invite(loop);
  loop.work(0);
  if (forks != pool.forks.load(std::memory_order_relaxed)) {
    throw RunError(
        "the process forked inside a parallel loop, so the child lacks the other threads' results; "
        "fork between loops, or exec in the child");
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(helpers); ++i) {
    pool.workers[i].finish(i + 1);
  }
  pool.busy.store(false, std::memory_order_release);
}

int default_thread_count() {
  const char* text = std::getenv("TEGULA_NUM_THREADS");
  if (text == nullptr || *text == '\0') {
    return std::min(detail::available_processors(), kMaxThreads);
  }
  int threads = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, threads);
  if (error != std::errc{} || rest != end || threads < 1 || threads > kMaxThreads) {
    throw InvalidArgument("the environment variable TEGULA_NUM_THREADS is \"" + std::string(text) +
                          "\"; expected a whole number from 1 to " + std::to_string(kMaxThreads));
  }
  return threads;
}

}  // namespace

int thread_count() {
  int threads = pool.threads.load(std::memory_order_relaxed);
  if (threads == 0) {
    const int chosen = default_thread_count();
    // Another thread may have set a count meanwhile; then that one holds.
    threads = pool.threads.compare_exchange_strong(threads, chosen) ? chosen : threads;
  }
  return threads;
}

void set_thread_count(int threads) {
  if (threads < 1 || threads > kMaxThreads) {
    throw InvalidArgument("the thread count must be from 1 to " + std::to_string(kMaxThreads) +
                          "; got " + std::to_string(threads));
  }
  pool.threads.store(threads, std::memory_order_relaxed);
}

void parallel_for(std::int64_t tasks, FunctionRef<void(std::int64_t)> body) {
  if (tasks <= 0) return;
  if (tasks == 1) return body(0);
  const int threads = static_cast<int>(std::min<std::int64_t>(thread_count(), tasks));
  if (threads == 1 || pool.busy.exchange(true, std::memory_order_acquire)) {
    Loop loop(tasks, 1, body);
    loop.work(0);
    loop.rethrow();
    return;
  }
  Loop loop(tasks, threads, body);
  run_on_pool(loop, threads - 1);
  loop.rethrow();
}

void BackgroundLoop::start(std::int64_t tasks, FunctionRef<void(std::int64_t)> body) {
  tasks_ = tasks;
  body_ = body;
  forks_ = pool.forks.load(std::memory_order_relaxed);
  helped_ = thread_count() > 1 && !background.claimed.exchange(true);
  if (helped_) background.begin(tasks, *body_);
}

void BackgroundLoop::finish() {
  if (!body_) return;
  const FunctionRef<void(std::int64_t)> body = *body_;
  bool complete = false;
  if (has_pool()) {
    background.work();
    complete = background.end();
  }
  helped_ = false;
  body_.reset();
  for (std::int64_t task = 0; task < tasks_ && !complete; ++task) body(task);
}

/// In the child of a fork the pool has forgotten the loop, and with it the other threads' tasks; it
/// may have taken another one meanwhile.
bool BackgroundLoop::has_pool() const {
  return helped_ && forks_ == pool.forks.load(std::memory_order_relaxed);
}

BackgroundLoop::~BackgroundLoop() {
  if (has_pool()) background.end();
}

}  // namespace tegula
