#include "kernels/cpu/movement.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "tegula/core/error.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

using Index = std::int64_t;

/// A tiled array has two axes for each of its own.
constexpr int kMaxLoopAxes = 2 * kMaxAxes;
/// Bytes one task moves: large enough to pay for waking a thread, small enough to share evenly.
constexpr Index kBytesPerTask = 256 * 1024;
/// Side of the squares by which a transposing copy proceeds; 32 x 32 floats of source and
/// destination fill a quarter of L1.
constexpr Index kSquare = 32;

/// Unsigned integers stand for all elements of their size.
template <typename Function>
void visit_element_size(std::size_t element_size, Function&& function) {
  switch (element_size) {
    case 1:
      return function.template operator()<std::uint8_t>();
    case 2:
      return function.template operator()<std::uint16_t>();
    case 4:
      return function.template operator()<std::uint32_t>();
    case 8:
      return function.template operator()<std::uint64_t>();
    default:
      throw InvalidArgument("elements of " + std::to_string(element_size) +
                            " bytes cannot be moved; expected 1, 2, 4 or 8");
  }
}

Index product(Extents extents) {
  Index count = 1;
  for (const Index extent : extents) count *= extent;
  return count;
}

/// Splits [0, count) into tasks of about kBytesPerTask and calls body(begin, end) for each.
template <typename Body>
void parallel_ranges(Index count, Index bytes_per_item, const Body& body) {
  const Index per_task = std::max<Index>(kBytesPerTask / std::max<Index>(bytes_per_item, 1), 1);
  const Index tasks = (count + per_task - 1) / per_task;
  parallel_for(tasks,
               [&](Index task) { body(task * per_task, std::min(count, (task + 1) * per_task)); });
}

struct Axis {
  Index extent = 0;
  Index src_stride = 0;
  Index dst_stride = 0;
};

/// Nested loops of a strided copy, outermost first. At least one axis.
struct Loops {
  std::array<Axis, kMaxLoopAxes> axes;
  int rank = 0;

  void append(const Axis& axis) {
    if (rank == kMaxLoopAxes) {
      throw InvalidArgument("a copy over more than " + std::to_string(kMaxLoopAxes) +
                            " axes is not supported");
    }
    axes[static_cast<std::size_t>(rank++)] = axis;
  }
  Axis& operator[](int i) { return axes[static_cast<std::size_t>(i)]; }
  const Axis& operator[](int i) const { return axes[static_cast<std::size_t>(i)]; }
};

/// Drops axes of one element and merges neighbours that one loop can walk.
Loops coalesce(const Loops& loops) {
  Loops merged;
  for (int i = 0; i < loops.rank; ++i) {
    const Axis& axis = loops[i];
    if (axis.extent == 1) continue;
    if (merged.rank > 0) {
      Axis& outer = merged[merged.rank - 1];
      if (outer.src_stride == axis.src_stride * axis.extent &&
          outer.dst_stride == axis.dst_stride * axis.extent) {
        outer = {outer.extent * axis.extent, axis.src_stride, axis.dst_stride};
        continue;
      }
    }
    merged.append(axis);
  }
  if (merged.rank == 0) merged.append({1, 1, 1});
  return merged;
}

template <typename T>
void copy_line(const T* src, Index src_stride, T* dst, Index dst_stride, Index count) {
  if (src_stride == 1 && dst_stride == 1) {
    std::memcpy(dst, src, static_cast<std::size_t>(count) * sizeof(T));
  } else if (src_stride == 0 && dst_stride == 1) {
    std::fill_n(dst, count, *src);
  } else {
    for (Index i = 0; i < count; ++i) dst[i * dst_stride] = src[i * src_stride];
  }
}

/// dst[i*dst_stride + j] = src[i + j*src_stride]: reads and writes run along different axes, so it
/// goes square by square, each of which stays in L1.
template <typename T>
void copy_transposed(const T* src, Index src_stride, T* dst, Index dst_stride, Index rows,
                     Index cols) {
  for (Index row = 0; row < rows; row += kSquare) {
    const Index row_end = std::min(rows, row + kSquare);
    for (Index col = 0; col < cols; col += kSquare) {
      const Index col_end = std::min(cols, col + kSquare);
      for (Index i = row; i < row_end; ++i) {
        for (Index j = col; j < col_end; ++j) dst[i * dst_stride + j] = src[i + j * src_stride];
      }
    }
  }
}

/// Where the `index`-th combination of the first `rank` axes starts.
struct Offsets {
  Index src = 0;
  Index dst = 0;
};
Offsets offsets_of(const Loops& loops, int rank, Index index) {
  Offsets offsets;
  for (int i = rank - 1; i >= 0; --i) {
    const Index position = index % loops[i].extent;
    index /= loops[i].extent;
    offsets.src += position * loops[i].src_stride;
    offsets.dst += position * loops[i].dst_stride;
  }
  return offsets;
}

