// Shares the samples of a recurrent layer, or the units of its steps, out to the threads.

#include "kernels/cpu/recurrent.hpp"

#include <algorithm>
#include <array>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/recurrent_internal.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

using detail::kPanelColumns;
using Index = std::int64_t;

/// Samples that a task takes through all steps, at least: with fewer, reading the weights would
/// take longer than multiplying with them.
constexpr Index kSamplesPerTask = 12;
constexpr Index kMostTasks = 16;
/// FLOPs of a step from which its units are shared out, and in how many parts: to meet takes
/// threads a microsecond or two.
constexpr Index kFlopsToShare = 250'000;
constexpr Index kUnitTasks = 4;
/// Samples whose products wait on the stack for what follows them.
constexpr Index kBlockRows = 32;

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
std::size_t size_of(Index count) { return static_cast<std::size_t>(count); }

/// A product of a step: some gates' columns of the recurrent kernel, in panels of whole gates of
/// `units` units, so that what a unit needs is in one panel.
struct Phase {
  Index first_gate;
  Index gates;
  Index units;

  Index width() const { return gates * units; }
};

struct Phases {
  std::array<Phase, 2> items;
  int count;
};

Phases phases_of(RecurrentCell cell) {
  switch (cell) {
    case RecurrentCell::lstm:
      return {{{{0, 4, 16}}}, 1};
    case RecurrentCell::gru:
      return {{{{0, 3, 16}}}, 1};
    case RecurrentCell::gru_reset_before:
      return {{{{0, 2, 32}, {2, 1, 64}}}, 2};
    case RecurrentCell::simple:
      break;
  }
  return {{{{0, 1, 64}}}, 1};
}

/// The gates whose gradients a step multiplies with the transposed recurrent kernel, in order.
Phases gradient_phases_of(RecurrentCell cell) {
  if (cell != RecurrentCell::gru_reset_before) {
    Phases phases = phases_of(cell);
    return {{{{0, phases.items[0].gates, kPanelColumns}}}, 1};
  }
  return {{{{2, 1, kPanelColumns}, {0, 2, kPanelColumns}}}, 2};
}

Index padded_units(const RecurrentProblem& problem) {
  return ceil_div(problem.units, kPanelColumns) * kPanelColumns;
}

Index packed_size(const RecurrentProblem& problem, const Phase& phase) {
  return ceil_div(problem.units, phase.units) * phase.width() * problem.units;
}

/// How a layer is split: into tasks of samples, which go through all steps, or each step into tasks
/// of units.
struct Split {
  Index samples;
  Index sample_tasks;
  Index unit_tasks;
};

Split split_of(const RecurrentProblem& problem) {
  Index tasks = 1;
  while (tasks < kMostTasks && problem.batch >= 2 * tasks * kSamplesPerTask) tasks *= 2;
  const Index flops = 2 * problem.batch * problem.units * problem.units * problem.gates();
  return {ceil_div(problem.batch, tasks), tasks,
          tasks == 1 && flops >= kFlopsToShare ? kUnitTasks : 1};
}

/// Calls `body(begin, end)` for parts of the samples, in parallel.
template <typename Body>
void for_each_part(const RecurrentProblem& problem, const Split& split, const Body& body) {
  parallel_for(split.sample_tasks, [&](Index task) {
    const Index begin = task * split.samples;
    if (begin < problem.batch) body(begin, std::min(begin + split.samples, problem.batch));
  });
}

/// Calls `body(panel)` for all panels, in parallel where the split says so.
template <typename Body>
void for_each_panel(Index panels, const Split& split, const Body& body) {
  if (split.unit_tasks == 1) {
    for (Index panel = 0; panel < panels; ++panel) body(panel);
    return;
  }
  const Index per_task = ceil_div(panels, split.unit_tasks);
  parallel_for(ceil_div(panels, per_task), [&](Index task) {
    for (Index panel = task * per_task; panel < std::min(panels, (task + 1) * per_task); ++panel) {
      body(panel);
    }
  });
}

void multiply(const GemmProblem& problem, const float* a, const float* b, float* c,
              const float* bias, float* workspace) {
  gemm_f32(choose_gemm(problem), problem, a, b, c, {.bias = bias}, workspace);
}

