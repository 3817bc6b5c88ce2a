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
#include "kernels/cpu/elementwise_functors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

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

/// Finds the loop of a functor: see visit_functor.
template <typename T>
struct KernelOfFunctor {
  int splats;
  template <typename Op>
  InstructionKernel<T> unary() const {
    return HWY_NAMESPACE::unary<Op, T>;
  }
  template <typename Op>
  InstructionKernel<T> binary() const {
    return select_binary<Op, T>(splats);
  }
  template <typename Op>
  InstructionKernel<T> ternary() const {
    return select_ternary<Op, T>(splats);
  }
  InstructionKernel<T> none() const { return nullptr; }
};

/// The loop of an instruction; null for those that are no function of operands alone (constant
/// and the random ones).
template <typename T>
InstructionKernel<T> select_kernel(const CodeInstruction& instruction) {
  const int splats = instruction.splats;
  if (instruction.fused == FusedOp::none) {
    switch (instruction.op) {
      case ElementwiseOp::pow:
        return splats == 0 ? power<T, 0> : splats == 1 ? power<T, 1> : power<T, 2>;
      case ElementwiseOp::sin:
        return sine_or_cosine<T, true>;
      case ElementwiseOp::cos:
        return sine_or_cosine<T, false>;
      default:
        break;
    }
  }
  return visit_functor<T>(instruction, KernelOfFunctor<T>{splats});
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
