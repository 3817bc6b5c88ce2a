#pragma once
// Pools of windows and their gradients, channels last: vectors run over the channels. Elements
// beyond the borders take no part, and every window sees one within them.
//
// T is float or double; no pointer need be aligned, no function allocates, and results do not
// depend on the number of threads.

#include "src/core/window.hpp"

namespace tegula::kernels {

struct PoolProblem {
  detail::WindowGrid grid;
  std::int64_t channels = 0;
};

/// The largest element of each window; NaN wins. Reads each window once.
template <typename T>
void max_pool(const PoolProblem& problem, const T* x, T* y);
/// From each window the element of v where x has its first NaN, or else its first maximum.
template <typename T>
void max_pool_take(const PoolProblem& problem, const T* x, const T* v, T* y);
/// dx = 0, then dy is added at these places.
template <typename T>
void max_pool_gradient(const PoolProblem& problem, const T* x, const T* dy, T* dx);

/// The mean of each window.
template <typename T>
void average_pool(const PoolProblem& problem, const T* x, T* y);
/// dx = 0, then each window's elements get their share of its dy.
template <typename T>
void average_pool_gradient(const PoolProblem& problem, const T* dy, T* dx);

}  // namespace tegula::kernels
