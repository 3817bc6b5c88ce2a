#pragma once
// A matrix of weights, packed once for all runs between two changes of the session's variables.

#include <atomic>
#include <cstdint>
#include <mutex>

#include "kernels/cpu/gemm.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula::cpu {

/// Safe to use from several threads at once: runs side by side see the same version.
class PackedWeights {
 public:
  explicit PackedWeights(const kernels::GemmProblem& problem) : problem_(problem) {}

  /// The packed form of `weights`, or null when it is not there (yet): a version is packed when it
  /// is seen for the second time, so that training between predictions pays nothing.
  const float* find(const float* weights, std::uint64_t version) const {
    if (version == 0) return nullptr;
    if (packed_version_.load(std::memory_order_acquire) != version && !pack(weights, version)) {
      return nullptr;
    }
    return packed_.data<float>();
  }
  /// Whether what `find` returned holds finite numbers only.
  bool finite() const { return finite_; }

 private:
  bool pack(const float* weights, std::uint64_t version) const {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return false;
    if (packed_version_.load(std::memory_order_relaxed) == version) return true;
    if (seen_version_ == 0) {  // allocate in the first run, not later
      const auto size = kernels::packed_b_size(problem_.k, problem_.n);
      packed_ = Tensor(DType::f32, {static_cast<std::int64_t>(size)});
    }
    if (seen_version_ != version) {
      seen_version_ = version;
      return false;
    }
    finite_ = kernels::pack_b_f32(problem_, weights, packed_.data<float>());
    packed_version_.store(version, std::memory_order_release);
    return true;
  }

  kernels::GemmProblem problem_;
  mutable std::mutex mutex_;
  mutable std::uint64_t seen_version_ = 0;
  mutable Tensor packed_;
  mutable bool finite_ = false;
  mutable std::atomic<std::uint64_t> packed_version_{0};
};

}  // namespace tegula::cpu
