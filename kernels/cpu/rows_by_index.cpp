#include "kernels/cpu/rows_by_index.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

constexpr std::int64_t kBytesPerTask = 256 * 1024;
/// Each task of a scatter looks at all indices, so more tasks cost more looks.
constexpr std::int64_t kMostTasks = 16;

/// Calls visit(position) for all positions, those of equal indices by one task and in order.
template <typename Index, typename Visit>
void for_each_row(const RowsByIndex<Index>& rows, std::int64_t row_bytes, const Visit& visit) {
  const std::int64_t tasks = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(rows.count * row_bytes / kBytesPerTask, 1, kMostTasks))));
  parallel_for(tasks, [&](std::int64_t task) {
    for (std::int64_t i = 0; i < rows.count; ++i) {
      if ((static_cast<std::int64_t>(rows.indices[i]) & (tasks - 1)) == task) visit(i);
    }
  });
}

void copy(const void* from, void* to, std::int64_t bytes) {
  if (from == to || bytes == 0) return;
  parallel_for((bytes + kBytesPerTask - 1) / kBytesPerTask, [&](std::int64_t task) {
    const std::int64_t begin = task * kBytesPerTask;
    std::memcpy(static_cast<std::byte*>(to) + begin, static_cast<const std::byte*>(from) + begin,
                static_cast<std::size_t>(std::min(kBytesPerTask, bytes - begin)));
  });
}

template <typename T, typename Index, typename Combine>
void combine_rows_by(const RowsByIndex<Index>& rows, const T* updates, T* y,
                     const Combine& combine) {
  const std::int64_t inner = rows.inner;
  for_each_row(rows, inner * static_cast<std::int64_t>(sizeof(T)), [&](std::int64_t i) {
    const T* const from = updates + i * inner;
    T* const to = y + static_cast<std::int64_t>(rows.indices[i]) * inner;
    for (std::int64_t j = 0; j < inner; ++j) to[j] = combine(to[j], from[j]);
  });
}

constexpr std::int32_t kNone = -1;

/// The rows of equal index as lists, in order: each begins at the first of them.
struct EqualRows {
  /// The next row of equal index, or kNone.
  std::int32_t* next;
  /// Of the first row of an index: the last one. Of others kNone.
  std::int32_t* last;
  /// By hash: the first row of an index, or kNone. Its size is a power of two.
  std::int32_t* first;
  std::uint64_t table_size;

  EqualRows(void* scratch, std::int64_t count)
      : next(static_cast<std::int32_t*>(scratch)),
        last(next + count),
        first(last + count),
        table_size(table_size_for(count)) {}

  /// At least half of the table stays empty, so that searches are short.
  static std::uint64_t table_size_for(std::int64_t count) {
    return std::bit_ceil(static_cast<std::uint64_t>(std::max<std::int64_t>(count, 1)) * 2);
  }

  template <typename Index>
  void collect(const Index* indices, std::int64_t count) {
    std::fill_n(first, table_size, kNone);
    const int shift = 64 - std::countr_zero(table_size);
    for (std::int32_t i = 0; i < count; ++i) {
      next[i] = last[i] = kNone;
      // Multiplicative hashing: Knuth, The Art of Computer Programming 3, 6.4.
      std::uint64_t slot = static_cast<std::uint64_t>(indices[i]) * 0x9e3779b97f4a7c15U >> shift;
      while (first[slot] != kNone && indices[first[slot]] != indices[i]) {
        slot = (slot + 1) & (table_size - 1);
      }
      if (first[slot] == kNone) {
        first[slot] = last[i] = i;
        continue;
      }
      std::int32_t& end = last[first[slot]];
      next[end] = i;
      end = i;
    }
  }
};

}  // namespace

template <typename Index>
void replace_rows(const RowsByIndex<Index>& rows, const void* x, const void* updates, void* y,
                  std::size_t element_size) {
  const std::int64_t row_bytes = rows.inner * static_cast<std::int64_t>(element_size);
  copy(x, y, rows.size * row_bytes);
  for_each_row(rows, row_bytes, [&](std::int64_t i) {
    std::memcpy(static_cast<std::byte*>(y) + static_cast<std::int64_t>(rows.indices[i]) * row_bytes,
                static_cast<const std::byte*>(updates) + i * row_bytes,
                static_cast<std::size_t>(row_bytes));
  });
}

template <typename T, typename Index>
void combine_rows(const RowsByIndex<Index>& rows, RowReduction reduction, const T* x,
                  const T* updates, T* y) {
  copy(x, y, rows.size * rows.inner * static_cast<std::int64_t>(sizeof(T)));
  switch (reduction) {
    case RowReduction::add:
      return combine_rows_by(rows, updates, y, [](T a, T b) { return a + b; });
    case RowReduction::mul:
      return combine_rows_by(rows, updates, y, [](T a, T b) { return a * b; });
    case RowReduction::max:
      return combine_rows_by(rows, updates, y,
                             [](T a, T b) { return std::isnan(a) || a > b ? a : b; });
    case RowReduction::min:
      return combine_rows_by(rows, updates, y,
                             [](T a, T b) { return std::isnan(a) || a < b ? a : b; });
  }
}

