#pragma once
// Machine code for elementwise programs: one loop over registers in place of one pass over a tile
// per instruction. Its results are the interpreter's, bit by bit.

#include <cstdint>
#include <memory>

#include "kernels/cpu/elementwise_lanes.hpp"

namespace tegula::kernels::detail {

/// What generated code works on: a rectangle of rows * columns elements, both at least 1.
struct LoopCall {
  std::int64_t rows, columns;
  /// Scalar locations of the program, kScalarWidth equal elements each.
  const float* scalars;
  /// Per array: where the first row starts, and bytes from row to row. Elements of a row are
  /// neighbours; of a column, each row has one element.
  void* const* arrays;
  const std::int64_t* row_steps;
};

using LoopFunction = void (*)(const LoopCall*);

struct CompiledLoop {
  std::shared_ptr<const void> memory;
  LoopFunction function = nullptr;
  bool uses_scalars = false;
};

/// Gives the plan the loop for its program, shared among equal programs. Does nothing where the
/// program holds what no code is generated for, or the machine, the system or the build cannot.
void attach_loop(ElementwiseCode& code);

/// Whether plans made from now on may have generated code; for tests. Returns what held before.
/// TEGULA_JIT=0 in the environment turns it off at first.
bool allow_generated_code(bool allow);

/// Whether this machine and build can have it at all.
bool can_generate_code();

/// Both: whether plans made now have generated code.
bool generates_code();

}  // namespace tegula::kernels::detail
