// Large blocks of memory: which freed ones wait for the next tensor, and which do not.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "src/core/tensor_memory.hpp"
#include "tegula/core/tensor.hpp"

using namespace tegula;
using detail::allocate_tensor_memory;
using detail::kLargeBlock;
using detail::kMiddleBlock;
using detail::waiting_tensor_bytes;

namespace {

/// The block's address, which is freed when this returns.
void* passing_block(std::size_t bytes) { return allocate_tensor_memory(bytes).get(); }

}  // namespace

TEST_CASE("a freed block waits when its size recurs, and another size drives it out") {
  constexpr std::size_t kSize = kLargeBlock + 4096;
  passing_block(2 * kLargeBlock);  // whatever waited before is released
  passing_block(kSize);
  CHECK(waiting_tensor_bytes() == 0);
  void* const second = passing_block(kSize);
  CHECK(waiting_tensor_bytes() == kSize);
  {
    const auto third = allocate_tensor_memory(kSize);
    CHECK(third.get() == second);
    CHECK(waiting_tensor_bytes() == 0);
    std::fill_n(static_cast<unsigned char*>(third.get()), kSize, 7);
  }
  CHECK(waiting_tensor_bytes() == kSize);
  passing_block(kLargeBlock - 1);  // a middle one, which is no concern of theirs
  CHECK(waiting_tensor_bytes() == kSize);
  passing_block(3 * kLargeBlock);
  CHECK(waiting_tensor_bytes() == 0);
}

TEST_CASE("middle blocks wait among themselves, until a large one finds nothing") {
  passing_block(2 * kLargeBlock);
  for (int i = 0; i < 2; ++i) passing_block(kLargeBlock);
  CHECK(waiting_tensor_bytes() == kLargeBlock);
  passing_block(kMiddleBlock);
  void* const second = passing_block(kMiddleBlock);
  CHECK(waiting_tensor_bytes() == kLargeBlock + kMiddleBlock);
  CHECK(passing_block(kMiddleBlock) == second);
  passing_block(kMiddleBlock + 64);
  CHECK(waiting_tensor_bytes() == kLargeBlock);
  for (int i = 0; i < 2; ++i) passing_block(kMiddleBlock);
  CHECK(waiting_tensor_bytes() == kLargeBlock + kMiddleBlock);
  passing_block(5 * kLargeBlock);  // a size that has not been asked for of late
  CHECK(waiting_tensor_bytes() == 0);
}

TEST_CASE("what waits is bounded") {
  constexpr std::size_t kHalf = detail::kMaxWaitingBytes / 2 + 4096;
  for (int i = 0; i < 2; ++i) {
    const auto a = allocate_tensor_memory(kHalf);
    const auto b = allocate_tensor_memory(kHalf);
  }
  CHECK(waiting_tensor_bytes() == kHalf);
  {
    std::vector<std::shared_ptr<void>> blocks;
    for (int i = 0; i < 8; ++i) blocks.push_back(allocate_tensor_memory(kLargeBlock));
  }
  CHECK(waiting_tensor_bytes() == 4 * kLargeBlock);
  passing_block(2 * kLargeBlock);
}

TEST_CASE("threads never share a block") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&wrong, id] {
      for (int i = 0; i < 50; ++i) {
        const auto block = allocate_tensor_memory(kLargeBlock);
        auto* const first = static_cast<int*>(block.get());
        *first = id;
        std::this_thread::yield();
        wrong[static_cast<std::size_t>(id)] += *first != id;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
  passing_block(2 * kLargeBlock);
}
