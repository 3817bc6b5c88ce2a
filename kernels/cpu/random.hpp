#pragma once
// Fills with random numbers. Element i is a function of the key and of i alone (core/random.hpp),
// so a fill is the same for any number of threads, and any part of it can be recomputed.

#include <cstdint>

#include "tegula/core/random.hpp"

namespace tegula::kernels {

/// min + u (max - min) with u = random_uniform_at(key, i); T is float or double.
template <typename T>
void fill_uniform(const RandomKey& key, T* out, std::int64_t count, T min, T max);

/// mean + stddev * z with z = random_normal_at(key, i).
template <typename T>
void fill_normal(const RandomKey& key, T* out, std::int64_t count, T mean, T stddev);

/// Normal restricted to within two standard deviations of the mean, by inversion:
/// z = Phi^-1(Phi(-2) + u (Phi(2) - Phi(-2))) with u the uniform of element i taken at the middle
/// of its interval. No redrawing, hence one random word per element.
template <typename T>
void fill_truncated_normal(const RandomKey& key, T* out, std::int64_t count, T mean, T stddev);

/// Integers in [min, max): min + floor(w (max - min) / 2^32) with w = random word i of the stream,
/// for ranges up to 2^32 (the bias is below range / 2^32). Requires min < max and
/// max - min <= 2^32; T is std::int32_t or std::int64_t.
template <typename T>
void fill_integers(const RandomKey& key, T* out, std::int64_t count, T min, T max);

}  // namespace tegula::kernels
