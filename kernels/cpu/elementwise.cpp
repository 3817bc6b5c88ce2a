#include "kernels/cpu/elementwise.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>
#include <sstream>
#include <utility>

#include "kernels/cpu/elementwise_code.hpp"
#include "kernels/cpu/elementwise_jit.hpp"
#include "kernels/cpu/isa.hpp"
#include "src/core/fork_safe.hpp"
#include "src/core/made_before_fork.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

struct OpEntry {
  ElementwiseOp op;
  std::string_view name;
  int operands;
  int immediates;
};

constexpr OpEntry kOps[] = {
    {ElementwiseOp::add, "add", 2, 0},
    {ElementwiseOp::sub, "sub", 2, 0},
    {ElementwiseOp::mul, "mul", 2, 0},
    {ElementwiseOp::div, "div", 2, 0},
    {ElementwiseOp::pow, "pow", 2, 0},
    {ElementwiseOp::maximum, "maximum", 2, 0},
    {ElementwiseOp::minimum, "minimum", 2, 0},
    {ElementwiseOp::equal, "equal", 2, 0},
    {ElementwiseOp::not_equal, "not_equal", 2, 0},
    {ElementwiseOp::less, "less", 2, 0},
    {ElementwiseOp::less_equal, "less_equal", 2, 0},
    {ElementwiseOp::greater, "greater", 2, 0},
    {ElementwiseOp::greater_equal, "greater_equal", 2, 0},
    {ElementwiseOp::logical_and, "logical_and", 2, 0},
    {ElementwiseOp::logical_or, "logical_or", 2, 0},
    {ElementwiseOp::logical_xor, "logical_xor", 2, 0},
    {ElementwiseOp::neg, "neg", 1, 0},
    {ElementwiseOp::abs, "abs", 1, 0},
    {ElementwiseOp::sign, "sign", 1, 0},
    {ElementwiseOp::exp, "exp", 1, 0},
    {ElementwiseOp::log, "log", 1, 0},
    {ElementwiseOp::log1p, "log1p", 1, 0},
    {ElementwiseOp::expm1, "expm1", 1, 0},
    {ElementwiseOp::sqrt, "sqrt", 1, 0},
    {ElementwiseOp::rsqrt, "rsqrt", 1, 0},
    {ElementwiseOp::square, "square", 1, 0},
    {ElementwiseOp::reciprocal, "reciprocal", 1, 0},
    {ElementwiseOp::tanh, "tanh", 1, 0},
    {ElementwiseOp::sigmoid, "sigmoid", 1, 0},
    {ElementwiseOp::relu, "relu", 1, 0},
    {ElementwiseOp::leaky_relu, "leaky_relu", 1, 1},
    {ElementwiseOp::elu, "elu", 1, 1},
    {ElementwiseOp::gelu, "gelu", 1, 0},
    {ElementwiseOp::gelu_tanh, "gelu_tanh", 1, 0},
    {ElementwiseOp::silu, "silu", 1, 0},
    {ElementwiseOp::softplus, "softplus", 1, 0},
    {ElementwiseOp::erf, "erf", 1, 0},
    {ElementwiseOp::sin, "sin", 1, 0},
    {ElementwiseOp::cos, "cos", 1, 0},
    {ElementwiseOp::floor, "floor", 1, 0},
    {ElementwiseOp::ceil, "ceil", 1, 0},
    {ElementwiseOp::round, "round", 1, 0},
    {ElementwiseOp::clip, "clip", 1, 2},
    {ElementwiseOp::identity, "identity", 1, 0},
    {ElementwiseOp::logical_not, "logical_not", 1, 0},
    {ElementwiseOp::is_nan, "is_nan", 1, 0},
    {ElementwiseOp::is_finite, "is_finite", 1, 0},
    {ElementwiseOp::cast, "cast", 1, 1},
    {ElementwiseOp::dropout, "dropout", 1, 1},
    {ElementwiseOp::where, "where", 3, 0},
    {ElementwiseOp::constant, "constant", 0, 1},
    {ElementwiseOp::random_uniform, "random_uniform", 0, 2},
    {ElementwiseOp::random_normal, "random_normal", 0, 2},
};

constexpr bool table_in_order() {
  for (std::size_t i = 0; i < std::size(kOps); ++i) {
    if (static_cast<std::size_t>(kOps[i].op) != i) return false;
  }
  return std::size(kOps) == static_cast<std::size_t>(ElementwiseOp::random_normal) + 1;
}
static_assert(table_in_order(), "kOps lists the opcodes in the order of the enumeration");

const OpEntry& entry(ElementwiseOp op) { return kOps[static_cast<std::size_t>(op)]; }

using detail::ElementwiseCode;
using detail::TileGrid;

void run_tiles(const ElementwiseCode& code, const detail::RunArguments& arguments,
               const TileGrid& grid, std::int64_t first, std::int64_t last) {
  if (code.loop != nullptr) {
    detail::run_loop(code, *code.loop, arguments, grid, first, last);
  } else if (code.compute == DType::f32) {
    detail::run_tiles_f32(code, arguments, grid, first, last);
  } else {
    detail::run_tiles_f64(code, arguments, grid, first, last);
  }
}

