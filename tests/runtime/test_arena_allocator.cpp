// Offsets within an arena.
#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "src/runtime/arena_allocator.hpp"
#include "tegula/core/tensor.hpp"

using tegula::kAlignment;
using tegula::detail::ArenaAllocator;

TEST_CASE("the smallest block that fits is used again") {
  ArenaAllocator arena;
  const std::size_t large = arena.allocate(1024);
  const std::size_t first_guard = arena.allocate(64);
  const std::size_t small = arena.allocate(256);
  arena.allocate(64);
  arena.release(large, 1024);
  arena.release(small, 256);
  CHECK(arena.allocate(200) == small);
  CHECK(arena.allocate(1000) == large);
  CHECK(first_guard == 1024);
  CHECK(arena.size() == 1024 + 64 + 256 + 64);
}

TEST_CASE("neighbouring free blocks become one") {
  ArenaAllocator arena;
  const std::size_t a = arena.allocate(128);
  const std::size_t b = arena.allocate(128);
  const std::size_t c = arena.allocate(128);
  arena.allocate(64);
  arena.release(a, 128);
  arena.release(c, 128);
  arena.release(b, 128);
  CHECK(arena.allocate(384) == a);
}

TEST_CASE("a free block at the end grows instead of being left behind") {
  ArenaAllocator arena;
  arena.allocate(64);
  const std::size_t last = arena.allocate(128);
  arena.release(last, 128);
  CHECK(arena.allocate(512) == last);
  CHECK(arena.size() == 64 + 512);
}

TEST_CASE("live blocks are aligned and never overlap") {
  struct Block {
    std::size_t offset, bytes;
  };
  std::mt19937 random(1);
  ArenaAllocator arena;
  std::vector<Block> live;
  for (int step = 0; step < 5000; ++step) {
    if (!live.empty() && random() % 2 == 0) {
      const std::size_t victim = random() % live.size();
      arena.release(live[victim].offset, live[victim].bytes);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
      continue;
    }
    const std::size_t bytes = random() % 5000;
    const std::size_t offset = arena.allocate(bytes);
    REQUIRE(offset % kAlignment == 0);
    REQUIRE(offset + bytes <= arena.size());
    for (const Block& other : live) {
      const bool apart = offset + bytes <= other.offset || other.offset + other.bytes <= offset;
      REQUIRE(apart);
    }
    live.push_back({offset, bytes});
  }
  for (const Block& block : live) arena.release(block.offset, block.bytes);
  CHECK(arena.allocate(arena.size()) == 0);
}