std::size_t gemm_floats(const GemmProblem& problem) {
  return gemm_workspace_size(choose_gemm(problem), problem);
}

/// x · kernel for all steps, into the first blocks of what is saved.
GemmProblem input_product(const RecurrentProblem& problem) {
  GemmProblem product = GemmProblem::dense(problem.batch * problem.steps,
                                           problem.gates() * problem.units, problem.features);
  product.ldc = problem.saved() * problem.units;
  return product;
}

/// What is read and written at a step of a sample.
class Forward {
 public:
  Forward(const RecurrentProblem& problem, const RecurrentInputs& inputs,
          const RecurrentOutputs& outputs)
      : problem_(problem), inputs_(inputs), outputs_(outputs) {}

  detail::RecurrentRow row(Index sample, Index step) const {
    const Index units = problem_.units;
    const Index place = sample * problem_.steps + step;
    float* const saved = outputs_.saved + place * problem_.saved() * units;
    return {
        .h = h(sample, step),
        .carry = problem_.cell != RecurrentCell::lstm ? nullptr
                 : step == 0                          ? inputs_.carry + sample * units
                                                      : saved - units,
        .saved = saved,
        .bias_of_h = inputs_.bias + problem_.gates() * units,
        .all = outputs_.all + place * units,
        .counts =
            inputs_.mask[sample * problem_.mask_sample_stride + step * problem_.mask_step_stride]};
  }
  /// The state before a step; the next sample's is `h_stride` after it.
  const float* h(Index sample, Index step) const {
    return step == 0 ? inputs_.h + sample * problem_.units
                     : outputs_.all + (sample * problem_.steps + step - 1) * problem_.units;
  }
  Index h_stride(Index step) const {
    return step == 0 ? problem_.units : problem_.steps * problem_.units;
  }

 private:
  const RecurrentProblem& problem_;
  const RecurrentInputs& inputs_;
  const RecurrentOutputs& outputs_;
};

/// One panel's units of some samples at a step.
void forward_panel(const RecurrentProblem& problem, const Forward& forward, int phase,
                   const Phase& columns, const float* panel, Index first_unit, Index begin,
                   Index end, Index step) {
  const detail::RecurrentSteps& steps = detail::recurrent_steps();
  const Index width = columns.width();
  const Index units = std::min(columns.units, problem.units - first_unit);
  alignas(64) float block[kBlockRows * kPanelColumns];
  for (Index sample = begin; sample < end; sample += kBlockRows) {
    const Index rows = std::min(kBlockRows, end - sample);
    if (phase == 0) {
      steps.multiply(forward.h(sample, step), forward.h_stride(step), rows, problem.units, panel,
                     width, block, width, false);
    } else {
      const float* const reset = forward.row(sample, step).saved + 3 * problem.units;
      steps.multiply(reset, problem.steps * problem.saved() * problem.units, rows, problem.units,
                     panel, width, block, width, false);
    }
    for (Index r = 0; r < rows; ++r) {
      steps.forward(problem, phase, forward.row(sample + r, step), first_unit, units,
                    block + r * width, columns.units);
    }
  }
}

}  // namespace

std::int64_t RecurrentProblem::gates() const {
  return cell == RecurrentCell::simple ? 1 : cell == RecurrentCell::lstm ? 4 : 3;
}

std::int64_t RecurrentProblem::saved() const {
  return cell == RecurrentCell::simple ? 1 : cell == RecurrentCell::lstm ? 5 : 4;
}

std::size_t packed_recurrent_size(const RecurrentProblem& problem) {
  const Phases phases = phases_of(problem.cell);
  Index size = 0;
  for (int i = 0; i < phases.count; ++i) size += packed_size(problem, phases.items[size_of(i)]);
  return size_of(size);
}

