#include "kernels/cpu/reduce.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "kernels/cpu/reduce_internal.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

using detail::Axes;
using detail::find_extremes;
using detail::find_first;
using detail::Fold;
using detail::fold_columns;
using detail::fold_rows;
using detail::fold_rows_apart;
using detail::kRowsApart;
using detail::kStripColumns;

constexpr std::pair<ReduceOp, std::string_view> kNames[] = {
    {ReduceOp::sum, "sum"},   {ReduceOp::mean, "mean"},     {ReduceOp::prod, "prod"},
    {ReduceOp::max, "max"},   {ReduceOp::min, "min"},       {ReduceOp::logsumexp, "logsumexp"},
    {ReduceOp::norm, "norm"}, {ReduceOp::argmax, "argmax"}, {ReduceOp::argmin, "argmin"},
    {ReduceOp::any, "any"},   {ReduceOp::all, "all"},
};

/// Elements that are worth a parallel task.
constexpr std::int64_t kTaskElements = 32768;
/// Rows longer than four tasks are cut into chunks that are folded in parallel.
constexpr std::int64_t kMaxChunks = 256;
/// Short rows are taken together, within the L1 cache where they fit.
constexpr std::int64_t kL1Elements = 4096;
constexpr std::int64_t kRowsTogether = 64;
/// Lengths of rows of a far array that are read side by side: eight of them to a task.
constexpr std::int64_t kMinApart = 256;
constexpr std::int64_t kMaxApart = kTaskElements / kRowsApart;
/// Columns that several rows of a narrow array make together.
constexpr std::int64_t kJoinedColumns = 256;

bool is_argument(ReduceOp op) { return op == ReduceOp::argmax || op == ReduceOp::argmin; }

/// The fold behind a floating-point reduction (for argmax and logsumexp the one that comes first).
Fold fold_of(ReduceOp op) {
  switch (op) {
    case ReduceOp::prod:
      return Fold::prod;
    case ReduceOp::max:
    case ReduceOp::argmax:
    case ReduceOp::logsumexp:
      return Fold::max;
    case ReduceOp::min:
    case ReduceOp::argmin:
      return Fold::min;
    default:
      return Fold::sum;
  }
}

template <typename T>
T combine(Fold fold, T a, T b) {
  switch (fold) {
    case Fold::sum:
    case Fold::sum_exp:
      return a + b;
    case Fold::prod:
      return a * b;
    case Fold::max:
      return std::isnan(a) || a > b ? a : b;
    case Fold::min:
      return std::isnan(a) || a < b ? a : b;
  }
  return a;
}

/// Folds values[0], values[step], ... in pairs; overwrites them.
template <typename T>
T combine_pairwise(Fold fold, T* values, std::int64_t count, std::int64_t step = 1) {
  while (count > 1) {
    const std::int64_t half = (count + 1) / 2;
    for (std::int64_t i = 0; i + half < count; ++i) {
      values[i * step] = combine(fold, values[i * step], values[(i + half) * step]);
    }
    count = half;
  }
  return values[0];
}

/// What exp subtracts: the maximum, or 0 where that is infinite or NaN and speaks for itself.
template <typename T>
T finite_shift(T maximum) {
  return std::isfinite(maximum) ? maximum : T(0);
}

/// Elements that are worth a parallel task: fewer where each costs an exponential.
std::int64_t task_elements(ReduceOp op) {
  return op == ReduceOp::logsumexp ? kTaskElements / 8 : kTaskElements;
}

template <typename T>
T fold_one(Fold fold, const T* x, std::int64_t count, T shift = T(0)) {
  T result;
  fold_rows(fold, x, 1, count, &shift, &result);
  return result;
}

template <typename T>
bool is_far(std::int64_t count) {
  return count * static_cast<std::int64_t>(sizeof(T)) >= detail::kFarBytes;
}

/// A part of a far row: its eighths side by side, then what is left.
template <typename T>
T fold_far(Fold fold, const T* x, std::int64_t count) {
  const std::int64_t part = count / kRowsApart, done = part * kRowsApart;
  std::array<T, kRowsApart + 1> folded;
  fold_rows_apart(fold, x, part, part, folded.data());
  fold_rows(fold, x + done, 1, count - done, nullptr, &folded.back());
  return combine_pairwise(fold, folded.data(), kRowsApart + 1);
}

