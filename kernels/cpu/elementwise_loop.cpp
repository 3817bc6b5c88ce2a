// Runs generated loops: finds the arrays' places, and makes scalars and random words for them.

#include <algorithm>
#include <cstdint>

#include "kernels/cpu/cast.hpp"
#include "kernels/cpu/elementwise_code.hpp"
#include "kernels/cpu/elementwise_jit.hpp"
#include "kernels/cpu/random_internal.hpp"

namespace tegula::kernels::detail {

namespace {

constexpr std::size_t kMaxArrays = kMaxTileBuffers + kMaxScalars + kMaxOutputs;
constexpr std::int64_t kMaxWords = 2048;  ///< per stream, together in the L1 cache

/// A rectangle of one outer index.
struct Rectangle {
  std::int64_t outer, row, rows, column, columns;
};

class LoopRunner {
 public:
  LoopRunner(const ElementwiseCode& code, const CompiledLoop& loop, const RunArguments& arguments,
             std::int64_t first_row, std::int64_t first_column, std::int64_t columns)
      : code_(code),
        loop_(loop),
        arguments_(arguments),
        first_row_(first_row),
        first_column_(first_column),
        columns_(columns) {
    if (loop.uses_scalars) make_scalars();
  }

  void run(const Rectangle& whole) {
    if (code_.random_op_ids.empty()) return call(whole);
    const std::int64_t width = std::min(whole.columns, kMaxWords);
    const std::int64_t height = kMaxWords / width;
    for (std::int64_t row = 0; row < whole.rows; row += height) {
      for (std::int64_t column = 0; column < whole.columns; column += width) {
        const Rectangle part = {whole.outer, whole.row + row, std::min(height, whole.rows - row),
                                whole.column + column, std::min(width, whole.columns - column)};
        make_words(part);
        call(part);
      }
    }
  }

 private:
  void make_scalars() {
    for (std::size_t i = 0; i < code_.inputs.size(); ++i) {
      const CodeInput& input = code_.inputs[i];
      if (!input.read || input.level != Level::run) continue;
      float value;
      cast(input.dtype, arguments_.inputs[i], DType::f32, &value, 1);
      std::fill_n(scalars_ + input.location * kScalarWidth, kScalarWidth, value);
    }
    if (code_.run_instructions.empty()) return;
    for (std::size_t location = 0; location < kMaxScalars; ++location) {
      const auto& value = code_.constants[location];
      if (!value) continue;
      std::fill_n(scalars_ + location * kScalarWidth, kScalarWidth, static_cast<float>(*value));
    }
    run_scalars_f32(code_.run_instructions, scalars_);
  }

  /// Words of the elements, row by row without gaps.
  void make_words(const Rectangle& part) {
    for (std::size_t stream = 0; stream < code_.random_op_ids.size(); ++stream) {
      const RandomKey key{arguments_.random.seed, code_.random_op_ids[stream],
                          arguments_.random.step};
      std::uint32_t* const out = words_ + stream * kMaxWords;
      const bool contiguous = part.columns == code_.columns;
      const std::int64_t rows = contiguous ? 1 : part.rows;
      const std::int64_t columns = contiguous ? part.rows * part.columns : part.columns;
      const std::int64_t flat = (part.outer * code_.rows + part.row) * code_.columns + part.column;
      random_word_rows(key, static_cast<std::uint64_t>(flat),
                       static_cast<std::uint64_t>(code_.columns), static_cast<std::size_t>(rows),
                       static_cast<std::size_t>(columns), out);
    }
  }