Index outer_count(const Loops& loops, int rank) {
  Index count = 1;
  for (int i = 0; i < rank; ++i) count *= loops[i].extent;
  return count;
}

/// Rows along the last axis; a single row is itself split.
template <typename T>
void copy_lines(const Loops& loops, const T* src, T* dst) {
  const Axis line = loops[loops.rank - 1];
  const Index lines = outer_count(loops, loops.rank - 1);
  if (lines == 1) {
    parallel_ranges(line.extent, sizeof(T), [&](Index begin, Index end) {
      copy_line(src + begin * line.src_stride, line.src_stride, dst + begin * line.dst_stride,
                line.dst_stride, end - begin);
    });
    return;
  }
  const Index line_bytes = line.extent * static_cast<Index>(sizeof(T));
  parallel_ranges(lines, line_bytes, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Offsets at = offsets_of(loops, loops.rank - 1, i);
      copy_line(src + at.src, line.src_stride, dst + at.dst, line.dst_stride, line.extent);
    }
  });
}

/// The axis along which the source is contiguous while the last axis is so in the destination, or
/// -1.
int transposed_axis(const Loops& loops) {
  const Axis& last = loops[loops.rank - 1];
  if (last.dst_stride != 1 || last.src_stride == 1 || last.src_stride == 0) return -1;
  for (int i = 0; i + 1 < loops.rank; ++i) {
    if (loops[i].src_stride == 1) return i;
  }
  return -1;
}

/// Bands of `kSquare` rows of the two transposed axes, for all combinations of the others.
template <typename T>
void copy_squares(const Loops& loops, int row_axis, const T* src, T* dst) {
  const Axis rows = loops[row_axis];
  const Axis cols = loops[loops.rank - 1];
  Loops others;
  for (int i = 0; i + 1 < loops.rank; ++i) {
    if (i != row_axis) others.append(loops[i]);
  }
  const Index bands = (rows.extent + kSquare - 1) / kSquare;
  const Index count = outer_count(others, others.rank) * bands;
  const Index band_bytes = kSquare * cols.extent * static_cast<Index>(sizeof(T));
  parallel_ranges(count, band_bytes, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Offsets at = offsets_of(others, others.rank, i / bands);
      const Index row = i % bands * kSquare;
      copy_transposed(src + at.src + row, cols.src_stride, dst + at.dst + row * rows.dst_stride,
                      rows.dst_stride, std::min(kSquare, rows.extent - row), cols.extent);
    }
  });
}

void run(const Loops& given, const void* src, void* dst, std::size_t element_size) {
  for (int i = 0; i < given.rank; ++i) {
    if (given[i].extent == 0) return;
  }
  const Loops loops = coalesce(given);
  visit_element_size(element_size, [&]<typename T>() {
    const auto* from = static_cast<const T*>(src);
    auto* to = static_cast<T*>(dst);
    const int row_axis = transposed_axis(loops);
    if (row_axis < 0) {
      copy_lines(loops, from, to);
    } else {
      copy_squares(loops, row_axis, from, to);
    }
  });
}

/// Row-major strides.
std::array<Index, kMaxAxes> dense_strides(Extents extents) {
  std::array<Index, kMaxAxes> strides{};
  Index stride = 1;
  for (std::size_t i = extents.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= extents[i];
  }
  return strides;
}

void check_axes(std::size_t axes) {
  if (axes > static_cast<std::size_t>(kMaxAxes)) {
    throw InvalidArgument("an array of " + std::to_string(axes) +
                          " axes cannot be moved; at most " + std::to_string(kMaxAxes) +
                          " are supported");
  }
}

template <typename T>
T* advance(T* pointer, Index elements, std::size_t element_size) {
  using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;
  return static_cast<Byte*>(pointer) + elements * static_cast<Index>(element_size);
}

}  // namespace

void strided_copy(Extents extents, const void* src, Extents src_strides, void* dst,
                  Extents dst_strides, std::size_t element_size) {
  check_axes(extents.size());
  Loops loops;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    loops.append({extents[i], src_strides[i], dst_strides[i]});
  }
  run(loops, src, dst, element_size);
}

void transpose(Extents extents, std::span<const int> permutation, const void* src, void* dst,
               std::size_t element_size) {
  check_axes(extents.size());
  const auto strides = dense_strides(extents);
  Index dst_stride = product(extents);
  if (dst_stride == 0) return;
  Loops loops;
  for (const int axis : permutation) {
    const auto source = static_cast<std::size_t>(axis);
    dst_stride /= extents[source];
    loops.append({extents[source], strides[source], dst_stride});
  }
  run(loops, src, dst, element_size);
}

