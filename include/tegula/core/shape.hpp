#pragma once
// Dimensions of a tensor; a dimension may be unknown (-1) while a graph is built.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "tegula/core/export.hpp"

namespace tegula {

inline constexpr std::int64_t kUnknown = -1;

/// Up to `kMaxRank` dimensions, each >= 0 or `kUnknown`. A value type that never allocates.
class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;
  /// Throws ShapeError for more than kMaxRank dimensions or a dimension below -1.
  Shape(std::initializer_list<std::int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  TEGULA_API explicit Shape(std::span<const std::int64_t> dims);

  int rank() const { return rank_; }
  /// Dimension of `axis`; negative axes count from the end. Throws ShapeError out of range.
  TEGULA_API std::int64_t dim(int axis) const;
  /// Dimension of 0 <= axis < rank(); else throws ShapeError.
  std::int64_t operator[](int axis) const {
    if (axis < 0 || axis >= rank_) throw_no_axis(axis);
    return dims_[static_cast<std::size_t>(axis)];
  }
  std::span<const std::int64_t> dims() const { return {dims_.data(), rank_}; }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.begin() + rank_; }

  TEGULA_API bool is_known() const;
  /// Product of the dimensions (1 for rank 0). Throws ShapeError when a dimension is unknown or
  /// the product overflows.
  TEGULA_API std::int64_t element_count() const;

  /// Throws ShapeError for a rank above kMaxRank or an invalid dimension.
  TEGULA_API void append(std::int64_t dim);
  TEGULA_API void set(int axis, std::int64_t dim);

  bool operator==(const Shape& other) const {
    if (rank_ != other.rank_) return false;
    for (int i = 0; i < rank_; ++i) {
      if ((*this)[i] != other[i]) return false;
    }
    return true;
  }

  /// "[?,784]"; rank 0 prints "[]".
  TEGULA_API std::string to_string() const;

 private:
  [[noreturn]] TEGULA_API void throw_no_axis(int axis) const;

  std::array<std::int64_t, kMaxRank> dims_{};
  std::uint8_t rank_ = 0;
};

/// Whether every dimension is equal or unknown on one side.
TEGULA_API bool compatible(const Shape& a, const Shape& b);

/// NumPy broadcasting; an unknown dimension against 1 or unknown stays unknown, against n > 1 gives
/// n. Throws ShapeError naming both shapes.
TEGULA_API Shape broadcast_shapes(const Shape& a, const Shape& b);

/// Maps a possibly negative axis to 0..rank-1. Throws ShapeError naming axis and rank.
TEGULA_API int normalize_axis(std::int64_t axis, int rank);

}  // namespace tegula
