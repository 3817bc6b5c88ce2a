// The interpreter: runs a compiled program over the tiles of a grid, once per instruction set.
//
// Inputs and outputs are used where they are when a tile of them is contiguous, of the type that
// the program computes in, and a whole number of vectors; otherwise they pass through a tile
// buffer. So instructions see only whole vectors, and the arithmetic of an element does not depend
// on its position.

#if defined(TEGULA_KERNELS_ELEMENTWISE_TILES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_ELEMENTWISE_TILES_INL
#undef TEGULA_KERNELS_ELEMENTWISE_TILES_INL
#else
#define TEGULA_KERNELS_ELEMENTWISE_TILES_INL
#endif

#include <hwy/highway.h>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/cpu/cast.hpp"
#include "kernels/cpu/elementwise_code.hpp"
#include "kernels/cpu/elementwise_instructions-inl.hpp"
#include "kernels/cpu/random_philox-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using detail::CodeInput;
using detail::CodeOutput;
using detail::ElementwiseCode;
using detail::kScalarWidth;
using detail::Level;
using detail::RunArguments;
using detail::TileGrid;

template <typename T>
void load_converted(DType dtype, const void* from, T* to, std::int64_t count) {
  if (dtype == dtype_of<T>) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T));
  } else {
    cast(dtype, from, dtype_of<T>, to, count);
  }
}

template <typename T>
void store_converted(const T* from, DType dtype, void* to, std::int64_t count) {
  if (dtype == dtype_of<T>) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T));
  } else {
    cast(dtype_of<T>, from, dtype, to, count);
  }
}

inline const void* advance(const void* base, DType dtype, std::int64_t elements) {
  return static_cast<const char*>(base) + elements * static_cast<std::int64_t>(size_of(dtype));
}
inline void* advance(void* base, DType dtype, std::int64_t elements) {
  return static_cast<char*>(base) + elements * static_cast<std::int64_t>(size_of(dtype));
}

template <typename T>
void run_scalars(std::span<const CodeInstruction> instructions, T* table) {
  const auto at = [&](std::size_t location) { return table + location * kScalarWidth; };
  for (const CodeInstruction& instruction : instructions) {
    T* const out = at(instruction.result);
    if (instruction.op == ElementwiseOp::constant) {
      std::fill_n(out, kScalarWidth, static_cast<T>(instruction.immediates[0]));
      continue;
    }
    // The C library's functions are worth calling once only.
    const bool one = instruction.op == ElementwiseOp::pow;
    select_kernel<T>(instruction)(out, at(instruction.operands[0]), at(instruction.operands[1]),
                                  at(instruction.operands[2]), one ? 1 : kScalarWidth,
                                  instruction.immediates.data());
    if (one) std::fill_n(out, kScalarWidth, out[0]);
  }
}

/// A rectangle of one outer index.
struct Tile {
  std::int64_t outer = 0, row = 0, rows = 0, column = 0, columns = 0;
  std::int64_t flat = 0;         ///< index of the first element in the whole output
  std::int64_t row_stride = 0;   ///< from row to row in the whole output
  std::int64_t count = 0;        ///< rows * columns
  std::size_t padded_count = 0;  ///< rounded up to whole vectors
  bool contiguous = false;       ///< in the whole output
};

template <typename T>
class TileRunner {
 public:
  TileRunner(const ElementwiseCode& code, const RunArguments& arguments, const TileGrid& grid)
      : code_(code), arguments_(arguments), grid_(grid), lanes_(hn::Lanes(d_)) {
    for (std::size_t i = 0; i < kMaxScalars; ++i) {
      location_[i] = scalars_ + i * kScalarWidth;
      if (const auto& value = code.constants[i]) {
        std::fill_n(location_[i], kScalarWidth, static_cast<T>(*value));
      }
    }
    for (std::size_t i = 0; i < kMaxTileBuffers; ++i) location_[kMaxScalars + i] = buffer(i);
    for (std::size_t i = 0; i < code.inputs.size(); ++i) {
      if (code.inputs[i].read && code.inputs[i].level == Level::run) load_scalar(i, 0);
    }
    run_scalars<T>(code.run_instructions, scalars_);
    choose_direct_outputs();
  }

