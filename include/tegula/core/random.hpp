#pragma once
// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC11). The stream is a pure function of its counter, so any element can be computed
// anywhere, in any order, on any device.

#include <array>
#include <cstdint>

#include "tegula/core/export.hpp"

namespace tegula {

/// Names one stream of random numbers: everything random in a run is a function of this and of the
/// element's index.
struct RandomKey {
  std::uint64_t seed = 0;   ///< of the session
  std::uint32_t op_id = 0;  ///< of the random op within its graph
  std::uint64_t step = 0;   ///< of the run
};

/// Four 32-bit random words for block `index`; element i of a tensor uses word i % 4 of block i
/// / 4.
constexpr std::array<std::uint32_t, 4> philox(const RandomKey& key, std::uint32_t index) {
  constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  std::array<std::uint32_t, 4> counter = {index, key.op_id, static_cast<std::uint32_t>(key.step),
                                          static_cast<std::uint32_t>(key.step >> 32)};
  std::uint32_t key0 = static_cast<std::uint32_t>(key.seed);
  std::uint32_t key1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{kMultiplier0} * counter[0];
    const std::uint64_t product1 = std::uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key0,
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key1,
               static_cast<std::uint32_t>(product0)};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return counter;
}

/// Uniform in [0, 1) with 24 random bits, the precision of a float's significand.
constexpr float uniform_from_bits(std::uint32_t bits) {
  return static_cast<float>(bits >> 8) * 0x1.0p-24f;
}

/// Element `index` of a stream of uniforms in [0, 1).
constexpr float random_uniform_at(const RandomKey& key, std::uint64_t index) {
  return uniform_from_bits(philox(key, static_cast<std::uint32_t>(index / 4))[index % 4]);
}

/// Elements 4 * index to 4 * index + 3 of a stream of standard normals, by Box-Muller on the word
/// pairs (0, 1) and (2, 3) of block `index`. With u1 = (word0 / 2^8 + 1) / 2^24 in (0, 1] and
/// u2 = uniform_from_bits(word1), element 0 is sqrt(-2 ln u1) cos(2 pi u2) and element 1 the same
/// with sin; likewise elements 2 (cos) and 3 (sin) from words 2 and 3.
TEGULA_API std::array<float, 4> random_normal_block(const RandomKey& key, std::uint32_t index);

/// Element `index` of that stream.
TEGULA_API float random_normal_at(const RandomKey& key, std::uint64_t index);

}  // namespace tegula
