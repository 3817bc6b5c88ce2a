#include "src/runtime/arena_allocator.hpp"

#include <iterator>

#include "tegula/core/tensor.hpp"

namespace tegula::detail {

std::size_t aligned(std::size_t bytes) {
  const std::size_t at_least_one = bytes == 0 ? 1 : bytes;
  return (at_least_one + kAlignment - 1) / kAlignment * kAlignment;
}

std::size_t ArenaAllocator::allocate(std::size_t bytes) {
  const std::size_t needed = aligned(bytes);
  const auto best = free_by_size_.lower_bound({needed, 0});
  if (best != free_by_size_.end()) {
    const auto [available, offset] = *best;
    erase_free(free_by_offset_.find(offset));
    if (available > needed) insert_free(offset + needed, available - needed);
    return offset;
  }
  // Nothing fits: grow the arena, from the free block at its end when there is one.
  std::size_t offset = size_;
  if (!free_by_offset_.empty()) {
    const auto last = std::prev(free_by_offset_.end());
    if (last->first + last->second == size_) {
      offset = last->first;
      erase_free(last);
    }
  }
  size_ = offset + needed;
  return offset;
}

void ArenaAllocator::release(std::size_t offset, std::size_t bytes) {
  std::size_t size = aligned(bytes);
  auto next = free_by_offset_.lower_bound(offset);
  if (next != free_by_offset_.end() && offset + size == next->first) {
    size += next->second;
    const auto after = std::next(next);
    erase_free(next);
    next = after;
  }
  if (next != free_by_offset_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
      erase_free(before);
    }
  }
  insert_free(offset, size);
}

void ArenaAllocator::insert_free(std::size_t offset, std::size_t bytes) {
  free_by_offset_.emplace(offset, bytes);
  free_by_size_.emplace(bytes, offset);
}

void ArenaAllocator::erase_free(std::map<std::size_t, std::size_t>::iterator block) {
  free_by_size_.erase({block->second, block->first});
  free_by_offset_.erase(block);
}

}  // namespace tegula::detail