  void run(std::int64_t first, std::int64_t last) {
    const std::int64_t column_tiles = grid_.column_tiles(), row_tiles = grid_.row_tiles();
    for (std::int64_t index = first; index < last; ++index) {
      const std::int64_t strip = index / column_tiles;
      run_tile(make_tile(strip / row_tiles, strip % row_tiles, index % column_tiles));
    }
  }

 private:
  T* buffer(std::size_t index) {
    // Fewer buffers than the maximum leave the arena's end unused; the pointers beyond are not
    // read.
    const std::size_t offset = index * static_cast<std::size_t>(code_.tile_elements) * sizeof(T);
    return reinterpret_cast<T*>(arena_ + std::min(offset, detail::kArenaBytes));
  }

  /// An output may be computed in place unless it overwrites an input that is still to be read.
  void choose_direct_outputs() {
    for (std::size_t o = 0; o < code_.outputs.size(); ++o) {
      bool direct = code_.outputs[o].direct;
      for (std::size_t i = 0; direct && i < code_.inputs.size(); ++i) {
        direct = arguments_.inputs[i] != arguments_.outputs[o] ||
                 code_.inputs[i].last_reader <= code_.outputs[o].definition;
      }
      direct_[o] = direct;
    }
  }

  Tile make_tile(std::int64_t outer, std::int64_t row_tile, std::int64_t column_tile) const {
    Tile tile;
    tile.outer = outer;
    tile.row = grid_.row + row_tile * grid_.tile_rows;
    tile.rows = std::min(grid_.tile_rows, grid_.row + grid_.rows - tile.row);
    tile.column = grid_.column + column_tile * grid_.tile_columns;
    tile.columns = std::min(grid_.tile_columns, grid_.column + grid_.columns - tile.column);
    tile.row_stride = grid_.full_columns;
    tile.flat = (outer * grid_.full_rows + tile.row) * grid_.full_columns + tile.column;
    tile.count = tile.rows * tile.columns;
    tile.padded_count = hwy::RoundUpTo(static_cast<std::size_t>(tile.count), lanes_);
    tile.contiguous = tile.rows == 1 || tile.columns == grid_.full_columns;
    return tile;
  }

  void run_tile(const Tile& tile) {
    for (std::size_t i = 0; i < code_.inputs.size(); ++i) {
      if (code_.inputs[i].read) prepare_input(i, tile);
    }
    const bool whole_vectors = static_cast<std::size_t>(tile.count) == tile.padded_count;
    const bool in_place = tile.contiguous && whole_vectors;
    for (std::size_t o = 0; o < code_.outputs.size(); ++o) {
      const CodeOutput& output = code_.outputs[o];
      if (!output.direct) continue;
      location_[output.location] =
          in_place && direct_[o] ? static_cast<T*>(arguments_.outputs[o]) + tile.flat
                                 : buffer(static_cast<std::size_t>(output.location) - kMaxScalars);
    }
    for (const CodeInstruction& instruction : code_.instructions) execute(instruction, tile);
    for (std::size_t o = 0; o < code_.outputs.size(); ++o) {
      if (!(in_place && direct_[o])) store_output(o, tile);
    }
  }

  void load_scalar(std::size_t index, std::int64_t offset) {
    const CodeInput& input = code_.inputs[index];
    T value;
    load_converted(input.dtype, advance(arguments_.inputs[index], input.dtype, offset), &value, 1);
    std::fill_n(location_[input.location], kScalarWidth, value);
  }

  std::int64_t row_stride(const CodeInput& input) const {
    return input.block_only ? grid_.columns : input.row_stride;
  }

  std::int64_t input_offset(const CodeInput& input, const Tile& tile) const {
    if (input.block_only) {
      return (tile.row - grid_.row) * grid_.columns + tile.column - grid_.column;
    }
    std::int64_t offset = tile.row * input.row_stride + tile.column * input.column_stride;
    std::int64_t outer = tile.outer;
    for (int axis = code_.outer_rank - 1; axis >= 0 && outer != 0; --axis) {
      const std::int64_t dim = code_.outer_dims[static_cast<std::size_t>(axis)];
      offset += outer % dim * input.outer_strides[static_cast<std::size_t>(axis)];
      outer /= dim;
    }
    return offset;
  }

