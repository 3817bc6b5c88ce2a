// Philox4x32-10 on vectors: one block of four words per 64-bit lane, whose lower half holds a word
// of the state; bit-equal to core/random.hpp.

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

/// Writes the words of a stream's blocks, two times kGroup of them at once.
class PhiloxStream {
 public:
  static constexpr std::size_t kGroup = 1;  ///< blocks

  explicit PhiloxStream(const RandomKey& key) : key_(key) {}

  /// Blocks first..first + kGroup - 1 to `out`, and those from `second` on behind them.
  void write(std::uint32_t first, std::uint32_t second, std::uint32_t* out) const {
    std::memcpy(out, philox(key_, first).data(), 16);
    std::memcpy(out + 4, philox(key_, second).data(), 16);
  }

 private:
  RandomKey key_;
};

#else

/// Writes the words of a stream's blocks, two times kGroup of them at once.
///
/// Of the first rounds, only what depends on the block's number is left to do per block.
class PhiloxStream {
  using D = hn::ScalableTag<std::uint32_t>;
  using D64 = hn::Repartition<std::uint64_t, D>;
  using V = hn::Vec<D>;

 public:
  static constexpr std::size_t kGroup = hn::MaxLanes(D64());  ///< blocks

  explicit PhiloxStream(const RandomKey& key) {
    std::uint32_t key0 = static_cast<std::uint32_t>(key.seed);
    std::uint32_t key1 = static_cast<std::uint32_t>(key.seed >> 32);
    const D d;
    // Round 1 has a constant product of its third word, round 2 then one of its first.
    const std::uint64_t third = std::uint64_t{kMultiplier1} * static_cast<std::uint32_t>(key.step);
    const auto first = static_cast<std::uint32_t>(third >> 32) ^ key.op_id ^ key0;
    xor1_ = hn::Set(d, static_cast<std::uint32_t>(key.step >> 32) ^ key1);
    key0 += kWeyl0, key1 += kWeyl1;
    const std::uint64_t product = std::uint64_t{kMultiplier0} * first;
    xor2_a_ = hn::Set(d, static_cast<std::uint32_t>(third) ^ key0);
    xor2_c_ = hn::Set(d, static_cast<std::uint32_t>(product >> 32) ^ key1);
    key0 += kWeyl0, key1 += kWeyl1;
    xor3_c_ = hn::Set(d, static_cast<std::uint32_t>(product) ^ key1);
    for (int round = 0; round < 8; ++round) {
      keys_[2 * round] = hn::Set(d, key0);
      keys_[2 * round + 1] = hn::Set(d, key1);
      key0 += kWeyl0, key1 += kWeyl1;
    }
  }

  /// Blocks first..first + kGroup - 1 to `out`, and those from `second` on behind them.
  HWY_INLINE void write(std::uint32_t first, std::uint32_t second, std::uint32_t* out) const {
    const D d;
    const V multiplier0 = hn::Set(d, kMultiplier0), multiplier1 = hn::Set(d, kMultiplier1);
    State x = start(first, multiplier0, multiplier1);
    State y = start(second, multiplier0, multiplier1);
    for (int round = 1; round < 8; ++round) {
      x = next(x, round, multiplier0, multiplier1);
      y = next(y, round, multiplier0, multiplier1);
    }
    store(x, out);
    store(y, out + 4 * kGroup);
  }

 private:
  /// Upper halves of the 64-bit lanes hold anything: products do not read them.
  struct State {
    V a, b, c, d;
  };

  static V product(V x, V multiplier) { return hn::BitCast(D(), hn::MulEven(x, multiplier)); }
  static V high(V x) { return hn::BitCast(D(), hn::ShiftRight<32>(hn::BitCast(D64(), x))); }

  /// The state after three rounds.
  HWY_INLINE State start(std::uint32_t block, V multiplier0, V multiplier1) const {
    const V number = hn::Add(hn::Set(D(), block), counting_);
    const V d1 = product(number, multiplier0);
    const V c1 = hn::Xor(high(d1), xor1_);
    const V b2 = product(c1, multiplier1);
    const V a2 = hn::Xor(high(b2), xor2_a_), c2 = hn::Xor(d1, xor2_c_);
    const V d3 = product(a2, multiplier0), b3 = product(c2, multiplier1);
    return {hn::Xor(high(b3), hn::Xor(b2, keys_[0])), b3, hn::Xor(high(d3), xor3_c_), d3};
  }

