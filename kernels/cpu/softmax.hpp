#pragma once
// Softmax family over the last axis of row-major [rows, columns]; each row is independent and its
// maximum is subtracted first. T is float or double. All run in parallel and allocate nothing.

#include <cstdint>

namespace tegula::kernels {

/// y = exp(x - max) / sum exp(x - max). `y` may be `x`.
template <typename T>
void softmax(const T* x, T* y, std::int64_t rows, std::int64_t columns);

/// y = x - max - log sum exp(x - max). `y` may be `x`.
template <typename T>
void log_softmax(const T* x, T* y, std::int64_t rows, std::int64_t columns);

/// dx = y (dy - sum(dy y)) for y = softmax(x). `dx` may be `dy` or `y`.
template <typename T>
void softmax_gradient(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t columns);

/// dx = dy - exp(y) sum(dy) for y = log_softmax(x). `dx` may be `dy` or `y`.
template <typename T>
void log_softmax_gradient(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t columns);

/// Cross-entropy of logits with dense label distributions, and its gradient, in one pass:
///
///     loss[r]       = -sum_c labels[r, c] log_softmax(logits)[r, c]
///     dlogits[r, c] = (softmax(logits)[r, c] - labels[r, c]) scale[r]
///
/// As in TensorFlow, dlogits is the gradient of labels that sum to 1. A class whose label is 0
/// contributes nothing even where its logit is -inf. `loss` and `dlogits`
/// may each be null; `dlogits` may be `logits`; a null `scale` means 1, otherwise `scale[r]` is
/// read at `scale[r * scale_stride]` (stride 0: one scale for all rows).
template <typename T>
void softmax_cross_entropy(const T* logits, const T* labels, T* loss, T* dlogits, const T* scale,
                           std::int64_t scale_stride, std::int64_t rows, std::int64_t columns);

/// The same with one class index per row (Label: std::int32_t, std::int64_t or std::uint8_t).
///
/// Returns -1, or the first row whose label is outside [0, columns); loss and gradient of such a
/// row are NaN, all other rows are complete.
template <typename T, typename Label>
std::int64_t sparse_softmax_cross_entropy(const T* logits, const Label* labels, T* loss, T* dlogits,
                                          const T* scale, std::int64_t scale_stride,
                                          std::int64_t rows, std::int64_t columns);

}  // namespace tegula::kernels
