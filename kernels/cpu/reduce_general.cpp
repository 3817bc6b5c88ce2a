// Reductions of strided elements one after the other: integers, truth values, and axes that do not
// merge into one run.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/cpu/reduce_internal.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels::detail {

namespace {

/// Elements that are worth a parallel task.
constexpr std::int64_t kTaskElements = 32768;

// Accumulators have add(value), result(), and the type Result of the latter.

/// Position of the first extreme; NaN beats every number.
template <typename T, bool kMax>
class ExtremeIndex {
 public:
  using Result = std::int64_t;
  void add(T value) {
    bool better = count_ == 0 || (kMax ? value > best_ : value < best_);
    if constexpr (std::is_floating_point_v<T>) {
      better = better || (std::isnan(value) && !std::isnan(best_));
    }
    if (better) {
      best_ = value;
      index_ = count_;
    }
    ++count_;
  }
  Result index() const { return index_; }
  Result result() const { return index_; }
  T value() const { return best_; }

 private:
  T best_{};
  std::int64_t index_ = 0, count_ = 0;
};

template <typename T, bool kMax>
class ExtremeValue : public ExtremeIndex<T, kMax> {
 public:
  using Result = T;
  T result() const { return this->value(); }
};

/// Wraps around, in unsigned arithmetic.
template <typename T, bool kProduct>
class WrappingFold {
 public:
  using Result = T;
  void add(T value) {
    const auto x = static_cast<std::uint64_t>(value);
    total_ = kProduct ? total_ * x : total_ + x;
  }
  T result() const { return static_cast<T>(total_); }

 private:
  std::uint64_t total_ = kProduct ? 1 : 0;
};

/// Sums and products of floats in pairs, whatever their number: partial[k] holds 2^k elements.
template <typename T, bool kProduct>
class PairwiseFold {
 public:
  using Result = T;
  void add(T value) {
    std::uint64_t full = count_++;
    std::size_t level = 0;
    for (; (full & 1) != 0; full >>= 1, ++level) value = fold(partial_[level], value);
    partial_[level] = value;
  }
  T result() const {
    T total = kProduct ? T(1) : T(0);
    for (std::size_t level = 0; count_ >> level != 0; ++level) {
      if ((count_ >> level & 1) != 0) total = fold(partial_[level], total);
    }
    return total;
  }
  std::uint64_t count() const { return count_; }

 private:
  static T fold(T a, T b) { return kProduct ? a * b : a + b; }
  std::array<T, 64> partial_;
  std::uint64_t count_ = 0;
};

template <typename T>
class MeanFold : public PairwiseFold<T, false> {
 public:
  T result() const { return PairwiseFold<T, false>::result() / static_cast<T>(this->count()); }
};

template <typename T, bool kAll>
class TruthFold {
 public:
  using Result = bool;
  void add(T value) {
    const bool truth = value != T(0);
    result_ = kAll ? result_ && truth : result_ || truth;
  }
  bool result() const { return result_; }

 private:
  bool result_ = kAll;
};

/// Calls `body(element)` for all reduced elements of one result, in row-major order.
template <typename T, typename Body>
void for_each_reduced(const Axes& axes, const T* x, const Body& body) {
  if (axes.reduced_rank == 0) return body(x[0]);
  const auto last = static_cast<std::size_t>(axes.reduced_rank - 1);
  const std::int64_t run = axes.reduced_dims[last], stride = axes.reduced_strides[last];
  for (std::int64_t index = 0; index < axes.reduced; index += run) {
    const T* from =
        x + offset_of(index, axes.reduced_rank, axes.reduced_dims, axes.reduced_strides);
    for (std::int64_t i = 0; i < run; ++i) body(from[i * stride]);
  }
}

template <typename T, typename Body>
void for_each_result(const Axes& axes, const T* x, const Body& body) {
  const std::int64_t per_task =
      std::max<std::int64_t>(kTaskElements / std::max<std::int64_t>(axes.reduced, 1), 1);
  parallel_for((axes.kept + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(axes.kept, (task + 1) * per_task);
    for (std::int64_t k = task * per_task; k < end; ++k) {
      body(k, x + offset_of(k, axes.kept_rank, axes.kept_dims, axes.kept_strides));
    }
  });
}

template <typename Accumulator, typename T>
void accumulate(const Axes& axes, const T* x, void* result) {
  auto* out = static_cast<typename Accumulator::Result*>(result);
  for_each_result(axes, x, [&](std::int64_t k, const T* from) {
    Accumulator accumulator;
    for_each_reduced(axes, from, [&](T value) { accumulator.add(value); });
    out[k] = accumulator.result();
  });
}

template <typename T>
void accumulate_logsumexp(const Axes& axes, const T* x, T* result) {
  for_each_result(axes, x, [&](std::int64_t k, const T* from) {
    T maximum = -std::numeric_limits<T>::infinity();
    for_each_reduced(axes, from, [&](T v) {
      if (std::isnan(v) || v > maximum) maximum = v;
    });
    const T shift = std::isfinite(maximum) ? maximum : T(0);
    PairwiseFold<T, false> sum;
    for_each_reduced(axes, from, [&](T v) { sum.add(std::exp(v - shift)); });
    result[k] = shift + std::log(sum.result());
  });
}

}  // namespace

template <typename T>
void reduce_general(ReduceOp op, const Axes& axes, const T* x, void* result) {
  constexpr bool kFloat = std::is_floating_point_v<T>;
  switch (op) {
    case ReduceOp::sum:
      return accumulate<std::conditional_t<kFloat, PairwiseFold<T, false>, WrappingFold<T, false>>>(
          axes, x, result);
    case ReduceOp::prod:
      return accumulate<std::conditional_t<kFloat, PairwiseFold<T, true>, WrappingFold<T, true>>>(
          axes, x, result);
    case ReduceOp::max:
      return accumulate<ExtremeValue<T, true>>(axes, x, result);
    case ReduceOp::min:
      return accumulate<ExtremeValue<T, false>>(axes, x, result);
    case ReduceOp::argmax:
      return accumulate<ExtremeIndex<T, true>>(axes, x, result);
    case ReduceOp::argmin:
      return accumulate<ExtremeIndex<T, false>>(axes, x, result);
    case ReduceOp::any:
      return accumulate<TruthFold<T, false>>(axes, x, result);
    case ReduceOp::all:
      return accumulate<TruthFold<T, true>>(axes, x, result);
    case ReduceOp::mean:
      if constexpr (kFloat) return accumulate<MeanFold<T>>(axes, x, result);
      break;
    case ReduceOp::logsumexp:
      if constexpr (kFloat) return accumulate_logsumexp(axes, x, static_cast<T*>(result));
      break;
    case ReduceOp::norm:
      if constexpr (kFloat) norm_axes(axes, x, static_cast<T*>(result));
      break;
  }
}

template void reduce_general(ReduceOp, const Axes&, const float*, void*);
template void reduce_general(ReduceOp, const Axes&, const double*, void*);
template void reduce_general(ReduceOp, const Axes&, const std::int8_t*, void*);
template void reduce_general(ReduceOp, const Axes&, const std::uint8_t*, void*);
template void reduce_general(ReduceOp, const Axes&, const std::int32_t*, void*);
template void reduce_general(ReduceOp, const Axes&, const std::int64_t*, void*);
template void reduce_general(ReduceOp, const Axes&, const bool*, void*);

}  // namespace tegula::kernels::detail