template <typename T>
T log_of_sum(T maximum, T sum) {
  return std::isfinite(maximum) ? maximum + std::log(sum) : maximum;
}

/// Rows that fit the L1 cache together, so that a second look at them is cheap.
template <typename T>
void reduce_few_rows(ReduceOp op, const T* x, std::int64_t rows, std::int64_t count, T* folded) {
  fold_rows(fold_of(op), x, rows, count, nullptr, folded);
  if (op == ReduceOp::mean) {
    for (std::int64_t r = 0; r < rows; ++r) folded[r] /= static_cast<T>(count);
  } else if (op == ReduceOp::logsumexp) {
    std::array<T, kRowsTogether> shift, sum;
    std::transform(folded, folded + rows, shift.begin(), finite_shift<T>);
    fold_rows(Fold::sum_exp, x, rows, count, shift.data(), sum.data());
    std::transform(folded, folded + rows, sum.begin(), folded, log_of_sum<T>);
  }
}

/// Short rows of a far array, each task's rows in eighths side by side.
template <typename T>
void reduce_far_rows(ReduceOp op, const T* x, T* result, std::int64_t rows, std::int64_t count) {
  const std::int64_t per_task = std::max(kTaskElements / count / kRowsApart, std::int64_t{1});
  const std::int64_t tasks = rows / kRowsApart / per_task, done = tasks * per_task * kRowsApart;
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t first = task * per_task * kRowsApart;
    for (std::int64_t i = first; i < first + per_task; ++i) {
      std::array<T, kRowsApart> folded;
      fold_rows_apart(fold_of(op), x + i * count, per_task * count, count, folded.data());
      for (std::int64_t r = 0; r < kRowsApart; ++r) {
        const T value = folded[static_cast<std::size_t>(r)];
        result[i + r * per_task] = op == ReduceOp::mean ? value / static_cast<T>(count) : value;
      }
    }
  });
  for (std::int64_t row = done; row < rows; ++row) {
    reduce_few_rows(op, x + row * count, 1, count, result + row);
  }
}

template <typename T>
void reduce_short_rows(ReduceOp op, const T* x, void* result, std::int64_t rows,
                       std::int64_t count) {
  const bool memory_bound = !is_argument(op) && op != ReduceOp::logsumexp;
  if (memory_bound && is_far<T>(rows * count) && count >= kMinApart && count <= kMaxApart) {
    return reduce_far_rows(op, x, static_cast<T*>(result), rows, count);
  }
  const std::int64_t size = std::max<std::int64_t>(count, 1);
  const std::int64_t together = std::clamp<std::int64_t>(kL1Elements / size, 4, kRowsTogether);
  const std::int64_t per_task = std::max(task_elements(op) / size / together, std::int64_t{1});
  const std::int64_t batches = (rows + together - 1) / together;
  parallel_for((batches + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * per_task * together);
    for (std::int64_t row = task * per_task * together; row < end; row += together) {
      const std::int64_t used = std::min(together, end - row);
      const T* from = x + row * count;
      if (!is_argument(op)) {
        reduce_few_rows(op, from, used, count, static_cast<T*>(result) + row);
        continue;
      }
      std::array<T, kRowsTogether> extreme;
      reduce_few_rows(op, from, used, count, extreme.data());
      for (std::int64_t r = 0; r < used; ++r) {
        static_cast<std::int64_t*>(result)[row + r] =
            find_first(from + r * count, count, extreme[static_cast<std::size_t>(r)]);
      }
    }
  });
}

