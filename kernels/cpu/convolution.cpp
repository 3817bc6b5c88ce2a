#include "kernels/cpu/convolution.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "kernels/cpu/depthwise.hpp"
#include "kernels/cpu/gemm_tile.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

using detail::WindowAxis;
using Index = std::int64_t;

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

/// Whether each channel has one filter of its own.
bool is_depthwise(const ConvolutionProblem& problem) {
  return problem.groups > 1 && problem.groups == problem.channels &&
         problem.groups == problem.filters;
}

/// Tasks that share the tiles, at most: each has a buffer of its own.
constexpr Index kMaxTasks = 32;
/// Tasks from which the columns of a product are not cut: each part copies the source again.
constexpr Index kFewTasks = 8;
/// Columns of a part: those of a block of the widest micro-kernel, or several.
constexpr Index kColumns = 32;
/// Columns of the weights that one task packs.
constexpr Index kPackedColumns = 64;
/// Rows of a depthwise convolution between two calls of the epilogue, and so in cache.
constexpr Index kDepthwiseRows = 64;
/// Floats of all partial sums of the weights, at most, when there is more than one chunk: 16 MiB.
constexpr Index kPartialFloats = 4'194'304;

/// Elements [part * count / parts, ...) of `count`, in whole blocks of columns.
std::pair<Index, Index> columns_of_part(Index part, Index parts, Index count) {
  const Index blocks = ceil_div(count, kColumns);
  const auto bound = [&](Index i) { return std::min(i * blocks / parts * kColumns, count); };
  return {bound(part), bound(part + 1)};
}

/// Into how many parts the columns are cut for `tasks` tasks to become enough.
Index column_parts(Index tasks, Index groups, Index columns) {
  if (groups > 1 || tasks == 0) return 1;
  return std::clamp<Index>(kFewTasks / tasks, 1, std::max<Index>(ceil_div(columns, kColumns), 1));
}

/// What a forward convolution gathers along an axis.
GatherAxis forward_axis(const WindowAxis& axis) {
  GatherAxis gathered{axis.input, axis.output, axis.stride, {}};
  for (Index tap = 0; tap < axis.window; ++tap) {
    gathered.taps.push_back(tap * axis.dilation - axis.before);
  }
  return gathered;
}

std::array<GatherAxis, 3> forward_axes(const ConvolutionProblem& problem) {
  std::array<GatherAxis, 3> axes;
  for (std::size_t i = 0; i < 3; ++i) axes[i] = forward_axis(problem.grid.axes[i]);
  return axes;
}

/// What elements `phase`, `phase` + stride, ... of dx gather along an axis from dy, and the taps of
/// w by which: element o sees dy[q] by tap i where o = q * stride - before + i * dilation.
struct PhaseAxis {
  GatherAxis gathered;
  std::vector<Index> taps;
};

PhaseAxis phase_axis(const WindowAxis& axis, Index phase) {
  PhaseAxis result;
  result.gathered = {
      axis.output, std::max<Index>(ceil_div(axis.input - phase, axis.stride), 0), 1, {}};
  for (Index tap = 0; tap < axis.window; ++tap) {
    const Index distance = phase + axis.before - tap * axis.dilation;
    if (distance % axis.stride != 0) continue;
    result.gathered.taps.push_back(distance / axis.stride);
    result.taps.push_back(tap);
  }
  return result;
}

}  // namespace

ConvolutionPlan ConvolutionPlan::forward(const ConvolutionProblem& problem) {
  ConvolutionPlan plan(problem, false);
  std::vector<Index> taps(static_cast<std::size_t>(problem.grid.taps()));
  for (std::size_t i = 0; i < taps.size(); ++i) taps[i] = static_cast<Index>(i);
  plan.add_phase(forward_axes(problem), std::move(taps), {0, 0, 0});
  plan.choose_tasks();
  return plan;
}