std::size_t row_sums_scratch_bytes(std::int64_t count) {
  return (static_cast<std::size_t>(count) * 2 + EqualRows::table_size_for(count)) *
         sizeof(std::int32_t);
}

template <typename T, typename Index>
void sum_rows_by_index(const RowsByIndex<Index>& rows, const T* x, T* y, void* scratch) {
  EqualRows equal(scratch, rows.count);
  equal.collect(rows.indices, rows.count);
  const std::int64_t inner = rows.inner;
  const std::int64_t row_bytes = std::max<std::int64_t>(inner, 1) * std::int64_t{sizeof(T)};
  const std::int64_t per_task = std::max<std::int64_t>(kBytesPerTask / row_bytes, 1);
  parallel_for((rows.count + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows.count, (task + 1) * per_task);
    for (std::int64_t i = task * per_task; i < end; ++i) {
      if (equal.last[i] == kNone) continue;
      T* const sum = y + i * inner;
      if (x != y) std::copy_n(x + i * inner, inner, sum);
      for (std::int32_t other = equal.next[i]; other != kNone; other = equal.next[other]) {
        const T* const row = x + other * inner;
        for (std::int64_t j = 0; j < inner; ++j) sum[j] += row[j];
      }
      for (std::int32_t other = equal.next[i]; other != kNone; other = equal.next[other]) {
        std::copy_n(sum, inner, y + other * inner);
      }
    }
  });
}

namespace {

/// Adds to `sum` the elements [begin, begin + kWidth) of `count` rows, reading rows to come ahead.
template <int kWidth, typename T, typename Index>
void add_columns(const Index* indices, std::int64_t count, std::int64_t inner, const T* x, T* sum) {
  constexpr std::int64_t kAhead = 8;
  constexpr std::int64_t kLine = 64 / sizeof(T);
  T total[kWidth] = {};
  for (std::int64_t k = 0; k < count; ++k) {
    if (k + kAhead < count) {
      const T* const next = x + static_cast<std::int64_t>(indices[k + kAhead]) * inner;
      for (std::int64_t j = 0; j < kWidth; j += kLine) __builtin_prefetch(next + j);
    }
    const T* const row = x + static_cast<std::int64_t>(indices[k]) * inner;
    for (int j = 0; j < kWidth; ++j) total[j] += row[j];
  }
  std::copy_n(total, kWidth, sum);
}

}  // namespace

template <typename T, typename Index>
void sum_gathered_rows(const RowsByIndex<Index>& rows, std::int64_t per_sum, bool mean, const T* x,
                       T* y) {
  constexpr int kWidth = 32;
  const std::int64_t inner = rows.inner;
  const std::int64_t sums = rows.count / per_sum;
  const std::int64_t bytes = std::max<std::int64_t>(inner, 1) * per_sum * std::int64_t{sizeof(T)};
  const std::int64_t per_task = std::max<std::int64_t>(kBytesPerTask / bytes, 1);
  parallel_for((sums + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(sums, (task + 1) * per_task);
    for (std::int64_t i = task * per_task; i < end; ++i) {
      const Index* const indices = rows.indices + i * per_sum;
      T* const sum = y + i * inner;
      std::int64_t j = 0;
      for (; j + kWidth <= inner; j += kWidth) {
        add_columns<kWidth>(indices, per_sum, inner, x + j, sum + j);
      }
      for (; j < inner; ++j) add_columns<1>(indices, per_sum, inner, x + j, sum + j);
      if (!mean) continue;
      for (j = 0; j < inner; ++j) sum[j] /= static_cast<T>(per_sum);
    }
  });
}

template void sum_gathered_rows(const RowsByIndex<std::int32_t>&, std::int64_t, bool, const float*,
                                float*);
template void sum_gathered_rows(const RowsByIndex<std::int64_t>&, std::int64_t, bool, const float*,
                                float*);
template void sum_gathered_rows(const RowsByIndex<std::int32_t>&, std::int64_t, bool, const double*,
                                double*);
template void sum_gathered_rows(const RowsByIndex<std::int64_t>&, std::int64_t, bool, const double*,
                                double*);
template void replace_rows(const RowsByIndex<std::int32_t>&, const void*, const void*, void*,
                           std::size_t);
template void replace_rows(const RowsByIndex<std::int64_t>&, const void*, const void*, void*,
                           std::size_t);
template void combine_rows(const RowsByIndex<std::int32_t>&, RowReduction, const float*,
                           const float*, float*);
template void combine_rows(const RowsByIndex<std::int64_t>&, RowReduction, const float*,
                           const float*, float*);
template void combine_rows(const RowsByIndex<std::int32_t>&, RowReduction, const double*,
                           const double*, double*);
template void combine_rows(const RowsByIndex<std::int64_t>&, RowReduction, const double*,
                           const double*, double*);
template void sum_rows_by_index(const RowsByIndex<std::int32_t>&, const float*, float*, void*);
template void sum_rows_by_index(const RowsByIndex<std::int64_t>&, const float*, float*, void*);
template void sum_rows_by_index(const RowsByIndex<std::int32_t>&, const double*, double*, void*);
template void sum_rows_by_index(const RowsByIndex<std::int64_t>&, const double*, double*, void*);

}  // namespace tegula::kernels
