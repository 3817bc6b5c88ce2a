// The exponential of numbers that are not above 0, which is what a row becomes once its maximum is
// subtracted: without the edges of the general function, half as many instructions.

#if defined(TEGULA_KERNELS_SHIFTED_EXP_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_SHIFTED_EXP_INL
#undef TEGULA_KERNELS_SHIFTED_EXP_INL
#else
#define TEGULA_KERNELS_SHIFTED_EXP_INL
#endif

#include <hwy/highway.h>

#include "kernels/cpu/elementwise_math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The larger of the two; NaN where `x` is NaN.
template <typename D, typename V>
HWY_INLINE V floored(D, V floor, V x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  return hn::Max(floor, x);  // the processor returns the second operand when either is NaN
#else
  return keep_nan(x, hn::Max(floor, x));
#endif
}

/// exp(x) for x <= 0 (and for NaN), gradually down to 0.
template <typename D, typename V>
HWY_INLINE V exp_of_nonpositive(D d, V x) {
  using T = hn::TFromD<D>;
  const hn::RebindToSigned<D> di;
  // What is below the floor is 0 whatever its size.
  const auto parts = split_exp(d, floored(d, hn::Set(d, kIsFloat<D> ? T(-200) : T(-800)), x));
  // 2^q need be no normal number, but 2^(q + lift) is one unless the result is 0: then it is 0 too,
  // because the processor takes long over results that are nearly 0.
  constexpr int kMantissaBits = kIsFloat<D> ? 23 : 52;
  constexpr int kBias = kIsFloat<D> ? 127 : 1023;
  constexpr int kLift = kMantissaBits;
  const auto shifter = hn::BitCast(di, hn::Set(d, kIsFloat<D> ? T(0x1.8p23) : T(0x1.8p52)));
  const auto offset = hn::Sub(shifter, hn::Set(di, kBias + kLift));
  const auto biased = hn::Max(hn::Sub(hn::BitCast(di, parts.shifted), offset), hn::Zero(di));
  const V power = hn::BitCast(d, hn::ShiftLeft<kMantissaBits>(biased));
  const V lifted = hn::MulAdd(parts.expm1_r, power, power);
  return hn::Mul(lifted, hn::Set(d, kIsFloat<D> ? T(0x1p-23) : T(0x1p-52)));
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TEGULA_KERNELS_SHIFTED_EXP_INL
