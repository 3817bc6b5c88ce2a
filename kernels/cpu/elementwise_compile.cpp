// Binds a program to shapes: checks it, merges dimensions, separates what is computed once from
// what is computed per element, fuses pairs, and assigns tile buffers.

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "kernels/cpu/elementwise_code.hpp"
#include "kernels/cpu/elementwise_jit.hpp"
#include "tegula/core/error.hpp"

namespace tegula::kernels::detail {

namespace {

using Kind = ElementwiseCode::Kind;
using Strides = std::array<std::int64_t, Shape::kMaxRank>;

[[noreturn]] void malformed(const std::string& what, const Program& program) {
  throw InvalidArgument("elementwise program: " + what + "\n" + to_string(program));
}

void check(const Program& program, std::size_t inputs, std::size_t outputs) {
  if (program.inputs != static_cast<int>(inputs)) {
    malformed(
        "reads " + std::to_string(program.inputs) + " inputs, but got " + std::to_string(inputs),
        program);
  }
  if (program.outputs.size() != outputs || outputs == 0 || outputs > kMaxOutputs) {
    malformed("has " + std::to_string(program.outputs.size()) + " outputs, but got " +
                  std::to_string(outputs) + "; expected 1 to " + std::to_string(kMaxOutputs),
              program);
  }
  int values = program.inputs;
  for (const Instruction& instruction : program.instructions) {
    for (int k = 0; k < operand_count(instruction.op); ++k) {
      const int operand = instruction.operands[static_cast<std::size_t>(k)];
      if (operand < 0 || operand >= values) {
        malformed("operand %" + std::to_string(operand) + " of %" + std::to_string(values) +
                      " is not defined before it",
                  program);
      }
    }
    ++values;
  }
  for (const int output : program.outputs) {
    if (output < 0 || output >= values) {
      malformed("output %" + std::to_string(output) + " is not defined", program);
    }
  }
}

/// Element strides of a contiguous `input` along the axes of `output`; 0 where it is broadcast.
Strides broadcast_strides(const Shape& input, const Shape& output) {
  if (broadcast_shapes(input, output) != output) {
    throw ShapeError("elementwise program: input " + input.to_string() +
                     " does not broadcast to the output " + output.to_string());
  }
  Strides strides{};
  std::int64_t stride = 1;
  for (int axis = input.rank() - 1; axis >= 0; --axis) {
    const int target = axis + output.rank() - input.rank();
    if (input[axis] != 1) strides[static_cast<std::size_t>(target)] = stride;
    stride *= input[axis];
  }
  return strides;
}

/// Dimensions of the space with the strides of every input; neighbours are merged where all inputs
/// run through them as through one.
struct Space {
  std::vector<std::int64_t> dims;
  std::vector<Strides> strides;  ///< per input

  bool mergeable(std::int64_t dim, const std::vector<Strides>& inner, std::size_t axis) const {
    const std::size_t last = dims.size() - 1;
    for (std::size_t i = 0; i < strides.size(); ++i) {
      if (strides[i][last] != inner[i][axis] * dim) return false;
    }
    return true;
  }

