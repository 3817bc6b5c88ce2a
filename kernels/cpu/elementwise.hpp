#pragma once
// Elementwise programs: every elementwise op, alone or fused, as a list of instructions. A plan is
// made once per program and set of shapes; running it allocates nothing and gives the same bits for
// any number of threads and any tile position.
//
// A plan runs as machine code generated for its program, one loop over registers, where that can be
// had; else the instructions are interpreted over tiles that stay in the L1 cache. Both give the
// same bits.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/core/dtype.hpp"
#include "tegula/core/shape.hpp"

namespace tegula::kernels {

/// What an instruction computes. The names are those of the graph's ops; booleans are 0 and 1, and
/// any value other than 0 counts as true.
enum class ElementwiseOp : std::uint8_t {
  // Two operands. Maximum and minimum propagate NaN.
  add,
  sub,
  mul,
  div,
  pow,
  maximum,
  minimum,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_and,
  logical_or,
  logical_xor,
  // One operand.
  neg,
  abs,
  sign,
  exp,
  log,
  log1p,
  expm1,
  sqrt,
  rsqrt,
  square,
  reciprocal,
  tanh,
  sigmoid,
  relu,
  leaky_relu,  ///< immediates: slope of the negative side
  elu,         ///< immediates: alpha
  gelu,        ///< exact: x/2 (1 + erf(x/sqrt 2))
  gelu_tanh,
  silu,
  softplus,
  erf,
  sin,
  cos,
  floor,
  ceil,
  round,  ///< half to even
  clip,   ///< immediates: min, max
  identity,
  logical_not,
  is_nan,
  is_finite,
  cast,     ///< immediates: {1} to bool (x != 0), {0} to a number (identity)
  dropout,  ///< immediates: rate; y[i] = u(i) >= float(rate) ? x[i] / (1 - rate) : 0
  // Three operands: condition, value if true, value if false.
  where,
  // No operand.
  constant,        ///< immediates: the value
  random_uniform,  ///< immediates: min, max
  random_normal,   ///< immediates: mean, standard deviation
};

/// The instruction for the graph op of that name, if there is one.
std::optional<ElementwiseOp> elementwise_op(std::string_view name);
/// Name of the graph op.
std::string_view to_string(ElementwiseOp op);
/// Number of operands, 0 to 3.
int operand_count(ElementwiseOp op);

/// One step of a program. Operands number the inputs 0..inputs-1, then the results of the
/// instructions in order.
struct Instruction {
  ElementwiseOp op;
  std::array<int, 3> operands = {-1, -1, -1};
  std::array<double, 2> immediates = {0, 0};
  std::uint32_t random_op_id = 0;  ///< `RandomKey::op_id` of dropout, random_uniform, random_normal
};

/// A list of instructions in SSA form.
struct Program {
  int inputs = 0;
  std::vector<Instruction> instructions;
  std::vector<int> outputs;  ///< operand numbers; inputs and repetitions are allowed

  /// Appends an instruction and returns the operand number of its result.
  int append(ElementwiseOp op, std::array<int, 3> operands = {-1, -1, -1},
             std::array<double, 2> immediates = {0, 0}, std::uint32_t random_op_id = 0);
};

/// One line per instruction, for debugging: "%2 = mul %0 %1".
std::string to_string(const Program& program);

/// Bounds of a program that fits one plan: inputs and live temporaries that need a tile buffer,
/// scalar values (scalar inputs, constants and what is computed from them alone), and outputs.
inline constexpr int kMaxTileBuffers = 64;
inline constexpr int kMaxScalars = 96;
inline constexpr int kMaxOutputs = 32;

/// A contiguous row-major input, broadcast to the output shape as NumPy does. Any dtype: it is
/// converted on load to the type the program computes in.
struct ElementwiseInput {
  DType dtype = DType::f32;
  Shape shape;
  /// For `run_block`, of an input with the output's shape: its memory holds just the block that is
  /// computed, row after row.
  bool block_only = false;
};

/// Seed and step of the run; together with an instruction's `random_op_id` they make the RandomKey.
struct RandomState {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
};

/// Rows [row, row + rows) and columns [column, column + columns) of a two-dimensional space.
struct Block {
  std::int64_t row = 0, rows = 0, column = 0, columns = 0;
};

/// One set of arrays that a linear plan works through; all per-element arrays have `length`
/// elements, scalar inputs have one. The arrays of pointers have one entry per input and output.
struct Segment {
  const void* const* inputs = nullptr;
  void* const* outputs = nullptr;
  std::int64_t length = 0;
};

namespace detail {
struct ElementwiseCode;
}

/// A program bound to shapes and dtypes. Immutable and safe to run from several threads at once.
///
/// Computation is in `compute`, f32 or f64 (integers up to 32 bits are exact in f64). Outputs may
/// have any dtype: bool stores x != 0, integers truncate toward zero and saturate (NaN gives 0),
/// f16 and bf16 round to nearest even.
///
/// An output may be the same memory as an input that has the output's shape and dtype size.
/// The factories throw InvalidArgument for a malformed or too large program and ShapeError for
/// shapes that do not broadcast.
class ElementwisePlan {
 public:
  /// Computes outputs of shape `output`; execute with `run`.
  static ElementwisePlan whole(const Program& program, DType compute,
                               std::span<const ElementwiseInput> inputs, const Shape& output,
                               std::span<const DType> outputs);
  /// Computes blocks of an output [..., columns], seen as [rows, columns]; execute with
  /// `run_block`. Every input must be a scalar, a row [columns], a column [rows, 1] or full.
  static ElementwisePlan blocks(const Program& program, DType compute,
                                std::span<const ElementwiseInput> inputs, const Shape& output,
                                std::span<const DType> outputs);
  /// Computes arrays whose length is known only when running; inputs are scalars (shape with one
  /// element) or per-element (any other shape). Execute with `run_segments`.
  static ElementwisePlan linear(const Program& program, DType compute,
                                std::span<const ElementwiseInput> inputs,
                                std::span<const DType> outputs);

  /// The whole space, in parallel.
  void run(const void* const* inputs, void* const* outputs, RandomState random = {}) const;

  /// One block, on the calling thread. All pointers are to the start of the whole arrays, and
  /// random numbers are those of the element's position in the whole output: computing a space in
  /// blocks gives the bits of computing it at once.
  void run_block(const Block& block, const void* const* inputs, void* const* outputs,
                 RandomState random = {}) const;

  /// All segments as one parallel kernel. Random numbers count from 0 in each segment.
  void run_segments(std::span<const Segment> segments, RandomState random = {}) const;

 private:
  explicit ElementwisePlan(std::shared_ptr<const detail::ElementwiseCode> code)
      : code_(std::move(code)) {}
  std::shared_ptr<const detail::ElementwiseCode> code_;
};

}  // namespace tegula::kernels