/// One row in parallel chunks, each of which is read once. The chunks depend on its length alone.
template <typename T>
void reduce_long_row(ReduceOp op, const T* x, std::int64_t count, void* result,
                     std::int64_t index) {
  const std::int64_t chunk = std::max(task_elements(op), (count + kMaxChunks - 1) / kMaxChunks);
  const std::int64_t chunks = (count + chunk - 1) / chunk;
  const Fold fold = fold_of(op);
  const bool far = is_far<T>(count);
  std::array<T, kMaxChunks> partial, sums;
  parallel_for(chunks, [&](std::int64_t c) {
    const auto i = static_cast<std::size_t>(c);
    const std::int64_t begin = c * chunk, size = std::min(chunk, count - begin);
    partial[i] = far ? fold_far(fold, x + begin, size) : fold_one(fold, x + begin, size);
    if (op == ReduceOp::logsumexp) {
      sums[i] = fold_one(Fold::sum_exp, x + begin, size, finite_shift(partial[i]));
    }
  });
  if (is_argument(op)) {
    std::array<T, kMaxChunks> copy = partial;
    const T extreme = combine_pairwise(fold, copy.data(), chunks);
    const std::int64_t begin = chunk * find_first(partial.data(), chunks, extreme);
    static_cast<std::int64_t*>(result)[index] =
        begin + find_first(x + begin, std::min(chunk, count - begin), extreme);
    return;
  }
  T& out = static_cast<T*>(result)[index];
  if (op != ReduceOp::logsumexp) {
    out = combine_pairwise(fold, partial.data(), chunks);
    if (op == ReduceOp::mean) out /= static_cast<T>(count);
    return;
  }
  std::array<T, kMaxChunks> copy = partial;
  const T maximum = combine_pairwise(fold, copy.data(), chunks);
  for (std::int64_t c = 0; c < chunks; ++c) {
    const auto i = static_cast<std::size_t>(c);
    sums[i] *= std::exp(finite_shift(partial[i]) - finite_shift(maximum));
  }
  out = log_of_sum(maximum, combine_pairwise(Fold::sum, sums.data(), chunks));
}

template <typename T>
void reduce_rows(ReduceOp op, const T* x, void* result, std::int64_t rows, std::int64_t count) {
  if (count <= 4 * task_elements(op)) return reduce_short_rows(op, x, result, rows, count);
  for (std::int64_t row = 0; row < rows; ++row) {
    reduce_long_row(op, x + row * count, count, result, row);
  }
}

/// fold_columns for a strip of a narrow array: several rows are taken as one.
template <typename T>
void fold_narrow(Fold fold, const T* x, std::int64_t rows, std::int64_t columns, const T* shift,
                 T* result) {
  const std::int64_t together = std::min(kJoinedColumns / columns, rows);
  const std::int64_t width = together * columns, wide_rows = rows / together;
  std::array<T, kJoinedColumns> wide, shifts, rest;
  for (std::int64_t i = 0; shift != nullptr && i < width; ++i) {
    shifts[static_cast<std::size_t>(i)] = shift[i % columns];
  }
  fold_columns(fold, x, wide_rows, width, width, shift != nullptr ? shifts.data() : nullptr,
               wide.data());
  const std::int64_t rest_rows = rows - wide_rows * together;
  if (rest_rows > 0) {
    fold_columns(fold, x + wide_rows * width, rest_rows, columns, columns, shift, rest.data());
  }
  for (std::int64_t c = 0; c < columns; ++c) {
    const T folded = combine_pairwise(fold, wide.data() + c, together, columns);
    result[c] = rest_rows > 0 ? combine(fold, folded, rest[static_cast<std::size_t>(c)]) : folded;
  }
}

template <typename T>
void fold_any_columns(Fold fold, const T* x, std::int64_t rows, std::int64_t stride,
                      std::int64_t columns, const T* shift, T* result) {
  if (stride == columns && columns <= kJoinedColumns / 4) {
    fold_narrow(fold, x, rows, columns, shift, result);
  } else {
    fold_columns(fold, x, rows, stride, columns, shift, result);
  }
}

/// One strip of a floating-point reduction of columns.
template <typename T>
void reduce_strip(ReduceOp op, const T* x, std::int64_t rows, std::int64_t stride,
                  std::int64_t columns, void* result, std::int64_t index) {
  if (is_argument(op)) {
    return find_extremes(op == ReduceOp::argmax, x, rows, stride, columns,
                         static_cast<std::int64_t*>(result) + index);
  }
  T* out = static_cast<T*>(result) + index;
  fold_any_columns<T>(fold_of(op), x, rows, stride, columns, nullptr, out);
  if (op == ReduceOp::mean) {
    for (std::int64_t c = 0; c < columns; ++c) out[c] /= static_cast<T>(rows);
  } else if (op == ReduceOp::logsumexp) {
    std::array<T, kStripColumns> shift, sum;
    std::transform(out, out + columns, shift.begin(), finite_shift<T>);
    fold_any_columns<T>(Fold::sum_exp, x, rows, stride, columns, shift.data(), sum.data());
    for (std::int64_t c = 0; c < columns; ++c) {
      const auto i = static_cast<std::size_t>(c);
      out[c] = log_of_sum(out[c], sum[i]);
    }
  }
}