  void push(std::int64_t dim, const std::vector<Strides>& source, std::size_t axis, bool merge) {
    if (merge && !dims.empty() && mergeable(dim, source, axis)) {
      dims.back() *= dim;
    } else {
      dims.push_back(dim);
    }
    for (std::size_t i = 0; i < strides.size(); ++i) {
      strides[i][dims.size() - 1] = source[i][axis];
    }
  }
};

Space make_space(Kind kind, std::span<const ElementwiseInput> inputs, const Shape& output) {
  std::vector<Strides> source;
  for (const ElementwiseInput& input : inputs) {
    source.push_back(broadcast_strides(input.shape, output));
  }
  Space space;
  space.strides.resize(inputs.size());
  const bool keep_columns = kind == Kind::blocks;
  const int last = output.rank() - (keep_columns ? 1 : 0);
  for (int axis = 0; axis < last; ++axis) {
    if (output[axis] != 1) space.push(output[axis], source, static_cast<std::size_t>(axis), true);
  }
  if (!keep_columns) return space;
  if (space.dims.size() > 1) {
    throw ShapeError("elementwise program: for blocks of " + output.to_string() +
                     " every input must be a scalar, a row, a column or full");
  }
  if (space.dims.empty()) space.dims.push_back(1);
  if (output.rank() > 0) {
    space.push(output[last], source, static_cast<std::size_t>(last), false);
  } else {
    space.dims.push_back(1);
  }
  return space;
}

/// Distributes the dimensions of the space over outer, rows and columns.
void set_space(ElementwiseCode& code, const Space& space) {
  const std::size_t rank = space.dims.size();
  if (rank >= 1) code.columns = space.dims[rank - 1];
  if (rank >= 2) code.rows = space.dims[rank - 2];
  code.outer_rank = rank > 2 ? static_cast<int>(rank - 2) : 0;
  for (int axis = 0; axis < code.outer_rank; ++axis) {
    const auto a = static_cast<std::size_t>(axis);
    code.outer_dims[a] = space.dims[a];
    code.outer *= space.dims[a];
  }
  const auto wide = static_cast<std::int64_t>(kMaxTileBytes / size_of(code.compute)) / 2;
  for (std::size_t i = 0; i < code.inputs.size(); ++i) {
    CodeInput& input = code.inputs[i];
    const Strides& strides = space.strides[i];
    const bool scalar = std::all_of(strides.begin(), strides.end(), [](auto s) { return s == 0; });
    if (rank >= 1) input.column_stride = strides[rank - 1];
    if (rank >= 2) input.row_stride = strides[rank - 2];
    for (std::size_t a = 0; a + 2 < rank; ++a) input.outer_strides[a] = strides[a];
    input.repeats =
        input.row_stride == 0 && std::all_of(input.outer_strides.begin(), input.outer_strides.end(),
                                             [](auto s) { return s == 0; });
    // Columns wider than half a tile make single-row tiles, in which a column is one value.
    const bool single_rows = code.kind == Kind::whole && code.columns > wide;
    input.level = scalar                                    ? Level::run
                  : input.column_stride == 0 && single_rows ? Level::tile
                                                            : Level::element;
    if (code.columns == 1) input.column_stride = 1;  // never stepped; makes rows contiguous
  }
}

void set_linear_space(ElementwiseCode& code, std::span<const ElementwiseInput> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool scalar = inputs[i].shape.is_known() && inputs[i].shape.element_count() == 1;
    code.inputs[i].level = scalar ? Level::run : Level::element;
    code.inputs[i].column_stride = scalar ? 0 : 1;
  }
}

bool is_random(ElementwiseOp op) {
  return op == ElementwiseOp::dropout || op == ElementwiseOp::random_uniform ||
         op == ElementwiseOp::random_normal;
}

/// Relative time of an instruction; an addition is 1.
int weight(ElementwiseOp op) {
  switch (op) {
    case ElementwiseOp::pow:
    case ElementwiseOp::random_normal:
      return 30;
    case ElementwiseOp::exp:
    case ElementwiseOp::log:
    case ElementwiseOp::log1p:
    case ElementwiseOp::expm1:
    case ElementwiseOp::tanh:
    case ElementwiseOp::sigmoid:
    case ElementwiseOp::elu:
    case ElementwiseOp::gelu:
    case ElementwiseOp::gelu_tanh:
    case ElementwiseOp::silu:
    case ElementwiseOp::softplus:
    case ElementwiseOp::erf:
    case ElementwiseOp::sin:
    case ElementwiseOp::cos:
    case ElementwiseOp::dropout:
    case ElementwiseOp::random_uniform:
      return 6;
    case ElementwiseOp::div:
    case ElementwiseOp::sqrt:
    case ElementwiseOp::rsqrt:
    case ElementwiseOp::reciprocal:
      return 2;
    default:
      return 1;
  }
}

/// The instruction for a product that is only added to or subtracted from something.
FusedOp fused_form(ElementwiseOp op, bool product_first) {
  if (op == ElementwiseOp::add) return FusedOp::mul_add;
  if (op == ElementwiseOp::sub) return product_first ? FusedOp::mul_sub : FusedOp::neg_mul_add;
  return FusedOp::none;
}

/// Translates the instructions of one program.
class Compiler {
 public:
  Compiler(const Program& program, ElementwiseCode& code) : program_(program), code_(code) {}

