// Rows of the softmax family, for each instruction set.

#include "kernels/cpu/softmax_internal.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/softmax_rows.cpp"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/cpu/elementwise_math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Vectors that are added up one after the other before they join the total.
constexpr std::size_t kSumBlock = 64;

template <typename D, typename V>
hn::TFromD<D> sum_lanes(D d, V v) {
  hn::TFromD<D> lanes[hn::MaxLanes(d)];
  hn::StoreU(v, d, lanes);
  for (std::size_t width = hn::Lanes(d) / 2; width > 0; width /= 2) {
    for (std::size_t lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  }
  return lanes[0];
}

/// Loads and stores the first lanes. Only vectors of several lanes have tails, and those
/// instruction sets do not touch the memory of masked lanes.
template <typename T>
struct Lanes {
  using D = hn::ScalableTag<T>;
  D d;
  std::size_t used;
  bool all;

  HWY_INLINE hn::Vec<D> load(const T* from, T fill = T(0)) const {
    if (all) return hn::LoadU(d, from);
    const auto mask = hn::FirstN(d, used);
    return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, from), hn::Set(d, fill));
  }
  HWY_INLINE void store(hn::Vec<D> v, T* to) const {
    if (all) {
      hn::StoreU(v, d, to);
    } else {
      hn::BlendedStore(v, hn::FirstN(d, used), d, to);
    }
  }
};

/// Calls `body(column, lanes)` for each vector of a row.
template <typename T, typename Body>
HWY_INLINE void for_each_vector_of_row(std::size_t columns, const Body& body) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  for (; c + lanes <= columns; c += lanes) body(c, Lanes<T>{d, lanes, true});
  if (c < columns) body(c, Lanes<T>{d, columns - c, false});
}

/// Sum of `body(column, lanes)` over the row; `body` gives 0 in unused lanes.
template <typename T, typename Body>
HWY_INLINE T sum_of_row(std::size_t columns, const Body& body) {
  const hn::ScalableTag<T> d;
  const std::size_t block = kSumBlock * hn::Lanes(d);
  auto total = hn::Zero(d), partial = hn::Zero(d);
  std::size_t next = block;
  for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    if (c >= next) {
      total = hn::Add(total, partial);
      partial = hn::Zero(d);
      next += block;
    }
    partial = hn::Add(partial, body(c, lanes));
  });
  return sum_lanes(d, hn::Add(total, partial));
}

template <typename T>
T max_of_row(const T* x, std::size_t columns) {
  const hn::ScalableTag<T> d;
  constexpr T kLowest = -std::numeric_limits<T>::infinity();
  auto maximum = hn::Set(d, kLowest);
  // NaN needs no care here: it comes back through the exponentials.
  for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    maximum = hn::Max(lanes.load(x + c, kLowest), maximum);
  });
  T values[hn::MaxLanes(d)];
  hn::StoreU(maximum, d, values);
  return *std::max_element(values, values + hn::Lanes(d));
}

/// exp(x - shift), with 0 in unused lanes.
template <typename T>
HWY_INLINE hn::Vec<hn::ScalableTag<T>> shifted_exp(Lanes<T> lanes, hn::Vec<hn::ScalableTag<T>> x,
                                                   hn::Vec<hn::ScalableTag<T>> shift) {
  const auto e = math_exp(lanes.d, hn::Sub(x, shift));
  return lanes.all ? e : hn::IfThenElseZero(hn::FirstN(lanes.d, lanes.used), e);
}

/// Writes exp(x - shift) unless `y` is null; returns the sum.
template <typename T>
T exp_row(const T* x, T shift, T* y, std::size_t columns) {
  const auto offset = hn::Set(hn::ScalableTag<T>(), shift);
  return sum_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    const auto e = shifted_exp(lanes, lanes.load(x + c), offset);
    if (y != nullptr) lanes.store(e, y + c);
    return e;
  });
}

template <typename T>
void scale_row(T* y, T factor, std::size_t columns) {
  const auto scale = hn::Set(hn::ScalableTag<T>(), factor);
  for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    lanes.store(hn::Mul(lanes.load(y + c), scale), y + c);
  });
}

template <typename T>
void softmax_row(const T* x, T* y, std::size_t columns) {
  const T sum = exp_row(x, max_of_row(x, columns), y, columns);
  scale_row(y, T(1) / sum, columns);
}