/// Columns of one tall array with few strips: chunks of rows are folded in parallel.
template <typename T>
bool reduce_tall(ReduceOp op, const T* x, T* result, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t kPartials = 8192;
  if (op == ReduceOp::logsumexp || is_argument(op)) return false;
  const std::int64_t chunks =
      std::min({rows * columns / kTaskElements, kPartials / columns, std::int64_t{64}});
  if (columns > kStripColumns || chunks < 2) return false;
  std::array<T, kPartials> partial;
  const std::int64_t chunk = (rows + chunks - 1) / chunks;
  const std::int64_t used = (rows + chunk - 1) / chunk;
  const Fold fold = fold_of(op);
  parallel_for(used, [&](std::int64_t c) {
    fold_any_columns<T>(fold, x + c * chunk * columns, std::min(chunk, rows - c * chunk), columns,
                        columns, nullptr, partial.data() + c * columns);
  });
  for (std::int64_t c = 0; c < columns; ++c) {
    const T folded = combine_pairwise(fold, partial.data() + c, used, columns);
    result[c] = op == ReduceOp::mean ? folded / static_cast<T>(rows) : folded;
  }
  return true;
}

template <typename T>
void reduce_columns(ReduceOp op, const T* x, void* result, std::int64_t outer, std::int64_t rows,
                    std::int64_t columns) {
  if (outer == 1 && reduce_tall(op, x, static_cast<T*>(result), rows, columns)) return;
  const std::int64_t strips = (columns + kStripColumns - 1) / kStripColumns;
  const std::int64_t strip_elements = rows * std::min(columns, kStripColumns);
  const std::int64_t per_task = std::max<std::int64_t>(task_elements(op) / strip_elements, 1);
  const std::int64_t total = outer * strips;
  parallel_for((total + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(total, (task + 1) * per_task);
    for (std::int64_t s = task * per_task; s < end; ++s) {
      const std::int64_t column = s % strips * kStripColumns, o = s / strips;
      reduce_strip(op, x + o * rows * columns + column, rows, columns,
                   std::min(kStripColumns, columns - column), result, o * columns + column);
    }
  });
}

/// Merges neighbouring axes of the same kind, and drops those of size 1.
Axes merge_axes(const Shape& shape, std::uint32_t axis_mask) {
  Axes axes;
  std::int64_t stride = 1;
  int previous = -1;  // 1 after a reduced axis, 0 after a kept one
  std::array<std::int64_t, Shape::kMaxRank> dims[2], strides[2];
  int rank[2] = {0, 0};
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    const int kind = static_cast<int>(axis_mask >> axis & 1);
    const std::int64_t dim = shape[axis];
    if (dim == 1) continue;
    auto last = static_cast<std::size_t>(rank[kind]);
    if (kind == previous) {
      dims[kind][last - 1] *= dim;
    } else {
      dims[kind][last] = dim;
      strides[kind][last] = stride;
      ++rank[kind];
    }
    (kind == 1 ? axes.reduced : axes.kept) *= dim;
    stride *= dim;
    previous = kind;
  }
  axes.kept_rank = rank[0];
  axes.reduced_rank = rank[1];
  std::reverse_copy(dims[0].begin(), dims[0].begin() + rank[0], axes.kept_dims.begin());
  std::reverse_copy(strides[0].begin(), strides[0].begin() + rank[0], axes.kept_strides.begin());
  std::reverse_copy(dims[1].begin(), dims[1].begin() + rank[1], axes.reduced_dims.begin());
  std::reverse_copy(strides[1].begin(), strides[1].begin() + rank[1], axes.reduced_strides.begin());
  return axes;
}