  void compile(std::span<const DType> outputs) {
    add_steps();
    for (const int output : program_.outputs) add_output_step(output);
    fuse_products();
    drop_unused();
    assign_fixed_locations(outputs);
    emit();
    for (std::size_t i = 0; i < code_.outputs.size(); ++i) {
      code_.outputs[i].location = values_[output_value(i)].location;
    }
    set_sizes();
  }

 private:
  struct Value {
    Level level = Level::element;
    int step = -1;  ///< that defines it; -1 for inputs
    int uses = 0;
    int last_use = -1;
    bool located = false, fixed = false;
    Location location = 0;
  };
  struct Step {
    CodeInstruction code;
    int operand_count = 0;
    std::array<int, 3> operands{};  ///< value numbers
    int result = 0;
    bool used = true;
  };

  std::size_t output_value(std::size_t i) const { return static_cast<std::size_t>(outputs_[i]); }
  Value& value(int number) { return values_[static_cast<std::size_t>(number)]; }

  int add_step(const Instruction& instruction, std::array<int, 3> operands) {
    Step step;
    step.code = {.op = instruction.op,
                 .immediates = instruction.immediates,
                 .random_op_id = instruction.random_op_id};
    step.operand_count = operand_count(instruction.op);
    step.operands = operands;
    Level level = is_random(instruction.op) ? Level::element : Level::run;
    for (int k = 0; k < step.operand_count; ++k) {
      level = std::max(level, value(operands[static_cast<std::size_t>(k)]).level);
    }
    step.code.level = level;
    step.result = static_cast<int>(values_.size());
    values_.push_back({.level = level, .step = static_cast<int>(steps_.size())});
    steps_.push_back(step);
    return step.result;
  }

  void add_steps() {
    for (const CodeInput& input : code_.inputs) values_.push_back({.level = input.level});
    for (int i = 0; i < program_.inputs; ++i) resolved_.push_back(i);
    for (const Instruction& instruction : program_.instructions) {
      std::array<int, 3> operands{};
      for (int k = 0; k < operand_count(instruction.op); ++k) {
        const auto slot = static_cast<std::size_t>(k);
        operands[slot] = resolved_[static_cast<std::size_t>(instruction.operands[slot])];
      }
      const bool copies = instruction.op == ElementwiseOp::identity ||
                          (instruction.op == ElementwiseOp::cast && instruction.immediates[0] == 0);
      resolved_.push_back(copies ? operands[0] : add_step(instruction, operands));
    }
  }

  /// An input that is an output is copied by an instruction, so that outputs that overwrite inputs
  /// have one rule.
  void add_output_step(int output) {
    int number = resolved_[static_cast<std::size_t>(output)];
    if (value(number).step < 0 && value(number).level == Level::element) {
      number = add_step({.op = ElementwiseOp::identity}, {number, 0, 0});
    }
    outputs_.push_back(number);
  }

  void count_uses() {
    for (Value& v : values_) v.uses = 0;
    for (const Step& step : steps_) {
      if (!step.used) continue;
      for (int k = 0; k < step.operand_count; ++k) {
        ++value(step.operands[static_cast<std::size_t>(k)]).uses;
      }
    }
    for (const int output : outputs_) ++value(output).uses;
  }

