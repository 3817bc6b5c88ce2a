// Vector elementary functions for float and double, compiled once per instruction set.
//
// Highway's contrib/math gives accurate cores for moderate arguments; the functions here add what
// IEEE 754 asks at the edges (NaN, infinities, overflow, signed domain) and those it lacks. Each is
// at most about 2e-7 (float) or 4e-16 (double) from the true value, relatively.

#if defined(TEGULA_KERNELS_ELEMENTWISE_MATH_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_ELEMENTWISE_MATH_INL
#undef TEGULA_KERNELS_ELEMENTWISE_MATH_INL
#else
#define TEGULA_KERNELS_ELEMENTWISE_MATH_INL
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
#include <cstddef>
#include <iterator>
#include <limits>
#include <numbers>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// c[0] + c[1] x + ... by Horner's rule.
template <std::size_t kIndex = 0, typename D, typename V, typename T, std::size_t kCount>
HWY_INLINE V polynomial(D d, V x, const T (&c)[kCount]) {
  if constexpr (kIndex + 1 == kCount) {
    return hn::Set(d, c[kIndex]);
  } else {
    return hn::MulAdd(polynomial<kIndex + 1>(d, x, c), x, hn::Set(d, c[kIndex]));
  }
}

template <typename D>
inline constexpr bool kIsFloat = std::is_same_v<hn::TFromD<D>, float>;