  void prepare_input(std::size_t index, const Tile& tile) {
    const CodeInput& input = code_.inputs[index];
    if (input.level == Level::run) return;
    const std::int64_t offset = input_offset(input, tile);
    if (input.level == Level::tile) return load_scalar(index, offset);

    const void* source = advance(arguments_.inputs[index], input.dtype, offset);
    const bool contiguous =
        input.column_stride == 1 && (tile.rows == 1 || row_stride(input) == tile.columns);
    const bool whole_vectors = static_cast<std::size_t>(tile.count) == tile.padded_count;
    if (contiguous && whole_vectors && input.dtype == dtype_of<T>) {
      // Instructions only read through this pointer.
      location_[input.location] = const_cast<T*>(static_cast<const T*>(source));
      return;
    }
    T* target = buffer(static_cast<std::size_t>(input.location) - kMaxScalars);
    location_[input.location] = target;
    if (contiguous) {
      load_converted(input.dtype, source, target, tile.count);
    } else {
      load_rows(input, source, tile, target);
    }
    const std::size_t padding = tile.padded_count - static_cast<std::size_t>(tile.count);
    std::fill_n(target + tile.count, padding, T(0));
    if (padding != 0) repeated_rows_[input.location - kMaxScalars] = 0;
  }

  void load_rows(const CodeInput& input, const void* source, const Tile& tile, T* target) {
    if (input.repeats && input.column_stride == 1) {
      return repeat_row(input, source, tile, target);
    }
    for (std::int64_t row = 0; row < tile.rows; ++row, target += tile.columns) {
      const void* from = advance(source, input.dtype, row * row_stride(input));
      if (input.column_stride == 1) {
        load_converted(input.dtype, from, target, tile.columns);
      } else {
        load_converted(input.dtype, from, target, 1);
        std::fill_n(target + 1, tile.columns - 1, target[0]);
      }
    }
  }

  /// Tiles as wide as the grid all need the same rows, so what the buffer holds already stays.
  void repeat_row(const CodeInput& input, const void* source, const Tile& tile, T* target) {
    std::int64_t& repeated = repeated_rows_[input.location - kMaxScalars];
    if (tile.columns != grid_.columns) repeated = 0;
    if (repeated == 0) {
      load_converted(input.dtype, source, target, tile.columns);
      repeated = 1;
    }
    for (; repeated < tile.rows; ++repeated) {
      std::memcpy(target + repeated * tile.columns, target,
                  static_cast<std::size_t>(tile.columns) * sizeof(T));
    }
  }

  void store_output(std::size_t index, const Tile& tile) {
    const CodeOutput& output = code_.outputs[index];
    const T* from = location_[output.location];
    if (output.level != Level::element) {
      std::fill_n(splat_, tile.count, from[0]);
      from = splat_;
    }
    void* to = advance(arguments_.outputs[index], output.dtype, tile.flat);
    if (tile.contiguous) return store_converted(from, output.dtype, to, tile.count);
    for (std::int64_t row = 0; row < tile.rows; ++row) {
      store_converted(from + row * tile.columns, output.dtype,
                      advance(to, output.dtype, row * tile.row_stride), tile.columns);
    }
  }

  void execute(const CodeInstruction& instruction, const Tile& tile) {
    T* out = location_[instruction.result];
    const T* a = location_[instruction.operands[0]];
    const std::size_t count =
        instruction.level == Level::element ? tile.padded_count : kScalarWidth;
    switch (instruction.op) {
      case ElementwiseOp::dropout:
        return dropout(instruction, tile, a, out);
      case ElementwiseOp::random_uniform:
        return uniform(instruction, tile, out);
      case ElementwiseOp::random_normal:
        return normal(instruction, tile, out);
      default:
        select_kernel<T>(instruction)(out, a, location_[instruction.operands[1]],
                                      location_[instruction.operands[2]], count,
                                      instruction.immediates.data());
    }
  }

  RandomKey key(const CodeInstruction& instruction) const {
    return {arguments_.random.seed, instruction.random_op_id, arguments_.random.step};
  }

