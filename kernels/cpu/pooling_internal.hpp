#pragma once
// The vector parts of pools. Internal to pooling.cpp.

#include "kernels/cpu/pooling.hpp"

namespace tegula::kernels::detail {

/// Windows [first, last) of one item over channels [begin, end), for one thread.
struct PoolPart {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Computes a part; pointers name the item's first elements. Gradients are added to dx.
template <typename T>
using PoolFunction = void (*)(const PoolProblem& problem, const PoolPart& part, const T* x,
                              const T* other, T* result);

/// Functions of one instruction set; `other` is named in brackets, x is dy where there is no x.
template <typename T>
struct PoolKernels {
  PoolFunction<T> max;               ///< (null)
  PoolFunction<T> max_take;          ///< (v)
  PoolFunction<T> max_gradient;      ///< (dy)
  PoolFunction<T> average;           ///< (null)
  PoolFunction<T> average_gradient;  ///< (null)
};

template <typename T>
const PoolKernels<T>& pool_kernels();

}  // namespace tegula::kernels::detail
