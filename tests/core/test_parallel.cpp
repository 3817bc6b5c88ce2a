// The thread pool: results, nesting, exceptions, thread counts, several callers, fork, CPU quota.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "src/core/float_mode.hpp"
#include "src/core/processors.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/parallel.hpp"
#include "tests/support/allocation_counter.hpp"

using namespace tegula;

namespace {

/// Restores the thread count at the end of a test.
struct ThreadCount {
  explicit ThreadCount(int threads) : before(thread_count()) { set_thread_count(threads); }
  ~ThreadCount() { set_thread_count(before); }
  int before;
};

std::vector<std::int64_t> squares(std::int64_t tasks) {
  std::vector<std::int64_t> result(static_cast<std::size_t>(tasks), -1);
  parallel_for(tasks, [&](std::int64_t i) { result[static_cast<std::size_t>(i)] = i * i; });
  return result;
}

bool are_squares(const std::vector<std::int64_t>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != static_cast<std::int64_t>(i * i)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("every task runs once, for any number of tasks and threads") {
  for (const int threads : {1, 2, 3, 8}) {
    const ThreadCount scope(threads);
    for (const std::int64_t tasks : {0, 1, 2, 3, 7, 64, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(tasks));
      parallel_for(tasks, [&](std::int64_t i) { ++runs[static_cast<std::size_t>(i)]; });
      for (const auto& count : runs) CHECK(count == 1);
    }
  }
}

TEST_CASE("two tasks run on two threads at once") {
  const ThreadCount scope(2);
  std::atomic<int> arrived{0};
  std::thread::id threads[2];
  parallel_for(2, [&](std::int64_t i) {
    threads[i] = std::this_thread::get_id();
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  CHECK(threads[0] != threads[1]);
}

TEST_CASE("a thread begins with the same tasks in every loop") {
  const ThreadCount scope(2);
  for (int loop = 0; loop < 100; ++loop) {
    std::atomic<int> arrived{0};
    std::vector<std::thread::id> ran(2);
    parallel_for(2, [&](std::int64_t i) {
      ran[static_cast<std::size_t>(i)] = std::this_thread::get_id();
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
    });
    CHECK(ran[0] == std::this_thread::get_id());
    CHECK(ran[1] != ran[0]);
  }
}

TEST_CASE("tasks treat subnormal numbers as the caller does, on whichever thread they run") {
  const ThreadCount scope(2);
  const volatile float smallest = std::numeric_limits<float>::min();
  const auto halves = [&] {
    std::atomic<int> arrived{0};
    std::vector<float> half(2);
    parallel_for(2, [&](std::int64_t i) {
      half[static_cast<std::size_t>(i)] = smallest * 0.5f;
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
    });
    return half;
  };
  const float half = std::numeric_limits<float>::min() / 2;
  CHECK(halves() == std::vector<float>{half, half});
  {
    const detail::FlushSubnormals flush;
    CHECK(halves() == std::vector<float>{0, 0});
  }
  CHECK(halves() == std::vector<float>{half, half});
}

TEST_CASE("with one thread all tasks run on the caller") {
  const ThreadCount scope(1);
  parallel_for(100, [caller = std::this_thread::get_id()](std::int64_t) {
    if (std::this_thread::get_id() != caller) throw std::logic_error("another thread");
  });
}

TEST_CASE("a nested loop runs on the thread of its task") {
  const ThreadCount scope(4);
  std::vector<std::vector<std::int64_t>> results(16);
  std::atomic<int> strays{0};
  parallel_for(16, [&](std::int64_t i) {
    const auto thread = std::this_thread::get_id();
    auto& row = results[static_cast<std::size_t>(i)];
    row.resize(10);
    parallel_for(10, [&](std::int64_t j) {
      if (std::this_thread::get_id() != thread) ++strays;
      row[static_cast<std::size_t>(j)] = j * j;
    });
  });
  CHECK(strays == 0);
  for (const auto& row : results) CHECK(are_squares(row));
}

TEST_CASE("the exception of the first failing task arrives after the others have run") {
  for (const int threads : {1, 2, 4}) {
    const ThreadCount scope(threads);
    std::atomic<int> finished{0};
    CHECK_THROWS_WITH_AS(parallel_for(20,
                                      [&](std::int64_t i) {
                                        if (i % 7 == 3) throw std::out_of_range(std::to_string(i));
                                        ++finished;
                                      }),
                         "3", std::out_of_range);
    CHECK(finished == 17);
    CHECK(are_squares(squares(50)));
  }
}

TEST_CASE("several threads may run loops at the same time") {
  const ThreadCount scope(3);
  std::atomic<int> failures{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        if (!are_squares(squares(round % 17))) ++failures;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(failures == 0);
}

TEST_CASE("workers that fell asleep wake up again") {
  const ThreadCount scope(2);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(50 * round));
    CHECK(are_squares(squares(2 + round)));
  }
}

// ThreadSanitizer's runtime dies when the child of a threaded process starts threads of its own: it
// still knows the parent's, and takes the reused stacks for duplicates.
#if !defined(__SANITIZE_THREAD__)

namespace {

/// Forks, runs `check` in the child and returns its exit status: 0 when `check` is true. A child
/// that hangs is killed by an alarm and gives -1.
template <typename Check>
int status_of_child(Check check) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(20);
    _exit(check() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a child of fork computes the same, and its parent is undisturbed") {
  const ThreadCount scope(3);
  CHECK(are_squares(squares(100)));
  CHECK(status_of_child([] { return are_squares(squares(100)) && are_squares(squares(7)); }) == 0);
  CHECK(are_squares(squares(100)));
}

TEST_CASE("a fork while another thread is in a loop does not hang the child") {
  const ThreadCount scope(2);
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) squares(64);
  });
  for (int round = 0; round < 20; ++round) {
    CHECK(status_of_child([] { return are_squares(squares(64)); }) == 0);
  }
  stop = true;
  other.join();
  CHECK(are_squares(squares(64)));
}

TEST_CASE("a child forked inside a loop gets an error instead of half the results") {
  const ThreadCount scope(2);
  const pid_t parent = getpid();
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> forked{false};
  std::atomic<int> started{0};
  pid_t child = -1;
  std::string error;
  try {
    parallel_for(2, [&](std::int64_t) {
      ++started;
      while (started < 2 && getpid() == parent) std::this_thread::yield();
      if (std::this_thread::get_id() == caller && !forked.exchange(true)) {
        child = fork();
        if (child == 0) alarm(20);
      }
    });
  } catch (const RunError& caught) {
    error = caught.what();
  }
  if (getpid() != parent) _exit(error.find("forked inside a parallel loop") != error.npos ? 0 : 1);
  CHECK(error.empty());
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a child of fork finishes its parent's background loop beside one of its own") {
  const ThreadCount scope(2);
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  const auto count_first = [&](std::int64_t) { ++first; };
  const auto count_second = [&](std::int64_t) { ++second; };
  CHECK(are_squares(squares(100)));  // the pool forgets its loops in a child once it has threads
  BackgroundLoop parents;
  parents.start(100, count_first);
  CHECK(status_of_child([&] {
          first = 0;
          BackgroundLoop own;  // without helpers, as no parallel loop has started a thread yet
          own.start(100, count_second);
          parents.finish();
          const bool kept_apart = first == 100 && second == 0;
          own.finish();
          return kept_apart && second == 100;
        }) == 0);
  parents.finish();
  CHECK(first == 100);
}

#endif  // not ThreadSanitizer

TEST_CASE("a loop allocates nothing once the workers are there") {
  const ThreadCount scope(3);
  std::vector<std::int64_t> results(64);
  const auto loop = [&] {
    parallel_for(64, [&](std::int64_t i) { results[static_cast<std::size_t>(i)] = i * i; });
  };
  loop();
  const std::uint64_t before = test::allocation_count();
  for (int round = 0; round < 100; ++round) loop();
  CHECK(test::allocation_count() == before);
  CHECK(are_squares(results));
}

TEST_CASE("thread counts outside 1 to 1024 are refused") {
  const int before = thread_count();
  CHECK(before >= 1);
  for (const int threads : {0, -1, 1025}) {
    CHECK_THROWS_WITH_AS(
        set_thread_count(threads),
        ("the thread count must be from 1 to 1024; got " + std::to_string(threads)).c_str(),
        InvalidArgument);
  }
  CHECK(thread_count() == before);
}

TEST_CASE("TEGULA_NUM_THREADS sets the default, and a bad value is an error at first use") {
  // The variable is read once per process, so each value gets a process of its own.
  struct Case {
    const char* value;
    const char* printed;
  };
  const Case cases[] = {
      {"3", "3"},
      {"1024", "1024"},
      {"0", "\"0\"; expected a whole number from 1 to 1024"},
      {"1025", "\"1025\"; expected a whole number from 1 to 1024"},
      {"two", "\"two\"; expected a whole number from 1 to 1024"},
      {"2x", "\"2x\"; expected a whole number from 1 to 1024"},
      {"99999999999", "\"99999999999\"; expected a whole number from 1 to 1024"},
  };
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  for (const Case& c : cases) {
    CAPTURE(c.value);
    const std::string command = std::string("TEGULA_NUM_THREADS='") + c.value + "' '" + self +
                                "' --no-skip --test-case='print the thread count'";
    FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string output;
    for (char buffer[256]; fgets(buffer, sizeof buffer, pipe) != nullptr;) output += buffer;
    pclose(pipe);
    CHECK(output.find("threads: " + std::string(c.printed) + "\n") != std::string::npos);
  }
}

TEST_CASE("print the thread count" * doctest::skip()) {  // run by the test above
  const std::string variable = "the environment variable TEGULA_NUM_THREADS is ";
  std::string text;
  try {
    text = std::to_string(thread_count());
  } catch (const InvalidArgument& error) {
    text = error.what();
    REQUIRE(text.starts_with(variable));
    text = text.substr(variable.size());
  }
  std::printf("threads: %s\n", text.c_str());
}

TEST_CASE("the CPU quota is the tightest of the group and its ancestors, rounded up") {
  namespace fs = std::filesystem;
  const fs::path root = fs::temp_directory_path() / ("tegula-cgroup-" + std::to_string(getpid()));
  const auto write = [&](const char* path, const char* text) {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  };
  write("cpu.max", "max 100000\n");
  write("pod/cpu.max", "250000 100000\n");
  write("pod/inner/cpu.max", "max 100000\n");
  write("tight/cpu.max", "20000 100000\n");
  write("garbage/cpu.max", "lots please\n");
  write("cpu/job/cpu.cfs_quota_us", "150000\n");
  write("cpu/job/cpu.cfs_period_us", "50000\n");
  write("cpu/free/cpu.cfs_quota_us", "-1\n");
  write("cpu/free/cpu.cfs_period_us", "100000\n");
  struct Case {
    const char* membership;
    int processors;
  };
  const Case cases[] = {
      {"0::/\n", 0},
      {"0::/pod\n", 3},
      {"0::/pod/inner\n", 3},
      {"0::/tight\n", 1},
      {"0::/garbage\n", 0},
      {"0::/not/there\n", 0},
      {"5:memory:/job\n4:cpu,cpuacct:/job\n", 3},
      {"4:cpuacct,cpu:/free\n", 0},
      {"4:cpuset:/job\n", 0},
      {"4:cpu:/job\n0::/tight\n", 1},
      {"nonsense\n", 0},
      {"", 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.membership);
    CHECK(detail::cpu_quota(c.membership, root.string()) == c.processors);
  }
  fs::remove_all(root);
  CHECK(detail::available_processors() >= 1);
}

TEST_CASE("a background loop runs every task, beside other loops and without helpers") {
  for (const int threads : {1, 2, 3}) {
    const ThreadCount scope(threads);
    for (const std::int64_t tasks : {0, 1, 7, 500}) {
      std::vector<int> runs(static_cast<std::size_t>(tasks), 0);
      const auto count = [&](std::int64_t i) { runs[static_cast<std::size_t>(i)] += 1; };
      BackgroundLoop loop;
      loop.finish();
      for (int round = 0; round < 20; ++round) {
        loop.start(tasks, count);
        CHECK(are_squares(squares(50)));
        loop.finish();
      }
      CHECK(runs == std::vector<int>(runs.size(), 20));
    }
  }
}

TEST_CASE("a background loop that finds the pool taken runs on its own") {
  const ThreadCount scope(2);
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  const auto count_first = [&](std::int64_t) { ++first; };
  const auto count_second = [&](std::int64_t) { ++second; };
  BackgroundLoop a;
  BackgroundLoop b;
  a.start(100, count_first);
  b.start(100, count_second);
  b.finish();
  CHECK(second == 100);
  a.finish();
  CHECK(first == 100);
}

TEST_CASE(
    "an exception in a background loop arrives at its owner, and the loop may be used again") {
  for (const int threads : {1, 2}) {
    const ThreadCount scope(threads);
    bool fails = true;
    std::atomic<int> runs{0};
    const auto body = [&](std::int64_t i) {
      if (fails && i == 3) throw RunError("task 3");
      ++runs;
    };
    BackgroundLoop loop;
    loop.start(10, body);
    CHECK_THROWS_AS(loop.finish(), RunError);
    fails = false;
    runs = 0;
    loop.start(10, body);
    loop.finish();
    CHECK(runs == 10);
  }
}
