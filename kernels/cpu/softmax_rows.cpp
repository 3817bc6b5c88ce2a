// Rows of the softmax family, for each instruction set.

#include "kernels/cpu/softmax_internal.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/softmax_rows.cpp"
#include <hwy/foreach_target.h>

#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>

#include "kernels/cpu/lanes-inl.hpp"
#include "kernels/cpu/row_fold-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Vectors that are added up one after the other before they join the total.
constexpr std::size_t kSumBlock = 64;
/// Vectors whose exponentials are computed together.
constexpr std::size_t kInterleaved = 4;
/// Longer rows are worked on one by one.
constexpr std::size_t kLongColumns = 512;

/// The vectors of a row, added up: kSumBlock of them, then these sums.
template <typename T>
class SumOfVectors {
  using D = hn::ScalableTag<T>;

 public:
  HWY_INLINE HWY_ATTR SumOfVectors()
      : total_(hn::Zero(D())), partial_(total_), next_(kSumBlock * hn::Lanes(D())) {}
  /// `v` is the vector at this column; they come one after the other.
  HWY_INLINE void add(std::size_t column, hn::Vec<D> v) {
    if (column >= next_) {
      total_ = hn::Add(total_, partial_);
      partial_ = hn::Zero(D());
      next_ += kSumBlock * hn::Lanes(D());
    }
    partial_ = hn::Add(partial_, v);
  }
  HWY_INLINE hn::Vec<D> total() const { return hn::Add(total_, partial_); }

 private:
  hn::Vec<D> total_, partial_;
  std::size_t next_;
};

/// Vectors of `body(column, lanes)` over the row, added up; `body` gives 0 in unused lanes.
template <typename T, typename Body>
HWY_INLINE hn::Vec<hn::ScalableTag<T>> sum_of_row(std::size_t columns, const Body& body) {
  SumOfVectors<T> sum;
  for_each_vector_of_row<T>(
      columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR { sum.add(c, body(c, lanes)); });
  return sum.total();
}

template <typename T>
HWY_INLINE hn::Vec<hn::ScalableTag<T>> max_of_row(const T* x, std::size_t columns) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  constexpr T kLowest = -std::numeric_limits<T>::infinity();
  auto m0 = hn::Set(d, kLowest), m1 = m0, m2 = m0, m3 = m0;
  // NaN needs no care here: it comes back through the exponentials.
  std::size_t c = 0;
  for (; c + 4 * lanes <= columns; c += 4 * lanes) {
    m0 = hn::Max(hn::LoadU(d, x + c), m0);
    m1 = hn::Max(hn::LoadU(d, x + c + lanes), m1);
    m2 = hn::Max(hn::LoadU(d, x + c + 2 * lanes), m2);
    m3 = hn::Max(hn::LoadU(d, x + c + 3 * lanes), m3);
  }
  for (; c + lanes <= columns; c += lanes) m0 = hn::Max(hn::LoadU(d, x + c), m0);
  if (c < columns) m1 = hn::Max(Lanes<T>{d, columns - c, false}.load(x + c, kLowest), m1);
  return hn::Max(hn::Max(m0, m1), hn::Max(m2, m3));
}

/// Where the exponentials of some rows go, whole vectors apart where that is cheap: behind the
/// stores of a row's last few elements, loads would wait.
template <typename T>
class Exponentials {
 public:
  Exponentials(T* y, std::size_t columns) : at_(y), stride_(columns) {
    if (columns > kShort) return;
    at_ = padded_;
    stride_ = hwy::RoundUpTo(columns, hn::MaxLanes(hn::ScalableTag<T>()));
  }
  T* row(std::size_t k) { return at_ + k * stride_; }

 private:
  static constexpr std::size_t kShort = 128;
  HWY_ALIGN T padded_[kShort * kRowsTogether<T>];
  T* at_;
  std::size_t stride_;
};

/// One number for each of the rows that are worked on together.
template <typename T>
struct RowValues {
  HWY_ALIGN T of[kRowsTogether<T>];

  HWY_INLINE hn::Vec<Block<T>> load() const { return hn::Load(Block<T>(), of); }
  HWY_INLINE void store(hn::Vec<Block<T>> v) { hn::Store(v, Block<T>(), of); }
};

