#include "src/backend/cpu/row_program.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "src/backend/cpu/program.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::cpu {

namespace {

/// What a block touches stays in the L2 cache, and calls are worth their overhead.
constexpr std::int64_t kBlockBytes = 96 * 1024;
constexpr std::int64_t kMaxBlockRows = 256;
/// Elements of a part of a long row.
constexpr std::int64_t kPartColumns = 4096;

std::size_t at(int index) { return static_cast<std::size_t>(index); }

class Binder {
 public:
  explicit Binder(const Node& node)
      : node_(node),
        cluster_(*node.attrs().get<std::shared_ptr<const Cluster>>("cluster")),
        first_result_(cluster_.input_count) {}

  std::optional<RowProgram> run() {
    if (!find_types() || !find_rows() || !place_inputs() || !place_results()) return std::nullopt;
    if (!choose_block() || !make_steps()) return std::nullopt;
    return std::move(result_);
  }

 private:
  bool is_reduction(int operand) const {
    return operand >= first_result_ && instruction(operand).op->fusion == FusionClass::reduction;
  }
  const ClusterInstruction& instruction(int operand) const {
    return cluster_.instructions[at(operand - first_result_)];
  }
  bool is_constant(int operand) const {
    return operand >= first_result_ && instruction(operand).op->inputs.empty();
  }
  bool reads(int user, int operand) const {
    const std::vector<int>& inputs = instruction(user).operands;
    return std::ranges::find(inputs, operand) != inputs.end();
  }
  int operands() const { return static_cast<int>(types_.size()); }

  bool find_types() {
    for (const Value& input : node_.inputs()) types_.push_back(input.type());
    for (const ClusterInstruction& each : cluster_.instructions) {
      if (each.op->random) return false;
      std::vector<ValueType> inputs;
      for (const int operand : each.operands) inputs.push_back(types_[at(operand)]);
      types_.push_back(each.op->infer({inputs, each.attrs})[0]);
    }
    result_.instructions = static_cast<int>(cluster_.instructions.size());
    return types_.size() <= RowProgram::kMaxOperands;
  }

  /// All reductions are of values of one shape and dtype, all of them of its rows or of everything.
  bool find_rows() {
    bool found = false;
    for (int operand = first_result_; operand < operands(); ++operand) {
      if (!is_reduction(operand)) continue;
      const auto& axes = instruction(operand).attrs.get<std::vector<std::int64_t>>("axes");
      const ValueType& type = types_[at(instruction(operand).operands[0])];
      const bool everything = axes.size() > 1 && static_cast<int>(axes.size()) == type.shape.rank();
      if (!found) {
        space_ = type.shape;
        result_.dtype = type.dtype;
        everything_ = everything;
      }
      found = true;
      if (type.shape != space_ || type.dtype != result_.dtype || everything != everything_) {
        return false;
      }
    }
    if (!found || (result_.dtype != DType::f32 && result_.dtype != DType::f64)) return false;
    result_.columns = everything_ ? space_.element_count() : space_.dim(-1);
    result_.rows = result_.columns == 0 ? 0 : space_.element_count() / result_.columns;
    column_ = space_;
    column_.set(space_.rank() - 1, 1);
    for (int axis = 0; axis < space_.rank() - 1; ++axis) leading_.append(space_[axis]);
    return result_.columns >= 1;
  }

  std::optional<RowPattern> pattern_of(const Shape& shape) const {
    if (shape == space_) return RowPattern::full;
    const std::int64_t count = shape.element_count();
    if (count == 1) return RowPattern::scalar;
    if (everything_) return std::nullopt;
    if (shape == column_) return RowPattern::column;
    if (shape.rank() <= space_.rank() && count == shape.dim(-1) && count == result_.columns) {
      return RowPattern::row;
    }
    return std::nullopt;
  }

  bool place_inputs() {
    for (int input = 0; input < first_result_; ++input) {
      const std::optional<RowPattern> pattern = pattern_of(types_[at(input)].shape);
      if (!pattern) return false;
      result_.places.push_back(
          {RowPlace::Home::input, *pattern, types_[at(input)].dtype, at(input)});
    }
    return true;
  }

