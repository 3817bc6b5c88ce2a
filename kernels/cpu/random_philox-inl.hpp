// Philox4x32-10 on vectors: one block of four words per 32-bit lane; bit-equal to core/random.hpp.

#if defined(TEGULA_KERNELS_RANDOM_PHILOX_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_RANDOM_PHILOX_INL
#undef TEGULA_KERNELS_RANDOM_PHILOX_INL
#else
#define TEGULA_KERNELS_RANDOM_PHILOX_INL
#endif

#include <hwy/highway.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tegula/core/random.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

template <typename D>
HWY_INLINE void philox_blocks(D, const RandomKey& key, std::uint32_t block, std::uint32_t* out) {
  const auto words = philox(key, block);
  std::memcpy(out, words.data(), sizeof(words));
}

#else

/// High and low halves of the 64-bit products of the lanes with `multiplier`.
template <typename D, typename V>
HWY_INLINE void multiply_wide(D d, V a, std::uint32_t multiplier, V& high, V& low) {
  const hn::Repartition<std::uint64_t, D> d64;
  const V b = hn::Set(d, multiplier);
  const auto even = hn::MulEven(a, b);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(d64, a))), b);
  high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
  low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
}

/// Writes the words of blocks `block`, `block + 1`, ... , one block per lane, in element order.
template <typename D>
HWY_INLINE void philox_blocks(D d, const RandomKey& key, std::uint32_t block, std::uint32_t* out) {
  using V = hn::Vec<D>;
  V c0 = hn::Iota(d, block);
  V c1 = hn::Set(d, key.op_id);
  V c2 = hn::Set(d, static_cast<std::uint32_t>(key.step));
  V c3 = hn::Set(d, static_cast<std::uint32_t>(key.step >> 32));
  std::uint32_t key0 = static_cast<std::uint32_t>(key.seed);
  std::uint32_t key1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    V high0, low0, high1, low1;
    multiply_wide(d, c0, 0xD2511F53u, high0, low0);
    multiply_wide(d, c2, 0xCD9E8D57u, high1, low1);
    c0 = hn::Xor(hn::Xor(high1, c1), hn::Set(d, key0));
    c1 = low1;
    c2 = hn::Xor(hn::Xor(high0, c3), hn::Set(d, key1));
    c3 = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  hn::StoreInterleaved4(c0, c1, c2, c3, d, out);
}

#endif

/// out[j] = word of element `start + j`, for j < count.
inline void philox_words(const RandomKey& key, std::uint64_t start, std::size_t count,
                         std::uint32_t* out) {
  std::uint32_t block = static_cast<std::uint32_t>(start / 4);
  if (const std::size_t skip = start % 4; skip != 0 && count != 0) {
    const auto words = philox(key, block++);
    const std::size_t taken = std::min(count, 4 - skip);
    std::memcpy(out, words.data() + skip, taken * sizeof(std::uint32_t));
    out += taken;
    count -= taken;
  }
  const hn::ScalableTag<std::uint32_t> d;
  const std::size_t lanes = hn::Lanes(d);
  for (; count >= 4 * lanes; count -= 4 * lanes, out += 4 * lanes) {
    philox_blocks(d, key, block, out);
    block += static_cast<std::uint32_t>(lanes);
  }
  if (count != 0) {
    alignas(64) std::uint32_t words[4 * hn::MaxLanes(d)];
    philox_blocks(d, key, block, words);
    std::memcpy(out, words, count * sizeof(std::uint32_t));
  }
}

template <typename D, typename V>
HWY_INLINE hn::Vec<D> to_floating(D d, V integers) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::ConvertTo(d, integers);
  } else {
    return hn::PromoteTo(d, integers);
  }
}

/// out[i] = low + u range with u = uniform_from_bits(words[i]); `count` is whole vectors.
template <typename D, typename T>
HWY_INLINE void words_to_uniform(D d, const std::uint32_t* words, std::size_t count, T low, T range,
                                 T* out) {
  const hn::Rebind<std::uint32_t, D> du;
  const hn::Rebind<std::int32_t, D> di;
  const auto start = hn::Set(d, low), width = hn::Set(d, range), unit = hn::Set(d, T(0x1.0p-24));
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto bits = hn::BitCast(di, hn::ShiftRight<8>(hn::LoadU(du, words + i)));
    const auto u = hn::Mul(to_floating(d, bits), unit);
    // Rounded like the scalar formula: no fused operation here.
    hn::StoreU(hn::Add(start, hn::Mul(u, width)), d, out + i);
  }
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
