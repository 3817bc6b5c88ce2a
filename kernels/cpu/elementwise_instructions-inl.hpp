// The instructions of elementwise programs as loops over buffers whose length is a multiple of the
// vector length, compiled once per instruction set. The cast instruction stands for "to bool" only.
//
// This is the place for whole programs that deserve a loop of their own: a FusedOp, its functor
// here, and its pattern in elementwise_compile.cpp.

#if defined(TEGULA_KERNELS_ELEMENTWISE_INSTRUCTIONS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_ELEMENTWISE_INSTRUCTIONS_INL
#undef TEGULA_KERNELS_ELEMENTWISE_INSTRUCTIONS_INL
#else
#define TEGULA_KERNELS_ELEMENTWISE_INSTRUCTIONS_INL
#endif

#include <hwy/highway.h>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/elementwise_code.hpp"
#include "kernels/cpu/elementwise_math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using detail::CodeInstruction;
using detail::FusedOp;

/// out[i] = op(a[i], b[i], c[i]); a scalar operand points to equal elements.
template <typename T>
using InstructionKernel = void (*)(T* out, const T* a, const T* b, const T* c, std::size_t count,
                                   const double* immediates);

/// Calls `body(i)` for each vector; two at a time hides the latency of longer functions.
template <typename Body>
HWY_INLINE void for_each_vector(std::size_t count, std::size_t lanes, const Body& body) {
  std::size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    body(i);
    body(i + lanes);
  }
  if (i < count) body(i);
}

template <typename Op, typename T>
void unary(T* out, const T* a, const T*, const T*, std::size_t count, const double* immediates) {
  const hn::ScalableTag<T> d;
  const Op op(d, immediates);
  for_each_vector(count, hn::Lanes(d), [&](std::size_t i) HWY_ATTR {
    hn::StoreU(op(d, hn::LoadU(d, a + i)), d, out + i);
  });
}

/// Bit k of `kSplats`: operand k is a scalar.
template <typename Op, typename T, int kSplats>
void binary(T* out, const T* a, const T* b, const T*, std::size_t count, const double*) {
  const hn::ScalableTag<T> d;
  const auto a0 = hn::LoadU(d, a);
  const auto b0 = hn::LoadU(d, b);
  for_each_vector(count, hn::Lanes(d), [&](std::size_t i) HWY_ATTR {
    const auto x = (kSplats & 1) != 0 ? a0 : hn::LoadU(d, a + i);
    const auto y = (kSplats & 2) != 0 ? b0 : hn::LoadU(d, b + i);
    hn::StoreU(Op()(d, x, y), d, out + i);
  });
}

template <typename Op, typename T, int kSplats>
void ternary(T* out, const T* a, const T* b, const T* c, std::size_t count, const double*) {
  const hn::ScalableTag<T> d;
  const auto a0 = hn::LoadU(d, a);
  const auto b0 = hn::LoadU(d, b);
  const auto c0 = hn::LoadU(d, c);
  for_each_vector(count, hn::Lanes(d), [&](std::size_t i) HWY_ATTR {
    const auto x = (kSplats & 1) != 0 ? a0 : hn::LoadU(d, a + i);
    const auto y = (kSplats & 2) != 0 ? b0 : hn::LoadU(d, b + i);
    const auto z = (kSplats & 4) != 0 ? c0 : hn::LoadU(d, c + i);
    hn::StoreU(Op()(d, x, y, z), d, out + i);
  });
}

// Functors. `truth` makes the 0 or 1 of a mask; Highway's Ne is false for NaN on some targets.

template <typename D, typename M>
HWY_INLINE hn::Vec<D> truth(D d, M mask) {
  return hn::IfThenElseZero(mask, hn::Set(d, hn::TFromD<D>(1)));
}
template <typename D, typename V>
HWY_INLINE auto is_true(D d, V x) {
  return hn::Not(hn::Eq(x, hn::Zero(d)));
}