  void fuse_products() {
    count_uses();
    for (Step& step : steps_) {
      for (const int k : {0, 1}) {
        const FusedOp fused = fused_form(step.code.op, k == 0);
        if (fused == FusedOp::none || step.code.fused != FusedOp::none) continue;
        const Value& product = value(step.operands[static_cast<std::size_t>(k)]);
        if (product.step < 0 || product.uses != 1 || product.level != Level::element) continue;
        Step& factor = steps_[static_cast<std::size_t>(product.step)];
        if (factor.code.op != ElementwiseOp::mul) continue;
        step.operands = {factor.operands[0], factor.operands[1],
                         step.operands[static_cast<std::size_t>(1 - k)]};
        step.operand_count = 3;
        step.code.fused = fused;
        factor.used = false;
      }
    }
  }

  void drop_unused() {
    count_uses();
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      if (!step->used || value(step->result).uses > 0) continue;
      step->used = false;
      for (int k = 0; k < step->operand_count; ++k) {
        --value(step->operands[static_cast<std::size_t>(k)]).uses;
      }
    }
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      if (!steps_[s].used) continue;
      for (int k = 0; k < steps_[s].operand_count; ++k) {
        value(steps_[s].operands[static_cast<std::size_t>(k)]).last_use = static_cast<int>(s);
      }
    }
    for (const int output : outputs_) value(output).last_use = std::numeric_limits<int>::max();
  }

  void locate(Value& v) {
    if (v.level == Level::element) {
      v.location = take_buffer();
    } else {
      if (scalars_ == kMaxScalars) {
        malformed("more than " + std::to_string(kMaxScalars) + " scalars", program_);
      }
      v.location = static_cast<Location>(scalars_++);
    }
    v.located = true;
  }

  Location take_buffer() {
    if (!free_.empty()) {
      const Location location = free_.back();
      free_.pop_back();
      return location;
    }
    if (buffers_ == kMaxTileBuffers) {
      malformed("more than " + std::to_string(kMaxTileBuffers) + " live arrays", program_);
    }
    return static_cast<Location>(kMaxScalars + buffers_++);
  }

  /// Inputs, and outputs that may be computed in place, keep a location of their own.
  void assign_fixed_locations(std::span<const DType> outputs) {
    for (std::size_t i = 0; i < code_.inputs.size(); ++i) {
      Value& v = values_[i];
      code_.inputs[i].read = v.uses > 0;
      if (v.uses == 0) continue;
      locate(v);
      v.fixed = true;
      code_.inputs[i].location = v.location;
      code_.inputs[i].last_reader = v.last_use;
    }
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      Value& v = values_[output_value(o)];
      CodeOutput& output = code_.outputs[o];
      output.dtype = outputs[o];
      output.level = v.level;
      output.definition = v.step;
      output.direct = v.level == Level::element && outputs[o] == code_.compute && !v.located;
      if (!output.direct) continue;
      locate(v);
      v.fixed = true;
    }
  }

  void emit() {
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      Step& step = steps_[s];
      if (!step.used) continue;
      set_operands(step);
      // An operand that dies here may give its buffer to the result: loops work element by element.
      for (int k = 0; k < step.operand_count; ++k) {
        release(value(step.operands[static_cast<std::size_t>(k)]), static_cast<int>(s));
      }
      Value& result = value(step.result);
      if (!result.located) locate(result);
      step.code.result = result.location;
      (step.code.level == Level::run ? code_.run_instructions : code_.instructions)
          .push_back(step.code);
    }
  }

  void set_operands(Step& step) {
    if (step.code.fused != FusedOp::none && value(step.operands[0]).level != Level::element) {
      std::swap(step.operands[0], step.operands[1]);
    }
    step.code.operand_count = static_cast<std::uint8_t>(step.operand_count);
    for (int k = 0; k < step.operand_count; ++k) {
      const auto slot = static_cast<std::size_t>(k);
      const Value& operand = value(step.operands[slot]);
      step.code.operands[slot] = operand.location;
      if (step.code.level == Level::element && operand.level != Level::element) {
        step.code.splats = static_cast<std::uint8_t>(step.code.splats | (1 << k));
      }
    }
  }

  void release(Value& v, int step) {
    if (v.level != Level::element || v.fixed || v.last_use != step) return;
    free_.push_back(v.location);
    v.last_use = -1;  // an instruction may name the same operand twice
  }

  void set_sizes() {
    const std::size_t element = size_of(code_.compute);
    const std::size_t buffers = static_cast<std::size_t>(std::max(buffers_, 1));
    const std::size_t bytes = std::min(kMaxTileBytes, kArenaBytes / buffers / 128 * 128);
    code_.tile_elements = static_cast<std::int64_t>(bytes / element);

    int cost = static_cast<int>(code_.outputs.size());
    for (const CodeInput& input : code_.inputs) cost += input.level == Level::element ? 1 : 0;
    for (const CodeInstruction& instruction : code_.instructions) cost += weight(instruction.op);
    constexpr std::int64_t kTaskCost = 1 << 18;
    code_.task_elements = std::max(kTaskCost / std::max(cost, 1), code_.tile_elements);
  }

  const Program& program_;
  ElementwiseCode& code_;
  std::vector<Value> values_;
  std::vector<Step> steps_;
  std::vector<int> resolved_;  ///< value number of each operand number of the program
  std::vector<int> outputs_;   ///< value numbers
  std::vector<Location> free_;
  int scalars_ = 0, buffers_ = 0;
};

