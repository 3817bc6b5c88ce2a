#pragma once
// The vector parts of the softmax family: one row each. Internal to softmax.cpp.

#include <cstddef>
#include <cstdint>

namespace tegula::kernels::detail {

/// Functions of one instruction set. Outputs may be inputs; `loss` and `dlogits` may be null.
template <typename T>
struct SoftmaxKernels {
  void (*softmax)(const T* x, T* y, std::size_t columns);
  void (*log_softmax)(const T* x, T* y, std::size_t columns);
  void (*softmax_gradient)(const T* y, const T* dy, T* dx, std::size_t columns);
  void (*log_softmax_gradient)(const T* y, const T* dy, T* dx, std::size_t columns);
  void (*dense)(const T* logits, const T* labels, T* loss, T* dlogits, T scale,
                std::size_t columns);
  void (*sparse)(const T* logits, std::size_t label, T* loss, T* dlogits, T scale,
                 std::size_t columns);
};

template <typename T>
const SoftmaxKernels<T>& softmax_kernels();

}  // namespace tegula::kernels::detail
