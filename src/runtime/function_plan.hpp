#pragma once
// Functions as kernels of ops with bodies run them. For backends.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "src/runtime/plan.hpp"

namespace tegula::detail {

/// A function, planned once: its arena and pointers lie in the workspace of the kernel.
class FunctionPlan {
 public:
  /// Types of the parameters are known.
  FunctionPlan(const Function& function, const Backend& backend);

  /// Aligned to kAlignment.
  std::size_t workspace_bytes() const {
    return pointer_offset_ + plan_->places.size() * sizeof(void*);
  }
  const Plan& plan() const { return *plan_; }

 private:
  friend class FunctionRun;

  std::shared_ptr<const Plan> plan_;
  std::size_t pointer_offset_ = 0;
  /// Places of each feed, then of each fetch: from `first_[i]` to `first_[i + 1]` in `patched_`.
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> patched_;
};

/// The function at work in a workspace.
class FunctionRun {
 public:
  FunctionRun(const FunctionPlan& function, void* workspace);

  void set_argument(std::size_t index, const void* data) {
    patch(index, const_cast<void*>(data));  // only ever read
  }
  void set_result(std::size_t index, void* data) { patch(feeds_ + index, data); }
  /// Errors of a kernel name its node.
  void run(const RandomKey& key, std::uint64_t variables_version);

 private:
  void patch(std::size_t index, void* data) {
    for (std::uint32_t i = function_.first_[index]; i < function_.first_[index + 1]; ++i) {
      pointers_[function_.patched_[i]] = data;
    }
  }

  const FunctionPlan& function_;
  std::byte* arena_;
  void** pointers_;
  std::size_t feeds_;
};

}  // namespace tegula::detail
