// One session, several threads; and a process that forks.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "src/core/fork_safe.hpp"
#include "src/core/made_before_fork.hpp"
#include "tegula/core/parallel.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"

using namespace tegula;

namespace {

constexpr int kThreads = 4;

template <typename Work>
void on_threads(Work&& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

bool all_equal(const Tensor& tensor, double value) {
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    if (tensor.at(i) != value) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("readers run side by side, each with its own results") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1}, "x");
  const Variable w = g.variable(Tensor::scalar(3.0f), "w");
  Session session(g);
  Executable executable = session.compile({x}, {neg(x * w) + 1.0});
  std::atomic<int> wrong{0};
  on_threads([&](int thread) {
    for (int i = 0; i < 200; ++i) {
      const double fed = thread * 1000 + i;
      const std::vector<Tensor> feeds = {Tensor::full(DType::f32, {17 + i % 3}, fed)};
      if (!all_equal(executable.run(feeds)[0], 1 - 3 * fed)) ++wrong;
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("writers exclude readers and each other") {
  Graph g;
  // Both are written by every step, so whoever sees them differ has seen a step half done.
  const Variable a = g.variable(Tensor::zeros(DType::f32, {64}), "a");
  const Variable b = g.variable(Tensor::zeros(DType::f32, {64}), "b");
  const Value next_a = assign_add(a, 1.0);
  const Value next_b = assign_add(b, 1.0);
  Session session(g);
  Executable step = session.compile({}, {}, {next_a, next_b});
  Executable difference = session.compile({}, {a - b});
  std::atomic<int> torn{0};
  constexpr int kSteps = 100;
  on_threads([&](int thread) {
    for (int i = 0; i < kSteps; ++i) {
      if (thread % 2 == 0) {
        step.run({});
      } else if (!all_equal(difference.run({})[0], 0)) {
        ++torn;
      }
    }
  });
  CHECK(torn == 0);
  CHECK(all_equal(session.get(a), kSteps * kThreads / 2));
}

TEST_CASE("compiling, running by name and setting may happen at the same time") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1}, "x");
  const Variable w = g.variable(Tensor::scalar(2.0f), "w");
  const Value y = x * w;
  Session session(g);
  std::atomic<int> wrong{0};
  on_threads([&](int thread) {
    for (int i = 1; i <= 20; ++i) {
      const Tensor fed = Tensor::full(DType::f32, {i}, thread);
      const std::vector<Tensor> feeds = {fed};
      if (!all_equal(session.compile({x}, {y}).run(feeds)[0], 2 * thread)) ++wrong;
      if (!all_equal(session.run({{x, fed}}, y), 2 * thread)) ++wrong;
      session.set(w, Tensor::scalar(2.0f));
      if (session.get(w).item() != 2) ++wrong;
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("random numbers drawn side by side are those of consecutive steps") {
  Graph g;
  const Value noise = random_uniform(g, {4});
  Session session(g);
  on_threads([&](int) {
    for (int i = 0; i < 50; ++i) session.run(noise);
  });
  CHECK(session.step() == 50 * kThreads);
}

// ThreadSanitizer ends a child of a process with threads as soon as it starts one of its own.
#if !defined(__SANITIZE_THREAD__)
TEST_CASE("a forked child computes what its parent computes") {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1, 64}, "x");
  const Variable w = g.variable(Tensor::full(DType::f32, {64, 64}, 0.5), "w");
  const Value y = relu(matmul(x, w));
  const Value total = sum(exp(y * -0.01));
  const Value grow = assign_add(w, 0.25);
  Session session(g);
  const Tensor fed = Tensor::full(DType::f32, {512, 64}, 1);
  session.run({{x, fed}}, {total, grow});  // the pool of threads is up
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) alarm(60);  // ends a child that hangs
  const std::vector<Tensor> results = session.run({{x, fed}}, {total, y, grow});
  if (child == 0) {
    // Only the exit status leaves the child: a test framework's buffers must not be written twice.
    const bool right = results[1].at(0) == 48 && session.get(w).at(7) == 1;
    _exit(right ? 0 : 1);
  }
  CHECK(results[1].at(0) == 48);
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
#endif

std::atomic<bool> making{false};

/// Takes its time, and makes a lock, as caches do.
int& made_slowly() {
  static int value = [] {
    making = true;
    making.notify_one();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const detail::BriefMutex lock;
    return 7;
  }();
  return value;
}

const detail::MadeBeforeFork kMadeBeforeFork([] { made_slowly(); });

TEST_CASE("a fork waits for a static object that another thread is making") {
  std::thread other([] { made_slowly(); });
  making.wait(false);
  const pid_t child = fork();
  if (child == 0) {
    alarm(5);
    _exit(made_slowly() == 7 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  other.join();
  CHECK(status == 0);
}

TEST_CASE("a fork finds locks whole while other threads make, hold and drop them") {
  const auto compute = [] {
    Graph g;
    const Variable w = g.variable(Tensor::scalar(1.0f), "w");
    Session session(g);
    session.run(assign_add(w, 1.0));
    return session.run(w * 2.0).item();
  };
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) compute();
  });
  int wrong = 0;
  for (int i = 0; i < 100; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(compute() == 4 ? 0 : 1);
    int status = -1;
    waitpid(child, &status, 0);
    if (status != 0) ++wrong;
  }
  stop = true;
  other.join();
  CHECK(wrong == 0);
}
