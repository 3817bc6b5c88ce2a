#pragma once
// Copies that change an array's shape or order, by element size; no arithmetic but
// scatter_add_rows.
//
// Extents and strides count elements, outermost first; arrays without strides are dense and
// row-major. Element sizes are 1, 2, 4 or 8 bytes. At most kMaxAxes axes. Source and destination
// must not overlap. All functions accept empty extents and do nothing then. Memory-bound: large
// copies are split over threads.

#include <cstddef>
#include <cstdint>
#include <span>

#include "tegula/core/dtype.hpp"

namespace tegula::kernels {

inline constexpr int kMaxAxes = 8;

using Extents = std::span<const std::int64_t>;

/// dst[i*dst_strides] = src[i*src_strides] for all indices i below `extents`. Strides may be
/// negative (the pointers name the element of index 0) and source strides may be 0. This one
/// function serves slices with steps, transposes, broadcasts, concatenation and splitting.
void strided_copy(Extents extents, const void* src, Extents src_strides, void* dst,
                  Extents dst_strides, std::size_t element_size);

/// dst axis i is src axis permutation[i]; `extents` are the source's.
void transpose(Extents extents, std::span<const int> permutation, const void* src, void* dst,
               std::size_t element_size);

/// Source extents align with the last axes of `extents`, each equal to it or 1 (NumPy's rule).
void broadcast_to(Extents src_extents, Extents extents, const void* src, void* dst,
                  std::size_t element_size);

/// dst[i] = src[begin + i*step] on each axis, for i below `extents` (the result's). Steps may be
/// negative; every index must lie inside `src_extents`.
void slice(Extents src_extents, Extents begin, Extents step, Extents extents, const void* src,
           void* dst, std::size_t element_size);

/// The reverse of `slice`, its gradient: dst (of `dst_extents`) is zero but for
/// dst[begin + i*step] = src[i].
void unslice(Extents dst_extents, Extents begin, Extents step, Extents extents, const void* src,
             void* dst, std::size_t element_size);

/// Surrounds src by copies of the element at `value`: `before` and `after` elements per axis, each
/// >= 0.
void pad(Extents src_extents, Extents before, Extents after, const void* value, const void* src,
         void* dst, std::size_t element_size);

/// Repeats src `multiples[i]` times along axis i.
void tile(Extents src_extents, Extents multiples, const void* src, void* dst,
          std::size_t element_size);

/// dst is [outer, sum of sizes, inner]; part i is [outer, sizes[i], inner].
void concat(std::int64_t outer, std::span<const std::int64_t> sizes, std::int64_t inner,
            const void* const* parts, void* dst, std::size_t element_size);

/// The reverse of concat. A null part is skipped.
void split(std::int64_t outer, std::span<const std::int64_t> sizes, std::int64_t inner,
           const void* src, void* const* parts, std::size_t element_size);

/// Sets `count` elements to the one at `value`.
void fill(const void* value, void* dst, std::int64_t count, std::size_t element_size);

/// What gather and scatter_add return when every index was in range.
inline constexpr std::int64_t kAllInRange = -1;

/// The position of the first index outside 0..size-1, or kAllInRange.
template <typename Index>
std::int64_t first_out_of_range(const Index* indices, std::int64_t count, std::int64_t size);

/// dst[outer, count, inner] = src[outer, indices[.], inner], src being [outer, size, inner].
/// `Index` is int32 or int64. Returns the position in `indices` of the first index outside
/// 0..size-1 (dst is then undefined), or kAllInRange.
template <typename Index>
std::int64_t gather(std::int64_t outer, std::int64_t size, std::int64_t inner, const Index* indices,
                    std::int64_t count, const void* src, void* dst, std::size_t element_size);

/// The gradient of gather: dst[outer, size, inner] = 0, then
/// dst[outer, indices[i], inner] += src[outer, i, inner], in the order of i whatever the number of
/// threads. `Value` is float, double, int32 or int64. Returns as gather does.
template <typename Value, typename Index>
std::int64_t scatter_add(std::int64_t outer, std::int64_t size, std::int64_t inner,
                         const Index* indices, std::int64_t count, const Value* src, Value* dst);

/// dst[count, depth] = the element at `on` where the column equals the row's index, else the one at
/// `off`; an index outside 0..depth-1 gives a row of `off`.
template <typename Index>
void one_hot(const Index* indices, std::int64_t count, std::int64_t depth, const void* on,
             const void* off, void* dst, std::size_t element_size);

}  // namespace tegula::kernels
