#pragma once
// The vector parts of the random fills and of random instructions. Internal to kernels/cpu.

#include <cstddef>
#include <cstdint>

#include "tegula/core/random.hpp"

namespace tegula::kernels::detail {

/// out[j] = word of element `start + j`.
void random_words(const RandomKey& key, std::uint64_t start, std::size_t count, std::uint32_t* out);

/// Likewise of the elements of `rows` rows of `columns`, `stride` elements apart; without gaps.
void random_word_rows(const RandomKey& key, std::uint64_t start, std::uint64_t stride,
                      std::size_t rows, std::size_t columns, std::uint32_t* out);

/// low + u range with the uniforms u of random words.
void uniforms(const std::uint32_t* words, std::size_t count, float low, float range, float* out);
void uniforms(const std::uint32_t* words, std::size_t count, double low, double range, double* out);

/// Standard normals within [-2, 2], by inversion, from random words.
void truncated_normals(const std::uint32_t* words, std::size_t count, float* out);
void truncated_normals(const std::uint32_t* words, std::size_t count, double* out);

/// Room that `uniforms` and `truncated_normals` may read and write beyond `count`.
inline constexpr std::size_t kVectorSlack = 16;

}  // namespace tegula::kernels::detail