// clang-format off
struct AddOp { template <class D, class V> HWY_INLINE V operator()(D, V a, V b) const { return hn::Add(a, b); } };
struct SubOp { template <class D, class V> HWY_INLINE V operator()(D, V a, V b) const { return hn::Sub(a, b); } };
struct MulOp { template <class D, class V> HWY_INLINE V operator()(D, V a, V b) const { return hn::Mul(a, b); } };
struct DivOp { template <class D, class V> HWY_INLINE V operator()(D, V a, V b) const { return hn::Div(a, b); } };
struct MaximumOp { template <class D, class V> HWY_INLINE V operator()(D, V a, V b) const { return keep_nan(a, keep_nan(b, hn::Max(a, b))); } };
struct MinimumOp { template <class D, class V> HWY_INLINE V operator()(D, V a, V b) const { return keep_nan(a, keep_nan(b, hn::Min(a, b))); } };
struct EqualOp { template <class D, class V> HWY_INLINE V operator()(D d, V a, V b) const { return truth(d, hn::Eq(a, b)); } };
struct NotEqualOp { template <class D, class V> HWY_INLINE V operator()(D d, V a, V b) const { return truth(d, hn::Not(hn::Eq(a, b))); } };
struct LessOp { template <class D, class V> HWY_INLINE V operator()(D d, V a, V b) const { return truth(d, hn::Lt(a, b)); } };
struct LessEqualOp { template <class D, class V> HWY_INLINE V operator()(D d, V a, V b) const { return truth(d, hn::Le(a, b)); } };
struct GreaterOp { template <class D, class V> HWY_INLINE V operator()(D d, V a, V b) const { return truth(d, hn::Gt(a, b)); } };
struct GreaterEqualOp { template <class D, class V> HWY_INLINE V operator()(D d, V a, V b) const { return truth(d, hn::Ge(a, b)); } };
struct AndOp { template <class D, class V> HWY_INLINE V operator()(D d, V a, V b) const { return truth(d, hn::And(is_true(d, a), is_true(d, b))); } };
struct OrOp { template <class D, class V> HWY_INLINE V operator()(D d, V a, V b) const { return truth(d, hn::Or(is_true(d, a), is_true(d, b))); } };
struct XorOp { template <class D, class V> HWY_INLINE V operator()(D d, V a, V b) const { return truth(d, hn::Xor(is_true(d, a), is_true(d, b))); } };
struct WhereOp { template <class D, class V> HWY_INLINE V operator()(D d, V c, V a, V b) const { return hn::IfThenElse(is_true(d, c), a, b); } };
struct MulAddOp { template <class D, class V> HWY_INLINE V operator()(D, V a, V b, V c) const { return hn::MulAdd(a, b, c); } };
struct MulSubOp { template <class D, class V> HWY_INLINE V operator()(D, V a, V b, V c) const { return hn::MulSub(a, b, c); } };
struct NegMulAddOp { template <class D, class V> HWY_INLINE V operator()(D, V a, V b, V c) const { return hn::NegMulAdd(a, b, c); } };

/// Unary functors without immediates derive from this.
struct Plain { template <class D> Plain(D, const double*) {} };
struct IdentityOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D, V x) const { return x; } };
struct NegOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D, V x) const { return hn::Neg(x); } };
struct AbsOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D, V x) const { return hn::Abs(x); } };
struct ExpOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return math_exp(d, x); } };
struct LogOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return math_log(d, x); } };
struct Log1pOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return math_log1p(d, x); } };
struct Expm1Op : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return math_expm1(d, x); } };
struct SqrtOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D, V x) const { return hn::Sqrt(x); } };
struct SquareOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D, V x) const { return hn::Mul(x, x); } };
struct TanhOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return math_tanh(d, x); } };
struct SigmoidOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return math_sigmoid(d, x); } };
struct SiluOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return hn::Mul(x, math_sigmoid(d, x)); } };
struct SoftplusOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return math_softplus(d, x); } };
struct ErfOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return math_erf(d, x); } };
struct FloorOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D, V x) const { return hn::Floor(x); } };
struct CeilOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D, V x) const { return hn::Ceil(x); } };
struct RoundOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D, V x) const { return hn::Round(x); } };
struct NotOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return truth(d, hn::Eq(x, hn::Zero(d))); } };
struct ToBoolOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return truth(d, is_true(d, x)); } };
struct IsNanOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return truth(d, hn::IsNaN(x)); } };
struct IsFiniteOp : Plain { using Plain::Plain; template <class D, class V> HWY_INLINE V operator()(D d, V x) const { return truth(d, hn::IsFinite(x)); } };
// clang-format on

struct SignOp : Plain {
  using Plain::Plain;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, hn::TFromD<D>(1));
    // Zeros and NaN stay as they are.
    const auto nonzero = hn::Or(hn::Lt(x, hn::Zero(d)), hn::Gt(x, hn::Zero(d)));
    return hn::IfThenElse(nonzero, hn::CopySign(one, x), x);
  }
};

struct ReciprocalOp : Plain {
  using Plain::Plain;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(hn::Set(d, hn::TFromD<D>(1)), x);
  }
};

struct RsqrtOp : Plain {
  using Plain::Plain;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(hn::Set(d, hn::TFromD<D>(1)), hn::Sqrt(x));
  }
};