void pack_recurrent(const RecurrentProblem& problem, const float* recurrent_kernel, float* packed) {
  const Phases phases = phases_of(problem.cell);
  const Index units = problem.units, columns = problem.gates() * units;
  for (int i = 0; i < phases.count; ++i) {
    const Phase& phase = phases.items[size_of(i)];
    parallel_for(ceil_div(units, phase.units), [&](Index panel) {
      const Index first = panel * phase.units, count = std::min(phase.units, units - first);
      float* to = packed + panel * phase.width() * units;
      for (Index k = 0; k < units; ++k) {
        for (Index gate = 0; gate < phase.gates; ++gate, to += phase.units) {
          const float* const from =
              recurrent_kernel + k * columns + (phase.first_gate + gate) * units + first;
          std::fill(std::copy_n(from, count, to), to + phase.units, 0.0f);
        }
      }
    });
    packed += packed_size(problem, phase);
  }
}

std::size_t recurrent_workspace_size(const RecurrentProblem& problem) {
  return gemm_floats(input_product(problem));
}

void recurrent_forward(const RecurrentProblem& problem, const RecurrentInputs& inputs,
                       const float* packed, const RecurrentOutputs& outputs, float* workspace) {
  const Index units = problem.units;
  multiply(input_product(problem), inputs.x, inputs.kernel, outputs.saved, inputs.bias, workspace);
  const Phases phases = phases_of(problem.cell);
  const Split split = split_of(problem);
  const Forward forward(problem, inputs, outputs);
  for_each_part(problem, split, [&](Index begin, Index end) {
    for (Index step = 0; step < problem.steps; ++step) {
      const float* panels = packed;
      for (int phase = 0; phase < phases.count; ++phase) {
        const Phase& columns = phases.items[size_of(phase)];
        for_each_panel(ceil_div(units, columns.units), split, [&](Index panel) {
          forward_panel(problem, forward, phase, columns, panels + panel * columns.width() * units,
                        panel * columns.units, begin, end, step);
        });
        panels += packed_size(problem, columns);
      }
    }
    for (Index sample = begin; sample < end; ++sample) {
      std::copy_n(forward.h(sample, problem.steps), units, outputs.last + sample * units);
      if (problem.cell != RecurrentCell::lstm) continue;
      const float* const carry = problem.steps == 0
                                     ? inputs.carry + sample * units
                                     : forward.row(sample, problem.steps - 1).saved + 4 * units;
      std::copy_n(carry, units, outputs.last_carry + sample * units);
    }
  });
}

namespace {

/// The matrix products of the gradients.
struct GradientProducts {
  GemmProblem x;
  GemmProblem kernel;
  GemmProblem recurrent_kernel;
};

GradientProducts gradient_products(const RecurrentProblem& problem) {
  const Index places = problem.batch * problem.steps, columns = problem.gates() * problem.units;
  return {GemmProblem::dense(places, problem.features, columns, false, true),
          GemmProblem::dense(problem.features, columns, places, true, false),
          GemmProblem::dense(problem.units, columns, places, true, false)};
}

/// Where the parts of the workspace begin, in floats.
struct GradientWorkspace {
  Index dgates, dgates_of_h, h, reset_h, dh, dcarry, dreset, packed, gemm, size;
};

GradientWorkspace gradient_workspace(const RecurrentProblem& problem) {
  constexpr Index kAlignment = 16;
  Index size = 0;
  const auto add = [&size](Index count) {
    const Index begin = size;
    size += ceil_div(count, kAlignment) * kAlignment;
    return begin;
  };
  const Index places = problem.batch * problem.steps;
  const Index columns = problem.gates() * problem.units;
  const Index states = problem.batch * padded_units(problem);
  GradientWorkspace parts{};
  parts.dgates = add(places * columns);
  parts.dgates_of_h = problem.cell == RecurrentCell::gru ? add(places * columns) : parts.dgates;
  parts.h = add(places * problem.units);
  parts.reset_h =
      problem.cell == RecurrentCell::gru_reset_before ? add(places * problem.units) : parts.h;
  parts.dh = add(states);
  parts.dcarry = add(states);
  parts.dreset = add(states);
  parts.packed = add(padded_units(problem) * columns);
  const GradientProducts products = gradient_products(problem);
  parts.gemm =
      add(static_cast<Index>(std::max({gemm_floats(products.x), gemm_floats(products.kernel),
                                       gemm_floats(products.recurrent_kernel)})));
  parts.size = size;
  return parts;
}

/// The transposed recurrent kernel in panels of units, for each phase.
void pack_transposed(const RecurrentProblem& problem, const float* recurrent_kernel,
                     float* packed) {
  const Index units = problem.units, columns = problem.gates() * units;
  const Phases phases = gradient_phases_of(problem.cell);
  for (int i = 0; i < phases.count; ++i) {
    const Phase& phase = phases.items[size_of(i)];
    const Index depth = phase.gates * units;
    parallel_for(ceil_div(units, kPanelColumns), [&](Index panel) {
      const Index first = panel * kPanelColumns, count = std::min(kPanelColumns, units - first);
      float* const to = packed + panel * depth * kPanelColumns;
      std::fill_n(to, depth * kPanelColumns, 0.0f);
      for (Index unit = 0; unit < count; ++unit) {
        const float* const from =
            recurrent_kernel + (first + unit) * columns + phase.first_gate * units;
        for (Index k = 0; k < depth; ++k) to[k * kPanelColumns + unit] = from[k];
      }
    });
    packed += depth * padded_units(problem);
  }
}

class Backward {
 public:
  Backward(const RecurrentProblem& problem, const RecurrentInputs& inputs,
           const RecurrentGradientInputs& given, float* workspace)
      : problem_(problem),
        inputs_(inputs),
        given_(given),
        parts_(gradient_workspace(problem)),
        split_(split_of(problem)),
        phases_(gradient_phases_of(problem.cell)),
        workspace_(workspace) {}