ConvolutionPlan ConvolutionPlan::input_gradient(const ConvolutionProblem& problem) {
  ConvolutionPlan plan(problem, true);
  const auto& axes = problem.grid.axes;
  for (std::size_t i = 0; i < 3; ++i) plan.steps_[i] = axes[i].stride;
  for (Index i = 0; i < axes[0].stride; ++i) {
    for (Index j = 0; j < axes[1].stride; ++j) {
      for (Index k = 0; k < axes[2].stride; ++k) {
        PhaseAxis a = phase_axis(axes[0], i), b = phase_axis(axes[1], j),
                  c = phase_axis(axes[2], k);
        std::vector<Index> taps;
        for (const Index p : a.taps) {
          for (const Index q : b.taps) {
            for (const Index r : c.taps) {
              taps.push_back((p * axes[1].window + q) * axes[2].window + r);
            }
          }
        }
        plan.add_phase({std::move(a.gathered), std::move(b.gathered), std::move(c.gathered)},
                       std::move(taps), {i, j, k});
      }
    }
  }
  plan.choose_tasks();
  return plan;
}

void ConvolutionPlan::add_phase(std::array<GatherAxis, 3> axes, std::vector<Index> taps,
                                const std::array<Index, 3>& first) {
  const std::array<Index, 3> counts = {axes[0].results, axes[1].results, axes[2].results};
  if (counts[0] * counts[1] * counts[2] == 0) return;
  Phase phase{
      Gather(problem_.grid.batch, source_channels(), source_channels() / problem_.groups, axes),
      std::move(taps), packed_size_, first, counts};
  packed_size_ += is_depthwise(problem_) ? packed_b_size(phase.gather.depth(), problem_.channels)
                                         : static_cast<std::size_t>(problem_.groups) *
                                               packed_b_size(phase.gather.depth(),
                                                             result_channels() / problem_.groups);
  phases_.push_back(std::move(phase));
}

void ConvolutionPlan::choose_tasks() {
  calls_epilogue_ = steps_ == std::array<Index, 3>{1, 1, 1};
  Index most = 0;
  std::size_t buffer = 0, block = 0;
  for (const Phase& phase : phases_) {
    most = std::max(most, phase.gather.tiles());
    buffer = std::max(buffer, phase.gather.buffer_size());
    if (calls_epilogue_ || phase.gather.tiles() == 0) continue;
    const Index rows = phase.gather.tile(0).rows;
    block = std::max(block, static_cast<std::size_t>((rows * result_channels() + 15) / 16 * 16));
  }
  column_parts_ = column_parts(most, problem_.groups, result_channels());
  tasks_ = static_cast<std::size_t>(std::min(most, kMaxTasks) * column_parts_);
  task_floats_ = buffer + block;
}

bool ConvolutionPlan::consumable() const {
  return !transposed_ && calls_epilogue_ && !phases_.empty() && !is_depthwise(problem_) &&
         phases_.front().gather.depth() <= kMaxDepth;
}

bool ConvolutionPlan::pack_depthwise(const float* w, float* packed) const {
  bool finite = true;
  for (const Phase& phase : phases_) {
    float* to = packed + phase.packed_at;
    for (const Index tap : phase.taps) {
      const float* from = w + tap * problem_.channels;
      finite = is_finite_matrix(from, 1, problem_.channels, problem_.channels) && finite;
      to = std::copy_n(from, problem_.channels, to);
    }
  }
  return finite;
}

bool ConvolutionPlan::pack(const float* w, float* packed) const {
  if (is_depthwise(problem_)) return pack_depthwise(w, packed);
  const Index columns = result_channels() / problem_.groups;
  const Index per_tap = source_channels() / problem_.groups;
  const Index parts = ceil_div(columns, kPackedColumns);
  const Index filters = problem_.filters, group_filters = problem_.group_filters();
  const Index tap_size = problem_.group_channels() * filters;
  const Index count = static_cast<Index>(phases_.size()) * problem_.groups * parts;
  std::atomic<bool> finite{true};
  parallel_for(count, [&](Index task) {
    const Index begin = task % parts * kPackedColumns;
    const Index cols = std::min(kPackedColumns, columns - begin);
    const Index group = task / parts % problem_.groups;
    const Phase& phase = phases_[static_cast<std::size_t>(task / parts / problem_.groups)];
    const Index depth = phase.gather.depth();
    float* to = packed + phase.packed_at +
                static_cast<std::size_t>(group) * packed_b_size(depth, columns) +
                static_cast<std::size_t>(begin * depth);
    bool all = true;
    for (const Index tap : phase.taps) {
      const float* from = w + tap * tap_size + group * group_filters;
      from += transposed_ ? begin * filters : begin;
      all = pack_b_panels(from, filters, transposed_, per_tap, cols, to, depth * kPanel) && all;
      to += per_tap * kPanel;
    }
    if (!all) finite.store(false, std::memory_order_relaxed);
  });
  return finite.load(std::memory_order_relaxed);
}

