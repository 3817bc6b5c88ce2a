// The exponential of numbers that are not above 0, which is what a row becomes once its maximum is
// subtracted: without the edges of the general function, half as many instructions.

#if defined(TEGULA_KERNELS_SHIFTED_EXP_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_SHIFTED_EXP_INL
#undef TEGULA_KERNELS_SHIFTED_EXP_INL
#else
#define TEGULA_KERNELS_SHIFTED_EXP_INL
#endif

#include <hwy/highway.h>
#include <cstddef>

#include "kernels/cpu/elementwise_math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// exp(x) for x <= 0 (and for NaN), in place. Made for sums in which what is small counts for
/// little: floats are within 2 units of the last place from e^-22 on and within 3 below, and what
/// is below the smallest normal number is 0 or nearly so.
template <std::size_t kCount, typename D, typename V>
HWY_INLINE void exp_of_nonpositive(D d, V (&x)[kCount]) {
  using T = hn::TFromD<D>;
  // As the shifter has the exponent's bias in it, the low bits of the shifted numbers are the
  // biased exponent of 2^q. That of the floor is 0, and so is its power.
  const V floor = hn::Set(d, kIsFloat<D> ? T(-88) : T(-709));
  const V shifter = hn::Set(d, (kIsFloat<D> ? T(0x1.8p23) : T(0x1.8p52)) + T(kExponentBias<D>));
  V power[kCount];
  for (V& v : x) v = floored(d, floor, v);
  // One part takes a multiply-add that rounds once.
  constexpr bool kFuses = HWY_NATIVE_FMA;
  split_exps<kIsFloat<D> && kFuses ? 1 : 2>(d, shifter, x, power);
  const hn::RebindToSigned<D> di;
  for (V& v : power) v = power_of_two(d, hn::BitCast(di, v));
  for (std::size_t k = 0; k < kCount; ++k) x[k] = hn::MulAdd(x[k], power[k], power[k]);
}

template <typename D, typename V>
HWY_INLINE V exp_of_nonpositive(D d, V x) {
  V one[] = {x};
  exp_of_nonpositive(d, one);
  return one[0];
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TEGULA_KERNELS_SHIFTED_EXP_INL
