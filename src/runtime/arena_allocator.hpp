#pragma once
// Offsets within an arena, handed out while a plan's schedule is walked once at plan time.

#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace tegula::detail {

/// The next multiple of kAlignment, at least one.
std::size_t aligned(std::size_t bytes);

/// Best fit with coalescing. Offsets and sizes are multiples of kAlignment.
class ArenaAllocator {
 public:
  std::size_t allocate(std::size_t bytes);
  /// `offset` was returned by `allocate(bytes)`.
  void release(std::size_t offset, std::size_t bytes);
  /// Bytes that the arena needs for everything so far.
  std::size_t size() const { return size_; }

 private:
  void insert_free(std::size_t offset, std::size_t bytes);
  void erase_free(std::map<std::size_t, std::size_t>::iterator block);

  std::map<std::size_t, std::size_t> free_by_offset_;
  std::set<std::pair<std::size_t, std::size_t>> free_by_size_;  // (bytes, offset)
  std::size_t size_ = 0;
};

}  // namespace tegula::detail
