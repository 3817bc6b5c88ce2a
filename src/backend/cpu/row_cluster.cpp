// Lowering of elementwise ops and reductions computed row by row: in blocks of rows whose values
// stay in the cache, or, where they are only reduced, in parts of long rows.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "src/backend/cpu/lowering.hpp"
#include "src/backend/cpu/program.hpp"
#include "src/backend/cpu/row_program.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::cpu {

namespace {

using kernels::ReduceOp;

constexpr std::int64_t kMaxTasks = 256;  ///< that share a long row

/// Elements times instructions that are worth a parallel task.
constexpr std::int64_t kTaskWork = 1 << 17;

template <typename T>
T combine(ReduceOp op, T a, T b) {
  switch (op) {
    case ReduceOp::prod:
      return a * b;
    case ReduceOp::max:
      return std::isnan(a) || a > b ? a : b;
    case ReduceOp::min:
      return std::isnan(a) || a < b ? a : b;
    default:
      return a + b;
  }
}

/// Combines numbers in pairs, as a binary counter adds its carries.
template <typename T>
class PairwiseFold {
 public:
  explicit PairwiseFold(ReduceOp op) : op_(op) {}

  void add(T value) {
    for (std::int64_t carry = count_++; (carry & 1) != 0; carry >>= 1) {
      value = combine(op_, pending_[--depth_], value);
    }
    pending_[depth_++] = value;
  }
  T result() const {
    T value = pending_[depth_ - 1];
    for (std::size_t i = depth_ - 1; i > 0; --i) value = combine(op_, pending_[i - 1], value);
    return value;
  }

 private:
  ReduceOp op_;
  std::int64_t count_ = 0;
  std::size_t depth_ = 0;
  std::array<T, 64> pending_;
};

/// Sums of parts are added before a mean is taken.
ReduceOp part_of(ReduceOp op) { return op == ReduceOp::mean ? ReduceOp::sum : op; }

class RowClusterKernel final : public Kernel {
 public:
  RowClusterKernel(const Node& node, RowProgram program, const std::string& ops)
      : program_(std::move(program)) {
    task_elements_ = std::clamp<std::int64_t>(kTaskWork / (program_.instructions + 2), 2048, 32768);
    text_ = "rows " + std::string(to_string(program_.dtype)) + "[" + std::to_string(program_.rows) +
            "," + std::to_string(program_.columns) + "] (" + ops + ")";
    find_in_place(node);
  }

  void run(const KernelArguments& arguments) const override {
    if (!program_.in_parts()) return run_rows(arguments);
    for (std::int64_t row = 0; row < program_.rows; ++row) {
      if (program_.dtype == DType::f32) {
        run_long_row<float>(arguments, row);
      } else {
        run_long_row<double>(arguments, row);
      }
    }
  }
  std::string description() const override { return text_; }
  std::vector<InPlace> in_place() const override { return in_place_; }
  bool skips_null_outputs() const override { return false; }

 private:
  void run_rows(const KernelArguments& arguments) const {
    const std::int64_t rows = program_.rows, columns = program_.columns;
    const std::int64_t per_block = program_.block_rows;
    const std::int64_t blocks = (rows + per_block - 1) / per_block;
    const std::int64_t per_task = std::max<std::int64_t>(task_elements_ / (per_block * columns), 1);
    parallel_for((blocks + per_task - 1) / per_task, [&](std::int64_t task) {
      alignas(128) std::array<std::byte, RowProgram::kScratchBytes> scratch;
      const std::int64_t end = std::min(rows, (task + 1) * per_task * per_block);
      for (std::int64_t row = task * per_task * per_block; row < end; row += per_block) {
        program_.run({row, std::min(per_block, end - row), 0, columns}, arguments.inputs,
                     arguments.outputs, scratch.data());
      }
    });
  }