  /// Results are full or have one element per row; a row of everything has one at all.
  bool place_results() {
    level_.assign(types_.size(), 0);
    for (int operand = first_result_; operand < operands(); ++operand) {
      const ValueType& type = types_[at(operand)];
      int& level = level_[at(operand)];
      for (const int input : instruction(operand).operands) {
        level = std::max(level, level_[at(input)] + (is_reduction(input) ? 1 : 0));
      }
      levels_ = std::max(levels_, level + 1);
      RowPlace place{.dtype = type.dtype};
      if (is_constant(operand)) {
        if (type.shape.element_count() != 1) return false;
        place.pattern = RowPattern::scalar;
      } else if (is_reduction(operand)) {
        if (!kernels::reduce_op(instruction(operand).op->name)) return false;
        place.pattern = RowPattern::column;
      } else if (type.shape == space_) {
        place.pattern = RowPattern::full;
      } else if (!everything_ && (type.shape == column_ || type.shape == leading_)) {
        place.pattern = RowPattern::column;
      } else {
        return false;
      }
      if (type.dtype != result_.dtype && type.dtype != DType::boolean) return false;
      result_.places.push_back(place);
    }
    for (std::size_t i = 0; i < cluster_.outputs.size(); ++i) {
      RowPlace& place = result_.places[at(cluster_.outputs[i])];
      const bool once = place.home == RowPlace::Home::none && place.pattern != RowPattern::scalar;
      if (!once) return false;
      place.home = RowPlace::Home::output;
      place.at = i;
    }
    return true;
  }

  bool is_used_later(int operand, int step_level) const {
    for (int user = first_result_; user < operands(); ++user) {
      if (!reads(user, operand)) continue;
      const bool apart = is_reduction(user) || is_summed_square(user) ||
                         level_[at(user)] != step_level ||
                         result_.places[at(user)].pattern != result_.places[at(operand)].pattern;
      if (apart) return true;
    }
    return false;
  }

  /// Whether the value is a square that is only summed up, which the reduction does by itself.
  bool is_summed_square(int operand) const {
    if (operand < first_result_ || result_.places[at(operand)].home == RowPlace::Home::output) {
      return false;
    }
    const std::string& name = instruction(operand).op->name;
    const std::vector<int>& factors = instruction(operand).operands;
    const bool is_square = name == "square" || (name == "mul" && factors[0] == factors[1]);
    if (!is_square || result_.places[at(factors[0])].pattern != RowPattern::full) return false;
    for (int user = first_result_; user < operands(); ++user) {
      if (!reads(user, operand)) continue;
      const std::string& reduction = instruction(user).op->name;
      if (reduction != "sum" && reduction != "mean") return false;
    }
    return true;
  }

  /// Whether the value is the difference of a full value and a column, which every step that reads
  /// it computes anew: the cache holds both anyway.
  bool is_recomputed(int operand) const {
    if (operand < first_result_ || result_.places[at(operand)].home == RowPlace::Home::output ||
        instruction(operand).op->name != "sub") {
      return false;
    }
    const int full = instruction(operand).operands[0], column = instruction(operand).operands[1];
    // What the step that computes the difference computes too might not be kept.
    const bool at_hand =
        full < first_result_ || (level_[at(full)] < level_[at(operand)] && !is_recomputed(full));
    if (!at_hand || result_.places[at(full)].pattern != RowPattern::full ||
        result_.places[at(column)].pattern != RowPattern::column ||
        is_misread(column, RowPattern::full)) {
      return false;
    }
    for (int user = first_result_; user < operands(); ++user) {
      if (is_reduction(user) && reads(user, operand)) return false;
    }
    return true;
  }

  /// Whether the value goes from one step to another.
  bool is_kept(int operand) const {
    if (operand < first_result_ || is_constant(operand)) return false;
    if (is_summed_square(operand) || is_recomputed(operand)) return false;
    return is_reduction(operand) || result_.places[at(operand)].home == RowPlace::Home::output ||
           is_used_later(operand, level_[at(operand)]);
  }

  bool choose_block() {
    std::size_t bytes = 0;  // that a block touches per element
    for (int operand = 0; operand < operands(); ++operand) {
      const RowPlace& place = result_.places[at(operand)];
      const bool stored = place.home != RowPlace::Home::none || is_kept(operand);
      if (place.pattern == RowPattern::full && stored) bytes += size_of(place.dtype);
    }
    result_.block_columns = result_.columns;
    if (levels_ == 1 && result_.columns > 2 * kPartColumns && reductions_combine()) {
      result_.block_columns = kPartColumns;
    } else {
      const auto per_row = static_cast<std::int64_t>(std::max<std::size_t>(bytes, 1));
      result_.block_rows =
          std::clamp<std::int64_t>(kBlockBytes / (per_row * result_.columns), 1, kMaxBlockRows);
    }
    return place_scratch();
  }

