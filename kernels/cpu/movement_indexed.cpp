// Movement by index arrays: gather, its gradient, and one_hot.

#include <algorithm>
#include <cstring>
#include <string>

#include "kernels/cpu/movement.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

constexpr std::int64_t kBytesPerTask = 256 * 1024;
/// Elements of `inner` that one task of a scatter adds: one page of floats.
constexpr std::int64_t kScatterWidth = 1024;

/// Calls body(begin, end) for parts of [0, rows) of about kBytesPerTask each.
template <typename Body>
void parallel_rows(std::int64_t rows, std::int64_t row_bytes, const Body& body) {
  const std::int64_t per_task =
      std::max<std::int64_t>(kBytesPerTask / std::max<std::int64_t>(row_bytes, 1), 1);
  parallel_for((rows + per_task - 1) / per_task, [&](std::int64_t task) {
    body(task * per_task, std::min(rows, (task + 1) * per_task));
  });
}

/// Single elements are copied as integers of their size, rows by memcpy.
template <typename Element, typename Index>
void gather_elements(std::int64_t size, const Index* indices, std::int64_t count, const void* src,
                     void* dst, std::int64_t begin, std::int64_t end) {
  const auto* from = static_cast<const Element*>(src);
  auto* to = static_cast<Element*>(dst);
  for (std::int64_t i = begin; i < end; ++i) {
    to[i] = from[i / count * size + static_cast<std::int64_t>(indices[i % count])];
  }
}

}  // namespace

template <typename Index>
std::int64_t first_out_of_range(const Index* indices, std::int64_t count, std::int64_t size) {
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::int64_t>(indices[i]);
    if (index < 0 || index >= size) return i;
  }
  return kAllInRange;
}

template <typename Index>
std::int64_t gather(std::int64_t outer, std::int64_t size, std::int64_t inner, const Index* indices,
                    std::int64_t count, const void* src, void* dst, std::size_t element_size) {
  const std::int64_t bad = first_out_of_range(indices, count, size);
  if (bad != kAllInRange) return bad;
  const std::int64_t row_bytes = inner * static_cast<std::int64_t>(element_size);
  if (row_bytes == 0) return kAllInRange;
  parallel_rows(outer * count, row_bytes, [&](std::int64_t begin, std::int64_t end) {
    if (row_bytes == 4) {
      return gather_elements<std::uint32_t>(size, indices, count, src, dst, begin, end);
    }
    if (row_bytes == 8) {
      return gather_elements<std::uint64_t>(size, indices, count, src, dst, begin, end);
    }
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = i / count * size + static_cast<std::int64_t>(indices[i % count]);
      std::memcpy(static_cast<std::byte*>(dst) + i * row_bytes,
                  static_cast<const std::byte*>(src) + row * row_bytes,
                  static_cast<std::size_t>(row_bytes));
    }
  });
  return kAllInRange;
}

template <typename Value, typename Index>
std::int64_t scatter_add(std::int64_t outer, std::int64_t size, std::int64_t inner,
                         const Index* indices, std::int64_t count, const Value* src, Value* dst) {
  const std::int64_t bad = first_out_of_range(indices, count, size);
  if (bad != kAllInRange) return bad;
  // Two indices may name the same row, so a task owns columns of the result, never source rows.
  const std::int64_t widths = (inner + kScatterWidth - 1) / kScatterWidth;
  const auto add_columns = [&](std::int64_t task) {
    const std::int64_t begin = task % widths * kScatterWidth;
    const std::int64_t end = std::min(inner, begin + kScatterWidth);
    const Value* from = src + task / widths * count * inner;
    Value* to = dst + task / widths * size * inner;
    for (std::int64_t i = 0; i < size; ++i)
      std::fill(to + i * inner + begin, to + i * inner + end, Value{});
    for (std::int64_t i = 0; i < count; ++i) {
      const Value* row = from + i * inner;
      Value* sum = to + static_cast<std::int64_t>(indices[i]) * inner;
      for (std::int64_t j = begin; j < end; ++j) sum[j] += row[j];
    }
  };
  const std::int64_t bytes =
      outer * (count + size) * inner * static_cast<std::int64_t>(sizeof(Value));
  if (bytes >= kBytesPerTask) {
    parallel_for(outer * widths, add_columns);
  } else {
    for (std::int64_t task = 0; task < outer * widths; ++task) add_columns(task);
  }
  return kAllInRange;
}