void ConvolutionPlan::run(const float* source, const float* packed, float* result,
                          const GemmFinish<float>& finish, float* workspace) const {
  if (tasks_ == 0 || result_channels() == 0) return;
  for (const Phase& phase : phases_) {
    parallel_for(static_cast<Index>(tasks_), [&](Index task) {
      run_task(phase, task, source, packed, result, finish,
               workspace + static_cast<std::size_t>(task) * task_floats_);
    });
  }
}

void ConvolutionPlan::multiply_depthwise(const Phase& phase, const Gather::Tile& rows,
                                         const float* base, const float* packed, float* result,
                                         const GemmFinish<float>& finish) const {
  const Index channels = problem_.channels;
  for (Index first = 0; first < rows.rows; first += kDepthwiseRows) {
    DepthwiseTile tile;
    tile.row_count = std::min(kDepthwiseRows, rows.rows - first);
    tile.tap_count = phase.gather.depth();
    tile.channels = channels;
    tile.source = base;
    tile.rows = phase.gather.rows() + first;
    tile.taps = phase.gather.steps();
    depthwise_products(tile, packed + phase.packed_at, result + first * channels);
    if (calls_epilogue_ && finish.epilogue != nullptr) {
      (*finish.epilogue)(rows.row + first, 0, tile.row_count, channels);
    }
  }
}

void ConvolutionPlan::multiply(const Phase& phase, const Gather::Tile& rows, const float* base,
                               const float* packed, float* result, std::pair<Index, Index> columns,
                               const GemmFinish<float>& finish) const {
  const Index in_group = result_channels() / problem_.groups;
  const auto [begin, end] = columns;
  if (begin == end) return;
  GemmTile tile;
  tile.rows = rows.rows;
  tile.cols = end - begin;
  tile.k = phase.gather.depth();
  tile.a_rows = phase.gather.rows();
  tile.a_steps = phase.gather.steps();
  tile.b_packed = true;
  tile.ldc = result_channels();
  tile.row = rows.row;
  if (calls_epilogue_) {
    tile.epilogue = finish.epilogue;
    tile.consumer = finish.consumer;
  }
  for (Index group = 0; group < problem_.groups; ++group) {
    tile.a = base + group * (source_channels() / problem_.groups);
    tile.b = packed + phase.packed_at +
             static_cast<std::size_t>(group) * packed_b_size(tile.k, in_group) +
             static_cast<std::size_t>(begin * tile.k);
    tile.col = group * in_group + begin;
    if (result != nullptr) tile.c = result + tile.col;
    compute_gemm_tile(tile);
  }
}

void ConvolutionPlan::run_task(const Phase& phase, Index task, const float* source,
                               const float* packed, float* result, const GemmFinish<float>& finish,
                               float* workspace) const {
  const Gather& gather = phase.gather;
  const Index channels = result_channels();
  const Index tasks = static_cast<Index>(tasks_) / column_parts_;
  const Index number = task % tasks;
  const auto columns = columns_of_part(task / tasks, column_parts_, channels / problem_.groups);
  float* const buffer = workspace;
  float* const block = workspace + gather.buffer_size();
  for (Index i = number * gather.tiles() / tasks; i < (number + 1) * gather.tiles() / tasks; ++i) {
    const Gather::Tile rows = gather.tile(i);
    const float* base = gather.fill(rows, source, buffer);
    float* to = block;
    if (calls_epilogue_) to = result == nullptr ? nullptr : result + rows.row * channels;
    if (is_depthwise(problem_)) {
      multiply_depthwise(phase, rows, base, packed, to, finish);
    } else {
      multiply(phase, rows, base, packed, to, columns, finish);
    }
    if (calls_epilogue_) continue;
    scatter(phase, rows, columns.first, problem_.groups > 1 ? channels : columns.second, block,
            result);
  }
}

