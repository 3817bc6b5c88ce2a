#include "src/runtime/variable_domain.hpp"

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

namespace tegula::detail {

std::shared_ptr<VariableDomain::Part> VariableDomain::shared_root() const {
  std::shared_ptr<Part> part = own_;
  while (part->next.load(std::memory_order_acquire) != nullptr) part = part->joined;
  return part;
}

void VariableDomain::unite(VariableDomain& other) {
  for (;;) {
    std::shared_ptr<Part> mine = shared_root();
    std::shared_ptr<Part> theirs = other.shared_root();
    if (mine == theirs) return;
    if (std::less<>()(theirs, mine)) std::swap(mine, theirs);
    const std::lock_guard first(mine->lock);
    const std::lock_guard second(theirs->lock);
    if (mine->next.load() != nullptr || theirs->next.load() != nullptr) continue;
    if (mine->height > theirs->height) std::swap(mine, theirs);
    theirs->height = std::max(theirs->height, mine->height + 1);
    theirs->version = std::max(theirs->version, mine->version) + 1;
    mine->joined = theirs;
    mine->next.store(theirs.get(), std::memory_order_release);
    return;
  }
}

}  // namespace tegula::detail
