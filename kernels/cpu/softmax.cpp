#include "kernels/cpu/softmax.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/cpu/softmax_internal.hpp"
#include "kernels/cpu/streaming.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

/// Elements that are worth a parallel task.
constexpr std::int64_t kTaskElements = 8192;
/// Rows that one call works on, a multiple of those that are finished together.
constexpr std::int64_t kRowBatch = 64;
/// Longer rows are cut into parts that threads share.
constexpr std::int64_t kLongRow = 4 * kTaskElements;
constexpr std::int64_t kMaxParts = 256;

/// Calls `body(first row, rows, first element)` for at most kRowBatch rows at a time. No row's
/// results depend on the rows beside it.
template <typename Body>
void for_each_batch(std::int64_t rows, std::int64_t columns, const Body& body) {
  if (columns <= 0) return;
  const std::int64_t batch = std::clamp<std::int64_t>(kTaskElements / columns, 1, kRowBatch);
  const std::int64_t per_task = std::max<std::int64_t>(kTaskElements / (columns * batch), 1);
  const std::int64_t batches = (rows + batch - 1) / batch;
  parallel_for((batches + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * per_task * batch);
    for (std::int64_t row = task * per_task * batch; row < end; row += batch) {
      body(row, std::min(batch, end - row), row * columns);
    }
  });
}

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

/// One row in parts: what they sum up to, then their results.
template <typename T>
void run_long_row(const T* x, T* y, std::int64_t columns,
                  void (*part)(const T*, T*, std::size_t, T, T)) {
  const auto& kernels = detail::softmax_kernels<T>();
  const std::int64_t width = std::max(kTaskElements, (columns + kMaxParts - 1) / kMaxParts);
  const std::int64_t parts = (columns + width - 1) / width;
  std::array<T, kMaxParts> maxima, sums;
  parallel_for(parts, [&](std::int64_t p) {
    const std::int64_t begin = p * width;
    kernels.sum_part(x + begin, size(std::min(width, columns - begin)), &maxima[size(p)],
                     &sums[size(p)]);
  });
  const T maximum = *std::max_element(maxima.begin(), maxima.begin() + parts);
  T sum = 0;
  for (std::size_t p = 0; p < size(parts); ++p) sum += sums[p] * std::exp(maxima[p] - maximum);
  parallel_for(parts, [&](std::int64_t p) {
    const std::int64_t begin = p * width;
    part(x + begin, y + begin, size(std::min(width, columns - begin)), maximum, sum);
  });
}

template <typename T>
T* shifted(T* pointer, std::int64_t offset) {
  return pointer != nullptr ? pointer + offset : nullptr;
}

template <typename T>
bool can_stream(const T* x, const T* y, std::int64_t rows, std::int64_t columns) {
  constexpr auto kSize = static_cast<std::int64_t>(sizeof(T));
  return rows * columns * kSize >= kStreamingBytes && columns <= detail::kStreamedColumns &&
         columns * kSize % detail::kStreamedAlignment == 0 && x != y &&
         reinterpret_cast<std::uintptr_t>(y) % detail::kStreamedAlignment == 0;
}

template <typename T>
void fill_nan(T* loss, T* dlogits, std::int64_t columns) {
  constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
  if (loss != nullptr) *loss = kNan;
  if (dlogits != nullptr) std::fill_n(dlogits, columns, kNan);
}

void keep_minimum(std::atomic<std::int64_t>& minimum, std::int64_t value) {
  std::int64_t current = minimum.load(std::memory_order_relaxed);
  while (value < current && !minimum.compare_exchange_weak(current, value)) {
  }
}

}  // namespace

template <typename T>
void softmax(const T* x, T* y, std::int64_t rows, std::int64_t columns) {
  const auto& kernels = detail::softmax_kernels<T>();
  if (columns > kLongRow) {
    for (std::int64_t row = 0; row < rows; ++row) {
      run_long_row(x + row * columns, y + row * columns, columns, kernels.softmax_part);
    }
    return;
  }
  const auto run = can_stream(x, y, rows, columns) ? kernels.softmax_streaming : kernels.softmax;
  for_each_batch(rows, columns, [&](std::int64_t, std::int64_t count, std::int64_t at) {
    run(x + at, y + at, size(count), size(columns));
  });
}

template <typename T>
void log_softmax(const T* x, T* y, std::int64_t rows, std::int64_t columns) {
  const auto& kernels = detail::softmax_kernels<T>();
  if (columns > kLongRow) {
    for (std::int64_t row = 0; row < rows; ++row) {
      run_long_row(x + row * columns, y + row * columns, columns, kernels.log_softmax_part);
    }
    return;
  }
  for_each_batch(rows, columns, [&](std::int64_t, std::int64_t count, std::int64_t at) {
    kernels.log_softmax(x + at, y + at, size(count), size(columns));
  });
}

template <typename T>
void softmax_gradient(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t columns) {
  const auto& kernels = detail::softmax_kernels<T>();
  for_each_batch(rows, columns, [&](std::int64_t, std::int64_t count, std::int64_t at) {
    kernels.softmax_gradient(y + at, dy + at, dx + at, size(count), size(columns));
  });
}