/// Folds `vector_of(k)`, the vector of row k, for `rows` rows; the other values repeat the first.
template <typename F, typename T, typename VectorOf>
HWY_INLINE RowValues<T> fold_each(std::size_t rows, const VectorOf& vector_of) {
  const hn::ScalableTag<T> d;
  hn::Vec<Block<T>> folded[kRowsTogether<T>];
  for (std::size_t k = 0; k < rows; ++k) folded[k] = fold_to_block<F>(d, vector_of(k));
  for (std::size_t k = rows; k < std::size(folded); ++k) folded[k] = folded[0];
  RowValues<T> values;
  values.store(fold_lanes<F>(Block<T>(), folded));
  return values;
}

/// Without the care for NaN that a reduction takes.
struct NumberFold : MaxFold {
  template <typename D, typename V>
  static HWY_INLINE V combine(D, V a, V b) {
    return hn::Max(a, b);
  }
};

/// Calls `each(column, lanes, e)` for the vectors of a row, several together: e[k] is
/// exp(x - shift) from column + k Lanes(d) on, with 0 in unused lanes, for x <= shift. The
/// arithmetic leaves the memory idle, so what is `ahead` of the row is fetched meanwhile; past the
/// end that does nothing.
template <typename T, typename Each>
HWY_INLINE void for_each_exponential(const T* x, T shift, std::size_t columns, std::size_t ahead,
                                     const Each& each) {
  const hn::ScalableTag<T> d;
  const std::size_t width = hn::Lanes(d);
  const auto subtrahend = hn::Set(d, shift);
  std::size_t c = 0;
  for (; c + kInterleaved * width <= columns; c += kInterleaved * width) {
    hn::Vec<decltype(d)> e[kInterleaved];
    for (std::size_t k = 0; k < kInterleaved; ++k) {
      const T* from = x + c + k * width;
      hwy::Prefetch(from + ahead);
      e[k] = hn::Sub(hn::LoadU(d, from), subtrahend);
    }
    exp_of_nonpositive(d, e);
    each(c, Lanes<T>{d, width, true}, e);
  }
  for (; c < columns; c += width) {
    const Lanes<T> lanes{d, std::min(width, columns - c), c + width <= columns};
    hn::Vec<decltype(d)> e[] = {hn::Sub(lanes.load(x + c), subtrahend)};
    exp_of_nonpositive(d, e);
    if (!lanes.all) e[0] = hn::IfThenElseZero(hn::FirstN(d, lanes.used), e[0]);
    each(c, lanes, e);
  }
}

/// Writes exp(x - shift) to `to`, if that is wanted, and returns vectors' sums of it.
template <bool kStores, typename T>
HWY_INLINE hn::Vec<hn::ScalableTag<T>> exp_row(const T* x, T shift, T* to, std::size_t columns,
                                               std::size_t ahead) {
  SumOfVectors<T> sum;
  for_each_exponential(x, shift, columns, ahead,
                       [&](std::size_t c, Lanes<T> lanes, auto& e) HWY_ATTR {
                         auto together = e[0];
                         for (std::size_t k = 0; k < std::size(e); ++k) {
                           if (kStores) lanes.store(e[k], to + c + k * hn::Lanes(lanes.d));
                           if (k > 0) together = hn::Add(together, e[k]);
                         }
                         sum.add(c, together);
                       });
  return sum.total();
}

template <typename T>
HWY_INLINE RowValues<T> max_rows(const T* x, std::size_t rows, std::size_t columns) {
  return fold_each<NumberFold, T>(
      rows, [&](std::size_t k) HWY_ATTR { return max_of_row(x + k * columns, columns); });
}

/// The sums of exp(x - maximum); writes their terms unless `terms` is null.
template <typename T>
HWY_INLINE RowValues<T> exp_rows(const T* x, const RowValues<T>& maximum, Exponentials<T>* terms,
                                 std::size_t rows, std::size_t columns) {
  return fold_each<SumFold, T>(rows, [&](std::size_t k) HWY_ATTR {
    const T* row = x + k * columns;
    const std::size_t ahead = rows * columns;
    return terms == nullptr ? exp_row<false, T>(row, maximum.of[k], nullptr, columns, ahead)
                            : exp_row<true, T>(row, maximum.of[k], terms->row(k), columns, ahead);
  });
}

