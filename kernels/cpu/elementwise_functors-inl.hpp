// What each instruction of elementwise programs computes, as functions of vectors.
//
// Included once per instruction set, where hn:: computes, and once where hn:: records what is to be
// generated (elementwise_record.cpp): generated loops do the operations that are written here.

#if defined(TEGULA_KERNELS_ELEMENTWISE_FUNCTORS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_ELEMENTWISE_FUNCTORS_INL
#undef TEGULA_KERNELS_ELEMENTWISE_FUNCTORS_INL
#else
#define TEGULA_KERNELS_ELEMENTWISE_FUNCTORS_INL
#endif

#include <hwy/highway.h>

#include "kernels/cpu/elementwise_code.hpp"
#include "kernels/cpu/elementwise_math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using detail::CodeInstruction;
using detail::FusedOp;

// `truth` makes the 0 or 1 of a mask; Highway's Ne is false for NaN on some targets.

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

/// Calls `visitor.unary<Functor>()`, `binary` or `ternary` for what an instruction computes, or
/// `visitor.none()` for instructions that are no such function. Casts are to bool: others vanished.
template <typename T, typename Visitor>
auto visit_functor(const CodeInstruction& instruction, const Visitor& visitor) {
  switch (instruction.fused) {
    case FusedOp::mul_add:
      return visitor.template ternary<MulAddOp>();
    case FusedOp::mul_sub:
      return visitor.template ternary<MulSubOp>();
    case FusedOp::neg_mul_add:
      return visitor.template ternary<NegMulAddOp>();
    case FusedOp::none:
      break;
  }
  switch (instruction.op) {
    // clang-format off
    case ElementwiseOp::add: return visitor.template binary<AddOp>();
    case ElementwiseOp::sub: return visitor.template binary<SubOp>();
    case ElementwiseOp::mul: return visitor.template binary<MulOp>();
    case ElementwiseOp::div: return visitor.template binary<DivOp>();
    case ElementwiseOp::maximum: return visitor.template binary<MaximumOp>();
    case ElementwiseOp::minimum: return visitor.template binary<MinimumOp>();
    case ElementwiseOp::equal: return visitor.template binary<EqualOp>();
    case ElementwiseOp::not_equal: return visitor.template binary<NotEqualOp>();
    case ElementwiseOp::less: return visitor.template binary<LessOp>();
    case ElementwiseOp::less_equal: return visitor.template binary<LessEqualOp>();
    case ElementwiseOp::greater: return visitor.template binary<GreaterOp>();
    case ElementwiseOp::greater_equal: return visitor.template binary<GreaterEqualOp>();
    case ElementwiseOp::logical_and: return visitor.template binary<AndOp>();
    case ElementwiseOp::logical_or: return visitor.template binary<OrOp>();
    case ElementwiseOp::logical_xor: return visitor.template binary<XorOp>();
    case ElementwiseOp::where: return visitor.template ternary<WhereOp>();
    case ElementwiseOp::identity: return visitor.template unary<IdentityOp>();
    case ElementwiseOp::neg: return visitor.template unary<NegOp>();
    case ElementwiseOp::abs: return visitor.template unary<AbsOp>();
    case ElementwiseOp::sign: return visitor.template unary<SignOp>();
    case ElementwiseOp::exp: return visitor.template unary<ExpOp>();
    case ElementwiseOp::log: return visitor.template unary<LogOp>();
    case ElementwiseOp::log1p: return visitor.template unary<Log1pOp>();
    case ElementwiseOp::expm1: return visitor.template unary<Expm1Op>();
    case ElementwiseOp::sqrt: return visitor.template unary<SqrtOp>();
    case ElementwiseOp::rsqrt: return visitor.template unary<RsqrtOp>();
    case ElementwiseOp::square: return visitor.template unary<SquareOp>();
    case ElementwiseOp::reciprocal: return visitor.template unary<ReciprocalOp>();
    case ElementwiseOp::tanh: return visitor.template unary<TanhOp>();
    case ElementwiseOp::sigmoid: return visitor.template unary<SigmoidOp>();
    case ElementwiseOp::relu: return visitor.template unary<ReluOp>();
    case ElementwiseOp::leaky_relu: return visitor.template unary<LeakyReluOp<T>>();
    case ElementwiseOp::elu: return visitor.template unary<EluOp<T>>();
    case ElementwiseOp::gelu: return visitor.template unary<GeluOp>();
    case ElementwiseOp::gelu_tanh: return visitor.template unary<GeluTanhOp>();
    case ElementwiseOp::silu: return visitor.template unary<SiluOp>();
    case ElementwiseOp::softplus: return visitor.template unary<SoftplusOp>();
    case ElementwiseOp::erf: return visitor.template unary<ErfOp>();
    case ElementwiseOp::floor: return visitor.template unary<FloorOp>();
    case ElementwiseOp::ceil: return visitor.template unary<CeilOp>();
    case ElementwiseOp::round: return visitor.template unary<RoundOp>();
    case ElementwiseOp::clip: return visitor.template unary<ClipOp<T>>();
    case ElementwiseOp::cast: return visitor.template unary<ToBoolOp>();
    case ElementwiseOp::logical_not: return visitor.template unary<NotOp>();
    case ElementwiseOp::is_nan: return visitor.template unary<IsNanOp>();
    case ElementwiseOp::is_finite: return visitor.template unary<IsFiniteOp>();
    // clang-format on
    default:
      return visitor.none();
  }
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