/// `x` where it is NaN, else `y`.
template <typename V>
HWY_INLINE V keep_nan(V x, V y) {
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

/// The larger of the two; NaN where `x` is NaN.
template <typename D, typename V>
HWY_INLINE V floored(D, V floor, V x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  return hn::Max(floor, x);  // the processor returns the second operand when either is NaN
#else
  return keep_nan(x, hn::Max(floor, x));
#endif
}

/// The smaller of the two; NaN where `x` is NaN.
template <typename D, typename V>
HWY_INLINE V capped(D, V cap, V x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  return hn::Min(cap, x);  // see floored
#else
  return keep_nan(x, hn::Min(cap, x));
#endif
}

inline constexpr double kLog2E = 1.442695040888963407359924681;

/// ln 2 in two parts; a product of the high one and an exponent is exact.
template <typename T>
inline constexpr T kLn2High = std::is_same_v<T, float> ? T(0.693145751953125) : T(0x1.62e42feep-1);
template <typename T>
inline constexpr T kLn2Low = std::is_same_v<T, float> ? T(1.42860682030941723212e-6)
                                                      : T(1.90821492927058770002e-10);

/// Minimax for (exp(r) - 1 - r) / r^2 where |r| <= ln(2)/2.
template <typename T>
inline constexpr T kExpTerms[] = {0.5,
                                  0.16666666666666671,
                                  0.04166666666666666976,
                                  0.008333333333326119862,
                                  0.00138888888888837374,
                                  0.0001984126987487397508,
                                  0.00002480158732558583888,
                                  2.75572553325544091e-6,
                                  2.755727359479941319e-7,
                                  2.510524515390136985e-8,
                                  2.091470706961235337e-9};
template <>
inline constexpr float kExpTerms<float>[] = {0.5f, 0.1666657689f, 0.0416665545f, 0.008363194882f,
                                             0.001392620336f};

/// For x = q ln 2 + r with |r| <= ln(2)/2, of a size whose exponential is finite: x becomes
/// exp(r) - 1, and `shifted` q + shifter, where the shifter is 1.5 * 2^mantissa bits or a little
/// more, so that the low bits count q. Each step is taken for all vectors before the next, because
/// one vector's steps wait for each other: a processor finds the independent ones only where they
/// are near. With ln 2 in one part instead of two, and fused multiply-adds, the exponential of a
/// float is off by q 2^-29 of itself more: by 1/8 of the last bit where it is 2^-8, by 2 at the
/// smallest normal number.
template <int kParts = 2, std::size_t kCount, typename D, typename V>
HWY_INLINE void split_exps(D d, V shifter, V (&x)[kCount], V (&shifted)[kCount]) {
  using T = hn::TFromD<D>;
  constexpr std::size_t kTerms = std::size(kExpTerms<T>);
  V p[kCount];
  for (std::size_t k = 0; k < kCount; ++k) {
    shifted[k] = hn::MulAdd(x[k], hn::Set(d, T(kLog2E)), shifter);
  }
  for (std::size_t k = 0; k < kCount; ++k) p[k] = hn::Sub(shifted[k], shifter);
  const auto subtract_times = [&](T part) HWY_ATTR {
    for (std::size_t k = 0; k < kCount; ++k) {
      x[k] = hn::NegMulAdd(p[k], hn::Set(d, part), x[k]);
    }
  };
  if constexpr (kParts == 1) {
    subtract_times(T(std::numbers::ln2));
  } else {
    subtract_times(kLn2High<T>);
    subtract_times(kLn2Low<T>);
  }
  for (V& v : p) v = hn::Set(d, kExpTerms<T>[kTerms - 1]);
  for (std::size_t i = kTerms - 1; i-- > 0;) {
    for (std::size_t k = 0; k < kCount; ++k) {
      p[k] = hn::MulAdd(p[k], x[k], hn::Set(d, kExpTerms<T>[i]));
    }
  }
  for (std::size_t k = 0; k < kCount; ++k) x[k] = hn::MulAdd(p[k], hn::Mul(x[k], x[k]), x[k]);
}

template <typename D>
struct ExpParts {
  hn::Vec<D> expm1_r;                                                ///< exp(r) - 1
  hn::Vec<hn::Rebind<hwy::MakeUnsigned<hn::TFromD<D>>, D>> shifted;  ///< q + offset in its low bits
};

/// For x = q ln 2 + r; the offset is a small integer.
template <typename D, typename V>
HWY_INLINE ExpParts<D> split_exp(D d, V x, int offset) {
  using T = hn::TFromD<D>;
  const hn::Rebind<hwy::MakeUnsigned<T>, D> du;
  const V shifter = hn::Set(d, (kIsFloat<D> ? T(0x1.8p23) : T(0x1.8p52)) + static_cast<T>(offset));
  V expm1_r[] = {x}, shifted[1];
  split_exps(d, shifter, expm1_r, shifted);
  return {expm1_r[0], hn::BitCast(du, shifted[0])};
}

template <typename D>
inline constexpr int kExponentBias = kIsFloat<D> ? 127 : 1023;

/// The number whose mantissa is 1 and whose biased exponent is in the low bits.
template <typename D, typename U>
HWY_INLINE hn::Vec<D> power_of_two(D d, U biased_exponent) {
  constexpr int kMantissaBits = kIsFloat<D> ? 23 : 52;
  return hn::BitCast(d, hn::ShiftLeft<kMantissaBits>(biased_exponent));
}

/// Just beyond where the exponential rounds to infinity and to 0.
template <typename D>
inline constexpr hn::TFromD<D> kExpCap = kIsFloat<D> ? hn::TFromD<D>(89) : hn::TFromD<D>(710);
template <typename D>
inline constexpr hn::TFromD<D> kExpFloor = kIsFloat<D> ? hn::TFromD<D>(-104) : hn::TFromD<D>(-746);

/// exp(x) for x between the bounds above, or NaN.
template <typename D, typename V>
HWY_INLINE V bounded_exp(D d, V x) {
  // In two steps, as 2^q itself need be no normal number: half of q + 2 bias, rounded down and up,
  // are the biased exponents of two powers whose product is 2^q.
  const ExpParts<D> parts = split_exp(d, x, 2 * kExponentBias<D>);
  const auto half = hn::ShiftRight<1>(parts.shifted);
  const V first = power_of_two(d, half);
  const V second = power_of_two(d, hn::Sub(parts.shifted, half));
  return hn::Mul(hn::MulAdd(parts.expm1_r, first, first), second);
}

template <typename D, typename V>
HWY_INLINE V math_exp(D d, V x) {
  const V low = floored(d, hn::Set(d, kExpFloor<D>), x);
  return bounded_exp(d, capped(d, hn::Set(d, kExpCap<D>), low));
}

/// exp(-|x|).
template <typename D, typename V>
HWY_INLINE V exp_of_minus_abs(D d, V x) {
  const V negative = hn::Or(x, hn::Set(d, hn::TFromD<D>(-0.0)));
  return bounded_exp(d, floored(d, hn::Set(d, kExpFloor<D>), negative));
}

/// The value of a logarithm-like function where its argument (x, or 1 + x) is not in (0, inf).
template <typename D, typename V>
HWY_INLINE V log_edge(D d, V argument, V result) {
  using T = hn::TFromD<D>;
  const V infinity = hn::Set(d, std::numeric_limits<T>::infinity());
  const V zero = hn::Zero(d);
  const V nan = hn::Set(d, std::numeric_limits<T>::quiet_NaN());
  const V edge = hn::IfThenElse(hn::Eq(argument, zero), hn::Neg(infinity),
                                hn::IfThenElse(hn::Eq(argument, infinity), infinity, nan));
  const auto inside = hn::And(hn::Gt(argument, zero), hn::Lt(argument, infinity));
  return hn::IfThenElse(inside, result, edge);
}

template <typename D, typename V>
HWY_INLINE V math_log(D d, V x) {
  return log_edge(d, x, hn::Log(d, x));
}

template <typename D, typename V>
HWY_INLINE V math_log1p(D d, V x) {
  return log_edge(d, hn::Add(x, hn::Set(d, hn::TFromD<D>(1))), hn::Log1p(d, x));
}

/// (exp(x) - 1) / 2 for x below the cap above, or NaN: 2^q (exp(r) - 1) + (2^q - 1), halved as
/// 2^128 itself is no float, so that nothing cancels. The exponent of the result must be a normal
/// one.
template <typename D, typename V>
HWY_INLINE V half_of_expm1(D d, V x) {
  const ExpParts<D> parts = split_exp(d, x, kExponentBias<D> - 1);
  const V half_power = power_of_two(d, parts.shifted);
  return hn::MulAdd(parts.expm1_r, half_power, hn::Sub(half_power, hn::Set(d, hn::TFromD<D>(0.5))));
}

template <typename D, typename V>
HWY_INLINE V math_expm1(D d, V x) {
  using T = hn::TFromD<D>;
  // Where the result rounds to -1.
  const V low = floored(d, hn::Set(d, kIsFloat<D> ? T(-18) : T(-38)), x);
  const V half = half_of_expm1(d, capped(d, hn::Set(d, kExpCap<D>), low));
  return hn::Add(half, half);
}

/// (exp(2|x|) - 1) / (exp(2|x|) + 1) with the sign of x.
template <typename D, typename V>
HWY_INLINE V math_tanh(D d, V x) {
  using T = hn::TFromD<D>;
  const V magnitude = capped(d, hn::Set(d, kIsFloat<D> ? T(10) : T(20)), hn::Abs(x));
  const V half = half_of_expm1(d, hn::Add(magnitude, magnitude));
  return hn::CopySign(hn::Div(half, hn::Add(half, hn::Set(d, T(1)))), x);
}

/// 1 / (1 + exp(-x)), by the exponential that does not overflow.
template <typename D, typename V>
HWY_INLINE V math_sigmoid(D d, V x) {
  const V one = hn::Set(d, hn::TFromD<D>(1));
  const V e = exp_of_minus_abs(d, x);
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

/// log(1 + exp(x)).
template <typename D, typename V>
HWY_INLINE V math_softplus(D d, V x) {
  const V e = exp_of_minus_abs(d, x);
  return hn::Add(hn::Max(x, hn::Zero(d)), math_log1p(d, e));
}

/// erf(x) / x for |x| <= 1: minimax polynomials in x^2.
template <typename D, typename V>
HWY_INLINE V erf_over_x(D d, V x) {
  const V square = hn::Mul(x, x);
  if constexpr (kIsFloat<D>) {
    constexpr float c[] = {1.128379166f,    -0.3761262667f,    0.1128359472f,  -0.02685421201f,
                           0.005189087423f, -0.0008016864287f, 7.875875063e-5f};
    return polynomial(d, square, c);
  } else {
    constexpr double c[] = {
        1.128379167095512574,     -0.3761263890318375238,     0.1128379167095512024,
        -0.02686617064512984081,  0.005223977625423298309,    -0.0008548327021934829596,
        0.0001205533290288873541, -0.00001492564756751933213, 1.646204544146841894e-6,
        -1.63646421581676153e-7,  1.4792401209404813e-8,      -1.216456005728345008e-9,
        8.70904512905310669e-11,  -4.230945824295337817e-12};
    return polynomial(d, square, c);
  }
}

/// erfc(a) for a >= 1/2: exp(-a^2) / (a + 3) times a minimax polynomial in (a - 3) / (a + 3).
template <typename D, typename V>
HWY_INLINE V erfc_positive(D d, V a) {
  using T = hn::TFromD<D>;
  // Beyond the clamp the result is 0.
  a = hn::Min(a, hn::Set(d, kIsFloat<D> ? T(11) : T(28)));
  const V three = hn::Set(d, T(3));
  const V inverse = hn::Div(hn::Set(d, T(1)), hn::Add(a, three));
  const V t = hn::Mul(hn::Sub(a, three), inverse);
  V p;
  if constexpr (kIsFloat<D>) {
    constexpr float c[] = {1.074006908f,      -0.8833944758f,   0.5902282547f,    -0.3104663899f,
                           0.1195302175f,     -0.02683608619f,  -0.001233840666f, 0.003065436996f,
                           -0.0004696365236f, -0.0003035291281f};
    p = polynomial(d, t, c);
  } else {
    constexpr double c[] = {
        1.074006907088339683,       -0.8833944531698834995,   0.5902283571041090843,
        -0.3104672619005841249,     0.1195277612868377078,    -0.02682723462380478488,
        -0.001212416616237330326,   0.003034061988106470759,  -0.0005483098272568775239,
        -0.0002767777020877071425,  0.0001075624526204396059, 0.00003039718913523287517,
        -0.00001747478552122182743, -4.745054501889335231e-6, 2.776893158108530851e-6,
        9.875330565499913406e-7,    -4.271656472269961564e-7, -2.143715966518142347e-7,
        6.431838002447928333e-8,    3.211465499337483243e-8,  -9.186743272239355791e-9};
    p = polynomial(d, t, c);
  }
  // exp(-a^2) with the rounding error of the square put back.
  const V square = hn::Mul(a, a);
  const V error = hn::MulSub(a, a, square);
  const V e = math_exp(d, hn::Neg(square));
  return hn::Mul(hn::NegMulAdd(e, error, e), hn::Mul(p, inverse));
}

template <typename D, typename V>
HWY_INLINE V math_erf(D d, V x) {
  using T = hn::TFromD<D>;
  const V a = hn::Abs(x);
  const V far = hn::CopySign(hn::Sub(hn::Set(d, T(1)), erfc_positive(d, a)), x);
  const V y = hn::IfThenElse(hn::Lt(a, hn::Set(d, T(1))), hn::Mul(x, erf_over_x(d, x)), far);
  return keep_nan(x, y);
}

/// 1 + erf(x), accurate also where erf(x) is near -1.
template <typename D, typename V>
HWY_INLINE V one_plus_erf(D d, V x) {
  using T = hn::TFromD<D>;
  const V a = hn::Abs(x);
  const V tail = erfc_positive(d, a);
  const V far = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, T(2)), tail));
  const V near = hn::MulAdd(x, erf_over_x(d, x), hn::Set(d, T(1)));
  return keep_nan(x, hn::IfThenElse(hn::Lt(a, hn::Set(d, T(0.5))), near, far));
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