void broadcast_to(Extents src_extents, Extents extents, const void* src, void* dst,
                  std::size_t element_size) {
  check_axes(extents.size());
  const auto src_strides = dense_strides(src_extents);
  const auto dst_strides = dense_strides(extents);
  const std::size_t added = extents.size() - src_extents.size();
  Loops loops;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const bool repeated = i < added || src_extents[i - added] == 1;
    loops.append({extents[i], repeated ? 0 : src_strides[i - added], dst_strides[i]});
  }
  run(loops, src, dst, element_size);
}

namespace {

/// The loops between a dense array of `extents` and the places begin + i*step in one of
/// `whole_extents`; `offset` is where index 0 lies in the latter. The whole array's strides are in
/// src_stride.
Loops slice_loops(Extents whole_extents, Extents begin, Extents step, Extents extents,
                  Index& offset) {
  check_axes(extents.size());
  const auto whole_strides = dense_strides(whole_extents);
  const auto part_strides = dense_strides(extents);
  Loops loops;
  offset = 0;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    loops.append({extents[i], whole_strides[i] * step[i], part_strides[i]});
    offset += whole_strides[i] * begin[i];
  }
  return loops;
}

}  // namespace

void slice(Extents src_extents, Extents begin, Extents step, Extents extents, const void* src,
           void* dst, std::size_t element_size) {
  Index offset = 0;
  const Loops loops = slice_loops(src_extents, begin, step, extents, offset);
  if (product(extents) == 0) return;
  run(loops, advance(src, offset, element_size), dst, element_size);
}

void unslice(Extents dst_extents, Extents begin, Extents step, Extents extents, const void* src,
             void* dst, std::size_t element_size) {
  const std::uint64_t zero = 0;
  fill(&zero, dst, product(dst_extents), element_size);
  if (product(extents) == 0) return;
  Index offset = 0;
  Loops loops = slice_loops(dst_extents, begin, step, extents, offset);
  for (int i = 0; i < loops.rank; ++i) std::swap(loops[i].src_stride, loops[i].dst_stride);
  run(loops, src, advance(dst, offset, element_size), element_size);
}

void pad(Extents src_extents, Extents before, Extents after, const void* value, const void* src,
         void* dst, std::size_t element_size) {
  check_axes(src_extents.size());
  std::array<Index, kMaxAxes> extents{};
  for (std::size_t i = 0; i < src_extents.size(); ++i) {
    extents[i] = before[i] + src_extents[i] + after[i];
  }
  const Extents dst_extents(extents.data(), src_extents.size());
  fill(value, dst, product(dst_extents), element_size);
  const auto src_strides = dense_strides(src_extents);
  const auto dst_strides = dense_strides(dst_extents);
  Index offset = 0;
  for (std::size_t i = 0; i < src_extents.size(); ++i) offset += dst_strides[i] * before[i];
  if (product(src_extents) == 0) return;
  strided_copy(src_extents, src, Extents(src_strides.data(), src_extents.size()),
               advance(dst, offset, element_size), Extents(dst_strides.data(), src_extents.size()),
               element_size);
}

void tile(Extents src_extents, Extents multiples, const void* src, void* dst,
          std::size_t element_size) {
  check_axes(src_extents.size());
  const auto src_strides = dense_strides(src_extents);
  Index dst_stride = product(src_extents) * product(multiples);
  if (dst_stride == 0) return;
  Loops loops;
  for (std::size_t i = 0; i < src_extents.size(); ++i) {
    dst_stride /= multiples[i];
    loops.append({multiples[i], 0, dst_stride});
    dst_stride /= src_extents[i];
    loops.append({src_extents[i], src_strides[i], dst_stride});
  }
  run(loops, src, dst, element_size);
}

void concat(Index outer, std::span<const Index> sizes, Index inner, const void* const* parts,
            void* dst, std::size_t element_size) {
  Index row = 0;
  for (const Index size : sizes) row += size * inner;
  Index offset = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const Index width = sizes[i] * inner;
    Loops loops;
    loops.append({outer, width, row});
    loops.append({width, 1, 1});
    run(loops, parts[i], advance(dst, offset, element_size), element_size);
    offset += width;
  }
}

void split(Index outer, std::span<const Index> sizes, Index inner, const void* src,
           void* const* parts, std::size_t element_size) {
  Index row = 0;
  for (const Index size : sizes) row += size * inner;
  Index offset = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const Index width = sizes[i] * inner;
    Loops loops;
    loops.append({outer, row, width});
    loops.append({width, 1, 1});
    if (parts[i] != nullptr) {
      run(loops, advance(src, offset, element_size), parts[i], element_size);
    }
    offset += width;
  }
}

void fill(const void* value, void* dst, Index count, std::size_t element_size) {
  visit_element_size(element_size, [&]<typename T>() {
    T element;
    std::memcpy(&element, value, sizeof(T));
    auto* to = static_cast<T*>(dst);
    parallel_ranges(count, sizeof(T),
                    [&](Index begin, Index end) { std::fill(to + begin, to + end, element); });
  });
}

}  // namespace tegula::kernels
