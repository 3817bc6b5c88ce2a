#include "tests/support/allocation_counter.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> count{0};
std::atomic<std::int64_t> live{0};
/// Allocations until the one that fails; 0 and less: it was reached.
std::atomic<std::int64_t> until_failure{0};
enum class Failing { none, one, all_after };
std::atomic<Failing> failing{Failing::none};

}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

bool tegula::test::counts_allocations() { return false; }

#else

bool tegula::test::counts_allocations() { return true; }

namespace {

bool shall_fail() {
  const Failing mode = failing.load(std::memory_order_relaxed);
  if (mode == Failing::none) return false;
  const std::int64_t left = until_failure.fetch_sub(1, std::memory_order_relaxed);
  return left == 1 || (left < 1 && mode == Failing::all_after);
}

template <typename Allocate>
void* counted(const Allocate& allocate) {
  count.fetch_add(1, std::memory_order_relaxed);
  void* const memory = shall_fail() ? nullptr : allocate();
  if (memory == nullptr) throw std::bad_alloc();
  live.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

void release(void* memory) {
  if (memory != nullptr) live.fetch_sub(1, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

// The other forms of new and delete (arrays, nothrow, sized) call these.
void* operator new(std::size_t size) {
  return counted([size] { return std::malloc(size == 0 ? 1 : size); });
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }

void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return counted([=] { return std::aligned_alloc(step, (size + step - 1) / step * step); });
}
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

#endif

std::uint64_t tegula::test::allocation_count() { return count.load(std::memory_order_relaxed); }

std::int64_t tegula::test::live_allocations() { return live.load(std::memory_order_relaxed); }

tegula::test::FailingAllocation::FailingAllocation(std::int64_t n, bool all_after) {
  until_failure.store(n, std::memory_order_relaxed);
  failing.store(all_after ? Failing::all_after : Failing::one, std::memory_order_relaxed);
}
tegula::test::FailingAllocation::~FailingAllocation() {
  failing.store(Failing::none, std::memory_order_relaxed);
}
bool tegula::test::FailingAllocation::reached() const {
  return until_failure.load(std::memory_order_relaxed) < 1;
}