/// Calls `body(first row, count)` for rows that are worked on together. Long ones are not, because
/// a row's three passes want it in the nearest cache.
template <typename T, typename Body>
HWY_INLINE void for_each_group(std::size_t rows, std::size_t columns, const Body& body) {
  const std::size_t together = columns > kLongColumns ? 1 : kRowsTogether<T>;
  for (std::size_t row = 0; row < rows; row += together) {
    body(row, std::min<std::size_t>(together, rows - row));
  }
}

template <typename T>
HWY_INLINE void scale_row(const T* x, T factor, T* y, std::size_t columns) {
  const auto scale = hn::Set(hn::ScalableTag<T>(), factor);
  for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    lanes.store(hn::Mul(lanes.load(x + c), scale), y + c);
  });
}

template <typename T>
HWY_INLINE RowValues<T> reciprocals(const RowValues<T>& values) {
  RowValues<T> result;
  result.store(hn::Div(hn::Set(Block<T>(), T(1)), values.load()));
  return result;
}

template <typename T>
HWY_INLINE RowValues<T> logarithms(const RowValues<T>& values) {
  RowValues<T> result;
  result.store(math_log(Block<T>(), values.load()));
  return result;
}

/// The same past the caches, for aligned rows of whole vectors.
template <typename T>
HWY_INLINE void stream_row(const T* x, T factor, T* y, std::size_t columns) {
  const hn::ScalableTag<T> d;
  const auto scale = hn::Set(d, factor);
  for (std::size_t c = 0; c < columns; c += hn::Lanes(d)) {
    hn::Stream(hn::Mul(hn::LoadU(d, x + c), scale), d, y + c);
  }
}

/// The exponentials wait in the results' place for their sum; where that is streamed to, in a
/// buffer. While a sum's reciprocal is on its way, the next rows' maxima are found.
template <typename T, bool kStreams>
void softmax_rows(const T* x, T* y, std::size_t rows, std::size_t columns) {
  HWY_ALIGN T buffer[kStreams ? detail::kStreamedColumns : 1];
  RowValues<T> maximum;
  for_each_group<T>(rows, columns, [&](std::size_t row, std::size_t count) HWY_ATTR {
    const T* from = x + row * columns;
    T* to = y + row * columns;
    Exponentials<T> terms(kStreams ? buffer : to, columns);
    if (row == 0) maximum = max_rows(from, count, columns);
    const auto factor = reciprocals(exp_rows(from, maximum, &terms, count, columns));
    if (const std::size_t next = row + count; next < rows) {
      maximum = max_rows(x + next * columns, std::min(count, rows - next), columns);
    }
    for (std::size_t k = 0; k < count; ++k) {
      if constexpr (kStreams) {
        stream_row(terms.row(k), factor.of[k], to + k * columns, columns);
      } else {
        scale_row(terms.row(k), factor.of[k], to + k * columns, columns);
      }
    }
  });
  if (kStreams) hwy::FlushStream();
}

/// y = x - shift - log_sum
template <typename T>
HWY_INLINE void subtract_row(const T* x, T shift, T log_sum, T* y, std::size_t columns) {
  const hn::ScalableTag<T> d;
  const auto first = hn::Set(d, shift), second = hn::Set(d, log_sum);
  for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    lanes.store(hn::Sub(hn::Sub(lanes.load(x + c), first), second), y + c);
  });
}

template <typename T>
void log_softmax_rows(const T* x, T* y, std::size_t rows, std::size_t columns) {
  for_each_group<T>(rows, columns, [&](std::size_t row, std::size_t count) HWY_ATTR {
    const T* from = x + row * columns;
    const auto maximum = max_rows(from, count, columns);
    const auto log_sum = logarithms(exp_rows<T>(from, maximum, nullptr, count, columns));
    for (std::size_t k = 0; k < count; ++k) {
      subtract_row(from + k * columns, maximum.of[k], log_sum.of[k], y + (row + k) * columns,
                   columns);
    }
  });
}