template <typename T>
void log_softmax_gradient(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t columns) {
  const auto& kernels = detail::softmax_kernels<T>();
  for_each_batch(rows, columns, [&](std::int64_t, std::int64_t count, std::int64_t at) {
    kernels.log_softmax_gradient(y + at, dy + at, dx + at, size(count), size(columns));
  });
}

template <typename T>
void softmax_cross_entropy(const T* logits, const T* labels, T* loss, T* dlogits, const T* scale,
                           std::int64_t scale_stride, std::int64_t rows, std::int64_t columns) {
  const auto& kernels = detail::softmax_kernels<T>();
  if (columns == 0 && loss != nullptr) std::fill_n(loss, rows, T(0));
  for_each_batch(rows, columns, [&](std::int64_t row, std::int64_t count, std::int64_t at) {
    kernels.dense(logits + at, labels + at, shifted(loss, row), shifted(dlogits, at),
                  {shifted(scale, row * scale_stride), scale_stride}, size(count), size(columns));
  });
}

template <typename T, typename Label>
std::int64_t sparse_softmax_cross_entropy(const T* logits, const Label* labels, T* loss, T* dlogits,
                                          const T* scale, std::int64_t scale_stride,
                                          std::int64_t rows, std::int64_t columns) {
  const auto& kernels = detail::softmax_kernels<T>();
  if (columns == 0 && loss != nullptr) std::fill_n(loss, rows, std::numeric_limits<T>::quiet_NaN());
  if (columns == 0) return rows > 0 ? 0 : -1;
  constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  std::atomic<std::int64_t> first_bad{kNone};
  for_each_batch(rows, columns, [&](std::int64_t row, std::int64_t count, std::int64_t at) {
    std::array<std::int64_t, kRowBatch> safe;
    std::int64_t bad = 0;
    for (std::int64_t r = 0; r < count; ++r) {
      const auto label = static_cast<std::int64_t>(labels[row + r]);
      const bool inside = label >= 0 && label < columns;
      safe[size(r)] = inside ? label : 0;
      bad += inside ? 0 : 1;
    }
    kernels.sparse(logits + at, safe.data(), shifted(loss, row), shifted(dlogits, at),
                   {shifted(scale, row * scale_stride), scale_stride}, size(count), size(columns));
    for (std::int64_t r = 0; bad > 0 && r < count; ++r) {
      const auto label = static_cast<std::int64_t>(labels[row + r]);
      if (label >= 0 && label < columns) continue;
      fill_nan(shifted(loss, row + r), shifted(dlogits, at + r * columns), columns);
      keep_minimum(first_bad, row + r);
    }
  });
  const std::int64_t bad = first_bad.load();
  return bad == kNone ? -1 : bad;
}

template void softmax(const float*, float*, std::int64_t, std::int64_t);
template void softmax(const double*, double*, std::int64_t, std::int64_t);
template void log_softmax(const float*, float*, std::int64_t, std::int64_t);
template void log_softmax(const double*, double*, std::int64_t, std::int64_t);
template void softmax_gradient(const float*, const float*, float*, std::int64_t, std::int64_t);
template void softmax_gradient(const double*, const double*, double*, std::int64_t, std::int64_t);
template void log_softmax_gradient(const float*, const float*, float*, std::int64_t, std::int64_t);
template void log_softmax_gradient(const double*, const double*, double*, std::int64_t,
                                   std::int64_t);
template void softmax_cross_entropy(const float*, const float*, float*, float*, const float*,
                                    std::int64_t, std::int64_t, std::int64_t);
template void softmax_cross_entropy(const double*, const double*, double*, double*, const double*,
                                    std::int64_t, std::int64_t, std::int64_t);
template std::int64_t sparse_softmax_cross_entropy(const float*, const std::int32_t*, float*,
                                                   float*, const float*, std::int64_t, std::int64_t,
                                                   std::int64_t);
template std::int64_t sparse_softmax_cross_entropy(const float*, const std::int64_t*, float*,
                                                   float*, const float*, std::int64_t, std::int64_t,
                                                   std::int64_t);
template std::int64_t sparse_softmax_cross_entropy(const float*, const std::uint8_t*, float*,
                                                   float*, const float*, std::int64_t, std::int64_t,
                                                   std::int64_t);
template std::int64_t sparse_softmax_cross_entropy(const double*, const std::int32_t*, double*,
                                                   double*, const double*, std::int64_t,
                                                   std::int64_t, std::int64_t);
template std::int64_t sparse_softmax_cross_entropy(const double*, const std::int64_t*, double*,
                                                   double*, const double*, std::int64_t,
                                                   std::int64_t, std::int64_t);
template std::int64_t sparse_softmax_cross_entropy(const double*, const std::uint8_t*, double*,
                                                   double*, const double*, std::int64_t,
                                                   std::int64_t, std::int64_t);

}  // namespace tegula::kernels
