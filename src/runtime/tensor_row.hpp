#pragma once
// Tensors at equal distances in memory: a span of tensors, or the tensors of a span of feeds.

#include <cstddef>
#include <span>

#include "tegula/core/tensor.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::detail {

/// A view, valid while what it was made from lives.
class TensorRow {
 public:
  explicit TensorRow(std::span<const Tensor> tensors)
      : TensorRow(tensors.empty() ? nullptr : tensors.data(), tensors.size(), sizeof(Tensor)) {}
  explicit TensorRow(std::span<const Feed> feeds)
      : TensorRow(feeds.empty() ? nullptr : &feeds.front().second, feeds.size(), sizeof(Feed)) {}

  std::size_t size() const { return size_; }
  const Tensor& operator[](std::size_t index) const {
    return *reinterpret_cast<const Tensor*>(reinterpret_cast<const std::byte*>(first_) +
                                            index * stride_);
  }

 private:
  TensorRow(const Tensor* first, std::size_t size, std::size_t stride)
      : first_(first), size_(size), stride_(stride) {}

  const Tensor* first_;
  std::size_t size_;
  std::size_t stride_;
};

}  // namespace tegula::detail
