// What the machine's memory can do: copying bytes, and reading them over and over, so that they
// come from the cache level that holds them. With one thread, or with two of which each has one
// half.

#include <immintrin.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "worker.hpp"

namespace {

using compare::Call;

std::shared_ptr<char> allocate(std::size_t bytes) {
  std::shared_ptr<char> memory(static_cast<char*>(std::aligned_alloc(64, bytes)), std::free);
  std::memset(memory.get(), 1, bytes);
  return memory;
}

/// A thread that runs one function at a time beside the caller. It spins for some microseconds
/// between two calls, as a pool of threads would, and sleeps when none comes.
class Helper {
 public:
  Helper() : thread_([this](std::stop_token stop) { loop(stop); }) {}
  ~Helper() {
    thread_.request_stop();
    start([] {});
  }

  template <typename First, typename Second>
  void both(const First& first, const Second& second) {
    start(second);
    first();
    while (finished_.load(std::memory_order_acquire) != started_) _mm_pause();
  }

 private:
  void start(std::function<void()> work) {
    work_ = std::move(work);
    started_.fetch_add(1, std::memory_order_release);
    started_.notify_one();
  }

  void loop(const std::stop_token& stop) {
    for (std::uint32_t seen = 0; !stop.stop_requested();) {
      for (int i = 0; i < 10'000 && started_.load(std::memory_order_acquire) == seen; ++i) {
        _mm_pause();
      }
      started_.wait(seen);
      seen = started_;
      work_();
      finished_.store(seen, std::memory_order_release);
    }
  }

  std::function<void()> work_;
  std::atomic<std::uint32_t> started_ = 0;
  std::atomic<std::uint32_t> finished_ = 0;
  std::jthread thread_;
};

/// Reads `bytes`, a multiple of 256, with eight independent chains of 256-bit loads.
void read(const char* memory, std::size_t bytes) {
  __m256 sums[8] = {};
  for (std::size_t i = 0; i < bytes; i += 256) {
    for (std::size_t j = 0; j < 8; ++j) {
      const auto* place = reinterpret_cast<const float*>(memory + i + 32 * j);
      sums[j] = _mm256_xor_ps(sums[j], _mm256_load_ps(place));
    }
  }
  __m256 sum = sums[0];
  for (int j = 1; j < 8; ++j) sum = _mm256_xor_ps(sum, sums[j]);
  asm volatile("" ::"x"(sum));
}

}  // namespace

int main() {
  static Helper helper;
  return compare::serve([](const compare::Json& details, const std::string& mode) -> Call {
    const auto wanted = details.at("parameters").at("bytes").get<std::size_t>();
    const std::size_t bytes = (wanted + 511) / 512 * 512, half = bytes / 2;
    const auto source = allocate(bytes);
    if (details.at("kind") != "copy") {
      if (mode == "1 thread") return [=] { read(source.get(), bytes); };
      return [=] {
        helper.both([&] { read(source.get(), half); }, [&] { read(source.get() + half, half); });
      };
    }
    const auto target = allocate(bytes);
    if (mode == "1 thread") return [=] { std::memcpy(target.get(), source.get(), bytes); };
    return [=] {
      helper.both([&] { std::memcpy(target.get(), source.get(), half); },
                  [&] { std::memcpy(target.get() + half, source.get() + half, half); });
    };
  });
}