void ConvolutionPlan::scatter(const Phase& phase, const Gather::Tile& tile, Index begin, Index end,
                              const float* block, float* result) const {
  const auto& axes = problem_.grid.axes;
  const Index per_image = phase.gather.results_per_image();
  const Index channels = result_channels();
  for (Index row = tile.row; row < tile.row + tile.rows; ++row, block += channels) {
    Index at = row % per_image;
    std::array<Index, 3> position;
    for (std::size_t i = 3; i-- > 0;) {
      position[i] = phase.first[i] + at % phase.counts[i] * steps_[i];
      at /= phase.counts[i];
    }
    const Index pixel = (position[0] * axes[1].input + position[1]) * axes[2].input + position[2];
    float* to = result + (row / per_image * problem_.grid.inputs() + pixel) * channels;
    std::copy(block + begin, block + end, to + begin);
  }
}

ConvolutionWeightsPlan::ConvolutionWeightsPlan(const ConvolutionProblem& problem)
    : problem_(problem),
      gather_(problem.grid.batch, problem.channels, problem.group_channels(),
              forward_axes(problem)) {
  const Index most =
      std::clamp<Index>(kPartialFloats / std::max<Index>(weights(), 1), 1, kFewTasks);
  chunks_ = std::clamp<Index>(gather_.tiles(), 1, most);
  column_parts_ = column_parts(chunks_, problem.groups, problem.filters);
}

Index ConvolutionWeightsPlan::weights() const { return gather_.depth() * problem_.filters; }

std::size_t ConvolutionWeightsPlan::workspace_size() const {
  return static_cast<std::size_t>(chunks_ * column_parts_) * gather_.buffer_size() +
         static_cast<std::size_t>((chunks_ - 1) * weights());
}

void ConvolutionWeightsPlan::add_tile(const Gather::Tile& pixels, const float* base,
                                      const float* dy, float* sums, std::pair<Index, Index> columns,
                                      bool first) const {
  if (is_depthwise(problem_)) {
    DepthwiseTile tile;
    tile.row_count = pixels.rows;
    tile.tap_count = gather_.depth();
    tile.channels = problem_.channels;
    tile.source = base;
    tile.rows = gather_.rows();
    tile.taps = gather_.steps();
    if (first) std::fill_n(sums, weights(), 0.0f);
    return add_depthwise_weights(tile, dy, sums);
  }
  const auto [begin, end] = columns;
  if (begin == end) return;
  GemmTile tile;
  tile.rows = gather_.depth();
  tile.cols = end - begin;
  tile.k = pixels.rows;
  tile.a_rows = gather_.steps();
  tile.a_steps = gather_.rows();
  tile.ldb = problem_.filters;
  tile.ldc = problem_.filters;
  tile.accumulate = !first;
  for (Index group = 0; group < problem_.groups; ++group) {
    const Index column = group * problem_.group_filters() + begin;
    tile.a = base + group * problem_.group_channels();
    tile.b = dy + column;
    tile.c = sums + column;
    compute_gemm_tile(tile);
  }
}

void ConvolutionWeightsPlan::run(const float* x, const float* dy, float* dw,
                                 float* workspace) const {
  const Index size = weights();
  if (size == 0) return;
  if (gather_.tiles() == 0) {
    std::fill_n(dw, size, 0.0f);
    return;
  }
  const Index tasks = chunks_ * column_parts_;
  float* const partial = workspace + static_cast<std::size_t>(tasks) * gather_.buffer_size();
  parallel_for(tasks, [&](Index task) {
    const Index chunk = task % chunks_;
    const auto columns = columns_of_part(task / chunks_, column_parts_, problem_.group_filters());
    const Index first = chunk * gather_.tiles() / chunks_;
    float* buffer = workspace + static_cast<std::size_t>(task) * gather_.buffer_size();
    float* sums = chunk == 0 ? dw : partial + (chunk - 1) * size;
    for (Index i = first; i < (chunk + 1) * gather_.tiles() / chunks_; ++i) {
      const Gather::Tile pixels = gather_.tile(i);
      const float* base = gather_.fill(pixels, x, buffer);
      add_tile(pixels, base, dy + pixels.row * problem_.filters, sums, columns, i == first);
    }
  });
  if (chunks_ == 1) return;
  constexpr Index kPerTask = 16'384;
  parallel_for(ceil_div(size, kPerTask), [&](Index task) {
    const Index end = std::min(size, (task + 1) * kPerTask);
    for (Index chunk = 1; chunk < chunks_; ++chunk) {
      const float* from = partial + (chunk - 1) * size;
      for (Index i = task * kPerTask; i < end; ++i) dw[i] += from[i];
    }
  });
}

}  // namespace tegula::kernels