struct ReluOp : Plain {
  using Plain::Plain;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElse(hn::Le(x, hn::Zero(d)), hn::Zero(d), x);
  }
};

/// x/2 (1 + erf(x/sqrt 2)).
struct GeluOp : Plain {
  using Plain::Plain;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V phi = one_plus_erf(d, hn::Mul(x, hn::Set(d, T(0.707106781186547524400844))));
    return hn::Mul(hn::Mul(x, hn::Set(d, T(0.5))), phi);
  }
};

/// x/2 (1 + tanh(u)) = x sigmoid(2u) with u = sqrt(2/pi) (x + 0.044715 x^3).
struct GeluTanhOp : Plain {
  using Plain::Plain;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V square = hn::Mul(x, x);
    const V inner = hn::MulAdd(square, hn::Set(d, T(2 * 0.797884560802865355879892 * 0.044715)),
                               hn::Set(d, T(2 * 0.797884560802865355879892)));
    return hn::Mul(x, math_sigmoid(d, hn::Mul(x, inner)));
  }
};

template <typename T>
struct LeakyReluOp {
  using V = hn::Vec<hn::ScalableTag<T>>;
  template <class D>
  LeakyReluOp(D d, const double* immediates) : slope(hn::Set(d, static_cast<T>(immediates[0]))) {}
  template <class D>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(x, slope), x);
  }
  V slope;
};

template <typename T>
struct EluOp {
  using V = hn::Vec<hn::ScalableTag<T>>;
  template <class D>
  EluOp(D d, const double* immediates) : alpha(hn::Set(d, static_cast<T>(immediates[0]))) {}
  template <class D>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(math_expm1(d, x), alpha), x);
  }
  V alpha;
};

template <typename T>
struct ClipOp {
  using V = hn::Vec<hn::ScalableTag<T>>;
  template <class D>
  ClipOp(D d, const double* immediates)
      : low(hn::Set(d, static_cast<T>(immediates[0]))),
        high(hn::Set(d, static_cast<T>(immediates[1]))) {}
  template <class D>
  HWY_INLINE V operator()(D, V x) const {
    return keep_nan(x, hn::Min(hn::Max(x, low), high));
  }
  V low, high;
};

/// Highway's reductions of sine and cosine hold to about 39,000; larger angles, infinities and NaN
/// go lane by lane through the C library.
template <typename T, bool kSine>
void sine_or_cosine(T* out, const T* a, const T*, const T*, std::size_t count, const double*) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto limit = hn::Set(d, T(30000));
  for (std::size_t i = 0; i < count; i += lanes) {
    const auto x = hn::LoadU(d, a + i);
    const auto y = kSine ? hn::Sin(d, x) : hn::Cos(d, x);
    if (hn::AllTrue(d, hn::Le(hn::Abs(x), limit))) {
      hn::StoreU(y, d, out + i);
      continue;
    }
    T angles[hn::MaxLanes(d)];
    hn::StoreU(x, d, angles);
    hn::StoreU(y, d, out + i);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const T angle = angles[lane];
      if (!(std::abs(angle) <= T(30000))) out[i + lane] = kSine ? std::sin(angle) : std::cos(angle);
    }
  }
}

/// Through the C library for every element: its special cases are the standard's.
template <typename T, int kSplats>
void power(T* out, const T* a, const T* b, const T*, std::size_t count, const double*) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = std::pow(a[(kSplats & 1) != 0 ? 0 : i], b[(kSplats & 2) != 0 ? 0 : i]);
  }
}

template <typename Op, typename T>
InstructionKernel<T> select_binary(int splats) {
  constexpr InstructionKernel<T> kKernels[] = {binary<Op, T, 0>, binary<Op, T, 1>,
                                               binary<Op, T, 2>};
  return kKernels[splats];
}

template <typename Op, typename T>
InstructionKernel<T> select_ternary(int splats) {
  constexpr InstructionKernel<T> kKernels[] = {
      ternary<Op, T, 0>, ternary<Op, T, 1>, ternary<Op, T, 2>, ternary<Op, T, 3>,
      ternary<Op, T, 4>, ternary<Op, T, 5>, ternary<Op, T, 6>};
  return kKernels[splats];
}

template <typename T>
InstructionKernel<T> select_fused(FusedOp op, int splats) {
  switch (op) {
    case FusedOp::mul_add:
      return select_ternary<MulAddOp, T>(splats);
    case FusedOp::mul_sub:
      return select_ternary<MulSubOp, T>(splats);
    case FusedOp::neg_mul_add:
      return select_ternary<NegMulAddOp, T>(splats);
    case FusedOp::none:
      break;
  }
  return nullptr;
}

