// Euclidean norms.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/cpu/reduce_internal.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels::detail {

namespace {

/// Elements that are worth a parallel task.
constexpr std::int64_t kTaskElements = 32768;
constexpr std::int64_t kMaxChunks = 256;

/// Whether a sum of squares has lost nothing to overflow, and no more than rounding to squares
/// below the smallest normal number (the thread may take those for zero).
template <typename T>
bool is_exact(T sum) {
  constexpr T kSmallest =
      std::numeric_limits<T>::min() / (std::numeric_limits<T>::epsilon() * T(0x1p-10));
  return sum >= kSmallest && sum <= std::numeric_limits<T>::max();
}

/// Norm of at(0), ..., at(count - 1), all divided by a power of two that is near the largest.
template <typename At>
double scaled_norm(std::int64_t count, const At& at) {
  double largest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double size = std::abs(static_cast<double>(at(i)));
    if (std::isnan(size)) return size;
    largest = std::max(largest, size);
  }
  if (largest == 0 || std::isinf(largest)) return largest;
  const int exponent = std::ilogb(largest);
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double scaled = std::scalbn(static_cast<double>(at(i)), -exponent);
    sum += scaled * scaled;
  }
  return std::scalbn(std::sqrt(sum), exponent);
}

template <typename T>
T root(T sum, const T* x, std::int64_t count) {
  if (is_exact(sum)) return std::sqrt(sum);
  return static_cast<T>(scaled_norm(count, [x](std::int64_t i) { return x[i]; }));
}

/// One row in parallel chunks, which depend on its length alone.
template <typename T>
T norm_of_long_row(const T* x, std::int64_t count) {
  const std::int64_t chunk = std::max(kTaskElements, (count + kMaxChunks - 1) / kMaxChunks);
  const std::int64_t chunks = (count + chunk - 1) / chunk;
  std::array<T, kMaxChunks> sums;
  parallel_for(chunks, [&](std::int64_t c) {
    const std::int64_t begin = c * chunk;
    sum_squares(x + begin, 1, std::min(chunk, count - begin), nullptr,
                &sums[static_cast<std::size_t>(c)]);
  });
  T sum = 0;
  for (std::int64_t c = 0; c < chunks; ++c) sum += sums[static_cast<std::size_t>(c)];
  return root(sum, x, count);
}

template <typename T>
void norm_of_rows(const T* x, T* result, std::int64_t rows, std::int64_t count) {
  if (count > kTaskElements) {
    for (std::int64_t row = 0; row < rows; ++row) {
      result[row] = norm_of_long_row(x + row * count, count);
    }
    return;
  }
  const std::int64_t per_task =
      std::max(kTaskElements / std::max(count, std::int64_t{1}), std::int64_t{1});
  parallel_for((rows + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * per_task);
    const std::int64_t first = task * per_task;
    sum_squares(x + first * count, end - first, count, nullptr, result + first);
    for (std::int64_t row = first; row < end; ++row) {
      result[row] = root(result[row], x + row * count, count);
    }
  });
}

/// Any set of axes, element by element.
template <typename T>
void norm_of_strides(const Axes& axes, const T* x, T* result) {
  parallel_for(axes.kept, [&](std::int64_t out) {
    const T* from = x + offset_of(out, axes.kept_rank, axes.kept_dims, axes.kept_strides);
    const auto at = [&](std::int64_t i) {
      const std::int64_t offset =
          offset_of(i, axes.reduced_rank, axes.reduced_dims, axes.reduced_strides);
      return static_cast<double>(from[offset]);
    };
    double sum = 0;
    for (std::int64_t i = 0; i < axes.reduced; ++i) sum += at(i) * at(i);
    result[out] = static_cast<T>(is_exact(sum) ? std::sqrt(sum) : scaled_norm(axes.reduced, at));
  });
}

template <typename T>
void norm_typed(const Axes& axes, const T* x, T* result) {
  const bool is_rows =
      axes.reduced_rank == 0 || (axes.reduced_rank == 1 && axes.reduced_strides[0] == 1);
  if (is_rows) {
    norm_of_rows(x, result, axes.kept, axes.reduced);
  } else {
    norm_of_strides(axes, x, result);
  }
}

}  // namespace

void norm_axes(const Axes& axes, const float* x, float* result) { norm_typed(axes, x, result); }
void norm_axes(const Axes& axes, const double* x, double* result) { norm_typed(axes, x, result); }

}  // namespace tegula::kernels::detail
