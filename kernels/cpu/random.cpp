#include "kernels/cpu/random.hpp"

#include <algorithm>
#include <cstddef>

#include "kernels/cpu/random_internal.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

constexpr std::int64_t kChunk = 1024;
constexpr std::int64_t kChunksPerTask = 8;

/// Calls `body(start, count)` for chunks of whole Philox blocks, in parallel.
template <typename Body>
void for_each_chunk(std::int64_t count, const Body& body) {
  constexpr std::int64_t kTask = kChunk * kChunksPerTask;
  parallel_for((count + kTask - 1) / kTask, [&](std::int64_t task) {
    const std::int64_t end = std::min(count, (task + 1) * kTask);
    for (std::int64_t start = task * kTask; start < end; start += kChunk) {
      body(start, std::min(kChunk, end - start));
    }
  });
}

/// Calls `convert(words, count, results)` for each chunk, all with room for whole vectors, and
/// copies the results.
template <typename T, typename Convert>
void fill_from_words(const RandomKey& key, T* out, std::int64_t count, const Convert& convert) {
  for_each_chunk(count, [&](std::int64_t start, std::int64_t n) {
    std::uint32_t words[kChunk + detail::kVectorSlack] = {};
    T results[kChunk + detail::kVectorSlack];
    detail::random_words(key, static_cast<std::uint64_t>(start), static_cast<std::size_t>(n),
                         words);
    convert(words, static_cast<std::size_t>(n), results);
    std::copy_n(results, n, out + start);
  });
}

}  // namespace

template <typename T>
void fill_uniform(const RandomKey& key, T* out, std::int64_t count, T min, T max) {
  fill_from_words(key, out, count, [=](const std::uint32_t* words, std::size_t n, T* results) {
    detail::uniforms(words, n, min, max - min, results);
  });
}

template <typename T>
void fill_normal(const RandomKey& key, T* out, std::int64_t count, T mean, T stddev) {
  for_each_chunk(count, [&](std::int64_t start, std::int64_t n) {
    for (std::int64_t i = 0; i < n; i += 4) {
      const auto block = random_normal_block(key, static_cast<std::uint32_t>((start + i) / 4));
      for (std::int64_t k = 0; k < std::min<std::int64_t>(4, n - i); ++k) {
        out[start + i + k] = mean + static_cast<T>(block[static_cast<std::size_t>(k)]) * stddev;
      }
    }
  });
}

template <typename T>
void fill_truncated_normal(const RandomKey& key, T* out, std::int64_t count, T mean, T stddev) {
  fill_from_words(key, out, count, [=](const std::uint32_t* words, std::size_t n, T* results) {
    detail::truncated_normals(words, n, results);
    for (std::size_t i = 0; i < n; ++i) results[i] = mean + results[i] * stddev;
  });
}

template <typename T>
void fill_integers(const RandomKey& key, T* out, std::int64_t count, T min, T max) {
  const std::uint64_t range = static_cast<std::uint64_t>(max) - static_cast<std::uint64_t>(min);
  fill_from_words(key, out, count, [=](const std::uint32_t* words, std::size_t n, T* results) {
    for (std::size_t i = 0; i < n; ++i) {
      results[i] = static_cast<T>(static_cast<std::uint64_t>(min) + (words[i] * range >> 32));
    }
  });
}

template void fill_uniform(const RandomKey&, float*, std::int64_t, float, float);
template void fill_uniform(const RandomKey&, double*, std::int64_t, double, double);
template void fill_normal(const RandomKey&, float*, std::int64_t, float, float);
template void fill_normal(const RandomKey&, double*, std::int64_t, double, double);
template void fill_truncated_normal(const RandomKey&, float*, std::int64_t, float, float);
template void fill_truncated_normal(const RandomKey&, double*, std::int64_t, double, double);
template void fill_integers(const RandomKey&, std::int32_t*, std::int64_t, std::int32_t,
                            std::int32_t);
template void fill_integers(const RandomKey&, std::int64_t*, std::int64_t, std::int64_t,
                            std::int64_t);

}  // namespace tegula::kernels
