#include "tegula/core/shape.hpp"

#include <algorithm>
#include <limits>

#include "tegula/core/error.hpp"

namespace tegula {

namespace {

void check_dim(std::int64_t dim) {
  if (dim < kUnknown) {
    throw ShapeError("a dimension must be >= 0, or -1 for unknown; got " + std::to_string(dim));
  }
}

}  // namespace

Shape::Shape(std::span<const std::int64_t> dims) {
  if (dims.size() > kMaxRank) {
    throw ShapeError("a shape has at most " + std::to_string(kMaxRank) + " dimensions; got " +
                     std::to_string(dims.size()));
  }
  for (const std::int64_t dim : dims) append(dim);
}

std::int64_t Shape::dim(int axis) const { return (*this)[normalize_axis(axis, rank())]; }

void Shape::throw_no_axis(int axis) const {
  throw ShapeError("shape " + to_string() + " has no axis " + std::to_string(axis));
}

bool Shape::is_known() const {
  return std::none_of(begin(), end(), [](std::int64_t dim) { return dim == kUnknown; });
}

std::int64_t Shape::element_count() const {
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t dim : dims()) {
    if (dim == kUnknown) {
      throw ShapeError("shape " + to_string() + " has unknown dimensions, so no element count");
    }
    if (dim == 0) {
      empty = true;
    } else if (count > std::numeric_limits<std::int64_t>::max() / dim) {
      throw ShapeError("the element count of shape " + to_string() + " overflows 64 bits");
    } else {
      count *= dim;
    }
  }
  return empty ? 0 : count;
}

void Shape::append(std::int64_t dim) {
  check_dim(dim);
  if (rank_ == kMaxRank) {
    throw ShapeError("a shape has at most " + std::to_string(kMaxRank) + " dimensions");
  }
  dims_[rank_++] = dim;
}

void Shape::set(int axis, std::int64_t dim) {
  check_dim(dim);
  dims_[static_cast<std::size_t>(normalize_axis(axis, rank()))] = dim;
}

std::string Shape::to_string() const {
  std::string text = "[";
  for (int i = 0; i < rank(); ++i) {
    if (i > 0) text += ',';
    text += (*this)[i] == kUnknown ? "?" : std::to_string((*this)[i]);
  }
  return text + "]";
}

bool compatible(const Shape& a, const Shape& b) {
  return a.rank() == b.rank() &&
         std::equal(a.begin(), a.end(), b.begin(), [](std::int64_t left, std::int64_t right) {
           return left == right || left == kUnknown || right == kUnknown;
         });
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  if (a == b || b.rank() == 0) return a;
  if (a.rank() == 0) return b;
  const int rank = std::max(a.rank(), b.rank());
  Shape result;
  for (int i = 0; i < rank; ++i) {
    const int axis_a = i - (rank - a.rank());
    const int axis_b = i - (rank - b.rank());
    const std::int64_t left = axis_a < 0 ? 1 : a[axis_a];
    const std::int64_t right = axis_b < 0 ? 1 : b[axis_b];
    if (left == right || right == 1) {
      result.append(left);
    } else if (left == 1 || left == kUnknown) {
      result.append(right);
    } else if (right == kUnknown) {
      result.append(left);
    } else {
      throw ShapeError("cannot broadcast shapes " + a.to_string() + " and " + b.to_string() +
                       ": dimensions " + std::to_string(left) + " and " + std::to_string(right) +
                       " differ and neither is 1");
    }
  }
  return result;
}

int normalize_axis(std::int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) {
    throw ShapeError("axis " + std::to_string(axis) + " is out of range for rank " +
                     std::to_string(rank));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace tegula