/// Executes those run-level instructions that depend on no input, in the type of the program.
template <typename T>
void fold_scalars(ElementwiseCode& code,
                  void (*run_scalars)(std::span<const CodeInstruction>, T* table)) {
  if (code.run_instructions.empty()) return;
  std::vector<T> table(kMaxScalars * kScalarWidth);
  std::vector<CodeInstruction> left;
  for (const CodeInstruction& instruction : code.run_instructions) {
    bool known = true;
    for (int k = 0; k < instruction.operand_count; ++k) {
      known = known && code.constants[instruction.operands[static_cast<std::size_t>(k)]];
    }
    if (!known) {
      left.push_back(instruction);
      continue;
    }
    run_scalars({&instruction, 1}, table.data());
    code.constants[instruction.result] =
        static_cast<double>(table[instruction.result * kScalarWidth]);
  }
  code.run_instructions = std::move(left);
}

}  // namespace

ElementwiseCode compile_elementwise(Kind kind, const Program& program, DType compute,
                                    std::span<const ElementwiseInput> inputs, const Shape& output,
                                    std::span<const DType> outputs) {
  if (compute != DType::f32 && compute != DType::f64) {
    throw DTypeError("elementwise programs compute in f32 or f64, not in " +
                     std::string(to_string(compute)));
  }
  check(program, inputs.size(), outputs.size());
  ElementwiseCode code;
  code.kind = kind;
  code.compute = compute;
  code.inputs.resize(inputs.size());
  code.outputs.resize(outputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    code.inputs[i].dtype = inputs[i].dtype;
    code.inputs[i].block_only = inputs[i].block_only;
    if (inputs[i].block_only && (kind != Kind::blocks || inputs[i].shape != output)) {
      throw ShapeError(
          "elementwise program: an input that holds a block only must have the shape " +
          output.to_string() + " of the output of a plan for blocks, got " +
          inputs[i].shape.to_string());
    }
  }
  if (kind == Kind::linear) {
    set_linear_space(code, inputs);
  } else {
    set_space(code, make_space(kind, inputs, output));
  }
  Compiler(program, code).compile(outputs);
  if (compute == DType::f32) {
    fold_scalars<float>(code, run_scalars_f32);
  } else {
    fold_scalars<double>(code, run_scalars_f64);
  }
  attach_loop(code);
  return code;
}

}  // namespace tegula::kernels::detail