/// A part of a long row: its maximum and its sum of exponentials.
template <typename T>
void sum_part(const T* x, std::size_t columns, T* maximum, T* sum) {
  RowValues<T> largest = max_rows(x, 1, columns);
  *maximum = largest.of[0];
  // A part of nothing but -inf adds nothing to the others.
  if (*maximum == -std::numeric_limits<T>::infinity()) largest.of[0] = 0;
  *sum = exp_rows<T>(x, largest, nullptr, 1, columns).of[0];
}

/// The same part of the result, given the maximum and the sum of the whole row.
template <typename T>
void softmax_part(const T* x, T* y, std::size_t columns, T maximum, T sum) {
  const auto factor = hn::Set(hn::ScalableTag<T>(), 1 / sum);
  for_each_exponential(x, maximum, columns, columns,
                       [&](std::size_t c, Lanes<T> lanes, auto& e) HWY_ATTR {
                         for (std::size_t k = 0; k < std::size(e); ++k) {
                           lanes.store(hn::Mul(e[k], factor), y + c + k * hn::Lanes(lanes.d));
                         }
                       });
}

template <typename T>
void log_softmax_part(const T* x, T* y, std::size_t columns, T maximum, T sum) {
  subtract_row(x, maximum, std::log(sum), y, columns);
}

template <typename T>
void softmax_gradient_rows(const T* y, const T* dy, T* dx, std::size_t rows, std::size_t columns) {
  for_each_group<T>(rows, columns, [&](std::size_t row, std::size_t count) HWY_ATTR {
    const std::size_t at = row * columns;
    const auto dot = fold_each<SumFold, T>(count, [&](std::size_t k) HWY_ATTR {
      const T *p = y + at + k * columns, *slope = dy + at + k * columns;
      return sum_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
        return hn::Mul(lanes.load(p + c), lanes.load(slope + c));
      });
    });
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t begin = at + k * columns;
      const auto mean = hn::Set(hn::ScalableTag<T>(), dot.of[k]);
      for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
        const auto difference = hn::Sub(lanes.load(dy + begin + c), mean);
        lanes.store(hn::Mul(lanes.load(y + begin + c), difference), dx + begin + c);
      });
    }
  });
}

template <typename T>
void log_softmax_gradient_rows(const T* y, const T* dy, T* dx, std::size_t rows,
                               std::size_t columns) {
  const hn::ScalableTag<T> d;
  for_each_group<T>(rows, columns, [&](std::size_t row, std::size_t count) HWY_ATTR {
    const std::size_t at = row * columns;
    const auto sums = fold_each<SumFold, T>(count, [&](std::size_t k) HWY_ATTR {
      const T* slope = dy + at + k * columns;
      return sum_of_row<T>(
          columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR { return lanes.load(slope + c); });
    });
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t begin = at + k * columns;
      const auto total = hn::Set(d, sums.of[k]);
      for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
        // A logarithm of a probability is not above 0, but may come rounded up from there.
        const auto p = math_exp(d, lanes.load(y + begin + c));
        lanes.store(hn::NegMulAdd(p, total, lanes.load(dy + begin + c)), dx + begin + c);
      });
    }
  });
}

/// sum labels * (logits - shift); classes with label 0 do not count.
template <typename T>
HWY_INLINE hn::Vec<hn::ScalableTag<T>> label_dot(const T* logits, const T* labels, T shift,
                                                 std::size_t columns) {
  const hn::ScalableTag<T> d;
  const auto offset = hn::Set(d, shift);
  return sum_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    const auto label = lanes.load(labels + c);
    const auto product = hn::Mul(label, hn::Sub(lanes.load(logits + c), offset));
    return hn::IfThenElse(hn::Eq(label, hn::Zero(d)), hn::Zero(d), product);
  });
}

/// dlogits = (terms factor - labels) scale
template <typename T>
HWY_INLINE void dense_gradient_row(const T* terms, const T* labels, T* dlogits, T factor, T scale,
                                   std::size_t columns) {
  const hn::ScalableTag<T> d;
  const auto inner = hn::Set(d, factor), outer = hn::Set(d, scale);
  for_each_vector_of_row<T>(columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR {
    const auto difference = hn::MulSub(lanes.load(terms + c), inner, lanes.load(labels + c));
    lanes.store(hn::Mul(difference, outer), dlogits + c);
  });
}

