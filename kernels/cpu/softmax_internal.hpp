#pragma once
// The vector parts of the softmax family: a few rows each. Internal to softmax.cpp.

#include <cstddef>
#include <cstdint>

namespace tegula::kernels::detail {

/// A factor for each row; null means 1, and a stride of 0 the same for all.
template <typename T>
struct RowScale {
  const T* scale = nullptr;
  std::int64_t stride = 0;

  T of(std::size_t row) const {
    return scale != nullptr ? scale[static_cast<std::int64_t>(row) * stride] : T(1);
  }
};

/// Elements of a row that can be streamed at most, and the alignment in bytes that its results then
/// need: that of the longest vectors.
inline constexpr std::int64_t kStreamedColumns = 8192;
inline constexpr std::int64_t kStreamedAlignment = 64;

/// Functions of one instruction set. Outputs may be inputs; `loss` and `dlogits` may be null.
template <typename T>
struct SoftmaxKernels {
  void (*softmax)(const T* x, T* y, std::size_t rows, std::size_t columns);
  /// The same past the caches, for at most kStreamedColumns elements in all, or one row of them.
  void (*softmax_streaming)(const T* x, T* y, std::size_t rows, std::size_t columns);
  void (*log_softmax)(const T* x, T* y, std::size_t rows, std::size_t columns);
  void (*softmax_gradient)(const T* y, const T* dy, T* dx, std::size_t rows, std::size_t columns);
  void (*log_softmax_gradient)(const T* y, const T* dy, T* dx, std::size_t rows,
                               std::size_t columns);
  void (*dense)(const T* logits, const T* labels, T* loss, T* dlogits, RowScale<T> scale,
                std::size_t rows, std::size_t columns);
  void (*sparse)(const T* logits, const std::int64_t* labels, T* loss, T* dlogits,
                 RowScale<T> scale, std::size_t rows, std::size_t columns);

  // Parts of one long row: its maximum and sum of exp(x - maximum), then its results.
  void (*sum_part)(const T* x, std::size_t columns, T* maximum, T* sum);
  void (*softmax_part)(const T* x, T* y, std::size_t columns, T maximum, T sum);
  void (*log_softmax_part)(const T* x, T* y, std::size_t columns, T maximum, T sum);
};

template <typename T>
const SoftmaxKernels<T>& softmax_kernels();

}  // namespace tegula::kernels::detail
