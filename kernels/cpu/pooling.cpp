// Deals windows to the threads.

#include "kernels/cpu/pooling.hpp"

#include <algorithm>

#include "kernels/cpu/pooling_internal.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

using Index = std::int64_t;

/// Elements of x that one task reads, about: some microseconds.
constexpr Index kElementsPerTask = 16'384;
/// Channels that one task of a gradient takes: windows overlap, so a task has all of an item.
constexpr Index kChannelsPerTask = 64;

/// All windows, a few per task.
template <typename T>
void run_windows(const PoolProblem& problem, detail::PoolFunction<T> function, const T* x,
                 const T* other, T* y) {
  const Index outputs = problem.grid.outputs(), inputs = problem.grid.inputs();
  const Index channels = problem.channels;
  if (outputs == 0 || channels == 0) return;
  const Index per_task =
      std::clamp<Index>(kElementsPerTask / (channels * problem.grid.taps()), 1, outputs);
  const Index tasks = (outputs + per_task - 1) / per_task;
  parallel_for(problem.grid.batch * tasks, [&](Index task) {
    const Index item = task / tasks, first = task % tasks * per_task;
    const Index offset = item * inputs * channels;
    function(problem, {first, std::min(first + per_task, outputs), 0, channels}, x + offset,
             other == nullptr ? nullptr : other + offset, y + item * outputs * channels);
  });
}

/// dx = 0, then what `function` adds for all windows; x may be null.
template <typename T>
void run_gradient(const PoolProblem& problem, detail::PoolFunction<T> function, const T* x,
                  const T* dy, T* dx) {
  const Index outputs = problem.grid.outputs(), inputs = problem.grid.inputs();
  const Index channels = problem.channels;
  const Index tasks = (channels + kChannelsPerTask - 1) / kChannelsPerTask;
  parallel_for(problem.grid.batch * tasks, [&](Index task) {
    const Index item = task / tasks, begin = task % tasks * kChannelsPerTask;
    const Index end = std::min(begin + kChannelsPerTask, channels);
    T* result = dx + item * inputs * channels;
    for (Index pixel = 0; pixel < inputs; ++pixel) {
      std::fill_n(result + pixel * channels + begin, end - begin, T{0});
    }
    const T* gradient = dy + item * outputs * channels;
    const T* values = x == nullptr ? gradient : x + item * inputs * channels;
    function(problem, {0, outputs, begin, end}, values, gradient, result);
  });
}

}  // namespace

template <typename T>
void max_pool(const PoolProblem& problem, const T* x, T* y) {
  run_windows<T>(problem, detail::pool_kernels<T>().max, x, nullptr, y);
}

template <typename T>
void max_pool_take(const PoolProblem& problem, const T* x, const T* v, T* y) {
  run_windows<T>(problem, detail::pool_kernels<T>().max_take, x, v, y);
}

template <typename T>
void max_pool_gradient(const PoolProblem& problem, const T* x, const T* dy, T* dx) {
  run_gradient<T>(problem, detail::pool_kernels<T>().max_gradient, x, dy, dx);
}

template <typename T>
void average_pool(const PoolProblem& problem, const T* x, T* y) {
  run_windows<T>(problem, detail::pool_kernels<T>().average, x, nullptr, y);
}

template <typename T>
void average_pool_gradient(const PoolProblem& problem, const T* dy, T* dx) {
  run_gradient<T>(problem, detail::pool_kernels<T>().average_gradient, nullptr, dy, dx);
}

template void max_pool(const PoolProblem&, const float*, float*);
template void max_pool(const PoolProblem&, const double*, double*);
template void max_pool_take(const PoolProblem&, const float*, const float*, float*);
template void max_pool_take(const PoolProblem&, const double*, const double*, double*);
template void max_pool_gradient(const PoolProblem&, const float*, const float*, float*);
template void max_pool_gradient(const PoolProblem&, const double*, const double*, double*);
template void average_pool(const PoolProblem&, const float*, float*);
template void average_pool(const PoolProblem&, const double*, double*);
template void average_pool_gradient(const PoolProblem&, const float*, float*);
template void average_pool_gradient(const PoolProblem&, const double*, double*);

}  // namespace tegula::kernels