  template <typename T>
  void run_long_row(const KernelArguments& arguments, std::int64_t row) const {
    using Partial = std::array<T, RowProgram::kMaxReductions>;
    const std::int64_t width = program_.block_columns;
    const std::int64_t parts = (program_.columns + width - 1) / width;
    const std::int64_t per_task =
        std::max({std::int64_t{1}, task_elements_ / width, (parts + kMaxTasks - 1) / kMaxTasks});
    const std::int64_t tasks = (parts + per_task - 1) / per_task;
    std::array<Partial, kMaxTasks> partials;
    parallel_for(tasks, [&](std::int64_t task) {
      partials[static_cast<std::size_t>(task)] =
          run_parts<T>(arguments, row, task * per_task, std::min(parts, (task + 1) * per_task));
    });
    std::size_t reduction = 0;
    for (const RowStep& step : program_.steps) {
      if (step.plan) continue;
      PairwiseFold<T> fold(part_of(step.reduction));
      for (std::int64_t task = 0; task < tasks; ++task) {
        fold.add(partials[static_cast<std::size_t>(task)][reduction]);
      }
      ++reduction;
      const RowPlace& place = program_.places[static_cast<std::size_t>(step.outputs[0])];
      T& result = static_cast<T*>(arguments.outputs[place.at])[row];
      result = fold.result();
      if (step.reduction == ReduceOp::mean) result /= static_cast<T>(program_.columns);
    }
  }

  template <typename T>
  std::array<T, RowProgram::kMaxReductions> run_parts(const KernelArguments& arguments,
                                                      std::int64_t row, std::int64_t first,
                                                      std::int64_t last) const {
    alignas(128) std::array<std::byte, RowProgram::kScratchBytes> scratch;
    std::vector<int>::size_type reduction = 0;
    std::array<T, RowProgram::kMaxReductions> results{};
    std::array<PairwiseFold<T>, RowProgram::kMaxReductions> folds = folds_of<T>();
    for (std::int64_t part = first; part < last; ++part) {
      const std::int64_t column = part * program_.block_columns;
      const RowBlock block{row, 1, column,
                           std::min(program_.block_columns, program_.columns - column)};
      reduction = 0;
      for (const RowStep& step : program_.steps) {
        if (step.plan) {
          program_.run_step(step, block, arguments.inputs, arguments.outputs, scratch.data());
          continue;
        }
        T partial;
        program_.reduce(step, part_of(step.reduction), block, arguments.inputs, arguments.outputs,
                        scratch.data(), &partial);
        folds[reduction++].add(partial);
      }
    }
    for (std::size_t i = 0; i < reduction; ++i) results[i] = folds[i].result();
    return results;
  }

  template <typename T>
  std::array<PairwiseFold<T>, RowProgram::kMaxReductions> folds_of() const {
    std::array<ReduceOp, RowProgram::kMaxReductions> ops{};
    std::size_t count = 0;
    for (const RowStep& step : program_.steps) {
      if (!step.plan) ops[count++] = part_of(step.reduction);
    }
    return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      return std::array{PairwiseFold<T>(ops[kIndex])...};
    }
    (std::make_index_sequence<RowProgram::kMaxReductions>());
  }

  /// A full output may take the memory of a full input that no later step reads.
  void find_in_place(const Node& node) {
    const auto count = static_cast<int>(program_.steps.size());
    std::vector<int> last_read(node.inputs().size(), -1);
    for (int step = 0; step < count; ++step) {
      for (const int operand : program_.steps[static_cast<std::size_t>(step)].inputs) {
        const RowPlace& place = program_.places[static_cast<std::size_t>(operand)];
        if (place.home == RowPlace::Home::input) last_read[place.at] = step;
      }
    }
    for (int step = 0; step < count; ++step) {
      for (const int operand : program_.steps[static_cast<std::size_t>(step)].outputs) {
        const RowPlace& to = program_.places[static_cast<std::size_t>(operand)];
        if (to.home != RowPlace::Home::output || to.pattern != RowPattern::full) continue;
        for (std::size_t input = 0; input < last_read.size(); ++input) {
          const RowPlace& from = program_.places[input];
          const bool fits = from.pattern == RowPattern::full &&
                            size_of(from.dtype) == size_of(to.dtype) && last_read[input] <= step;
          if (fits) in_place_.push_back({static_cast<int>(input), static_cast<int>(to.at)});
        }
      }
    }
  }

  RowProgram program_;
  std::int64_t task_elements_ = 0;
  std::string text_;
  std::vector<InPlace> in_place_;
};

KernelPointer lower_row_cluster(const Node& node) {
  std::optional<RowProgram> program = make_row_program(node);
  if (!program) return nullptr;
  const Cluster& cluster = *node.attrs().get<std::shared_ptr<const Cluster>>("cluster");
  return std::make_unique<RowClusterKernel>(node, std::move(*program), cluster_text(cluster));
}

constexpr Lowering kLowerings[] = {{"row_cluster", lower_row_cluster}};

}  // namespace

std::span<const Lowering> row_cluster_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
