// The folds of reductions as vector operations, and how the lanes of several rows' vectors are
// folded at once. Compiled once per instruction set.

#if defined(TEGULA_KERNELS_ROW_FOLD_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_ROW_FOLD_INL
#undef TEGULA_KERNELS_ROW_FOLD_INL
#else
#define TEGULA_KERNELS_ROW_FOLD_INL
#endif

#include <hwy/highway.h>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "kernels/cpu/shifted_exp-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct SumFold {
  static constexpr bool kSeesNan = true;  ///< `step` does not lose a NaN
  static constexpr bool kShifts = false;
  template <typename T>
  static constexpr T identity() {
    return T(0);
  }
  /// Combines any two values.
  template <typename D, typename V>
  static HWY_INLINE V combine(D, V a, V b) {
    return hn::Add(a, b);
  }
  /// Combines numbers: where `kSeesNan` is false, NaN must be looked for apart.
  template <typename D, typename V>
  static HWY_INLINE V step(D d, V a, V b) {
    return combine(d, a, b);
  }
  template <typename D, typename V>
  static HWY_INLINE V map(D, V x, V) {
    return x;
  }
};

struct SumSquaresFold : SumFold {
  template <typename D, typename V>
  static HWY_INLINE V map(D, V x, V) {
    return hn::Mul(x, x);
  }
};

struct SumSquaredDifferencesFold : SumFold {
  static constexpr bool kShifts = true;
  template <typename D, typename V>
  static HWY_INLINE V map(D, V x, V shift) {
    const V difference = hn::Sub(x, shift);
    return hn::Mul(difference, difference);
  }
};

struct SumExpFold : SumFold {
  static constexpr bool kShifts = true;
  template <typename D, typename V>
  static HWY_INLINE V map(D d, V x, V shift) {
    return exp_of_nonpositive(d, hn::Sub(x, shift));
  }
};

struct ProdFold : SumFold {
  template <typename T>
  static constexpr T identity() {
    return T(1);
  }
  template <typename D, typename V>
  static HWY_INLINE V combine(D, V a, V b) {
    return hn::Mul(a, b);
  }
  template <typename D, typename V>
  static HWY_INLINE V step(D d, V a, V b) {
    return combine(d, a, b);
  }
};

struct MaxFold : SumFold {
  static constexpr bool kSeesNan = false;
  template <typename T>
  static constexpr T identity() {
    return -std::numeric_limits<T>::infinity();
  }
  template <typename D, typename V>
  static HWY_INLINE V combine(D, V a, V b) {
    return keep_nan(a, keep_nan(b, hn::Max(a, b)));
  }
  template <typename D, typename V>
  static HWY_INLINE V step(D, V a, V b) {
    return hn::Max(a, b);
  }
};

struct MinFold : MaxFold {
  template <typename T>
  static constexpr T identity() {
    return std::numeric_limits<T>::infinity();
  }
  template <typename D, typename V>
  static HWY_INLINE V combine(D, V a, V b) {
    return keep_nan(a, keep_nan(b, hn::Min(a, b)));
  }
  template <typename D, typename V>
  static HWY_INLINE V step(D, V a, V b) {
    return hn::Min(a, b);
  }
};

/// One accumulator of fold F.
template <typename F, typename D>
struct Accumulator {
  using V = hn::Vec<D>;
  using T = hn::TFromD<D>;

  V value;
  hn::Mask<D> nan;

  HWY_INLINE HWY_ATTR Accumulator()
      : value(hn::Set(D(), F::template identity<T>())), nan(hn::MaskFromVec(hn::Zero(D()))) {}
  HWY_INLINE void add(V x) {
    value = F::step(D(), value, x);
    if constexpr (!F::kSeesNan) nan = hn::Or(nan, hn::IsNaN(x));
  }
  HWY_INLINE void join(const Accumulator& other) {
    value = F::step(D(), value, other.value);
    if constexpr (!F::kSeesNan) nan = hn::Or(nan, other.nan);
  }
  HWY_INLINE V folded() const {
    if constexpr (F::kSeesNan) return value;
    return hn::IfThenElse(nan, hn::Set(D(), std::numeric_limits<T>::quiet_NaN()), value);
  }
};

/// `count` elements, the rest of the vector filled with the identity. Only vectors of several lanes
/// have tails, and those instruction sets do not touch the memory of masked lanes.
template <typename F, typename D, typename T>
HWY_INLINE hn::Vec<D> mapped_tail(D d, const T* x, std::size_t count, hn::Vec<D> shift) {
  const auto mask = hn::FirstN(d, count);
  const auto mapped = F::map(d, hn::MaskedLoad(mask, d, x), shift);
  return hn::IfThenElse(mask, mapped, hn::Set(d, F::template identity<T>()));
}

/// Rows whose folds are finished together: as many as a block of 128 bits has lanes.
template <typename T>
using Block = hn::CappedTag<T, 16 / sizeof(T)>;
template <typename T>
constexpr std::int64_t kRowsTogether = hn::MaxLanes(Block<T>());

#if HWY_TARGET == HWY_SCALAR
template <typename F, typename D, typename V>
HWY_INLINE V fold_to_block(D, V v) {
  return v;
}
template <typename F, typename D, typename V>
HWY_INLINE V fold_lanes(D, const V* v) {
  return v[0];
}
#else
/// Folds halves onto each other until one block is left.
template <typename F, typename D, typename V>
HWY_INLINE auto fold_to_block(D d, V v) {
  if constexpr (hn::MaxLanes(d) == hn::MaxLanes(Block<hn::TFromD<D>>())) {
    return v;
  } else {
    const hn::Half<D> half;
    return fold_to_block<F>(half, F::combine(half, hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

/// Lane i of the result folds all lanes of v[i].
template <typename F, typename D, typename V>
HWY_INLINE V fold_lanes(D d, const V* v) {
  const auto fold_two = [d](V a, V b) HWY_ATTR {
    return F::combine(d, hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
  };
  const V ab = fold_two(v[0], v[1]);
  if constexpr (hn::MaxLanes(d) == 2) return ab;
  const V ce = fold_two(v[hn::MaxLanes(d) - 2], v[hn::MaxLanes(d) - 1]);
  return F::combine(d, hn::ConcatLowerLower(d, ce, ab), hn::ConcatUpperUpper(d, ce, ab));
}
#endif

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TEGULA_KERNELS_ROW_FOLD_INL
