#include "tegula/core/random.hpp"

#include <cmath>
#include <numbers>

namespace tegula {

namespace {

/// The two normals of G. E. P. Box and M. E. Muller, "A note on the generation of random normal
/// deviates" (1958). In double precision, so that the rounded floats do not depend on whose
/// logarithm and cosine are used (but for rare ties).
void box_muller(std::uint32_t radius_bits, std::uint32_t angle_bits, float* normals) {
  // 24 bits as for uniforms, but in (0, 1]: the logarithm of 0 must not occur.
  const double uniform = static_cast<double>((radius_bits >> 8) + 1) * 0x1.0p-24;
  const double radius = std::sqrt(-2.0 * std::log(uniform));
  const double angle = 2.0 * std::numbers::pi * static_cast<double>(uniform_from_bits(angle_bits));
  normals[0] = static_cast<float>(radius * std::cos(angle));
  normals[1] = static_cast<float>(radius * std::sin(angle));
}

}  // namespace

std::array<float, 4> random_normal_block(const RandomKey& key, std::uint32_t index) {
  const std::array<std::uint32_t, 4> words = philox(key, index);
  std::array<float, 4> normals;
  box_muller(words[0], words[1], normals.data());
  box_muller(words[2], words[3], normals.data() + 2);
  return normals;
}

float random_normal_at(const RandomKey& key, std::uint64_t index) {
  return random_normal_block(key, static_cast<std::uint32_t>(index / 4))[index % 4];
}

}  // namespace tegula