  /// Whether the results of parts give that of the whole.
  bool reductions_combine() const {
    int count = 0;
    for (int operand = first_result_; operand < operands(); ++operand) {
      if (!is_reduction(operand)) continue;
      if (instruction(operand).op->indivisible) return false;
      ++count;
    }
    return count <= RowProgram::kMaxReductions;
  }

  bool place_scratch() {
    std::size_t used = 0;
    for (int operand = first_result_; operand < operands(); ++operand) {
      RowPlace& place = result_.places[at(operand)];
      if (place.home != RowPlace::Home::none || !is_kept(operand)) continue;
      const std::int64_t columns =
          place.pattern == RowPattern::full ? result_.block_columns : std::int64_t{1};
      place.home = RowPlace::Home::scratch;
      place.at = used;
      const auto bytes =
          static_cast<std::size_t>(result_.block_rows * columns) * size_of(place.dtype);
      used += (bytes + 127) / 128 * 128;
    }
    return used <= RowProgram::kScratchBytes;
  }

  /// Numbers per row without their last axis would broadcast as a row.
  bool is_misread(int operand, RowPattern pattern) const {
    return pattern == RowPattern::full &&
           result_.places[at(operand)].pattern == RowPattern::column && space_.rank() > 1 &&
           types_[at(operand)].shape != column_;
  }

  bool make_steps() {
    for (int level = 0; level < levels_; ++level) {
      for (const RowPattern pattern : {RowPattern::column, RowPattern::full}) {
        if (!make_elementwise(level, pattern)) return false;
      }
      for (int operand = first_result_; operand < operands(); ++operand) {
        if (!is_reduction(operand) || level_[at(operand)] != level) continue;
        RowStep& step = result_.steps.emplace_back();
        step.inputs = instruction(operand).operands;
        step.squares = is_summed_square(step.inputs[0]);
        if (step.squares) step.inputs = {instruction(step.inputs[0]).operands[0]};
        if (is_recomputed(step.inputs[0])) step.inputs = instruction(step.inputs[0]).operands;
        step.outputs = {operand};
        step.reduction = *kernels::reduce_op(instruction(operand).op->name);
      }
    }
    return true;
  }

  /// What is computed together: the values of one level and pattern, and what they compute anew.
  std::vector<int> members_of(int level, RowPattern pattern) const {
    std::vector<int> members;
    for (int operand = first_result_; operand < operands(); ++operand) {
      const bool member = level_[at(operand)] == level && !is_constant(operand) &&
                          !is_reduction(operand) && !is_summed_square(operand) &&
                          !is_recomputed(operand) && result_.places[at(operand)].pattern == pattern;
      if (member) members.push_back(operand);
    }
    const std::vector<int> users = members;
    for (int operand = first_result_; operand < operands(); ++operand) {
      const bool is_read =
          std::ranges::any_of(users, [&](int user) { return reads(user, operand); });
      if (is_read && is_recomputed(operand)) members.push_back(operand);
    }
    std::ranges::sort(members);
    return members;
  }

  /// Instructions of one level and pattern as one program; reshapes are copies.
  bool make_elementwise(int level, RowPattern pattern) {
    Cluster part;
    const std::vector<int> members = members_of(level, pattern);
    if (members.empty()) return true;
    RowStep step;
    std::vector<int> number(types_.size(), -1);
    for (const int member : members) {
      for (const int input : instruction(member).operands) {
        if (std::ranges::find(members, input) != members.end() || is_constant(input)) continue;
        if (number[at(input)] >= 0) continue;
        if (is_misread(input, pattern)) return false;
        number[at(input)] = static_cast<int>(step.inputs.size());
        step.inputs.push_back(input);
      }
    }
    part.input_count = static_cast<int>(step.inputs.size());
    if (step.inputs.empty()) return false;
    int next = part.input_count;
    for (const int member : members) {
      ClusterInstruction copy = instruction(member);
      for (int& operand : copy.operands) {
        if (is_constant(operand) && number[at(operand)] < 0) {
          part.instructions.push_back(instruction(operand));
          number[at(operand)] = next++;
        }
        operand = number[at(operand)];
      }
      if (copy.op->name == "reshape") copy = {&find_op("identity"), copy.operands, {}};
      part.instructions.push_back(std::move(copy));
      number[at(member)] = next++;
      if (!is_kept(member)) continue;
      part.outputs.push_back(number[at(member)]);
      step.outputs.push_back(member);
    }
    if (step.outputs.empty()) return true;
    return add_plan(part, std::move(step), pattern);
  }