namespace {

template <typename Element, typename Index>
void one_hot_rows(const Index* indices, std::int64_t count, std::int64_t depth, const void* on,
                  const void* off, void* dst) {
  Element hot;
  Element cold;
  std::memcpy(&hot, on, sizeof hot);
  std::memcpy(&cold, off, sizeof cold);
  auto* to = static_cast<Element*>(dst);
  parallel_rows(count, depth * static_cast<std::int64_t>(sizeof(Element)),
                [&](std::int64_t begin, std::int64_t end) {
                  std::fill(to + begin * depth, to + end * depth, cold);
                  for (std::int64_t i = begin; i < end; ++i) {
                    const auto index = static_cast<std::int64_t>(indices[i]);
                    if (index >= 0 && index < depth) to[i * depth + index] = hot;
                  }
                });
}

}  // namespace

template <typename Index>
void one_hot(const Index* indices, std::int64_t count, std::int64_t depth, const void* on,
             const void* off, void* dst, std::size_t element_size) {
  switch (element_size) {
    case 1:
      return one_hot_rows<std::uint8_t>(indices, count, depth, on, off, dst);
    case 2:
      return one_hot_rows<std::uint16_t>(indices, count, depth, on, off, dst);
    case 4:
      return one_hot_rows<std::uint32_t>(indices, count, depth, on, off, dst);
    case 8:
      return one_hot_rows<std::uint64_t>(indices, count, depth, on, off, dst);
    default:
      throw InvalidArgument("one_hot cannot write elements of " + std::to_string(element_size) +
                            " bytes; expected 1, 2, 4 or 8");
  }
}

template std::int64_t first_out_of_range(const std::int32_t*, std::int64_t, std::int64_t);
template std::int64_t first_out_of_range(const std::int64_t*, std::int64_t, std::int64_t);
template std::int64_t gather(std::int64_t, std::int64_t, std::int64_t, const std::int32_t*,
                             std::int64_t, const void*, void*, std::size_t);
template std::int64_t gather(std::int64_t, std::int64_t, std::int64_t, const std::int64_t*,
                             std::int64_t, const void*, void*, std::size_t);
template std::int64_t scatter_add(std::int64_t, std::int64_t, std::int64_t, const std::int32_t*,
                                  std::int64_t, const float*, float*);
template std::int64_t scatter_add(std::int64_t, std::int64_t, std::int64_t, const std::int64_t*,
                                  std::int64_t, const float*, float*);
template std::int64_t scatter_add(std::int64_t, std::int64_t, std::int64_t, const std::int32_t*,
                                  std::int64_t, const double*, double*);
template std::int64_t scatter_add(std::int64_t, std::int64_t, std::int64_t, const std::int64_t*,
                                  std::int64_t, const double*, double*);
template std::int64_t scatter_add(std::int64_t, std::int64_t, std::int64_t, const std::int32_t*,
                                  std::int64_t, const std::int32_t*, std::int32_t*);
template std::int64_t scatter_add(std::int64_t, std::int64_t, std::int64_t, const std::int64_t*,
                                  std::int64_t, const std::int32_t*, std::int32_t*);
template std::int64_t scatter_add(std::int64_t, std::int64_t, std::int64_t, const std::int32_t*,
                                  std::int64_t, const std::int64_t*, std::int64_t*);
template std::int64_t scatter_add(std::int64_t, std::int64_t, std::int64_t, const std::int64_t*,
                                  std::int64_t, const std::int64_t*, std::int64_t*);
template void one_hot(const std::int32_t*, std::int64_t, std::int64_t, const void*, const void*,
                      void*, std::size_t);
template void one_hot(const std::int64_t*, std::int64_t, std::int64_t, const void*, const void*,
                      void*, std::size_t);

}  // namespace tegula::kernels