void check(ReduceOp op, DType dtype, std::int64_t results, std::int64_t reduced) {
  if (!reduce_supports(op, dtype)) {
    throw DTypeError(std::string(to_string(op)) + " does not take " +
                     std::string(to_string(dtype)));
  }
  const bool needs_one = op == ReduceOp::max || op == ReduceOp::min || is_argument(op);
  if (needs_one && reduced == 0 && results != 0) {
    throw InvalidArgument(std::string(to_string(op)) +
                          " over an empty axis has no value; expected at least one element");
  }
}

/// Whether the vector paths serve the reduction.
bool is_folded(ReduceOp op, DType dtype) {
  return (dtype == DType::f32 || dtype == DType::f64) && op != ReduceOp::any &&
         op != ReduceOp::all && op != ReduceOp::norm;
}

template <typename T>
void reduce_folded(ReduceOp op, const T* x, void* result, std::int64_t outer, std::int64_t extent,
                   std::int64_t inner) {
  if (inner == 1 || extent == 0) {
    // Without elements every result is that of an empty row.
    reduce_rows(op, x, result, outer * inner, extent);
  } else {
    reduce_columns(op, x, result, outer, extent, inner);
  }
}

}  // namespace

std::optional<ReduceOp> reduce_op(std::string_view name) {
  for (const auto& [op, op_name] : kNames) {
    if (op_name == name) return op;
  }
  return std::nullopt;
}

std::string_view to_string(ReduceOp op) { return kNames[static_cast<std::size_t>(op)].second; }

bool reduce_supports(ReduceOp op, DType dtype) {
  switch (dtype) {
    case DType::f32:
    case DType::f64:
      return true;
    case DType::i8:
    case DType::u8:
    case DType::i32:
    case DType::i64:
      return op != ReduceOp::mean && op != ReduceOp::logsumexp && op != ReduceOp::norm;
    case DType::boolean:
      return op == ReduceOp::any || op == ReduceOp::all;
    case DType::f16:
    case DType::bf16:
      return false;
  }
  return false;
}

DType reduce_result_dtype(ReduceOp op, DType dtype) {
  if (is_argument(op)) return DType::i64;
  return op == ReduceOp::any || op == ReduceOp::all ? DType::boolean : dtype;
}

void reduce(ReduceOp op, DType dtype, const void* input, void* result, std::int64_t outer,
            std::int64_t extent, std::int64_t inner) {
  check(op, dtype, outer * inner, extent);
  if (outer * inner == 0) return;
  if (is_folded(op, dtype)) {
    if (dtype == DType::f32) {
      reduce_folded(op, static_cast<const float*>(input), result, outer, extent, inner);
    } else {
      reduce_folded(op, static_cast<const double*>(input), result, outer, extent, inner);
    }
    return;
  }
  reduce_axes(op, dtype, input, result, Shape{outer, extent, inner}, 0b010);
}

void reduce_squares(ReduceOp op, DType dtype, const void* input, const void* shifts, void* result,
                    std::int64_t rows, std::int64_t columns) {
  const auto sum = [&]<typename T>(const T* x, T* sums) {
    detail::sum_squares(x, rows, columns, static_cast<const T*>(shifts), sums);
    if (op != ReduceOp::mean) return;
    for (std::int64_t r = 0; r < rows; ++r) sums[r] /= static_cast<T>(columns);
  };
  if (dtype == DType::f32) {
    sum(static_cast<const float*>(input), static_cast<float*>(result));
  } else {
    sum(static_cast<const double*>(input), static_cast<double*>(result));
  }
}

void reduce_axes(ReduceOp op, DType dtype, const void* input, void* result, const Shape& shape,
                 std::uint32_t axis_mask) {
  const Axes axes = merge_axes(shape, axis_mask);
  check(op, dtype, axes.kept, axes.reduced);
  if (axes.kept == 0) return;
  if (is_folded(op, dtype) && axes.reduced_rank <= 1 && axes.reduced > 0) {
    // One run of reduced axes: everything to the right of it is inner.
    const std::int64_t inner = axes.reduced_rank == 0 ? 1 : axes.reduced_strides[0];
    return reduce(op, dtype, input, result, axes.kept / inner, axes.reduced, inner);
  }
  visit_dtype(dtype, [&]<typename T>() {
    if constexpr (std::is_arithmetic_v<T>) {
      detail::reduce_general(op, axes, static_cast<const T*>(input), result);
    }
  });
}

}  // namespace tegula::kernels
