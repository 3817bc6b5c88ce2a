#pragma once
// What a program becomes when it is bound to shapes: the form that the tile interpreter runs.
// Internal to the elementwise kernels.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "kernels/cpu/elementwise.hpp"

namespace tegula::kernels::detail {

/// Scalars are kept as this many equal elements, so that vector code can compute on them.
inline constexpr std::size_t kScalarWidth = 16;
/// All tile buffers of one task together: they share the L1 cache with the arrays they work on.
inline constexpr std::size_t kArenaBytes = 64 * 1024;
inline constexpr std::size_t kMaxTileBytes = 4096;
inline constexpr std::size_t kMaxTileElements = kMaxTileBytes / sizeof(float);

/// How often a value changes: once per run, once per tile (a column over single-row tiles), or with
/// every element.
enum class Level : std::uint8_t { run, tile, element };

/// Opcodes beyond ElementwiseOp, made by the compiler from pairs. One rounding instead of two.
enum class FusedOp : std::uint8_t { none, mul_add, mul_sub, neg_mul_add };

/// Index into the interpreter's table of pointers: scalar slots first, then tile buffers.
using Location = std::uint8_t;
inline constexpr int kLocations = kMaxScalars + kMaxTileBuffers;

struct CodeInstruction {
  ElementwiseOp op;
  FusedOp fused = FusedOp::none;
  Level level = Level::element;
  std::uint8_t operand_count = 0;
  std::uint8_t splats = 0;  ///< bit k: operand k is a scalar of an element-level instruction
  std::array<Location, 3> operands{};
  Location result = 0;
  std::array<double, 2> immediates{};
  std::uint32_t random_op_id = 0;
};

struct CodeInput {
  DType dtype = DType::f32;
  Level level = Level::element;
  bool read = false;  ///< by any instruction or output
  Location location = 0;
  int last_reader = -1;                            ///< index of the last instruction that reads it
  std::int64_t column_stride = 0, row_stride = 0;  ///< in elements
  std::array<std::int64_t, Shape::kMaxRank> outer_strides{};
  bool block_only = false;
  bool repeats = false;  ///< every row is the same, in every outer index
};

struct CodeOutput {
  DType dtype = DType::f32;
  Level level = Level::element;
  Location location = 0;
  int definition = -1;  ///< index of the instruction that makes it
  bool direct = false;  ///< may be computed in place of being copied from a buffer
};

/// Which elements dropout keeps: with u = (word >> 8) / 2^24, those of u >= float(rate), which is a
/// comparison of integers; and what it divides them by.
struct DropoutRule {
  explicit DropoutRule(double rate)
      : limit(static_cast<std::int32_t>(std::ceil(static_cast<float>(rate) * 0x1.0p24)) - 1),
        keep(1 - rate) {}
  std::int32_t limit;  ///< kept: (word >> 8) > limit
  double keep;
};

/// An array that a generated loop walks through: an input, random words, or an output.
struct LaneArray {
  enum class Source : std::uint8_t { input, words, output };
  Source source = Source::input;
  std::uint8_t index = 0;  ///< of the input, of the random stream or of the output
  bool is_bool = false;    ///< bytes; else 32-bit elements
  bool block_only = false;
};

struct CompiledLoop;

struct ElementwiseCode {
  enum class Kind : std::uint8_t { whole, blocks, linear };

  Kind kind = Kind::whole;
  DType compute = DType::f32;
  std::vector<CodeInput> inputs;
  /// Values of scalar locations that depend on no input.
  std::array<std::optional<double>, kMaxScalars> constants;
  std::vector<CodeInstruction> run_instructions;  ///< the other scalars: executed once per task
  std::vector<CodeInstruction> instructions;      ///< executed per tile
  std::vector<CodeOutput> outputs;

  /// The output, with dimensions merged: [outer_dims..., rows, columns], row-major.
  int outer_rank = 0;
  std::array<std::int64_t, Shape::kMaxRank> outer_dims{};
  std::int64_t outer = 1, rows = 1, columns = 1;
  std::int64_t tile_elements = 0;
  std::int64_t task_elements = 0;  ///< worth one parallel task

  /// Machine code for all of it, where there is any: then no tiles are interpreted.
  std::shared_ptr<const CompiledLoop> loop;
  /// The same with stores that bypass the caches, where the results are large.
  std::shared_ptr<const CompiledLoop> streaming_loop;
  std::vector<LaneArray> loop_arrays;
  std::vector<std::int64_t> row_steps, column_steps;  ///< of each of them, in bytes
  std::vector<std::uint32_t> random_op_ids;           ///< of the loop's streams of random words
  bool varies_steps = false;                          ///< steps of some arrays depend on the block
  bool merges_rows = false;  ///< neighbouring rows of the whole space are one row for the loop
};

/// A rectangle [row, row + rows) x [column, column + columns) of every outer index, cut into tiles.
struct TileGrid {
  std::int64_t outer = 1;
  std::int64_t row = 0, rows = 1, column = 0, columns = 1;
  std::int64_t full_rows = 1, full_columns = 1;  ///< of the space that the rectangle is part of
  std::int64_t tile_rows = 1, tile_columns = 1;

  std::int64_t row_tiles() const { return (rows + tile_rows - 1) / tile_rows; }
  std::int64_t column_tiles() const { return (columns + tile_columns - 1) / tile_columns; }
  std::int64_t tiles() const { return outer * row_tiles() * column_tiles(); }
};

/// Rows and columns of a tile for a rectangle that is `columns` wide.
inline void set_tile_shape(TileGrid& grid, std::int64_t tile_elements) {
  grid.tile_columns = grid.columns < tile_elements ? grid.columns : tile_elements;
  grid.tile_rows = grid.tile_columns > 0 ? tile_elements / grid.tile_columns : 1;
}

struct RunArguments {
  const void* const* inputs;
  void* const* outputs;
  RandomState random;
};

/// Computes tiles [first, last) of the grid.
void run_tiles_f32(const ElementwiseCode& code, const RunArguments& arguments, const TileGrid& grid,
                   std::int64_t first, std::int64_t last);
void run_tiles_f64(const ElementwiseCode& code, const RunArguments& arguments, const TileGrid& grid,
                   std::int64_t first, std::int64_t last);

/// The same by the plan's loop, or by the streaming one.
void run_loop(const ElementwiseCode& code, const CompiledLoop& loop, const RunArguments& arguments,
              const TileGrid& grid, std::int64_t first, std::int64_t last);

/// One block, by the plan's loop.
void run_loop_block(const ElementwiseCode& code, const RunArguments& arguments, const Block& block);

/// Whether the plan has a streaming loop and these arrays suit it.
bool can_stream(const ElementwiseCode& code, const RunArguments& arguments);

/// Executes run-level instructions on a table of scalars, kScalarWidth elements each.
void run_scalars_f32(std::span<const CodeInstruction> instructions, float* table);
void run_scalars_f64(std::span<const CodeInstruction> instructions, double* table);

ElementwiseCode compile_elementwise(ElementwiseCode::Kind kind, const Program& program,
                                    DType compute, std::span<const ElementwiseInput> inputs,
                                    const Shape& output, std::span<const DType> outputs);

}  // namespace tegula::kernels::detail
