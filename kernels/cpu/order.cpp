#include "kernels/cpu/order.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

/// Each task sorts in memory of its own.
constexpr std::int64_t kMostTasks = 16;

/// An element by its order as an unsigned number, and its place.
struct Placed {
  std::uint64_t key;
  std::uint64_t place;

  auto operator<=>(const Placed&) const = default;
};

/// Numbers whose order is that of the elements: 0 and -0 are equal, NaN comes last.
template <typename T>
std::uint64_t order_key(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr Bits kSign = Bits{1} << (8 * sizeof(T) - 1);
    if (std::isnan(value)) return std::numeric_limits<Bits>::max();
    const Bits bits = std::bit_cast<Bits>(value + T{0});
    return bits & kSign ? static_cast<Bits>(~bits) : bits | kSign;
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value)) ^ (std::uint64_t{1} << 63);
  } else {
    return static_cast<std::uint64_t>(value);
  }
}

std::int64_t tasks_of(const Lines& lines) {
  return std::min(lines.outer * lines.inner, kMostTasks);
}

/// Columns of a block whose lines run side by side.
constexpr std::int64_t kColumns = 64;

template <typename T, typename Total, typename Combine>
void run_columns(const Lines& lines, std::int64_t columns, Total start, bool exclusive,
                 bool reverse, const T* x, T* y, const Combine& combine) {
  Total totals[kColumns];
  std::fill_n(totals, columns, start);
  for (std::int64_t i = 0; i < lines.size; ++i) {
    const std::int64_t at = (reverse ? lines.size - 1 - i : i) * lines.inner;
    for (std::int64_t j = 0; j < columns; ++j) {
      const Total before = totals[j];
      totals[j] = combine(before, static_cast<Total>(x[at + j]));
      y[at + j] = static_cast<T>(exclusive ? before : totals[j]);
    }
  }
}

}  // namespace

std::size_t argsort_scratch_bytes(const Lines& lines) {
  return static_cast<std::size_t>(tasks_of(lines) * lines.size) * sizeof(Placed);
}

template <typename T>
void argsort(const Lines& lines, bool descending, const T* x, std::int64_t* y, void* scratch) {
  const std::int64_t count = lines.outer * lines.inner;
  const std::int64_t tasks = tasks_of(lines);
  parallel_for(tasks, [&](std::int64_t task) {
    Placed* const order = static_cast<Placed*>(scratch) + task * lines.size;
    for (std::int64_t line = task * count / tasks; line < (task + 1) * count / tasks; ++line) {
      const std::int64_t first = line / lines.inner * lines.size * lines.inner + line % lines.inner;
      for (std::int64_t i = 0; i < lines.size; ++i) {
        const std::uint64_t key = order_key(x[first + i * lines.inner]);
        order[i] = {descending ? ~key : key, static_cast<std::uint64_t>(i)};
      }
      std::sort(order, order + lines.size);
      for (std::int64_t i = 0; i < lines.size; ++i) {
        y[first + i * lines.inner] = static_cast<std::int64_t>(order[i].place);
      }
    }
  });
}

template <typename T>
void running(const Lines& lines, Running operation, bool exclusive, bool reverse, const T* x,
             T* y) {
  using Total = std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>;
  const std::int64_t blocks = (lines.inner + kColumns - 1) / kColumns;
  parallel_for(lines.outer * blocks, [&](std::int64_t task) {
    const std::int64_t column = task % blocks * kColumns;
    const std::int64_t columns = std::min(kColumns, lines.inner - column);
    const std::int64_t first = task / blocks * lines.size * lines.inner + column;
    if (operation == Running::sum) {
      run_columns(lines, columns, Total{0}, exclusive, reverse, x + first, y + first,
                  [](Total a, Total b) { return a + b; });
    } else {
      run_columns(lines, columns, Total{1}, exclusive, reverse, x + first, y + first,
                  [](Total a, Total b) { return a * b; });
    }
  });
}

template void argsort(const Lines&, bool, const float*, std::int64_t*, void*);
template void argsort(const Lines&, bool, const double*, std::int64_t*, void*);
template void argsort(const Lines&, bool, const std::int8_t*, std::int64_t*, void*);
template void argsort(const Lines&, bool, const std::uint8_t*, std::int64_t*, void*);
template void argsort(const Lines&, bool, const std::int32_t*, std::int64_t*, void*);
template void argsort(const Lines&, bool, const std::int64_t*, std::int64_t*, void*);
template void argsort(const Lines&, bool, const bool*, std::int64_t*, void*);
template void running(const Lines&, Running, bool, bool, const float*, float*);
template void running(const Lines&, Running, bool, bool, const double*, double*);
template void running(const Lines&, Running, bool, bool, const std::int8_t*, std::int8_t*);
template void running(const Lines&, Running, bool, bool, const std::uint8_t*, std::uint8_t*);
template void running(const Lines&, Running, bool, bool, const std::int32_t*, std::int32_t*);
template void running(const Lines&, Running, bool, bool, const std::int64_t*, std::int64_t*);

}  // namespace tegula::kernels
