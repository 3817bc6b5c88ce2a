#pragma once
// Weights of a product, packed once for all runs between two changes of the session's variables.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

#include "tegula/core/tensor.hpp"

namespace tegula::cpu {

/// Safe to use from several threads at once: runs side by side see the same version.
class PackedWeights {
 public:
  /// Writes the packed form, of `size` floats; returns whether the weights are all finite.
  using Pack = std::function<bool(const float* weights, float* packed)>;

  PackedWeights(std::size_t size, Pack pack) : size_(size), pack_(std::move(pack)) {}

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
      packed_ = Tensor(DType::f32, {static_cast<std::int64_t>(size_)});
    }
    if (seen_version_ != version) {
      seen_version_ = version;
      return false;
    }
    finite_ = pack_(weights, packed_.data<float>());
    packed_version_.store(version, std::memory_order_release);
    return true;
  }

  std::size_t size_;
  Pack pack_;
  mutable std::mutex mutex_;
  mutable std::uint64_t seen_version_ = 0;
  mutable Tensor packed_;
  mutable bool finite_ = false;
  mutable std::atomic<std::uint64_t> packed_version_{0};
};

}  // namespace tegula::cpu