/// The loop of an instruction; null for those that are no function of operands alone (constant
/// and the random ones).
template <typename T>
InstructionKernel<T> select_kernel(const CodeInstruction& instruction) {
  const int splats = instruction.splats;
  if (instruction.fused != FusedOp::none) return select_fused<T>(instruction.fused, splats);
  switch (instruction.op) {
    // clang-format off
    case ElementwiseOp::add: return select_binary<AddOp, T>(splats);
    case ElementwiseOp::sub: return select_binary<SubOp, T>(splats);
    case ElementwiseOp::mul: return select_binary<MulOp, T>(splats);
    case ElementwiseOp::div: return select_binary<DivOp, T>(splats);
    case ElementwiseOp::pow: return splats == 0 ? power<T, 0> : splats == 1 ? power<T, 1> : power<T, 2>;
    case ElementwiseOp::maximum: return select_binary<MaximumOp, T>(splats);
    case ElementwiseOp::minimum: return select_binary<MinimumOp, T>(splats);
    case ElementwiseOp::equal: return select_binary<EqualOp, T>(splats);
    case ElementwiseOp::not_equal: return select_binary<NotEqualOp, T>(splats);
    case ElementwiseOp::less: return select_binary<LessOp, T>(splats);
    case ElementwiseOp::less_equal: return select_binary<LessEqualOp, T>(splats);
    case ElementwiseOp::greater: return select_binary<GreaterOp, T>(splats);
    case ElementwiseOp::greater_equal: return select_binary<GreaterEqualOp, T>(splats);
    case ElementwiseOp::logical_and: return select_binary<AndOp, T>(splats);
    case ElementwiseOp::logical_or: return select_binary<OrOp, T>(splats);
    case ElementwiseOp::logical_xor: return select_binary<XorOp, T>(splats);
    case ElementwiseOp::where: return select_ternary<WhereOp, T>(splats);
    case ElementwiseOp::identity: return unary<IdentityOp, T>;
    case ElementwiseOp::neg: return unary<NegOp, T>;
    case ElementwiseOp::abs: return unary<AbsOp, T>;
    case ElementwiseOp::sign: return unary<SignOp, T>;
    case ElementwiseOp::exp: return unary<ExpOp, T>;
    case ElementwiseOp::log: return unary<LogOp, T>;
    case ElementwiseOp::log1p: return unary<Log1pOp, T>;
    case ElementwiseOp::expm1: return unary<Expm1Op, T>;
    case ElementwiseOp::sqrt: return unary<SqrtOp, T>;
    case ElementwiseOp::rsqrt: return unary<RsqrtOp, T>;
    case ElementwiseOp::square: return unary<SquareOp, T>;
    case ElementwiseOp::reciprocal: return unary<ReciprocalOp, T>;
    case ElementwiseOp::tanh: return unary<TanhOp, T>;
    case ElementwiseOp::sigmoid: return unary<SigmoidOp, T>;
    case ElementwiseOp::relu: return unary<ReluOp, T>;
    case ElementwiseOp::leaky_relu: return unary<LeakyReluOp<T>, T>;
    case ElementwiseOp::elu: return unary<EluOp<T>, T>;
    case ElementwiseOp::gelu: return unary<GeluOp, T>;
    case ElementwiseOp::gelu_tanh: return unary<GeluTanhOp, T>;
    case ElementwiseOp::silu: return unary<SiluOp, T>;
    case ElementwiseOp::softplus: return unary<SoftplusOp, T>;
    case ElementwiseOp::erf: return unary<ErfOp, T>;
    case ElementwiseOp::sin: return sine_or_cosine<T, true>;
    case ElementwiseOp::cos: return sine_or_cosine<T, false>;
    case ElementwiseOp::floor: return unary<FloorOp, T>;
    case ElementwiseOp::ceil: return unary<CeilOp, T>;
    case ElementwiseOp::round: return unary<RoundOp, T>;
    case ElementwiseOp::clip: return unary<ClipOp<T>, T>;
    case ElementwiseOp::cast: return unary<ToBoolOp, T>;
    case ElementwiseOp::logical_not: return unary<NotOp, T>;
    case ElementwiseOp::is_nan: return unary<IsNanOp, T>;
    case ElementwiseOp::is_finite: return unary<IsFiniteOp, T>;
    // clang-format on
    case ElementwiseOp::constant:
    case ElementwiseOp::dropout:
    case ElementwiseOp::random_uniform:
    case ElementwiseOp::random_normal:
      break;
  }
  return nullptr;
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