  /// From the last step of all samples to the first.
  void run_steps() const {
    pack_transposed(problem_, inputs_.recurrent_kernel, workspace_ + parts_.packed);
    for_each_part(problem_, split_, [&](Index begin, Index end) {
      for (Index sample = begin; sample < end; ++sample) start(sample);
      for (Index step = problem_.steps; step-- > 0;) {
        const float* panels = workspace_ + parts_.packed;
        for (int phase = 0; phase < phases_.count; ++phase) {
          for (Index sample = begin; sample < end; ++sample) {
            detail::recurrent_steps().backward(problem_, phase, row(sample, step));
          }
          multiply_back(phase, panels, begin, end, step);
          panels += phases_.items[size_of(phase)].gates * problem_.units * padded_;
        }
      }
    });
  }

  void finish(const RecurrentGradients& gradients) const {
    const Index units = problem_.units, columns = problem_.gates() * units;
    for (Index sample = 0; sample < problem_.batch; ++sample) {
      if (gradients.h != nullptr) {
        std::copy_n(dh(sample), units, gradients.h + sample * units);
      }
      if (gradients.carry != nullptr) {
        std::copy_n(dcarry(sample), units, gradients.carry + sample * units);
      }
    }
    const GradientProducts products = gradient_products(problem_);
    const float* const dgates = workspace_ + parts_.dgates;
    const float* const dgates_of_h = workspace_ + parts_.dgates_of_h;
    if (gradients.x != nullptr) {
      multiply(products.x, dgates, inputs_.kernel, gradients.x, nullptr, gemm_workspace());
    }
    if (gradients.kernel != nullptr) {
      multiply(products.kernel, inputs_.x, dgates, gradients.kernel, nullptr, gemm_workspace());
    }
    if (gradients.recurrent_kernel != nullptr) {
      multiply_states(products.recurrent_kernel, dgates_of_h, gradients.recurrent_kernel);
    }
    if (gradients.bias == nullptr) return;
    sum_columns(dgates, gradients.bias);
    if (problem_.cell == RecurrentCell::gru) sum_columns(dgates_of_h, gradients.bias + columns);
  }

 private:
  float* dh(Index sample) const { return workspace_ + parts_.dh + sample * padded_; }
  float* dcarry(Index sample) const { return workspace_ + parts_.dcarry + sample * padded_; }
  float* gemm_workspace() const { return workspace_ + parts_.gemm; }

  /// Gradients after the last step; and the states before each step, row by row.
  void start(Index sample) const {
    const Index units = problem_.units;
    const bool lstm = problem_.cell == RecurrentCell::lstm;
    std::fill(std::copy_n(given_.dlast + sample * units, units, dh(sample)), dh(sample) + padded_,
              0.0f);
    if (lstm) std::copy_n(given_.dlast_carry + sample * units, units, dcarry(sample));
    if (problem_.steps == 0) return;
    float* const h = workspace_ + parts_.h + sample * problem_.steps * units;
    std::copy_n(inputs_.h + sample * units, units, h);
    std::copy_n(given_.all + sample * problem_.steps * units, (problem_.steps - 1) * units,
                h + units);
  }