template <typename T>
void dense_rows(const T* logits, const T* labels, T* loss, T* dlogits, detail::RowScale<T> scale,
                std::size_t rows, std::size_t columns) {
  for_each_group<T>(rows, columns, [&](std::size_t row, std::size_t count) HWY_ATTR {
    const T *x = logits + row * columns, *p = labels + row * columns;
    T* dx = dlogits != nullptr ? dlogits + row * columns : nullptr;
    RowValues<T> dot, weight;
    const RowValues<T> maximum = max_rows(x, count, columns);
    if (loss != nullptr) {
      // Before the gradient, which may be written over the logits.
      dot = fold_each<SumFold, T>(count, [&](std::size_t k) HWY_ATTR {
        return label_dot(x + k * columns, p + k * columns, maximum.of[k], columns);
      });
      weight = fold_each<SumFold, T>(count, [&](std::size_t k) HWY_ATTR {
        const T* label = p + k * columns;
        return sum_of_row<T>(
            columns, [&](std::size_t c, Lanes<T> lanes) HWY_ATTR { return lanes.load(label + c); });
      });
    }
    Exponentials<T> terms(dx, columns);
    const RowValues<T> sum = exp_rows(x, maximum, dx != nullptr ? &terms : nullptr, count, columns);
    if (loss != nullptr) {
      const auto logarithm = math_log(Block<T>(), sum.load());
      RowValues<T> losses;
      losses.store(hn::MulSub(logarithm, weight.load(), dot.load()));
      std::copy_n(losses.of, count, loss + row);
    }
    if (dx == nullptr) return;
    const RowValues<T> factor = reciprocals(sum);
    for (std::size_t k = 0; k < count; ++k) {
      dense_gradient_row(terms.row(k), p + k * columns, dx + k * columns, factor.of[k],
                         scale.of(row + k), columns);
    }
  });
}

template <typename T>
void sparse_rows(const T* logits, const std::int64_t* labels, T* loss, T* dlogits,
                 detail::RowScale<T> scale, std::size_t rows, std::size_t columns) {
  for_each_group<T>(rows, columns, [&](std::size_t row, std::size_t count) HWY_ATTR {
    const T* x = logits + row * columns;
    T* dx = dlogits != nullptr ? dlogits + row * columns : nullptr;
    RowValues<T> chosen = {};
    for (std::size_t k = 0; k < count; ++k) {
      chosen.of[k] = x[k * columns + static_cast<std::size_t>(labels[row + k])];
    }
    Exponentials<T> terms(dx, columns);
    const RowValues<T> maximum = max_rows(x, count, columns);
    const RowValues<T> sum = exp_rows(x, maximum, dx != nullptr ? &terms : nullptr, count, columns);
    if (loss != nullptr) {
      const auto shifted = hn::Sub(chosen.load(), maximum.load());
      RowValues<T> losses;
      losses.store(hn::Sub(math_log(Block<T>(), sum.load()), shifted));
      std::copy_n(losses.of, count, loss + row);
    }
    if (dx == nullptr) return;
    const RowValues<T> factor = reciprocals(sum);
    for (std::size_t k = 0; k < count; ++k) {
      const T outer = scale.of(row + k);
      const T* from = terms.row(k);
      const auto label = static_cast<std::size_t>(labels[row + k]);
      const T own = (from[label] * factor.of[k] - T(1)) * outer;
      scale_row(from, outer * factor.of[k], dx + k * columns, columns);
      dx[k * columns + label] = own;
    }
  });
}

template <typename T>
constexpr detail::SoftmaxKernels<T> kSoftmaxKernels = {softmax_rows<T, false>,
                                                       softmax_rows<T, true>,
                                                       log_softmax_rows<T>,
                                                       softmax_gradient_rows<T>,
                                                       log_softmax_gradient_rows<T>,
                                                       dense_rows<T>,
                                                       sparse_rows<T>,
                                                       sum_part<T>,
                                                       softmax_part<T>,
                                                       log_softmax_part<T>};

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
