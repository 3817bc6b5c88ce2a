#include "src/core/tensor_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <utility>

#include "tegula/core/tensor.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace tegula::detail {

namespace {

/// Large tensors ask for huge pages: with small ones, reading rows of a large data set in random
/// order spends a third of its time on address translation.
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kPage = 4096;

/// Sizes of the last large allocations that are remembered, and blocks that wait at most.
constexpr std::size_t kRecentSizes = 8;
constexpr std::size_t kMaxWaitingBlocks = 4;

template <std::size_t Alignment>
void* new_aligned(std::size_t bytes) {
  return ::operator new (bytes, std::align_val_t{Alignment});
}

template <std::size_t Alignment>
void delete_aligned(void* memory) {
  ::operator delete (memory, std::align_val_t{Alignment});
}

/// Advice on the whole `unit`s of a block, so that no memory is taken beyond the tensor's end. A
/// system that does not know it loses nothing.
void advise(void* memory, std::size_t bytes, std::size_t unit, int advice) {
  (void)madvise(memory, bytes / unit * unit, advice);
}

void set_accessible([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes,
                    [[maybe_unused]] bool accessible) {
#if defined(__SANITIZE_ADDRESS__)
  if (accessible) {
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
  } else {
    ASAN_POISON_MEMORY_REGION(memory, bytes);
  }
#endif
}

struct Block {
  void* memory = nullptr;
  std::size_t bytes = 0;
};

/// The freed blocks that wait, of one alignment. They never add to the most memory that tensors of
/// their kind had at one time: an allocation that finds none of its size releases them all first.
template <std::size_t Alignment>
class WaitingBlocks {
 public:
  /// A block of exactly this size, or null.
  void* take(std::size_t bytes) {
    recent_[next_++ % kRecentSizes] = bytes;
    for (Block& block : blocks_) {
      if (block.memory == nullptr || block.bytes != bytes) continue;
      set_accessible(block.memory, bytes, true);
      return std::exchange(block, {}).memory;
    }
    release();
    return nullptr;
  }

  void release() {
    for (Block& block : blocks_) {
      if (block.memory == nullptr) continue;
      set_accessible(block.memory, block.bytes, true);
      delete_aligned<Alignment>(std::exchange(block, {}).memory);
    }
  }

  /// Whether the block waits now; it does when its size was asked for more than once of late. Until
  /// it is taken, the system may have the pages of a large one; asking it costs as much as clearing
  /// a small one does.
  bool keep(const Block& block) {
    if (std::count(recent_.begin(), recent_.end(), block.bytes) < 2) return false;
    if (bytes() + block.bytes > kMaxWaitingBytes) return false;
    Block* const place = std::find_if(blocks_.begin(), blocks_.end(),
                                      [](const Block& b) { return b.memory == nullptr; });
    if (place == blocks_.end()) return false;
#if defined(MADV_FREE)
    if (Alignment == kHugePage) advise(block.memory, block.bytes, kPage, MADV_FREE);
#endif
    set_accessible(block.memory, block.bytes, false);
    *place = block;
    return true;
  }

  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Block& block : blocks_) sum += block.bytes;
    return sum;
  }

 private:
  std::array<Block, kMaxWaitingBlocks> blocks_{};
  std::array<std::size_t, kRecentSizes> recent_{};
  std::size_t next_ = 0;
};

/// Never destroyed, as tensors may outlive static objects.
constinit WaitingBlocks<kAlignment> waiting_middle;
constinit WaitingBlocks<kHugePage> waiting_large;
constinit std::atomic_flag in_use = ATOMIC_FLAG_INIT;

/// The right to the waiting blocks, for one thread at a time. Who does not get it does without them
/// instead of waiting; so does a forked child whose parent had another thread here.
class Claim {
 public:
  Claim() : granted_(!in_use.test_and_set(std::memory_order_acquire)) {}
  ~Claim() {
    if (granted_) in_use.clear(std::memory_order_release);
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  explicit operator bool() const { return granted_; }

 private:
  bool granted_;
};

void* new_middle(std::size_t bytes) {
  if (const Claim claim; claim) {
    if (void* const memory = waiting_middle.take(bytes)) return memory;
  }
  return new_aligned<kAlignment>(bytes);
}

void* new_large(std::size_t bytes) {
  if (const Claim claim; claim) {
    if (void* const memory = waiting_large.take(bytes)) return memory;
    waiting_middle.release();
  }
  void* const memory = new_aligned<kHugePage>(bytes);
#if defined(MADV_HUGEPAGE)
  advise(memory, bytes, kHugePage, MADV_HUGEPAGE);
#endif
  return memory;
}

template <std::size_t Alignment>
void keep_or_delete(WaitingBlocks<Alignment>& waiting, void* memory, std::size_t bytes) {
  if (const Claim claim; claim) {
    if (waiting.keep({memory, bytes})) return;
  }
  delete_aligned<Alignment>(memory);
}

}  // namespace

std::shared_ptr<void> allocate_tensor_memory(std::size_t bytes) {
  if (bytes < kMiddleBlock) {
    return {new_aligned<kAlignment>(bytes == 0 ? kAlignment : bytes), delete_aligned<kAlignment>};
  }
  if (bytes < kLargeBlock) {
    return {new_middle(bytes),
            [bytes](void* memory) { keep_or_delete(waiting_middle, memory, bytes); }};
  }
  return {new_large(bytes),
          [bytes](void* memory) { keep_or_delete(waiting_large, memory, bytes); }};
}

std::size_t waiting_tensor_bytes() {
  const Claim claim;
  return claim ? waiting_middle.bytes() + waiting_large.bytes() : 0;
}

}  // namespace tegula::detail
