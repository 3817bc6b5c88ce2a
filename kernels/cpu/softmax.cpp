#include "kernels/cpu/softmax.hpp"

#include <algorithm>
#include <atomic>
#include <limits>

#include "kernels/cpu/softmax_internal.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

/// Elements that are worth a parallel task.
constexpr std::int64_t kTaskElements = 8192;

template <typename Body>
void for_each_row(std::int64_t rows, std::int64_t columns, const Body& body) {
  if (columns <= 0) return;
  const std::int64_t per_task = std::max<std::int64_t>(kTaskElements / columns, 1);
  parallel_for((rows + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * per_task);
    for (std::int64_t row = task * per_task; row < end; ++row) body(row, row * columns);
  });
}

template <typename T>
T* shifted(T* pointer, std::int64_t offset) {
  return pointer != nullptr ? pointer + offset : nullptr;
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
  for_each_row(rows, columns, [&](std::int64_t, std::int64_t at) {
    kernels.softmax(x + at, y + at, static_cast<std::size_t>(columns));
  });
}

template <typename T>
void log_softmax(const T* x, T* y, std::int64_t rows, std::int64_t columns) {
  const auto& kernels = detail::softmax_kernels<T>();
  for_each_row(rows, columns, [&](std::int64_t, std::int64_t at) {
    kernels.log_softmax(x + at, y + at, static_cast<std::size_t>(columns));
  });
}

template <typename T>
void softmax_gradient(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t columns) {
  const auto& kernels = detail::softmax_kernels<T>();
  for_each_row(rows, columns, [&](std::int64_t, std::int64_t at) {
    kernels.softmax_gradient(y + at, dy + at, dx + at, static_cast<std::size_t>(columns));
  });
}

template <typename T>
void log_softmax_gradient(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t columns) {
  const auto& kernels = detail::softmax_kernels<T>();
  for_each_row(rows, columns, [&](std::int64_t, std::int64_t at) {
    kernels.log_softmax_gradient(y + at, dy + at, dx + at, static_cast<std::size_t>(columns));
  });
}

template <typename T>
void softmax_cross_entropy(const T* logits, const T* labels, T* loss, T* dlogits, const T* scale,
                           std::int64_t scale_stride, std::int64_t rows, std::int64_t columns) {
  const auto& kernels = detail::softmax_kernels<T>();
  if (columns == 0 && loss != nullptr) std::fill_n(loss, rows, T(0));
  for_each_row(rows, columns, [&](std::int64_t row, std::int64_t at) {
    const T factor = scale != nullptr ? scale[row * scale_stride] : T(1);
    kernels.dense(logits + at, labels + at, shifted(loss, row), shifted(dlogits, at), factor,
                  static_cast<std::size_t>(columns));
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
  for_each_row(rows, columns, [&](std::int64_t row, std::int64_t at) {
    const auto label = static_cast<std::int64_t>(labels[row]);
    if (label < 0 || label >= columns) {
      fill_nan(shifted(loss, row), shifted(dlogits, at), columns);
      return keep_minimum(first_bad, row);
    }
    const T factor = scale != nullptr ? scale[row * scale_stride] : T(1);
    kernels.sparse(logits + at, static_cast<std::size_t>(label), shifted(loss, row),
                   shifted(dlogits, at), factor, static_cast<std::size_t>(columns));
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