/// All that a code depends on.
struct CodeKey {
  ElementwiseCode::Kind kind = ElementwiseCode::Kind::whole;
  Program program;
  DType compute = DType::f32;
  std::vector<ElementwiseInput> inputs;
  Shape output;
  std::vector<DType> outputs;
  Isa isa = Isa::baseline;
  bool generated = false;

  bool operator==(const CodeKey& other) const {
    return kind == other.kind && compute == other.compute && isa == other.isa &&
           generated == other.generated && output == other.output && outputs == other.outputs &&
           std::ranges::equal(inputs, other.inputs, same_input) &&
           program.inputs == other.program.inputs && program.outputs == other.program.outputs &&
           std::ranges::equal(program.instructions, other.program.instructions, same_instruction);
  }

 private:
  static bool same_input(const ElementwiseInput& a, const ElementwiseInput& b) {
    return a.dtype == b.dtype && a.block_only == b.block_only && a.shape == b.shape;
  }
  /// Immediates are equal by their bits: 0 and -0 differ.
  static bool same_instruction(const Instruction& a, const Instruction& b) {
    using Bits = std::array<std::uint64_t, 2>;
    return a.op == b.op && a.operands == b.operands && a.random_op_id == b.random_op_id &&
           std::bit_cast<Bits>(a.immediates) == std::bit_cast<Bits>(b.immediates);
  }
};

/// The codes that were made last, as long as a plan uses them: the layers of a network are alike.
class RecentCodes {
 public:
  std::shared_ptr<const ElementwiseCode> find(const CodeKey& key) {
    const std::lock_guard guard(mutex_);
    for (const Entry& entry : entries_) {
      if (!(entry.key == key)) continue;
      if (auto code = entry.code.lock()) return code;
    }
    return nullptr;
  }
  void add(CodeKey key, const std::shared_ptr<const ElementwiseCode>& code) {
    const std::lock_guard guard(mutex_);
    entries_[next_++ % kCount] = {std::move(key), code};
  }

 private:
  static constexpr std::size_t kCount = 8;
  struct Entry {
    CodeKey key;
    std::weak_ptr<const ElementwiseCode> code;
  };

  tegula::detail::BriefMutex mutex_;
  std::array<Entry, kCount> entries_;
  std::size_t next_ = 0;
};

RecentCodes& recent_codes() {
  static RecentCodes& codes = *new RecentCodes;  // outlives threads that make plans
  return codes;
}

const tegula::detail::MadeBeforeFork kMadeBeforeFork([] { recent_codes(); });

std::shared_ptr<const ElementwiseCode> compile(ElementwiseCode::Kind kind, const Program& program,
                                               DType compute,
                                               std::span<const ElementwiseInput> inputs,
                                               const Shape& output,
                                               std::span<const DType> outputs) {
  RecentCodes& recent = recent_codes();
  CodeKey key{.kind = kind,
              .program = program,
              .compute = compute,
              .inputs = {inputs.begin(), inputs.end()},
              .output = output,
              .outputs = {outputs.begin(), outputs.end()},
              .isa = active_isa(),
              .generated = detail::generates_code()};
  if (auto code = recent.find(key)) return code;
  auto code = std::make_shared<const ElementwiseCode>(
      detail::compile_elementwise(kind, program, compute, inputs, output, outputs));
  recent.add(std::move(key), code);
  return code;
}

void expect_kind(const ElementwiseCode& code, ElementwiseCode::Kind kind, const char* factory) {
  if (code.kind != kind) {
    throw InvalidArgument(std::string("this elementwise plan was not made by ElementwisePlan::") +
                          factory);
  }
}

/// Tiles [first, last) of the concatenated tiles of all segments.
void run_segment_tiles(const ElementwiseCode& code, std::span<const Segment> segments,
                       RandomState random, std::int64_t first, std::int64_t last) {
  std::int64_t begin = 0;
  for (const Segment& segment : segments) {
    if (begin >= last) return;
    TileGrid grid{.columns = segment.length, .full_columns = segment.length};
    detail::set_tile_shape(grid, code.tile_elements);
    const std::int64_t tiles = segment.length == 0 ? 0 : grid.column_tiles();
    const std::int64_t from = std::max(first, begin), to = std::min(last, begin + tiles);
    if (from < to) {
      run_tiles(code, {segment.inputs, segment.outputs, random}, grid, from - begin, to - begin);
    }
    begin += tiles;
  }
}

}  // namespace

std::optional<ElementwiseOp> elementwise_op(std::string_view name) {
  for (const OpEntry& op : kOps) {
    if (op.name == name) return op.op;
  }
  return std::nullopt;
}

std::string_view to_string(ElementwiseOp op) { return entry(op).name; }

int operand_count(ElementwiseOp op) { return entry(op).operands; }

