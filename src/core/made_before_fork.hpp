#pragma once
// Static objects of functions, and forks.

namespace tegula::detail {

/// Lets forks call `touch` first, which uses a function's static object: while another thread of
/// the parent makes it, the fork waits. The child would wait for ever. For objects at namespace
/// scope.
class MadeBeforeFork final {
 public:
  explicit MadeBeforeFork(void (*touch)());
  ~MadeBeforeFork();
  MadeBeforeFork(const MadeBeforeFork&) = delete;
  MadeBeforeFork& operator=(const MadeBeforeFork&) = delete;

 private:
  friend struct ForkList;
  void (*touch_)();
  MadeBeforeFork* next_ = nullptr;
};

}  // namespace tegula::detail