  Shape block_shape(RowPattern pattern, RowPattern step) const {
    const std::int64_t rows = result_.block_rows;
    const std::int64_t columns = step == RowPattern::full ? result_.block_columns : 1;
    switch (pattern) {
      case RowPattern::full:
        return {rows, columns};
      case RowPattern::column:
        return {rows, 1};
      case RowPattern::row:
        return {columns};
      case RowPattern::scalar:
        break;
    }
    return {};
  }

  bool add_plan(const Cluster& part, RowStep step, RowPattern pattern) {
    std::vector<ValueType> types;
    std::vector<kernels::ElementwiseInput> inputs;
    for (const int input : step.inputs) {
      const RowPlace& place = result_.places[at(input)];
      types.push_back({place.dtype, block_shape(place.pattern, pattern)});
      inputs.push_back({place.dtype, types.back().shape});
    }
    std::vector<DType> outputs;
    for (const int output : step.outputs) outputs.push_back(types_[at(output)].dtype);
    const Shape space = block_shape(pattern, pattern);
    const std::optional<ElementwiseProgram> program = translate(part, types, space);
    if (!program) return false;
    step.plan = kernels::ElementwisePlan::blocks(program->program, program->compute, inputs, space,
                                                 outputs);
    result_.steps.push_back(std::move(step));
    return true;
  }

  const Node& node_;
  const Cluster& cluster_;
  const int first_result_;
  std::vector<ValueType> types_;  ///< by operand
  std::vector<int> level_;        ///< reductions on the way to an operand
  int levels_ = 1;
  Shape space_, column_, leading_;
  bool everything_ = false;
  RowProgram result_;
};

}  // namespace

void* RowProgram::address(int operand, const RowBlock& block, const void* const* inputs,
                          void* const* outputs, std::byte* scratch) const {
  const RowPlace& place = places[at(operand)];
  if (place.home == RowPlace::Home::scratch) return scratch + place.at;
  std::int64_t element = 0;
  switch (place.pattern) {
    case RowPattern::full:
      element = block.row * columns + block.column;
      break;
    case RowPattern::column:
      element = block.row;
      break;
    case RowPattern::row:
      element = block.column;
      break;
    case RowPattern::scalar:
      break;
  }
  // Inputs are only read.
  void* base =
      place.home == RowPlace::Home::input ? const_cast<void*>(inputs[place.at]) : outputs[place.at];
  return static_cast<std::byte*>(base) + element * static_cast<std::int64_t>(size_of(place.dtype));
}

void RowProgram::reduce(const RowStep& step, kernels::ReduceOp op, const RowBlock& block,
                        const void* const* inputs, void* const* outputs, std::byte* scratch,
                        void* result) const {
  const auto input = [&](std::size_t i) {
    return address(step.inputs[i], block, inputs, outputs, scratch);
  };
  if (step.squares) {
    const void* shifts = step.inputs.size() > 1 ? input(1) : nullptr;
    kernels::reduce_squares(op, dtype, input(0), shifts, result, block.rows, block.columns);
  } else {
    kernels::reduce(op, dtype, input(0), result, block.rows, block.columns, 1);
  }
}

void RowProgram::run_step(const RowStep& step, const RowBlock& block, const void* const* inputs,
                          void* const* outputs, std::byte* scratch) const {
  if (!step.plan) {
    return reduce(step, step.reduction, block, inputs, outputs, scratch,
                  address(step.outputs[0], block, inputs, outputs, scratch));
  }
  std::array<const void*, kMaxOperands> from;
  std::array<void*, kMaxOperands> to;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    from[i] = address(step.inputs[i], block, inputs, outputs, scratch);
  }
  for (std::size_t i = 0; i < step.outputs.size(); ++i) {
    to[i] = address(step.outputs[i], block, inputs, outputs, scratch);
  }
  const bool per_row = places[at(step.outputs[0])].pattern == RowPattern::column;
  step.plan->run_block({0, block.rows, 0, per_row ? 1 : block.columns}, from.data(), to.data());
}

void RowProgram::run(const RowBlock& block, const void* const* inputs, void* const* outputs,
                     std::byte* scratch) const {
  for (const RowStep& step : steps) run_step(step, block, inputs, outputs, scratch);
}

std::optional<RowProgram> make_row_program(const Node& node) { return Binder(node).run(); }

}  // namespace tegula::cpu
