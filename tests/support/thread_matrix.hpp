#pragma once
// Every call against every other on two threads.

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tegula/core/error.hpp"

namespace tegula::testing {

/// How long each pair runs: long enough for ThreadSanitizer to see the threads meet.
#if defined(__SANITIZE_THREAD__)
inline constexpr std::chrono::milliseconds kPairTime{200};
#else
inline constexpr std::chrono::milliseconds kPairTime{3};
#endif

template <typename Subject>
struct ThreadedCall {
  std::string name;
  std::function<void(Subject&)> call;
};

/// Repeats the calls on two threads. What they throw has to be an error of the library's.
template <typename Subject>
void run_pair(const ThreadedCall<Subject>& first, const ThreadedCall<Subject>& second,
              Subject& subject) {
  std::atomic<int> waiting{2};
  std::mutex mutex;
  std::string failure;
  const auto repeat = [&](const ThreadedCall<Subject>& one) {
    --waiting;
    while (waiting.load() > 0) {
    }
    const auto end = std::chrono::steady_clock::now() + kPairTime;
    do {
      try {
        one.call(subject);
      } catch (const Error&) {  // refused, which is fine
      } catch (const std::exception& error) {
        const std::lock_guard guard(mutex);
        failure = one.name + ": " + error.what();
      }
    } while (std::chrono::steady_clock::now() < end);
  };
  std::thread other(repeat, std::cref(second));
  repeat(first);
  other.join();
  CHECK_MESSAGE(failure.empty(), first.name << " beside " << second.name << ": " << failure);
}

/// All pairs, each with a subject of its own. `check` looks at what they leave.
template <typename Subject, typename Make, typename Check>
void run_thread_matrix(const std::vector<ThreadedCall<Subject>>& calls, Make&& make,
                       Check&& check) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (std::size_t j = i; j < calls.size(); ++j) {
      INFO(calls[i].name << " beside " << calls[j].name);
      auto subject = make();
      run_pair(calls[i], calls[j], *subject);
      check(*subject);
    }
  }
}

}  // namespace tegula::testing