  /// Calls `body(flat index, offset in the tile, count)` for each contiguous run of elements.
  template <typename Body>
  void for_each_run(const Tile& tile, const Body& body) const {
    if (tile.contiguous) return body(tile.flat, std::int64_t{0}, tile.count);
    for (std::int64_t row = 0; row < tile.rows; ++row) {
      body(tile.flat + row * tile.row_stride, row * tile.columns, tile.columns);
    }
  }

  /// Random words of the tile's elements; the padding stays as it was.
  void make_words(const CodeInstruction& instruction, const Tile& tile) {
    for_each_run(tile, [&](std::int64_t flat, std::int64_t offset, std::int64_t count) {
      philox_words(key(instruction), static_cast<std::uint64_t>(flat),
                   static_cast<std::size_t>(count), words_ + offset);
    });
    std::fill_n(words_ + tile.count, tile.padded_count - static_cast<std::size_t>(tile.count), 0u);
  }

  void dropout(const CodeInstruction& instruction, const Tile& tile, const T* x, T* out) {
    make_words(instruction, tile);
    const detail::DropoutRule rule(instruction.immediates[0]);
    const T keep = static_cast<T>(rule.keep);
    const bool splat = (instruction.splats & 1) != 0;
    if constexpr (sizeof(T) == 4) {
      const hn::Rebind<std::int32_t, decltype(d_)> di;
      const hn::Rebind<std::uint32_t, decltype(d_)> du;
      const auto limit = hn::Set(di, rule.limit);
      const auto divisor = hn::Set(d_, keep);
      const std::size_t step = splat ? 0 : 1;
      for_each_vector(tile.padded_count, lanes_, [&](std::size_t i) HWY_ATTR {
        const auto u = hn::BitCast(di, hn::ShiftRight<8>(hn::LoadU(du, words_ + i)));
        const auto y = hn::Div(hn::LoadU(d_, x + i * step), divisor);
        hn::StoreU(hn::IfThenElseZero(hn::RebindMask(d_, hn::Gt(u, limit)), y), d_, out + i);
      });
    } else {
      for (std::size_t i = 0; i < tile.padded_count; ++i) {
        const auto u = static_cast<std::int32_t>(words_[i] >> 8);
        out[i] = u > rule.limit ? x[splat ? 0 : i] / keep : T(0);
      }
    }
  }

  void uniform(const CodeInstruction& instruction, const Tile& tile, T* out) {
    make_words(instruction, tile);
    const T low = static_cast<T>(instruction.immediates[0]);
    const T range = static_cast<T>(instruction.immediates[1]) - low;
    words_to_uniform(d_, words_, tile.padded_count, low, range, out);
  }

  void normal(const CodeInstruction& instruction, const Tile& tile, T* out) {
    const T mean = static_cast<T>(instruction.immediates[0]);
    const T stddev = static_cast<T>(instruction.immediates[1]);
    const RandomKey stream = key(instruction);
    std::fill_n(out + tile.count, tile.padded_count - static_cast<std::size_t>(tile.count), T(0));
    for_each_run(tile, [&](std::int64_t flat, std::int64_t offset, std::int64_t count) {
      for (std::int64_t i = 0; i < count;) {
        const auto index = static_cast<std::uint64_t>(flat + i);
        const auto block = random_normal_block(stream, static_cast<std::uint32_t>(index / 4));
        for (std::size_t word = index % 4; word < 4 && i < count; ++word, ++i) {
          out[offset + i] = mean + static_cast<T>(block[word]) * stddev;
        }
      }
    });
  }

  static constexpr hn::ScalableTag<T> d_{};

  const ElementwiseCode& code_;
  const RunArguments& arguments_;
  const TileGrid& grid_;
  const std::size_t lanes_;
  std::int64_t repeated_rows_[kMaxTileBuffers] = {};
  bool direct_[kMaxOutputs];
  T* location_[detail::kLocations];
  alignas(64) T scalars_[kMaxScalars * kScalarWidth];
  alignas(64) T splat_[detail::kMaxTileBytes / sizeof(T)];
  alignas(64) std::uint32_t words_[detail::kMaxTileElements];
  alignas(64) unsigned char arena_[detail::kArenaBytes];
};

template <typename T>
void run_tiles(const ElementwiseCode& code, const RunArguments& arguments, const TileGrid& grid,
               std::int64_t first, std::int64_t last) {
  TileRunner<T>(code, arguments, grid).run(first, last);
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