  HWY_INLINE State next(const State& s, int round, V multiplier0, V multiplier1) const {
    const V d = product(s.a, multiplier0), b = product(s.c, multiplier1);
    // What is known before the products comes first: it shortens the chain of dependences.
    return {hn::Xor(high(b), hn::Xor(s.b, keys_[2 * round])), b,
            hn::Xor(high(d), hn::Xor(s.d, keys_[2 * round + 1])), d};
  }

  static HWY_INLINE void store(const State& s, std::uint32_t* out) {
    const D d;
    const D64 d64;
    const auto pair = [&](V low, V upper) HWY_ATTR {
      const auto shifted = hn::ShiftLeft<32>(hn::BitCast(d64, upper));
      return hn::BitCast(d64, hn::OddEven(hn::BitCast(d, shifted), low));
    };
    // Words reach memory in the order of a, b, c, d of each block.
    hn::StoreInterleaved2(pair(s.a, s.b), pair(s.c, s.d), d64,
                          reinterpret_cast<std::uint64_t*>(out));
  }

  static constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  static constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;

  /// Made once: Highway's Iota goes through memory, where a load would wait for narrower stores.
  const V counting_ = hn::BitCast(D(), hn::Iota(D64(), 0));
  V xor1_, xor2_a_, xor2_c_, xor3_c_;
  V keys_[16];
};

#endif

/// out[j] = word of element `start + j`, for j < count.
inline void philox_words(const RandomKey& key, std::uint64_t start, std::size_t count,
                         std::uint32_t* out) {
  const PhiloxStream stream(key);
  constexpr std::size_t kGroup = PhiloxStream::kGroup, kWords = 8 * kGroup;
  std::uint32_t block = static_cast<std::uint32_t>(start / 4);
  const auto write = [&](std::uint32_t* to) HWY_ATTR {
    stream.write(block, block + static_cast<std::uint32_t>(kGroup), to);
    block += static_cast<std::uint32_t>(2 * kGroup);
  };
  alignas(64) std::uint32_t words[kWords];
  if (const std::size_t skip = start % 4; skip != 0 && count != 0) {
    write(words);
    const std::size_t taken = std::min(count, kWords - skip);
    std::memcpy(out, words + skip, taken * sizeof(std::uint32_t));
    out += taken;
    count -= taken;
  }
  for (; count >= kWords; count -= kWords, out += kWords) write(out);
  if (count == 0) return;
  write(words);
  std::memcpy(out, words, count * sizeof(std::uint32_t));
}

/// Words of the elements of `rows` rows of `columns`, `stride` elements apart; to `out` without
/// gaps.
inline void philox_rows(const RandomKey& key, std::uint64_t start, std::uint64_t stride,
                        std::size_t rows, std::size_t columns, std::uint32_t* out) {
  constexpr std::size_t kGroup = PhiloxStream::kGroup;
  // Narrow rows fill half a step: two of them are made together.
  const bool half_steps = columns % (8 * kGroup) == 4 * kGroup && start % 4 == 0 && stride % 4 == 0;
  if (rows < 2 || !half_steps) {
    for (; rows != 0; --rows, start += stride, out += columns) {
      philox_words(key, start, columns, out);
    }
    return;
  }
  const PhiloxStream stream(key);
  const std::size_t groups = columns / (4 * kGroup), all = rows * groups;
  const auto block_of = [&](std::size_t index) {
    const std::uint64_t row = index / groups, group = index % groups;
    return static_cast<std::uint32_t>((start + row * stride) / 4 + group * kGroup);
  };
  for (std::size_t index = 0; index + 1 < all; index += 2, out += 8 * kGroup) {
    stream.write(block_of(index), block_of(index + 1), out);
  }
  if (all % 2 == 0) return;
  alignas(64) std::uint32_t words[8 * kGroup];
  stream.write(block_of(all - 1), block_of(all - 1), words);
  std::memcpy(out, words, 16 * kGroup);
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