  void call(const Rectangle& part) {
    void* pointers[kMaxArrays];
    std::int64_t steps[kMaxArrays];
    for (std::size_t k = 0; k < code_.loop_arrays.size(); ++k) {
      const LaneArray& array = code_.loop_arrays[k];
      std::int64_t row_step = code_.row_steps[k];
      std::int64_t row = part.row, column = part.column;
      char* base;
      if (array.source == LaneArray::Source::words) {
        base = reinterpret_cast<char*>(words_ + array.index * kMaxWords);
        row_step = part.columns * code_.column_steps[k];
        row = column = 0;
      } else if (array.source == LaneArray::Source::output) {
        base = static_cast<char*>(arguments_.outputs[array.index]) +
               code_.rows * row_step * part.outer;
      } else {
        base = static_cast<char*>(const_cast<void*>(arguments_.inputs[array.index]));
        if (part.outer != 0) base += outer_offset(array, part.outer);
        if (array.block_only) {
          row_step = columns_ * code_.column_steps[k];
          row -= first_row_;
          column -= first_column_;
        }
      }
      pointers[k] = base + row * row_step + column * code_.column_steps[k];
      if (code_.varies_steps) steps[k] = row_step;
    }
    const bool merges = code_.merges_rows && part.columns == code_.columns;
    const LoopCall call{merges ? 1 : part.rows, merges ? part.rows * part.columns : part.columns,
                        scalars_, pointers, code_.varies_steps ? steps : code_.row_steps.data()};
    loop_.function(&call);
  }

  std::int64_t outer_offset(const LaneArray& array, std::int64_t outer) const {
    const CodeInput& input = code_.inputs[array.index];
    std::int64_t offset = 0;
    for (int axis = code_.outer_rank - 1; axis >= 0 && outer != 0; --axis) {
      const std::int64_t dim = code_.outer_dims[static_cast<std::size_t>(axis)];
      offset += outer % dim * input.outer_strides[static_cast<std::size_t>(axis)];
      outer /= dim;
    }
    return offset * (array.is_bool ? 1 : 4);
  }

  const ElementwiseCode& code_;
  const CompiledLoop& loop_;
  const RunArguments& arguments_;
  const std::int64_t first_row_, first_column_, columns_;  ///< of the block, if it is one
  alignas(64) float scalars_[kMaxScalars * kScalarWidth];
  alignas(64) std::uint32_t words_[LaneProgram::kMaxStreams * kMaxWords];
};

}  // namespace

void run_loop(const ElementwiseCode& code, const CompiledLoop& loop, const RunArguments& arguments,
              const TileGrid& grid, std::int64_t first, std::int64_t last) {
  LoopRunner runner(code, loop, arguments, grid.row, grid.column, grid.columns);
  const std::int64_t column_tiles = grid.column_tiles(), row_tiles = grid.row_tiles();
  for (std::int64_t index = first; index < last; ++index) {
    const std::int64_t strip = index / column_tiles;
    const std::int64_t row = strip % row_tiles * grid.tile_rows;
    const std::int64_t column = index % column_tiles * grid.tile_columns;
    runner.run({strip / row_tiles, grid.row + row, std::min(grid.tile_rows, grid.rows - row),
                grid.column + column, std::min(grid.tile_columns, grid.columns - column)});
  }
}

void run_loop_block(const ElementwiseCode& code, const RunArguments& arguments,
                    const Block& block) {
  LoopRunner(code, *code.loop, arguments, block.row, block.column, block.columns)
      .run({0, block.row, block.rows, block.column, block.columns});
}

bool can_stream(const ElementwiseCode& code, const RunArguments& arguments) {
  if (code.streaming_loop == nullptr) return false;
  const bool rows_aligned = code.outer * code.rows == 1 || code.columns % 8 == 0;
  for (std::size_t o = 0; o < code.outputs.size(); ++o) {
    const void* const output = arguments.outputs[o];
    if (!rows_aligned || reinterpret_cast<std::uintptr_t>(output) % 32 != 0) return false;
    for (std::size_t i = 0; i < code.inputs.size(); ++i) {
      if (arguments.inputs[i] == output) return false;
    }
  }
  return true;
}

}  // namespace tegula::kernels::detail