template <typename T>
void log_softmax_row(const T* x, T* y, std::size_t columns) {
  const hn::ScalableTag<T> d;
  const T maximum = max_of_row(x, columns);
  const auto log_sum = hn::Set(d, std::log(exp_row<T>(x, maximum, nullptr, columns)));
  const auto shift = hn::Set(d, maximum);
  for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    lanes.store(hn::Sub(hn::Sub(lanes.load(x + c), shift), log_sum), y + c);
  });
}

template <typename T>
void softmax_gradient_row(const T* y, const T* dy, T* dx, std::size_t columns) {
  const T dot = sum_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    return hn::Mul(lanes.load(y + c), lanes.load(dy + c));
  });
  const auto mean = hn::Set(hn::ScalableTag<T>(), dot);
  for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    lanes.store(hn::Mul(lanes.load(y + c), hn::Sub(lanes.load(dy + c), mean)), dx + c);
  });
}

template <typename T>
void log_softmax_gradient_row(const T* y, const T* dy, T* dx, std::size_t columns) {
  const hn::ScalableTag<T> d;
  const T sum = sum_of_row<T>(
      columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR { return lanes.load(dy + c); });
  const auto total = hn::Set(d, sum);
  for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    const auto p = math_exp(d, lanes.load(y + c));
    lanes.store(hn::NegMulAdd(p, total, lanes.load(dy + c)), dx + c);
  });
}

/// sum labels * (logits - shift); classes with label 0 do not count.
template <typename T>
T label_dot(const T* logits, const T* labels, T shift, std::size_t columns) {
  const hn::ScalableTag<T> d;
  const auto offset = hn::Set(d, shift);
  return sum_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    const auto label = lanes.load(labels + c);
    const auto product = hn::Mul(label, hn::Sub(lanes.load(logits + c), offset));
    return hn::IfThenElse(hn::Eq(label, hn::Zero(d)), hn::Zero(d), product);
  });
}

template <typename T>
void dense_row(const T* logits, const T* labels, T* loss, T* dlogits, T scale,
               std::size_t columns) {
  const T maximum = max_of_row(logits, columns);
  const T dot = loss != nullptr ? label_dot(logits, labels, maximum, columns) : T(0);
  const T sum = exp_row(logits, maximum, dlogits, columns);
  if (loss != nullptr) {
    const T weight = sum_of_row<T>(
        columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR { return lanes.load(labels + c); });
    *loss = std::log(sum) * weight - dot;
  }
  if (dlogits == nullptr) return;
  const hn::ScalableTag<T> d;
  const auto factor = hn::Set(d, 1 / sum), outer = hn::Set(d, scale);
  for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    const auto difference = hn::MulSub(lanes.load(dlogits + c), factor, lanes.load(labels + c));
    lanes.store(hn::Mul(difference, outer), dlogits + c);
  });
}

template <typename T>
void sparse_row(const T* logits, std::size_t label, T* loss, T* dlogits, T scale,
                std::size_t columns) {
  const T maximum = max_of_row(logits, columns);
  const T chosen = logits[label] - maximum;
  const T sum = exp_row(logits, maximum, dlogits, columns);
  if (loss != nullptr) *loss = std::log(sum) - chosen;
  if (dlogits == nullptr) return;
  const T own = (dlogits[label] / sum - T(1)) * scale;
  scale_row(dlogits, scale / sum, columns);
  dlogits[label] = own;
}

template <typename T>
constexpr detail::SoftmaxKernels<T> kSoftmaxKernels = {
    softmax_row<T>, log_softmax_row<T>, softmax_gradient_row<T>, log_softmax_gradient_row<T>,
    dense_row<T>,   sparse_row<T>};

const detail::SoftmaxKernels<float>* softmax_kernels_f32() { return &kSoftmaxKernels<float>; }
const detail::SoftmaxKernels<double>* softmax_kernels_f64() { return &kSoftmaxKernels<double>; }

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(softmax_kernels_f32);
HWY_EXPORT(softmax_kernels_f64);

template <>
const detail::SoftmaxKernels<float>& detail::softmax_kernels<float>() {
  return *HWY_DYNAMIC_DISPATCH(softmax_kernels_f32)();
}
template <>
const detail::SoftmaxKernels<double>& detail::softmax_kernels<double>() {
  return *HWY_DYNAMIC_DISPATCH(softmax_kernels_f64)();
}

}  // namespace tegula::kernels
#endif
