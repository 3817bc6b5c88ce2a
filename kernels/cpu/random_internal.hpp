#pragma once
// The vector parts of the random fills. Internal to random.cpp.

#include <cstddef>
#include <cstdint>

#include "tegula/core/random.hpp"

namespace tegula::kernels::detail {

/// out[j] = word of element `start + j`.
void random_words(const RandomKey& key, std::uint64_t start, std::size_t count, std::uint32_t* out);

/// low + u range with the uniforms u of random words.
void uniforms(const std::uint32_t* words, std::size_t count, float low, float range, float* out);
void uniforms(const std::uint32_t* words, std::size_t count, double low, double range, double* out);

/// Standard normals within [-2, 2], by inversion, from random words.
void truncated_normals(const std::uint32_t* words, std::size_t count, float* out);
void truncated_normals(const std::uint32_t* words, std::size_t count, double* out);

/// Room that `uniforms` and `truncated_normals` may read and write beyond `count`.
inline constexpr std::size_t kVectorSlack = 16;

}  // namespace tegula::kernels::detail
