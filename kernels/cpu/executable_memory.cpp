#include "kernels/cpu/executable_memory.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "src/core/fork_safe.hpp"
#include "src/core/made_before_fork.hpp"

namespace tegula::kernels::detail {

#if defined(__unix__) || defined(__APPLE__)

namespace {

/// Pages in chunks of a fixed size; larger requests get a chunk of their own. A chunk once mapped
/// stays: its free pages serve the next programs.
class Pool {
 public:
  static Pool& instance() {
    static Pool* const pool = new Pool;  // outlives every static object that owns code
    return *pool;
  }

  /// Null when there is no memory, or none that may be executed.
  void* allocate(std::span<const std::uint8_t> code, std::size_t pages) {
    const std::lock_guard lock(mutex_);
    std::uint8_t* const memory = take(pages);
    if (memory == nullptr) return nullptr;
    std::memcpy(memory, code.data(), code.size());
    if (mprotect(memory, pages * page_, PROT_READ | PROT_EXEC) == 0) return memory;
    mark(memory, pages, false);
    return nullptr;
  }

  void release(void* memory, std::size_t pages) {
    const std::lock_guard lock(mutex_);
    // Pages that cannot be made writable again stay in use.
    if (mprotect(memory, pages * page_, PROT_READ | PROT_WRITE) != 0) return;
    mark(static_cast<std::uint8_t*>(memory), pages, false);
  }

  std::size_t pages_for(std::size_t bytes) const { return (bytes + page_ - 1) / page_; }

 private:
  struct Chunk {
    std::uint8_t* memory;
    std::vector<bool> used;
  };
  static constexpr std::size_t kChunkBytes = 256 * 1024;

  std::uint8_t* take(std::size_t pages) {
    for (Chunk& chunk : chunks_) {
      std::size_t run = 0;
      for (std::size_t page = 0; page < chunk.used.size(); ++page) {
        run = chunk.used[page] ? 0 : run + 1;
        if (run < pages) continue;
        std::uint8_t* const memory = chunk.memory + (page + 1 - pages) * page_;
        mark(memory, pages, true);
        return memory;
      }
    }
    const std::size_t count = std::max(pages, kChunkBytes / page_);
    void* const memory =
        mmap(nullptr, count * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    chunks_.push_back({static_cast<std::uint8_t*>(memory), std::vector<bool>(count)});
    mark(chunks_.back().memory, pages, true);
    return chunks_.back().memory;
  }

  void mark(std::uint8_t* memory, std::size_t pages, bool used) {
    for (Chunk& chunk : chunks_) {
      if (memory < chunk.memory || memory >= chunk.memory + chunk.used.size() * page_) continue;
      const auto first = static_cast<std::size_t>(memory - chunk.memory) / page_;
      for (std::size_t page = first; page < first + pages; ++page) chunk.used[page] = used;
    }
  }

  tegula::detail::BriefMutex mutex_;
  std::vector<Chunk> chunks_;
  const std::size_t page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
};

const tegula::detail::MadeBeforeFork kMadeBeforeFork([] { Pool::instance(); });

}  // namespace

std::shared_ptr<const void> make_executable(std::span<const std::uint8_t> code) {
  Pool& pool = Pool::instance();
  const std::size_t pages = pool.pages_for(code.size());
  void* const memory = pool.allocate(code, pages);
  if (memory == nullptr) return nullptr;
  return {memory, [pages](void* released) { Pool::instance().release(released, pages); }};
}

#else

std::shared_ptr<const void> make_executable(std::span<const std::uint8_t>) { return nullptr; }

#endif

}  // namespace tegula::kernels::detail