int Program::append(ElementwiseOp op, std::array<int, 3> operands, std::array<double, 2> immediates,
                    std::uint32_t random_op_id) {
  instructions.push_back({op, operands, immediates, random_op_id});
  return inputs + static_cast<int>(instructions.size()) - 1;
}

std::string to_string(const Program& program) {
  std::ostringstream out;
  int value = program.inputs;
  for (const Instruction& instruction : program.instructions) {
    const OpEntry& op = entry(instruction.op);
    out << '%' << value++ << " = " << op.name;
    for (int k = 0; k < op.operands; ++k) {
      out << " %" << instruction.operands[static_cast<std::size_t>(k)];
    }
    for (int k = 0; k < op.immediates; ++k) {
      out << ' ' << instruction.immediates[static_cast<std::size_t>(k)];
    }
    if (instruction.random_op_id != 0) out << " op_id=" << instruction.random_op_id;
    out << '\n';
  }
  out << "return";
  for (const int output : program.outputs) out << " %" << output;
  out << '\n';
  return out.str();
}

ElementwisePlan ElementwisePlan::whole(const Program& program, DType compute,
                                       std::span<const ElementwiseInput> inputs,
                                       const Shape& output, std::span<const DType> outputs) {
  return ElementwisePlan(
      compile(ElementwiseCode::Kind::whole, program, compute, inputs, output, outputs));
}

ElementwisePlan ElementwisePlan::blocks(const Program& program, DType compute,
                                        std::span<const ElementwiseInput> inputs,
                                        const Shape& output, std::span<const DType> outputs) {
  return ElementwisePlan(
      compile(ElementwiseCode::Kind::blocks, program, compute, inputs, output, outputs));
}

ElementwisePlan ElementwisePlan::linear(const Program& program, DType compute,
                                        std::span<const ElementwiseInput> inputs,
                                        std::span<const DType> outputs) {
  return ElementwisePlan(
      compile(ElementwiseCode::Kind::linear, program, compute, inputs, Shape{}, outputs));
}

void ElementwisePlan::run(const void* const* inputs, void* const* outputs,
                          RandomState random) const {
  const ElementwiseCode& code = *code_;
  expect_kind(code, ElementwiseCode::Kind::whole, "whole");
  TileGrid grid{.outer = code.outer,
                .rows = code.rows,
                .columns = code.columns,
                .full_rows = code.rows,
                .full_columns = code.columns};
  if (grid.outer * grid.rows * grid.columns == 0) return;
  detail::set_tile_shape(grid, code.tile_elements);
  const std::int64_t tiles = grid.tiles();
  const std::int64_t elements_per_tile = std::min(grid.tile_rows, grid.rows) * grid.tile_columns;
  const std::int64_t per_task = std::max<std::int64_t>(code.task_elements / elements_per_tile, 1);
  const detail::RunArguments arguments{inputs, outputs, random};
  if (tiles <= per_task) return run_tiles(code, arguments, grid, 0, tiles);
  const bool streams = detail::can_stream(code, arguments);
  parallel_for((tiles + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t first = task * per_task, last = std::min(tiles, first + per_task);
    if (streams) {
      detail::run_loop(code, *code.streaming_loop, arguments, grid, first, last);
    } else {
      run_tiles(code, arguments, grid, first, last);
    }
  });
}

void ElementwisePlan::run_block(const Block& block, const void* const* inputs, void* const* outputs,
                                RandomState random) const {
  const ElementwiseCode& code = *code_;
  expect_kind(code, ElementwiseCode::Kind::blocks, "blocks");
  if (block.rows <= 0 || block.columns <= 0) return;
  const detail::RunArguments arguments{inputs, outputs, random};
  if (code.loop != nullptr) return detail::run_loop_block(code, arguments, block);
  TileGrid grid{.row = block.row,
                .rows = block.rows,
                .column = block.column,
                .columns = block.columns,
                .full_rows = code.rows,
                .full_columns = code.columns};
  detail::set_tile_shape(grid, code.tile_elements);
  run_tiles(code, arguments, grid, 0, grid.tiles());
}

void ElementwisePlan::run_segments(std::span<const Segment> segments, RandomState random) const {
  const ElementwiseCode& code = *code_;
  expect_kind(code, ElementwiseCode::Kind::linear, "linear");
  std::int64_t tiles = 0, elements = 0;
  for (const Segment& segment : segments) {
    tiles += (segment.length + code.tile_elements - 1) / code.tile_elements;
    elements += segment.length;
  }
  // Many short segments are one task's work.
  if (elements <= code.task_elements) return run_segment_tiles(code, segments, random, 0, tiles);
  const std::int64_t per_task = std::max<std::int64_t>(code.task_elements / code.tile_elements, 1);
  parallel_for((tiles + per_task - 1) / per_task, [&](std::int64_t task) {
    run_segment_tiles(code, segments, random, task * per_task,
                      std::min(tiles, (task + 1) * per_task));
  });
}

}  // namespace tegula::kernels
