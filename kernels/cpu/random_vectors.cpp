// Random words, uniforms and truncated normals, for each instruction set.

#include "kernels/cpu/random_internal.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/random_vectors.cpp"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#include "kernels/cpu/elementwise_math-inl.hpp"
#include "kernels/cpu/random_philox-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void random_words(const RandomKey& key, std::uint64_t start, std::size_t count,
                  std::uint32_t* out) {
  philox_words(key, start, count, out);
}
void random_word_rows(const RandomKey& key, std::uint64_t start, std::uint64_t stride,
                      std::size_t rows, std::size_t columns, std::uint32_t* out) {
  philox_rows(key, start, stride, rows, columns, out);
}

/// sqrt(2) erfinv(v) / v as a polynomial in w = -log(1 - v^2), for |v| <= erf(sqrt 2). The form is
/// that of M. Giles, "Approximating the erfinv function" (2012); the coefficients are fitted to
/// this interval.
template <typename D, typename V>
HWY_INLINE V probit_over_v(D d, V w) {
  if constexpr (kIsFloat<D>) {
    constexpr float c[] = {1.253314096f,      0.3281185615f,   0.01632177138f,  -0.003272422264f,
                           -0.0002193495503f, 9.208817007e-5f, -6.557868455e-6f};
    return polynomial(d, w, c);
  } else {
    constexpr double c[] = {
        1.253314137315500249,      0.3281168738692176551,     0.01633323614698528947,
        -0.00330233241072299277,   -0.0001810805663016341344, 0.00006591854610785218854,
        2.856646549502505086e-6,   -1.431856328761304789e-6,  -5.292609586600892759e-8,
        3.245344241117834988e-8,   8.735640725429661164e-10,  -6.149650210496427768e-10,
        -8.330639238386943065e-11, 3.76421114123147306e-11,   -3.907534308064458652e-12,
        6.023991608646979776e-14,  9.669028703039120742e-15};
    return polynomial(d, w, c);
  }
}

template <typename T>
void truncated_normals_of(const std::uint32_t* words, std::size_t count, T* out) {
  const hn::ScalableTag<T> d;
  const hn::Rebind<std::uint32_t, decltype(d)> du;
  const hn::Rebind<std::int32_t, decltype(d)> di;
  const auto one = hn::Set(d, T(1)), two = hn::Set(d, T(2));
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    // v = erf(sqrt 2) (2u - 1), with u in the middle of its 24-bit interval; 2u - 1 is exact.
    const auto word = hn::BitCast(di, hn::ShiftRight<8>(hn::LoadU(du, words + i)));
    const auto centered = hn::Sub(word, hn::Set(di, 1 << 23));
    const auto middle = hn::Add(to_floating(d, centered), hn::Set(d, T(0.5)));
    const auto v = hn::Mul(middle, hn::Set(d, T(0x1.0p-23 * 0.9544997361036415856)));
    const auto w = hn::Neg(math_log(d, hn::NegMulAdd(v, v, one)));
    const auto z = hn::Mul(v, probit_over_v(d, w));
    hn::StoreU(hn::Min(hn::Max(z, hn::Neg(two)), two), d, out + i);
  }
}

void uniforms_f32(const std::uint32_t* words, std::size_t count, float low, float range,
                  float* out) {
  words_to_uniform(hn::ScalableTag<float>(), words, count, low, range, out);
}
void uniforms_f64(const std::uint32_t* words, std::size_t count, double low, double range,
                  double* out) {
  words_to_uniform(hn::ScalableTag<double>(), words, count, low, range, out);
}
void truncated_normals_f32(const std::uint32_t* words, std::size_t count, float* out) {
  truncated_normals_of(words, count, out);
}
void truncated_normals_f64(const std::uint32_t* words, std::size_t count, double* out) {
  truncated_normals_of(words, count, out);
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(random_words);
HWY_EXPORT(random_word_rows);
HWY_EXPORT(uniforms_f32);
HWY_EXPORT(uniforms_f64);
HWY_EXPORT(truncated_normals_f32);
HWY_EXPORT(truncated_normals_f64);

void detail::random_words(const RandomKey& key, std::uint64_t start, std::size_t count,
                          std::uint32_t* out) {
  HWY_DYNAMIC_DISPATCH(random_words)(key, start, count, out);
}
void detail::random_word_rows(const RandomKey& key, std::uint64_t start, std::uint64_t stride,
                              std::size_t rows, std::size_t columns, std::uint32_t* out) {
  HWY_DYNAMIC_DISPATCH(random_word_rows)(key, start, stride, rows, columns, out);
}
void detail::uniforms(const std::uint32_t* words, std::size_t count, float low, float range,
                      float* out) {
  HWY_DYNAMIC_DISPATCH(uniforms_f32)(words, count, low, range, out);
}
void detail::uniforms(const std::uint32_t* words, std::size_t count, double low, double range,
                      double* out) {
  HWY_DYNAMIC_DISPATCH(uniforms_f64)(words, count, low, range, out);
}
void detail::truncated_normals(const std::uint32_t* words, std::size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(truncated_normals_f32)(words, count, out);
}
void detail::truncated_normals(const std::uint32_t* words, std::size_t count, double* out) {
  HWY_DYNAMIC_DISPATCH(truncated_normals_f64)(words, count, out);
}

}  // namespace tegula::kernels
#endif
