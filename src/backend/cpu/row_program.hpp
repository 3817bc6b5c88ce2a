#pragma once
// A row cluster bound to shapes: steps that compute a few rows, or a part of one long row, at a
// time. Private to src/backend/cpu.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/cpu/elementwise.hpp"
#include "kernels/cpu/reduce.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula::cpu {

/// Rows [row, row + rows) and columns [column, column + columns) of the cluster's [rows, columns].
struct RowBlock {
  std::int64_t row = 0, rows = 0, column = 0, columns = 0;
};

/// How a value lies in the rows.
enum class RowPattern : std::uint8_t {
  full,    ///< an element per row and column
  column,  ///< one per row
  row,     ///< one per column, the same in all rows
  scalar
};

/// Where an operand of the cluster lives while a block is computed.
struct RowPlace {
  enum class Home : std::uint8_t { none, input, output, scratch };

  Home home = Home::none;
  RowPattern pattern = RowPattern::full;
  DType dtype = DType::f32;
  /// Number of the input or output, or first byte of the scratch memory.
  std::size_t at = 0;
};

/// An elementwise program on some operands, or one reduction.
struct RowStep {
  std::optional<kernels::ElementwisePlan> plan;
  std::vector<int> inputs;
  std::vector<int> outputs;
  kernels::ReduceOp reduction = kernels::ReduceOp::sum;
  /// Whether the reduction is of the squares of the input, or of its differences from a column, the
  /// second input.
  bool squares = false;
};

struct RowProgram {
  static constexpr std::size_t kScratchBytes = 256 * 1024;
  static constexpr std::size_t kMaxOperands = 96;
  /// In a program that works in parts of rows.
  static constexpr int kMaxReductions = 8;

  DType dtype = DType::f32;  ///< of what is reduced
  /// Of the whole cluster; one row of everything where all axes are reduced.
  std::int64_t rows = 1, columns = 1;
  /// The largest block. Parts of rows mean that a reduction's result is only that of the part.
  std::int64_t block_rows = 1, block_columns = 1;
  int instructions = 0;
  std::vector<RowPlace> places;  ///< by operand number
  std::vector<RowStep> steps;

  /// Blocks are parts of rows: everything is elementwise, then reduced.
  bool in_parts() const { return block_columns < columns; }

  void* address(int operand, const RowBlock& block, const void* const* inputs, void* const* outputs,
                std::byte* scratch) const;
  /// All steps, on whole rows.
  void run(const RowBlock& block, const void* const* inputs, void* const* outputs,
           std::byte* scratch) const;
  /// A step's reduction as `op`, of a block's rows.
  void reduce(const RowStep& step, kernels::ReduceOp op, const RowBlock& block,
              const void* const* inputs, void* const* outputs, std::byte* scratch,
              void* result) const;
  void run_step(const RowStep& step, const RowBlock& block, const void* const* inputs,
                void* const* outputs, std::byte* scratch) const;
};

/// The program of a `row_cluster` node; nothing for what has no kernel: rows whose values do not
/// stay in the cache, operands that repeat otherwise than by rows or columns, random ops.
std::optional<RowProgram> make_row_program(const Node& node);

}  // namespace tegula::cpu
