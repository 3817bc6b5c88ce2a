#include "kernels/cpu/norm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/cpu/reduce.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

/// Elements that are worth a parallel task.
constexpr std::int64_t kTaskElements = 32768;
constexpr std::int64_t kMaxChunks = 256;

/// Whether a sum of squares has lost nothing to overflow, and no more than rounding to squares
/// below the smallest normal number (the thread may take those for zero).
template <typename T>
bool is_exact(T sum) {
  constexpr T kSmallest =
      std::numeric_limits<T>::min() / (std::numeric_limits<T>::epsilon() * T(0x1p-10));
  return sum >= kSmallest && sum <= std::numeric_limits<T>::max();
}

/// Norm of at(0), ..., at(count - 1), all divided by a power of two that is near the largest.
template <typename At>
double scaled_norm(std::int64_t count, const At& at) {
  double largest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double size = std::abs(static_cast<double>(at(i)));
    if (std::isnan(size)) return size;
    largest = std::max(largest, size);
  }
  if (largest == 0 || std::isinf(largest)) return largest;
  const int exponent = std::ilogb(largest);
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double scaled = std::scalbn(static_cast<double>(at(i)), -exponent);
    sum += scaled * scaled;
  }
  return std::scalbn(std::sqrt(sum), exponent);
}

template <typename T>
T root(T sum, const T* x, std::int64_t count) {
  if (is_exact(sum)) return std::sqrt(sum);
  return static_cast<T>(scaled_norm(count, [x](std::int64_t i) { return x[i]; }));
}

template <typename T>
constexpr DType dtype_of = sizeof(T) == 4 ? DType::f32 : DType::f64;

template <typename T>
T sum_of_squares(const T* x, std::int64_t count) {
  T sum;
  reduce_squares(ReduceOp::sum, dtype_of<T>, x, nullptr, &sum, 1, count);
  return sum;
}

/// One row in parallel chunks, which depend on its length alone.
template <typename T>
T norm_of_long_row(const T* x, std::int64_t count) {
  const std::int64_t chunk = std::max(kTaskElements, (count + kMaxChunks - 1) / kMaxChunks);
  const std::int64_t chunks = (count + chunk - 1) / chunk;
  std::array<T, kMaxChunks> sums;
  parallel_for(chunks, [&](std::int64_t c) {
    const std::int64_t begin = c * chunk;
    sums[static_cast<std::size_t>(c)] = sum_of_squares(x + begin, std::min(chunk, count - begin));
  });
  T sum = 0;
  for (std::int64_t c = 0; c < chunks; ++c) sum += sums[static_cast<std::size_t>(c)];
  return root(sum, x, count);
}

template <typename T>
void norm_of_rows(const T* x, T* result, std::int64_t rows, std::int64_t count) {
  if (count > kTaskElements) {
    for (std::int64_t row = 0; row < rows; ++row) {
      result[row] = norm_of_long_row(x + row * count, count);
    }
    return;
  }
  const std::int64_t per_task =
      std::max(kTaskElements / std::max(count, std::int64_t{1}), std::int64_t{1});
  parallel_for((rows + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * per_task);
    for (std::int64_t row = task * per_task; row < end; ++row) {
      result[row] = root(sum_of_squares(x + row * count, count), x + row * count, count);
    }
  });
}

/// Dimensions with the strides of the array's elements, of the axes that are kept or reduced.
struct Walk {
  int rank = 0;
  std::array<std::int64_t, Shape::kMaxRank> dims{}, strides{};
  std::int64_t count = 1;

  void add(std::int64_t dim, std::int64_t stride) {
    dims[static_cast<std::size_t>(rank)] = dim;
    strides[static_cast<std::size_t>(rank++)] = stride;
    count *= dim;
  }
  std::int64_t offset(std::int64_t position) const {
    if (rank == 1) return position * strides[0];
    std::int64_t result = 0;
    for (int i = rank - 1; i >= 0; --i) {
      const auto k = static_cast<std::size_t>(i);
      result += position % dims[k] * strides[k];
      position /= dims[k];
    }
    return result;
  }
};

/// Any set of axes, element by element.
template <typename T>
void norm_of_strides(const T* x, T* result, const Shape& shape, std::uint32_t axis_mask) {
  std::array<std::int64_t, Shape::kMaxRank> strides{};
  std::int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  Walk kept, reduced;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    Walk& walk = (axis_mask >> axis & 1) != 0 ? reduced : kept;
    walk.add(shape[axis], strides[static_cast<std::size_t>(axis)]);
  }
  parallel_for(kept.count, [&](std::int64_t out) {
    const T* from = x + kept.offset(out);
    const auto at = [&](std::int64_t i) { return static_cast<double>(from[reduced.offset(i)]); };
    double sum = 0;
    for (std::int64_t i = 0; i < reduced.count; ++i) sum += at(i) * at(i);
    result[out] = static_cast<T>(is_exact(sum) ? std::sqrt(sum) : scaled_norm(reduced.count, at));
  });
}

template <typename T>
void norm_typed(const T* x, T* result, const Shape& shape, std::uint32_t axis_mask) {
  // Reduced axes that are the last ones make rows.
  std::int64_t rows = 1, count = 1;
  bool is_rows = true;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool is_reduced = (axis_mask >> axis & 1) != 0;
    (is_reduced ? count : rows) *= shape[axis];
    const bool next_is_kept = axis + 1 < shape.rank() && (axis_mask >> (axis + 1) & 1) == 0;
    if (is_reduced && next_is_kept) is_rows = false;
  }
  if (rows == 0) return;
  if (is_rows) {
    norm_of_rows(x, result, rows, count);
  } else {
    norm_of_strides(x, result, shape, axis_mask);
  }
}

}  // namespace

void norm_axes(DType dtype, const void* input, void* result, const Shape& shape,
               std::uint32_t axis_mask) {
  if (dtype == DType::f32) {
    norm_typed(static_cast<const float*>(input), static_cast<float*>(result), shape, axis_mask);
  } else if (dtype == DType::f64) {
    norm_typed(static_cast<const double*>(input), static_cast<double*>(result), shape, axis_mask);
  } else {
    throw DTypeError("norm does not take " + std::string(to_string(dtype)));
  }
}

}  // namespace tegula::kernels