  detail::RecurrentGradientRow row(Index sample, Index step) const {
    const Index units = problem_.units, columns = problem_.gates() * units;
    const Index place = sample * problem_.steps + step;
    const float* const saved = given_.saved + place * problem_.saved() * units;
    return {
        .h = workspace_ + parts_.h + place * units,
        .carry = problem_.cell != RecurrentCell::lstm ? nullptr
                 : step == 0                          ? inputs_.carry + sample * units
                                                      : saved - units,
        .saved = saved,
        .dall = given_.dall + place * units,
        .counts =
            inputs_.mask[sample * problem_.mask_sample_stride + step * problem_.mask_step_stride],
        .dh = dh(sample),
        .dcarry = dcarry(sample),
        .reset_h = workspace_ + parts_.reset_h + place * units,
        .dreset = workspace_ + parts_.dreset + sample * padded_,
        .dgates = workspace_ + parts_.dgates + place * columns,
        .dgates_of_h = workspace_ + parts_.dgates_of_h + place * columns};
  }

  /// The gates' gradients by the transposed recurrent kernel, added to those of the states, or as
  /// those of reset * h.
  void multiply_back(int phase, const float* panels, Index begin, Index end, Index step) const {
    const Phase& gates = phases_.items[size_of(phase)];
    const bool of_reset = phases_.count == 2 && phase == 0;
    const Index depth = gates.gates * problem_.units;
    const detail::RecurrentGradientRow first = row(begin, step);
    const float* const from = first.dgates_of_h + gates.first_gate * problem_.units;
    float* const to = workspace_ + (of_reset ? parts_.dreset : parts_.dh) + begin * padded_;
    for_each_panel(padded_ / kPanelColumns, split_, [&](Index panel) {
      detail::recurrent_steps().multiply(from, problem_.steps * problem_.gates() * problem_.units,
                                         end - begin, depth, panels + panel * depth * kPanelColumns,
                                         kPanelColumns, to + panel * kPanelColumns, padded_,
                                         !of_reset);
    });
  }

  /// The gradient of the recurrent kernel: states by gates' gradients, over all steps.
  void multiply_states(GemmProblem product, const float* dgates_of_h, float* gradient) const {
    const Index units = problem_.units;
    if (phases_.count == 2) {
      GemmProblem candidate = product;
      candidate.n = units;
      multiply(candidate, workspace_ + parts_.reset_h, dgates_of_h + 2 * units,
               gradient + 2 * units, nullptr, nullptr);
      product.n = 2 * units;
    }
    multiply(product, workspace_ + parts_.h, dgates_of_h, gradient, nullptr,
             phases_.count == 2 ? nullptr : gemm_workspace());
  }

  void sum_columns(const float* dgates, float* sums) const {
    const Index columns = problem_.gates() * problem_.units;
    parallel_for(ceil_div(columns, 2 * kPanelColumns), [&](Index task) {
      const Index first = task * 2 * kPanelColumns;
      detail::recurrent_steps().column_sums(
          dgates + first, columns, problem_.batch * problem_.steps,
          std::min(2 * kPanelColumns, columns - first), sums + first);
    });
  }

  const RecurrentProblem& problem_;
  const RecurrentInputs& inputs_;
  const RecurrentGradientInputs& given_;
  GradientWorkspace parts_;
  Split split_;
  Phases phases_;
  float* workspace_;
  Index padded_ = padded_units(problem_);
};

}  // namespace

std::size_t recurrent_gradient_workspace_size(const RecurrentProblem& problem) {
  return size_of(gradient_workspace(problem).size);
}

void recurrent_backward(const RecurrentProblem& problem, const RecurrentInputs& inputs,
                        const RecurrentGradientInputs& given, const RecurrentGradients& gradients,
                        float* workspace) {
  const Backward backward(problem, inputs, given, workspace);
  backward.run_steps();
  backward.finish(gradients);
}

}  // namespace tegula::kernels
